"""`baozhang survey`: ask clients, take their answers, see scores, themes, issues and call-backs."""

from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.errors import UsageError
from baozhang.words import say

Wave = Annotated[str, typer.Argument(metavar="WAVE", help=say("Id of a round of questions."))]
WaveOrNone = Annotated[
    str, typer.Argument(metavar="[WAVE]", help=say("Id of a round of questions; the newest."))
]
Client = Annotated[str, typer.Argument(metavar="CLIENT", help=say("A client's id."))]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))]
Text = Annotated[
    str, typer.Option("--text", help=say("In a person's words; asked for if left out."))
]
Channel = Literal["mail", "phone", "none"]
Language = Literal["zh_CN", "en"]
Class = Literal["complaint", "question", "request"]
Measure = Literal["csat", "nps", "ces"]
Outcome = Literal["settled", "promised", "not-reached"]


def _work() -> ModuleType:
    """Return the half that needs the duty's steps: it takes a second to load."""
    return load("survey_work")


def register(root: typer.Typer) -> None:
    """Add the command group `survey`."""
    group = typer.Typer(help=about("survey"), no_args_is_help=True)
    group.command("consent", help=say("Note whether a client agrees to be asked."))(consent)
    group.command("open", help=say("Open a round: choose whom to ask, write letters."))(open_)
    group.command("close", help=say("End a round today."))(close)
    group.command("list", help=say("List the rounds of questions."))(listed)
    group.command("show", help=say("Show a round: who was asked, who is silent."))(shown)
    group.command("import", help=say("Take the answers of an export, by a mapping."))(import_)
    group.command("record", help=say("Note what a client answered by telephone."))(record)
    group.command("answers", help=say("Show the answers of a round, or export them."))(answers)
    group.command("scores", help=say("Show the figures of a round with intervals."))(scores)
    group.command("themes", help=say("Show what comments are about, and by which words."))(themes)
    group.command("issues", help=say("List open complaints, questions, requests."))(issues)
    group.command("issue", help=say("Note a complaint, a question or a request."))(issue)
    group.command("move", help=say("Note how far an issue is."))(move)
    group.command("call-back", help=say("List the calls that are owed, or note one."))(call_back)
    group.command("improve", help=say("List improvements, note a new one."))(improve)
    group.command("improved", help=say("Note that an improvement is in place."))(improved)
    group.command("report", help=say("Write the report of a round or a month now."))(report)
    group.command("run", help=say("Do what the daily run does: ask, take in, report."))(run)
    root.add_typer(group, name="survey")


