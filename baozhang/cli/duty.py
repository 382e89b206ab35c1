"""`baozhang backup`, `validate`, `restore-test`: a duty's steps without a Prefect server.

The steps are those of `tasks/`, called through `.fn`: same outcomes, same letter, same records.
What a server adds is the clock, the pages and the history; what must be done is done without it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.catalog.model import Duty, Finding, Outcome, Run
from baozhang.catalog.rebuilding import AGENCY
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.speaking import printable
from baozhang.clock import system_clock
from baozhang.errors import BaozhangError
from baozhang.site import Site
from baozhang.vault.model import Report
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.backup import back_up_pair, copy_to_mirrors, plan_backup, save_journal
from tasks.batches import Batch, Pair, failed, in_batches, settle
from tasks.choosing import (
    WHOLE_CLIENT,
    clients_to_verify,
    due_pairs,
    every_pair,
    named_pairs,
    pairs_to_restore,
)
from tasks.day import head
from tasks.freshness import check_witness, keep_witness
from tasks.gate import mask_logs
from tasks.letters import write_night_letter, write_restore_test_letter
from tasks.places import survey_places
from tasks.record import gather, record_batch
from tasks.restore_test import choose_oldest_proven, try_pair
from tasks.validation import choose_by_rotation, verify_client, verify_own
from tasks.verdict import STATE_TEMPLATES

Clients = Annotated[
    list[str] | None,
    typer.Option(
        "--client", metavar="ID", help=say("Only this client; may be given several times.")
    ),
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--day",
        formats=["%Y-%m-%d"],
        metavar="YYYY-MM-DD",
        help=say("The business day; today without it."),
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("Only say whose turn it is."))]

COLOURS = {"ok": "green", "partial": "yellow", "failed": "red", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Steps:
    """What one duty does, as the steps of its flow."""

    duty: Duty
    turn: Callable[[Site], list[Pair]]
    plan: Callable[[Run, list[str] | None], list[Batch]]
    work: Callable[[Site, Run, Pair, Report], Outcome]
    before: Callable[[Run], tuple[Outcome, ...]]
    beside: Callable[[Run, tuple[Outcome, ...]], tuple[Outcome, ...]]
    letter: Callable[[Run], tuple[Path, ...]]
    last: Callable[[Run], None]


def nothing_before(_: Run) -> tuple[Outcome, ...]:
    """Return no outcomes from before the clients' turn."""
    return ()


