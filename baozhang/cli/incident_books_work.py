"""Writing a client's account books; loaded when they are written."""

from pathlib import Path

from rich.console import Console

from baozhang.cli.console import progress, show
from baozhang.clock import SHANGHAI
from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.incident_alternative import Offered, offer


def write(
    incident: str,
    client: str,
    set_name: str,
    into: Path,
    *,
    person: str,
    code: str,
    as_json: bool,
) -> None:
    """Hand the books on, and say where they lie and until when."""
    with open_site() as site, progress(as_json=as_json) as report:
        found = offer(
            site,
            incidents_of(site).get(incident),
            client,
            set_name,
            into,
            person=person,
            code=code,
            report=report,
        )
    value = {
        "incident": incident,
        "client": client,
        "set": set_name,
        "snapshot": found.snapshot,
        "at": found.at.isoformat(),
        "to": str(found.place),
        "copy": found.copy,
        "due": found.due.isoformat(),
        "books": found.books,
        "files": found.files,
        "vouchers": found.vouchers,
        "lines": found.lines,
    }
    show(value, as_json=as_json, human=lambda console: _draw(console, found))


def _draw(console: Console, found: Offered) -> None:
    instant = f"{found.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    day = f"{found.due.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    done = say(
        "{books} books as of {instant} in {place}: {vouchers} vouchers, {lines} lines, equal to"
        " their control totals",
        books=found.books,
        instant=instant,
        place=found.place,
        vouchers=found.vouchers,
        lines=found.lines,
    )
    console.print(done, markup=False)
    until = say("decrypted copy {copy}: destroy it by {day}", copy=found.copy, day=day)
    console.print(until, markup=False)
