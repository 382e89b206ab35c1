"""Monthly letters: managers get the month's summary, every client a statement and a certificate.

    begin ──► summary ─────────────────────────────────┐
      │                                                ├──► library ──► verdict
      └────► choose ──► statements ──► certificates ───┘
             (batches)   (batches)      (batches)

What is told is what the catalog and the audit log know; no vault is opened.  A letter that says
what one of the same month said already is not written again, so the run may be repeated.

Runbook for people: docs/runbooks/monthly.md
"""

from prefect import flow, unmapped

from tasks.artifacts import show_library
from tasks.monthly import (
    Receipt,
    begin_month,
    clients_in_batches,
    conclude_month,
    index_library,
    named_month,
    write_certificates,
    write_statements,
    write_summary,
)
from tasks.options import at_once


@flow(
    name="monthly-letters",
    flow_run_name=named_month,
    task_runner=at_once(1),  # numbers of one kind follow each other: two batches would wait
)
def monthly_letters(period: str | None = None, clients: list[str] | None = None) -> list[Receipt]:
    """Write the letters on a month.

    Args:
        period: the month, YYYY-MM; None: the one before the scheduled start in Asia/Shanghai.
        clients: statements and certificates of these only; None: of all.

    Returns:
        One receipt per batch and kind.

    Raises:
        UsageError: a month that has not begun, or a client that is not known.
        ClientsUnprotectedError: a letter could not be written; the others are.
    """
    month = begin_month(period)
    summary = write_summary.submit(month).result(raise_on_failure=False)

    batches = clients_in_batches(clients)
    statements = write_statements.map(unmapped(month), batches)
    certificates = write_certificates.map(unmapped(month), batches)

    ended = [
        summary,
        *statements.result(raise_on_failure=False),
        *certificates.result(raise_on_failure=False),
    ]
    show_library(index_library())
    return conclude_month(month, ended)
