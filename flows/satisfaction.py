"""The client's voice, every morning: who is asked, what was answered, what clients are owed.

    open what is due ─► ask (letters, one reminder) ──────────────────────┐
                                                                          ├─► verdict
    take what was dropped ─► call-backs of low scores ─► reports ─────────┘
                                                         (a wave that is over, the month before)

A wave opens every half-year, and some days after an incident has ended.  What clients wrote never
passes through here: between the steps there are ids and counts.

Runbook for people: docs/runbooks/satisfaction.md
"""

from prefect import flow

from tasks.day import named
from tasks.gate import mask_logs
from tasks.options import at_once
from tasks.satisfaction import (
    Heard,
    ask_clients,
    conclude_satisfaction,
    open_due_waves,
    owe_call_backs,
    take_answers,
    write_reports,
)


@flow(
    name="satisfaction",
    flow_run_name=named("satisfaction"),
    task_runner=at_once(1),  # both branches write registers: one at a time
)
def satisfaction() -> Heard:
    """Ask, take answers, note what is owed, report what is over.

    Returns:
        Waves that were opened, letters, answers taken and refused, call-backs, reports.

    Raises:
        AnswersUnreadError: a file of answers could not be read; everything else is done.
        BaozhangError: a branch failed; the other is done.
    """
    mask_logs()
    opened = open_due_waves.submit()
    asked = ask_clients.submit(wait_for=[opened], return_state=False)

    received = take_answers.submit()
    owed = owe_call_backs.submit(wait_for=[received], return_state=False)
    reports = write_reports.submit(wait_for=[owed], return_state=False)

    asked.wait()
    reports.wait()
    return conclude_satisfaction(
        opened.result(), asked.result(), received.result(), owed.result(), reports.result()
    )
