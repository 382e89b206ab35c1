"""`baozhang mail`: the letters on their way, and what keeps one from going.

People are named by id, as in agency.yaml; addresses are not shown.
"""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about, exit_code
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.speaking import printable
from baozhang.clock import SHANGHAI
from baozhang.errors import BaozhangError, UsageError
from baozhang.mail.delivery import Delivery
from baozhang.mail.queued import Queued
from baozhang.mail.trouble import ServerTrouble
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.mail_test import STEP_TEMPLATES, Trial, try_mail
from tasks.standings import Standing, no_server, standing, standing_of, why, words_of

STYLES = {"waiting": "yellow", "sent": "green", "parked": "red"}
EVER = datetime(1970, 1, 2, tzinfo=SHANGHAI)

Letters = Annotated[
    list[str] | None, typer.Argument(metavar="LETTER", help=say("Names, as `mail list` has them."))
]
Letter = Annotated[str, typer.Argument(metavar="LETTER", help=say("A name, as in `mail list`."))]


def register(root: typer.Typer) -> None:
    """Add the `mail` commands."""
    mail = typer.Typer(help=about("mail"), no_args_is_help=True)
    mail.command("list", help=say("List the letters that wait or are parked."))(list_letters)
    mail.command("show", help=say("Show one letter, and where it stands with whom."))(show_one)
    mail.command("send", help=say("Deliver now, as the post does every five minutes."))(send)
    mail.command("retry", help=say("Let parked letters go once more."))(retry)
    mail.command("test", help=say("Send a test letter, and say at which step it stops."))(send_test)
    root.add_typer(mail, name="mail")


