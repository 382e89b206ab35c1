"""What `vault probe` and `vault lock-extend` show to people.  Loaded when there is something."""

from datetime import datetime

from rich.console import Console
from rich.table import Table

from baozhang.clock import SHANGHAI
from baozhang.vault.locks import LockReceipt
from baozhang.vault.stores.probe import ProbeReport, Trial
from baozhang.words import say

TRIAL_TEMPLATES = {
    "create": "put an object",
    "read": "read it back",
    "list": "list it at once",
    "create again": "create it a second time",
    "overwrite": "overwrite it",
    "wrong checksum": "put bytes with a wrong checksum",
    "lock": "lock it as it is put",
    "hide": "lay a delete marker over it",
    "unhide": "take the delete marker away",
    "delete": "delete it",
    "delete by force": "delete it with the right to pass over locks",
    "shorten": "shorten its lock",
    "weaken": "weaken its lock",
    "extend": "extend its lock",
}
ENDED_TEMPLATES = {
    "done": "done",
    "refused": "refused",
    "kept": "taken, and the old bytes kept",
    "lost": "the old bytes are lost",
    "missing": "missing",
    "other bytes": "other bytes came back",
}
PROOF_TEMPLATES = {
    "proof": "tamper-proof: what is locked can be neither changed nor deleted",
    "broken": "not tamper-proof: what was locked did not hold",
    "unknown": "not shown to be tamper-proof: this role may not delete anything, locked or not",
    "weak": "not shown to be tamper-proof: whoever has the right may lift these locks",
    "none": "this URL asks for no lock: nothing here is tamper-proof",
}


def probed(console: Console, report: ProbeReport) -> None:
    """Draw what was tried and how it ended."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("", "tried", "promised", "found", "the store's word"):
        table.add_column(say(title) if title else "", no_wrap=True)
    for trial in report.trials:
        table.add_row(*_row(trial))
    console.print(report.store, markup=False)
    console.print(table)
    if report.keeps_claims:
        console.print(f"[green]✓[/] {say('the store does what its kind promises')}")
    else:
        text = say("the store does not do what its kind promises; choose another kind in the URL")
        console.print(f"[bold red]✗[/] {text}")
    mark = "[green]✓[/]" if report.tamper_proof else "[yellow]![/]"
    console.print(f"{mark} {say(PROOF_TEMPLATES[_proof(report)])}")
    if report.left:
        text = say("{count} scratch objects stay until their locks run out", count=report.left)
        console.print(text)


def _row(trial: Trial) -> tuple[str, str, str, str, str]:
    mark = "[green]✓[/]" if trial.kept_claim else "[red]✗[/]"
    claim = say(ENDED_TEMPLATES[trial.claim]) if trial.claim else say("nothing")
    return (
        mark,
        say(TRIAL_TEMPLATES[trial.name]),
        claim,
        say(ENDED_TEMPLATES[trial.seen]),
        trial.code,
    )


def _proof(report: ProbeReport) -> str:
    if report.tamper_proof:
        return "proof"
    if not report.lock:
        return "none"
    if not report.keeps_claims:
        return "broken"
    if not report.may_delete:
        return "unknown"
    return "weak"


def extended(console: Console, receipt: LockReceipt) -> None:
    """Tell how long what is now locked."""
    facts = {"count": receipt.extended, "objects": receipt.objects}
    text = (
        say("would extend the locks of {count} of {objects} objects", **facts)
        if receipt.dry_run
        else say("extended the locks of {count} of {objects} objects", **facts)
    )
    console.print(f"[green]✓[/] {text}")
    console.print(say("content until {until}", until=_local(receipt.until)))
    console.print(say("keys until {until}", until=_local(receipt.keys_until)))
    for client in receipt.left_out:
        console.print(say("not renewed: client {client}", client=client))


def _local(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
