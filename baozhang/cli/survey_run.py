"""The half of `baozhang survey run` that works: the daily run without its orchestrator."""

from rich.console import Console

from baozhang.wiring import open_site
from baozhang.words import say
from tasks.satisfaction_asking import open_wave, planned_now, write_asking
from tasks.satisfaction_queue import owe_calls
from tasks.satisfaction_report import due_reports, report_on
from tasks.satisfaction_site import voice_of
from tasks.satisfaction_taking import take_inbox


def ran() -> dict[str, object]:
    """Open, ask and remind, take what was dropped, note calls, report; return ids and counts."""
    with open_site() as site:
        opened = [each.id for each in planned_now(site) if open_wave(site, each)]
        asked = [write_asking(site, each) for each in voice_of(site).open_waves()]
        received, owed, reports = take_inbox(site), owe_calls(site), due_reports(site)
        for each in reports:
            report_on(site, each)
    return {
        "opened": opened,
        "letters": sum(each.letters for each in asked),
        "reminders": sum(each.reminders for each in asked),
        "taken": sum(each.taken for each in received),
        "refused": sum(len(each.refused) for each in received),
        "unread": sum(bool(each.problem) for each in received),
        "call_backs": owed,
        "reports": list(reports),
    }


def draw(console: Console, value: dict[str, object]) -> None:
    """Draw what was done."""
    lines = (
        say("letters: {letters}, reminders: {reminders}", **value),
        say("answers taken: {taken}, rows refused: {refused}, files unread: {unread}", **value),
        say("new call-backs: {call_backs}", **value),
    )
    for line in lines:
        console.print(line, markup=False)
