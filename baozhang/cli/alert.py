"""`baozhang alert`, `ack`, `watch`: what is in trouble, who looks at it, and looking by cron alone.

`watch` does what the deployment of that name does.  With `--catalog` it needs no site: another
machine looks at a copy of the catalog, and whoever reads its cron's mail hears when this one is
silent altogether.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.memory import Memory
from baozhang.catalog.model import Alert, AlertEvent, KnownAlert
from baozhang.catalog.opening import copy_database
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI, system_clock
from baozhang.errors import BaozhangError, UsageError
from baozhang.notify.channel import Channel
from baozhang.notify.heartbeat import beat
from baozhang.site import Site
from baozhang.sourcing import secret_text
from baozhang.wiring import open_site
from baozhang.words import language, say
from reports.alert import CLASS_TEMPLATES, ROLE_TEMPLATES, told
from tasks.alert_words import sampled
from tasks.alerts import acknowledge
from tasks.channels import Unopened, channels
from tasks.gate import gate, mask_logs
from tasks.silence import looked, silences
from tasks.troubles import read_note
from tasks.watch import HEARTBEAT, Watched, failure_told
from tasks.watch import watch as watch_site

STATE_TEMPLATES = {"open": "open", "acknowledged": "acknowledged", "mended": "mended"}
STYLES = {"open": "red", "acknowledged": "yellow", "mended": "green"}
STAGE_TEMPLATES = {
    "again": "holds for {note} as well",
    "told": "told, step {step}",
    "carried": "carried by {who}",
    "refused": "{who} did not take it: {note}",
    "acknowledged": "acknowledged by {who}",
    "mended": "the trouble is gone",
    "closed": "its end was told",
}
MOST_SHOWN = 50  # alerts on one screen; --json has them all

AlertId = Annotated[str, typer.Argument(metavar="ID", help=say("The alert's id, as 0731-8f3a."))]


def register(root: typer.Typer) -> None:
    """Add `ack`, `alert` and `watch` to the command line."""
    alert = typer.Typer(help=about("alert"), no_args_is_help=True)
    alert.command("list", help=say("List the alerts, the newest first."))(list_alerts)
    alert.command("show", help=say("Show an alert and what became of it."))(show_alert)
    alert.command("test", help=say("Send a test message to every bot, and the heartbeat."))(try_out)
    root.add_typer(alert, name="alert")
    root.command("ack", help=about("ack"))(ack)
    root.command("watch", help=about("watch"))(watch)


def list_alerts(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help=say("Those as well that are over."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the alerts that are open or acknowledged, or all of them."""
    with open_site() as site:
        book = AlertBook(site.catalog)
        found = (book.all() if everything else book.unmended())[::-1]
    value = {"alerts": [_plain(known) for known in found]}
    show(value, as_json=as_json, human=lambda console: _draw(console, found[:MOST_SHOWN]))


def show_alert(alert: AlertId, *, as_json: JsonFlag = False) -> None:
    """Show one alert with its history."""
    with open_site() as site:
        known = AlertBook(site.catalog).find(alert)
    value = {**_plain(known), "events": [_event(event) for event in known.events]}
    show(value, as_json=as_json, human=lambda console: _draw_one(console, known))


def ack(
    alert: AlertId,
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Who looks; an id."))],
    as_json: JsonFlag = False,
) -> None:
    """Say that somebody is looking at an alert; it goes no further up."""
    with open_site() as site:
        known = acknowledge(site, alert, by=by)
    done = known.last("acknowledged")
    who = done.who if done else ""
    show(
        {"alert": known.alert.id, "state": known.state, "by": who},
        as_json=as_json,
        human=lambda console: console.print(_acknowledged(known, who), markup=False),
    )


def try_out(*, as_json: JsonFlag = False) -> None:
    """Send a test message to every bot and ask for the heartbeat; exit 1 where one fails."""
    with open_site() as site:
        results = dict(_tried(site))
    value = {name: "" if error is None else _why(error) for name, error in results.items()}
    show(
        {"carriers": value, "fine": not any(value.values())},
        as_json=as_json,
        human=lambda console: _draw_test(console, results),
    )
    if any(value.values()):
        raise typer.Exit(1)