def list_letters(
    *,
    sent: Annotated[bool, typer.Option("--sent", help=say("Also those that were sent."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the letters, and what the mail server says."""
    with open_site() as site:
        found = standing(site, since=EVER if sent else None)
        trouble = site.outbox.trouble()
    value = {"letters": [_plain(each) for each in found], "server": _plain_trouble(trouble)}
    show(value, as_json=as_json, human=lambda console: _draw(console, found, trouble))


def show_one(letter: Letter, *, as_json: JsonFlag = False) -> None:
    """Show a letter's head, its parts, and how it fared with each reader."""
    with open_site() as site:
        found = standing_of(site, site.outbox.letter(letter))
    show(_plain(found), as_json=as_json, human=lambda console: _draw_one(console, found))


def send(
    letters: Letters = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say which letters would go."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Deliver what is due without waiting for the next attempt's turn; named letters at once."""
    with open_site() as site:
        postman = site.postman
        if postman is None:
            raise no_server()
        named = [site.outbox.letter(name).name for name in letters or ()]
        if dry_run:
            _show_turn([each.name for each in postman.turn(only=named, hurry=True)], as_json)
            return
        delivery = postman.deliver(only=named, hurry=True)
    value = _delivered(delivery)
    show(value, as_json=as_json, human=lambda console: _draw_delivery(console, delivery))
    if delivery.parked or delivery.trouble:
        raise typer.Exit(1 if delivery.parked else 3)


def retry(
    letters: Letters = None,
    *,
    every: Annotated[bool, typer.Option("--all", help=say("All that are parked."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """Lay parked letters back among those that wait; who has one does not get it again."""
    if bool(letters) == every:
        raise UsageError(
            "name the letters, or give --all",
            hint="Run `baozhang mail list` and choose names from it.",
        )
    with open_site() as site, site.outbox.locked():
        wanted = [_parked(site, name) for name in letters or site.outbox.parked()]
        for each in wanted:
            site.outbox.keep(each.anew())
    names = [each.name for each in wanted]
    words = say("{count} letters wait for the next post", count=len(names))
    show({"waiting": names}, as_json=as_json, human=lambda console: console.print(words))


def send_test(
    person: Annotated[str, typer.Argument(metavar="PERSON", help=say("An id of `people`."))],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Send a test letter to one person, past the outbox."""
    with open_site() as site:
        trial = try_mail(site, person)
    show(_tried(trial), as_json=as_json, human=lambda console: _draw_trial(console, trial))
    if trial.error:
        raise typer.Exit(exit_code(trial.error))


def _parked(site: Site, name: str) -> Queued:
    letter = site.outbox.letter(name)
    if letter.name not in site.outbox.parked():
        raise UsageError(
            "letter {letter} is not parked",
            hint="Run `baozhang mail list` and choose a parked one.",
            letter=name,
        )
    return letter


def _show_turn(names: list[str], as_json: bool) -> None:  # noqa: FBT001 - as `show` takes it
    text = "\n".join(names) or say("no letter is due")
    show({"due": names}, as_json=as_json, human=lambda console: console.print(text, markup=False))


def _plain(each: Standing) -> dict[str, object]:
    letter = each.letter
    return {
        "letter": letter.name,
        "kind": letter.kind,
        "class": letter.urgency,
        "subject": letter.subject,
        "written": letter.at.isoformat(),
        "state": letter.state,
        "waits_for": each.hold or "",
        "told_in": letter.told_in,
        "message_id": letter.message_id,
        "readers": [
            {
                "who": name,
                "state": its.state,
                "attempts": its.attempts,
                "next": its.due.isoformat() if its.due else "",
                "code": its.reply.code,
                "status": its.reply.status,
            }
            for name, its in each.people
        ],
    }


def _plain_trouble(trouble: ServerTrouble | None) -> dict[str, object]:
    if trouble is None:
        return {}
    times = {"since": trouble.since.isoformat(), "next": trouble.due.isoformat()}
    words = {"message": say(trouble.template, **trouble.facts), "hint": _hint(trouble)}
    return {**words, **times, "attempts": trouble.attempts}


def _hint(trouble: ServerTrouble) -> str:
    return say(trouble.hint, **trouble.facts)


def _delivered(delivery: Delivery) -> dict[str, object]:
    return {
        "sent": list(delivery.sent),
        "parked": list(delivery.parked),
        "waiting": delivery.waiting,
        "limited": delivery.limited,
        "server": _plain_trouble(delivery.trouble),
    }


def _tried(trial: Trial) -> dict[str, object]:
    error = trial.error
    return {
        "steps": [{"step": step, "fact": fact} for step, fact in trial.steps],
        "sent": error is None,
        "message": say(error.template, **error.facts) if error else "",
        "hint": say(error.hint, **error.facts) if error else "",
    }


def _draw(console: Console, found: tuple[Standing, ...], trouble: ServerTrouble | None) -> None:
    if trouble:
        _draw_trouble(console, trouble)
    if not found:
        console.print(say("no letter waits, and none is parked"))
        return
    table = Table(box=None, pad_edge=False)
    for heading in (say("letter"), say("written"), say("state"), say("to look at")):
        table.add_column(heading, overflow="fold")
    for each in found:
        state = Text(words_of(each), STYLES[each.letter.state])
        table.add_row(each.letter.name, _local(each.letter.at), state, "\n".join(_refusals(each)))
    console.print(table)


def _draw_one(console: Console, found: Standing) -> None:
    letter = found.letter
    console.print(printable(letter.subject), style="bold", markup=False)
    console.print(say("written {when}, {state}", when=_local(letter.at), state=words_of(found)))
    console.print(letter.message_id, style="dim", markup=False)
    for name, its in found.people:
        line = say("{who}: {state}", who=name, state=say(_READER_TEMPLATES[its.state]))
        if its.attempts and its.state != "sent":
            line += say(" ({why}; {count} attempts)", why=why(its.reply), count=its.attempts)
        console.print(line, style=STYLES[its.state], markup=False)


_READER_TEMPLATES = {"waiting": "has it not yet", "sent": "has it", "parked": "does not get it"}


def _draw_delivery(console: Console, delivery: Delivery) -> None:
    counts = {"sent": len(delivery.sent), "waiting": delivery.waiting}
    console.print(say("{sent} sent, {waiting} wait", **counts))
    for name in delivery.parked:
        console.print(say("parked: {letter}", letter=name), style="red", markup=False)
    if delivery.limited:
        console.print(say("the provider's limit is used up for now; the post goes on later"))
    if delivery.trouble:
        _draw_trouble(console, delivery.trouble)


def _draw_trouble(console: Console, trouble: ServerTrouble) -> None:
    console.print(printable(say(trouble.template, **trouble.facts)), style="red", markup=False)
    console.print(printable(_hint(trouble)), style="dim", markup=False)
    times = {"since": _local(trouble.since), "next": _local(trouble.due)}
    console.print(say("since {since}; next attempt {next}", **times), markup=False)


def _draw_trial(console: Console, trial: Trial) -> None:
    for step, fact in trial.steps:
        console.print(f"✓ {say(STEP_TEMPLATES[step])}: {fact}", style="green", markup=False)
    error: BaozhangError | None = trial.error
    if error is None:
        console.print(say("the server has taken the test letter; look into the mailbox"))
        return
    console.print(f"✗ {printable(say(error.template, **error.facts))}", style="red", markup=False)
    if error.hint:
        console.print(printable(say(error.hint, **error.facts)), style="dim", markup=False)


def _refusals(each: Standing) -> list[str]:
    return [
        say("{who}: {state}", who=name, state=why(its.reply))
        for name, its in each.people
        if its.attempts and its.state != "sent"
    ]


def _local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