def nothing_beside(_run: Run, before: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Return no outcomes beside those of the clients."""
    return before


def copies(run: Run, doubts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Let the witness know, then the mirrors; return what is not as it should be."""
    return keep_witness.fn(run, doubts) + copy_to_mirrors.fn(run) + survey_places.fn(run)


def own(run: Run, before: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Verify what is the agency's own."""
    return before + verify_own.fn(run)


def nothing_last(_: Run) -> None:
    """Do nothing after the letter."""


BACKUP = Steps(
    duty="backup",
    turn=due_pairs,
    plan=plan_backup.fn,
    work=back_up_pair,
    before=check_witness.fn,
    beside=copies,
    letter=write_night_letter.fn,
    last=save_journal.fn,
)
REREADING = replace(
    BACKUP,
    turn=every_pair,
    plan=partial(plan_backup.fn, everyone=True),
    work=partial(back_up_pair, reread=True),
)
VALIDATION = Steps(
    duty="validation",
    turn=clients_to_verify,
    plan=choose_by_rotation.fn,
    work=verify_client,
    before=nothing_before,
    beside=own,
    letter=write_night_letter.fn,
    last=nothing_last,
)
RESTORE_TEST = Steps(
    duty="restore_test",
    turn=pairs_to_restore,
    plan=choose_oldest_proven.fn,
    work=try_pair,
    before=nothing_before,
    beside=nothing_beside,
    letter=write_restore_test_letter.fn,
    last=nothing_last,
)


def register(root: typer.Typer) -> None:
    """Add the duties to the command line."""
    root.command("backup", help=about("backup"))(backup)
    root.command("validate", help=about("validate"))(validate)
    root.command("restore-test", help=about("restore-test"))(restore_test)


def backup(
    clients: Clients = None,
    day: Day = None,
    *,
    reread: Annotated[
        bool, typer.Option("--reread", help=say("Read every file of every set, due or not."))
    ] = False,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a night's backup."""
    run_duty(REREADING if reread else BACKUP, clients, day, dry_run=dry_run, as_json=as_json)


def validate(
    clients: Clients = None,
    day: Day = None,
    *,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a night's validation."""
    run_duty(VALIDATION, clients, day, dry_run=dry_run, as_json=as_json)


def restore_test(
    clients: Clients = None,
    day: Day = None,
    *,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a restore test."""
    run_duty(RESTORE_TEST, clients, day, dry_run=dry_run, as_json=as_json)


def run_duty(
    steps: Steps,
    clients: list[str] | None,
    day: datetime | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Walk a duty's steps, show what came of it, and end with 1 when not all is well."""
    if dry_run:
        _show_turn(steps, clients, as_json=as_json)
        return
    wanted = day.date() if day else None
    with progress(as_json=as_json) as report:
        run, letters = walk(steps, clients, wanted, report, tell=unheard if as_json else told)
    show(_value(run, letters), as_json=as_json, human=lambda console: _draw(console, run, letters))
    if run.troubled:
        raise typer.Exit(1)


def walk(
    steps: Steps,
    clients: list[str] | None,
    day: date | None,
    report: Report,
    *,
    tell: Callable[[Outcome], None],
) -> tuple[Run, tuple[Path, ...]]:
    """Walk a duty's steps in the order of its flow; return the run and its letters.

    Batches are of one pair: somebody is watching, and is told of each as it ends.
    """
    mask_logs()
    begun = head(steps.duty, day, due=system_clock(), token=uuid4())
    before = steps.before(begun)
    pairs = [pair for batch in steps.plan(begun, clients) for pair in batch]
    recorded = []
    for pair in pairs:
        recorded.append(record_batch.fn(begun, (pair,), _work(steps, begun, pair, report)))
        for outcome in recorded[-1].outcomes:
            tell(outcome)
    run = gather.fn(begun, recorded, steps.beside(begun, before))
    letters = steps.letter(run) if run.outcomes else ()
    began = system_clock()
    try:
        steps.last(run)
    except BaozhangError as error:  # what was done is still to be shown
        ended = failed(run, Pair(AGENCY, "main"), error, began=began, ended=system_clock())
        run = replace(run, outcomes=(*run.outcomes, ended))
    return run, letters


def _work(steps: Steps, run: Run, pair: Pair, report: Report) -> tuple[Outcome, ...]:
    with open_site() as site:
        return settle(run, (pair,), lambda p: steps.work(site, run, p, report), site.clock)


def told(outcome: Outcome) -> None:
    """Say on standard error how one pair fared."""
    text = say(
        "{client}/{set}: {state}, {seconds} s",
        client=outcome.client,
        set=_set(outcome.set),
        state=say(STATE_TEMPLATES[outcome.status]),
        seconds=f"{outcome.seconds:.1f}",
    )
    typer.echo(printable(text), err=True)


def unheard(_: Outcome) -> None:
    """Say nothing of a pair."""


def _show_turn(steps: Steps, clients: list[str] | None, *, as_json: bool) -> None:
    with open_site() as site:
        pairs = steps.turn(site) if clients is None else named_pairs(site, clients)
    names = [str(pair) for batch in in_batches(pairs) for pair in batch]
    text = "\n".join(names) or say("nobody's turn: nothing is due")
    show({"due": names}, as_json=as_json, human=lambda console: console.print(text, markup=False))


def _value(run: Run, letters: tuple[Path, ...]) -> Mapping[str, object]:
    return {
        "run": run.id,
        "day": run.day.isoformat(),
        "outcomes": [_outcome_value(outcome) for outcome in run.outcomes],
        "troubled": len(run.troubled),
        "letters": [str(path) for path in letters],
    }


def _outcome_value(outcome: Outcome) -> dict[str, object]:
    return {
        "client": outcome.client,
        "set": outcome.set,
        "status": outcome.status,
        "snapshot": outcome.snapshot,
        "seconds": round(outcome.seconds, 3),
        "figures": dict(outcome.figures),
        "findings": [
            {
                "severity": found.severity,
                "message": _said(found),
                "hint": say(found.hint, **dict(found.facts)),
                "facts": dict(found.facts),
            }
            for found in outcome.findings
        ],
    }


def _said(found: Finding) -> str:
    return say(found.template, **dict(found.facts))


def _set(name: str) -> str:
    return say("all") if name == WHOLE_CLIENT else name


def _lines(found: Finding) -> Iterator[Text]:
    """Yield what is wrong, and below it what to do."""
    yield Text(printable(_said(found)))
    if found.hint:
        yield Text(printable(say(found.hint, **dict(found.facts))), style="dim")


def _draw(console: Console, run: Run, letters: tuple[Path, ...]) -> None:
    if not run.outcomes:
        console.print(say("nobody's turn: nothing is due"))
        return
    table = Table(title=f"{run.id}", title_justify="left")
    for heading in (say("client"), say("set"), say("state"), say("seconds"), say("to look at")):
        table.add_column(heading, overflow="fold")
    for each in run.outcomes:
        state = f"[{COLOURS[each.status]}]{say(STATE_TEMPLATES[each.status])}[/]"
        told = Text("\n").join(line for found in each.findings for line in _lines(found))
        table.add_row(each.client, _set(each.set), state, f"{each.seconds:.1f}", told)
    console.print(table)
    for path in letters:
        console.print(say("letter: {path}", path=path), markup=False)