def watch(
    *,
    catalog: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=say("Look at a copy of a catalog alone; nothing is sent.")
        ),
    ] = None,
    memory: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=say("Where this machine remembers what it saw of that catalog.")
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Look for trouble and silence and tell of it; exit 1 while something waits for a person."""
    if catalog is not None:
        _watch_copy(
            catalog, memory or catalog.with_name(f"{catalog.name}.watch.json"), as_json=as_json
        )
        return
    if memory is not None:
        raise UsageError("--memory goes with --catalog alone", hint="Leave --memory out.")
    with failure_told(), open_site() as site:
        mask_logs()
        done = watch_site(site)
        waiting = tuple(map(AlertBook(site.catalog).find, done.open))
    value = {
        "raised": done.raised,
        "told": done.told,
        "mended": done.mended,
        "open": done.open,
        "heartbeat": done.beat,
    }
    show(value, as_json=as_json, human=lambda console: _draw_watch(console, done, waiting))
    if done.open:
        raise typer.Exit(1)


def _watch_copy(catalog: Path, remembered: Path, *, as_json: bool) -> None:
    now, place = system_clock(), Memory(remembered)
    with _opened_copy(catalog) as opened, place.held():
        before = place.read()
        found = tuple(silences(opened, before, now))
        place.keep(looked(before, opened, now))
    value = {"silent": [_plain(KnownAlert(each)) for each in found]}
    show(value, as_json=as_json, human=lambda console: _draw_silence(console, found))
    if found:
        raise typer.Exit(1)


@contextmanager
def _opened_copy(catalog: Path) -> Iterator[Catalog]:
    """Open a copy of a catalog, so that nothing is written to the one that is looked at."""
    with tempfile.TemporaryDirectory(prefix="baozhang-watch-") as folder:
        copy = Path(folder) / "catalog.db"
        copy_database(catalog, copy)
        with Catalog.open(copy) as opened:
            yield opened


def _tried(site: Site) -> Iterator[tuple[str, BaozhangError | None]]:
    cover = gate(site).masked
    for channel in channels(site):
        spoken = channel.language if isinstance(channel, Channel) else site.agency.language
        text = say(
            "This is a test by {agency}: alerts will arrive here.",
            spoken=spoken,
            agency=site.agency.name,
        )
        lines = [cover(sampled(site, text, spoken))]
        yield channel.name, channel.error if isinstance(channel, Unopened) else channel.send(lines)
    if site.agency.file.alerts.heartbeat is not None:
        yield HEARTBEAT, _beaten(site)


def _beaten(site: Site) -> BaozhangError | None:
    reference = site.agency.file.alerts.heartbeat
    assert reference is not None
    try:
        beat(secret_text(site.home, reference).strip())
    except BaozhangError as error:
        return error
    return None


def _plain(known: KnownAlert) -> dict[str, object]:
    sentence, hint = told(known, language())
    return {
        "id": known.alert.id,
        "class": known.alert.alert_class,
        "kind": known.alert.kind,
        "subject": known.alert.subject,
        "period": known.period,
        "state": known.state,
        "raised": known.alert.at.isoformat(),
        "message": sentence,
        "hint": hint,
    }


def _event(event: AlertEvent) -> dict[str, object]:
    return {
        "what": event.what,
        "at": event.at.isoformat(),
        "who": event.who,
        "step": event.step,
        "said": _stage(event),
    }


def _stage(event: AlertEvent) -> str:
    note = event.note
    if event.what == "refused":
        facts, _ = read_note(event.note)
        values: dict[str, object] = dict(facts)
        note = say(str(values["why"]), **values)
    who = say("mail") if event.who == "@mail" else event.who
    text = say(STAGE_TEMPLATES[event.what], note=note, step=event.step, who=who)
    role = ROLE_TEMPLATES.get(event.who)
    return f"{text} ({say(role)})" if event.what == "told" and role else text


def _why(error: BaozhangError) -> str:
    return say(error.template, **error.facts)


def _acknowledged(known: KnownAlert, who: str) -> str:
    if known.state == "mended":
        return say("{alert} is over already", alert=known.alert.id)
    return say("{alert} is acknowledged by {person}", alert=known.alert.id, person=who)


def _draw(console: Console, found: tuple[KnownAlert, ...]) -> None:
    if not found:
        console.print(say("there is no alert"))
        return
    table = Table()
    for header in (say("alert"), say("raised"), say("class"), say("state"), say("what")):
        table.add_column(header, overflow="fold")
    for known in found:
        table.add_row(
            known.alert.id,
            f"{known.alert.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            say(CLASS_TEMPLATES[known.alert.alert_class]),
            Text(say(STATE_TEMPLATES[known.state]), STYLES[known.state]),
            Text(told(known, language())[0]),
        )
    console.print(table)


def _draw_one(console: Console, known: KnownAlert) -> None:
    sentence, hint = told(known, language())
    console.print(
        Text(f"{known.alert.id}  {say(STATE_TEMPLATES[known.state])}", STYLES[known.state])
    )
    console.print(sentence, markup=False)
    if hint:
        console.print(hint, markup=False)
    for event in known.events:
        at = f"{event.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        console.print(f"{at}  {_stage(event)}", markup=False)


def _draw_test(console: Console, results: dict[str, BaozhangError | None]) -> None:
    if not results:
        console.print(say("no bot and no heartbeat is named in agency.yaml"))
    for name, error in results.items():
        if error is None:
            console.print(Text(f"✓ {name}", "green"))
        else:
            console.print(Text(f"✗ {name}: {_why(error)}", "red"))
            if error.hint:
                console.print(say(error.hint, **error.facts), markup=False)


def _draw_watch(console: Console, done: Watched, waiting: tuple[KnownAlert, ...]) -> None:
    for known in waiting:
        console.print(Text(f"✗ {known.alert.id}  {told(known, language())[0]}", "red"))
    if not waiting:
        console.print(say("nothing waits for a person"))
    if done.beat:
        console.print(say("the heartbeat was sent"))


def _draw_silence(console: Console, found: tuple[Alert, ...]) -> None:
    for alert in found:
        console.print(Text(f"✗ {told(KnownAlert(alert), language())[0]}", "red"))
    if not found:
        console.print(say("nothing is silent"))
