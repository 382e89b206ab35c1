"""`baozhang people`: devices for one-time codes, and sealed envelopes for the day one is lost."""

from typing import Annotated

import segno
import typer
from rich.console import Console
from rich.table import Table

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.screen import page
from baozhang.errors import UsageError
from baozhang.keys.codes import address, new_secret
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.people import Standing, enrol, may_enrol, people, prove, require_renewal, seal

PersonId = Annotated[str, typer.Argument(metavar="PERSON", help=say("Id of the person."))]


def register(root: typer.Typer) -> None:
    """Add the `people` commands."""
    group = typer.Typer(name="people", help=about("people"), no_args_is_help=True)
    group.command("list", help=say("List who can approve, and how."))(listed)
    group.command("enrol", help=say("Take your device into use: scan, then type its code."))(
        enrol_one
    )
    group.command("test", help=say("Try a code; it is used up."))(try_code)
    group.command("seal", help=say("Make the code for a sealed envelope."))(seal_one)
    root.add_typer(group)


def listed(*, as_json: JsonFlag = False) -> None:
    """Show everybody, and whether they can approve."""
    with open_site() as site:
        found = people(site)
    value = {
        "people": [
            {
                "id": each.person,
                "roles": list(each.roles),
                "device": each.device,
                "envelope": each.envelope,
            }
            for each in found
        ]
    }
    show(value, as_json=as_json, human=lambda console: _draw(console, found))


def enrol_one(
    person: PersonId,
    *,
    witness: Annotated[
        str, typer.Option(metavar="PERSON", help=say("With a sealed code: who stands by."))
    ] = "",
) -> None:
    """Show the secret as a QR code once, and take the device into use when it answers."""
    with open_site() as site:
        if not may_enrol(site, person):
            code = _ask(say("Code of the old device, or the sealed code"))
            by = _ask(say("Code of {witness}", witness=witness)) if witness else ""
            require_renewal(site, person, code, witness=witness, witness_code=by)
        secret = new_secret()
        console = page()
        link = address(person, secret, issuer=site.agency.name)
        console.print(say("Scan this alone, with an app for one-time codes:"))
        segno.make(link, error="m").terminal(border=2, compact=True)
        console.print(say("Or type: {secret}", secret=secret))
        made = enrol(site, person, secret, _ask(say("Code that the device shows")))
    console.print(
        say(
            "{person} can approve now; the device is {fingerprint} in the audit log",
            person=person,
            fingerprint=made.fingerprint[:12],
        )
    )


def try_code(person: PersonId, *, as_json: JsonFlag = False) -> None:
    """Count a code for nothing but the trial."""
    with open_site() as site:
        means = prove(site, person, _ask(say("Code")), what="trial")
    show(
        {"person": person, "means": means},
        as_json=as_json,
        human=lambda console: console.print(say("the code of {person} counts", person=person)),
    )


def seal_one(person: PersonId) -> None:
    """Print the code for an envelope once; the person's own device must agree."""
    with open_site() as site:
        prove(site, person, _ask(say("Code of {person}", person=person)), what="seal")
        code = seal(site, person)
    console = page()
    console.print(say("Write this on paper, seal it, keep it away from this machine:"))
    console.print(f"\n    {code}\n", highlight=False)
    console.print(say("It replaces one code of {person}, once; everybody is told.", person=person))


def _ask(question: str) -> str:
    """Return what a person types; codes are never options, where a process list would show them."""
    typed = str(typer.prompt(question, err=True, default="", show_default=False))
    if not typed.strip():
        raise UsageError("no code was typed", hint="Run the command again with the code at hand.")
    return typed


def _draw(console: Console, found: tuple[Standing, ...]) -> None:
    table = Table(say("person"), say("roles"), say("device"), say("envelope"))
    for each in found:
        table.add_row(
            each.person,
            ", ".join(each.roles),
            say("enrolled") if each.device else "–",
            say("sealed") if each.envelope else "–",
        )
    console.print(table)
