"""The end of a run: it fails when any of its outcomes is not fine, and only after the letter."""

from baozhang.catalog.model import Duty, Run, Status
from baozhang.errors import ClientsUnprotectedError

STATE_TEMPLATES: dict[Status, str] = {
    "failed": "failed",
    "inconclusive": "not clear",
    "partial": "in part",
    "ok": "fine",
}
WORST_FIRST: tuple[Status, ...] = tuple(STATE_TEMPLATES)

TEMPLATES: dict[Duty, str] = {
    "backup": "{count} of {total} sets are not protected as they should be: {sets}",
    "validation": "{count} of {total} clients' backups are not whole or not readable: {sets}",
    "restore_test": "{count} of {total} sets could not be proven by a restore: {sets}",
}
HINT_TEMPLATES: dict[Duty, str] = {
    "backup": "Open the night's letter, then follow docs/runbooks/backup.md.",
    "validation": "Open the night's letter, then follow docs/runbooks/validation.md.",
    "restore_test": "Open the restore test's letter, then follow docs/runbooks/restore_test.md.",
}
MOST_NAMED = 20  # ids in the message; the letter names all


def conclude(run: Run) -> Run:
    """Return the run when all is well.

    Raises:
        ClientsUnprotectedError: an outcome is not `ok`; `inconclusive` is not a pass.
    """
    if run.troubled:
        named = [f"{each.client}/{each.set}".rstrip("/") for each in run.troubled]
        more = ", …" if len(named) > MOST_NAMED else ""
        raise ClientsUnprotectedError(
            TEMPLATES[run.duty],
            hint=HINT_TEMPLATES[run.duty],
            count=len(run.troubled),
            total=len(run.outcomes),
            sets=", ".join(named[:MOST_NAMED]) + more,
        )
    return run