def consent(
    client: Client,
    *,
    by: By,
    no: Annotated[bool, typer.Option("--no", help=say("It does not agree."))] = False,
    channel: Annotated[
        Channel, typer.Option("--channel", help=say("How it wants to be asked."))
    ] = "mail",
    language: Annotated[
        Language | None, typer.Option("--language", help=say("Of letters and calls."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Note whether a client agrees."""
    value, human = _work().consented(client, by, channel, language, consent=not no)
    show(value, as_json=as_json, human=human)


def open_(
    wave: Annotated[
        str, typer.Argument(metavar="[WAVE]", help=say("A new id; the half-year's if left out."))
    ] = "",
    *,
    by: By,
    incident: Annotated[
        str, typer.Option("--incident", metavar="INCIDENT", help=say("Ask after this incident."))
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only show who would be asked."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Open a wave and write its letters."""
    value, human = _work().opened(wave, incident, by, dry_run=dry_run)
    show(value, as_json=as_json, human=human)


def close(wave: Wave, *, by: By, as_json: JsonFlag = False) -> None:
    """End a wave."""
    value, human = _work().closed(wave, by)
    show(value, as_json=as_json, human=human)


def listed(*, as_json: JsonFlag = False) -> None:
    """List the waves."""
    value, human = _work().waves()
    show(value, as_json=as_json, human=human)


def shown(wave: WaveOrNone = "", *, as_json: JsonFlag = False) -> None:
    """Show one wave."""
    value, human = _work().wave(wave)
    show(value, as_json=as_json, human=human)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("CSV or a workbook."))],
    *,
    by: By,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="FILE", help=say("YAML; else that of 问卷星.")),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only show what would be taken."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take a file's answers; refused rows are named, and the command ends with 1."""
    value, human, refused = _work().imported(file, mapping, by, dry_run=dry_run)
    show(value, as_json=as_json, human=human)
    if refused:
        raise typer.Exit(1)


def record(
    whose: Annotated[
        str, typer.Argument(metavar="CODE", help=say("The reference code, or WAVE/CLIENT."))
    ],
    *,
    by: By,
    csat: Annotated[int | None, typer.Option("--csat", help=say("Satisfied: 1 to 5."))] = None,
    nps: Annotated[int | None, typer.Option("--nps", help=say("Recommends: 0 to 10."))] = None,
    ces: Annotated[int | None, typer.Option("--ces", help=say("Easy: 1 to 7."))] = None,
    comment: Annotated[
        str, typer.Option("--comment", help=say("In the client's words; `-` asks for it."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Note an answer."""
    words = typer.prompt(say("comment")) if comment == "-" else comment
    value, human = _work().recorded(whose, by, csat=csat, nps=nps, ces=ces, comment=words)
    show(value, as_json=as_json, human=human)


def answers(
    wave: WaveOrNone = "",
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help=say("Write them to this .csv or .xlsx.")),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what was answered, comments too: keep it private."""
    value, human = _work().answers(wave, to)
    show(value, as_json=as_json, human=human)


def scores(wave: WaveOrNone = "", *, as_json: JsonFlag = False) -> None:
    """Show figures behind the guard."""
    value, human = _work().scores(wave)
    show(value, as_json=as_json, human=human)


def themes(wave: WaveOrNone = "", *, as_json: JsonFlag = False) -> None:
    """Show themes and their words."""
    value, human = _work().themes(wave)
    show(value, as_json=as_json, human=human)


def issues(
    *,
    everything: Annotated[bool, typer.Option("--all", help=say("Resolved ones as well."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """List issues, the overdue ones first."""
    value, human = _work().issues(everything=everything)
    show(value, as_json=as_json, human=human)


def issue(
    client: Client,
    kind: Annotated[Class, typer.Argument(metavar="CLASS", help=say("What it is."))],
    *,
    by: By,
    text: Text = "",
    linked: Annotated[
        str, typer.Option("--to", metavar="ID", help=say("The answer or incident it is about."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Note an issue."""
    words = text or typer.prompt(say("text"))
    value, human = _work().issue(client, kind, words, by, linked)
    show(value, as_json=as_json, human=human)


def move(
    issue: Annotated[str, typer.Argument(metavar="ISSUE", help=say("Id of an issue."))],
    *,
    by: By,
    answered: Annotated[bool, typer.Option("--answered", help=say("It was answered."))] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help=say("It is resolved."))] = False,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help=say("The client says so itself."))
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", metavar="PERSON", help=say("Hand it to this person."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Note how far an issue is."""
    value, human = _work().moved(
        issue, by, answered=answered, resolved=resolved, confirmed=confirmed, owner=owner
    )
    show(value, as_json=as_json, human=human)


def call_back(
    call: Annotated[
        str, typer.Argument(metavar="[CALL]", help=say("Id of a call; list all if left out."))
    ] = "",
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Who called."))] = "",
    outcome: Annotated[
        Outcome, typer.Option("--outcome", help=say("What came of it."))
    ] = "settled",
    text: Text = "",
    as_json: JsonFlag = False,
) -> None:
    """List calls, or note that one took place."""
    if call and not by:
        raise UsageError("nobody is said to have called", hint="Name yourself: --by PERSON.")
    value, human = _work().call_back(call, by, outcome, text)
    show(value, as_json=as_json, human=human)


def improve(
    wave: Annotated[
        str, typer.Argument(metavar="[WAVE]", help=say("Whose answers ask for it; else list."))
    ] = "",
    *,
    measure: Annotated[
        Measure, typer.Option("--measure", help=say("What is to rise by it."))
    ] = "csat",
    theme: Annotated[str, typer.Option("--theme", help=say("Id of the theme."))] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="PERSON", help=say("Who does it."))] = "",
    due: Annotated[str, typer.Option("--due", metavar="DAY", help=say("Until when."))] = "",
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))] = "",
    text: Text = "",
    as_json: JsonFlag = False,
) -> None:
    """List improvements, or note one."""
    words = (text or typer.prompt(say("text"))) if wave else ""
    value, human = _work().improve(wave, measure, words, owner=owner, due=due, by=by, theme=theme)
    show(value, as_json=as_json, human=human)


def improved(
    improvement: Annotated[str, typer.Argument(metavar="ID", help=say("Id of an improvement."))],
    *,
    by: By,
    as_json: JsonFlag = False,
) -> None:
    """Note that it is in place."""
    value, human = _work().improved(improvement, by)
    show(value, as_json=as_json, human=human)


def run(*, as_json: JsonFlag = False) -> None:
    """Do what the daily run does, without its orchestrator; an unread file ends it with 1."""
    work = load("survey_run")
    value = work.ran()
    show(value, as_json=as_json, human=lambda console: work.draw(console, value))
    if value["unread"]:
        raise typer.Exit(1)


def report(
    what: Annotated[
        str, typer.Argument(metavar="WAVE", help=say("A round's id, or a month, YYYY-MM."))
    ],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write a report, under a new number."""
    value, human = _work().report(what)
    show(value, as_json=as_json, human=human)
