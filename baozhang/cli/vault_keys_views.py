"""What the commands about keys show to people.  Loaded when there is something to show."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from baozhang.cli.secret import page_of
from baozhang.cli.vault_values import size_text
from baozhang.clock import SHANGHAI
from baozhang.vault.reencryption import Reencryption
from baozhang.vault.rotation import SlotInfo
from baozhang.vault.shredding import Shredding
from baozhang.words import say

KIND_TEMPLATES = {
    "keyfile": "key file",
    "passphrase": "passphrase",
    "recovery": "recovery sheet",
    "escrow": "escrow",
    "": "damaged",
}
NOT_PROVEN_TEMPLATES = {
    "copies_elsewhere": "copies of key objects that somebody took before",
    "stores_not_given": "stores that were not named here",
    "restored_files": "files that were restored or exported before",
    "memory_and_caches": "programs that still run, and caches on machines that backed up",
}


def _when(instant: str) -> str:
    try:
        return datetime.fromisoformat(instant).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return "-"


def _done(console: Console, text: str) -> None:
    console.print("[green]✓[/]", end=" ")
    console.print(text, markup=False)


def _kind(slot: SlotInfo) -> str:
    text = say(KIND_TEMPLATES[slot.kind]) if slot.kind in KIND_TEMPLATES else slot.kind
    if slot.shares:
        needed, shares = slot.shares
        text += f" {needed}/{shares} (#{slot.escrow})"
    return text


def slots(console: Console, found: Sequence[SlotInfo], used: Collection[str]) -> None:
    """List key slots."""
    table = Table()
    heads = (say("slot"), say("opened with"), say("made"), say("label"), say("opened now"))
    for head in heads:
        table.add_column(head)
    for slot in found:
        kind = _kind(slot) if slot.own else say("of another vault")
        mark = "✓" if slot.name in used else ""
        table.add_row(slot.id, kind, _when(slot.created), slot.label or "-", mark)
    console.print(table)


def added(console: Console, name: str, files: Sequence[Path]) -> None:
    """Tell of a new slot."""
    _done(console, say("slot {slot} was made and has opened the vault", slot=name[5:13]))
    for path in files:
        console.print(f"  {path}", markup=False)


def removed(console: Console, slot: SlotInfo, dry_run: bool) -> None:  # noqa: FBT001
    """Tell of a slot that went."""
    if dry_run:
        console.print(say("slot {slot} would be removed", slot=slot.id), markup=False)
        return
    _done(console, say("slot {slot} was removed", slot=slot.id))
    console.print(say("Whoever kept a copy of this slot and its secret can still use both."))


def rotated(console: Console, value: Mapping[str, object]) -> None:
    """Tell of a key file that took another's place."""
    text = say("the new key file opens the vault: {path}", path=value["new_key_file"])
    _done(console, text)
    retired = value["retired"]
    count = len(retired) if isinstance(retired, tuple) else 0
    console.print(say("{count} old slots were retired", count=count))
    console.print(say("Whoever kept a copy of this slot and its secret can still use both."))


def question(old: Sequence[SlotInfo]) -> str:
    """Return what a rotation of the master ends."""
    lines = [say("A new master key ends every secret that opens the vault now:")]
    lines += [f"  {slot.id}  {_kind(slot)}" for slot in old if slot.own]
    return "\n".join(lines)


def new_master(console: Console, value: Mapping[str, object]) -> None:
    """Tell of a new master."""
    _done(console, say("the vault has a new master key; old secrets do not open it any more"))
    text = say("the keys of {count} clients were sealed anew", count=value["clients"])
    console.print(text, markup=False)
    for path in (value["new_key_file"], value["new_sheet"]):
        console.print(f"  {path}", markup=False)
    damaged = value["damaged"]
    if isinstance(damaged, tuple) and damaged:
        left = say(
            "{count} keys of clients open under no master key and were left as they are",
            count=len(damaged),
        )
        console.print(left, markup=False)
    console.print(say("Make a new escrow, then re-encrypt each client whose content matters."))


def escrow_made(console: Console, value: Mapping[str, object]) -> None:
    """Tell of an escrow, and never of its words."""
    text = say("any {needed} of {shares} holders open the vault", **value)
    _done(console, text)
    files = value["files"]
    for path in files if isinstance(files, list) else []:
        console.print(f"  {path}\n  {page_of(path)}", markup=False)
    console.print(
        say("Print each page, give it to its holder, test the escrow, then delete these files.")
    )


def escrow_tested(console: Console, value: Mapping[str, object]) -> None:
    """Tell that shares open a vault."""
    holders = value["holders"]
    named = ", ".join(map(str, holders)) if isinstance(holders, list) else ""
    _done(console, say("the shares of holders {holders} open the vault", holders=named))


def epochs(console: Console, found: Mapping[str, int]) -> None:
    """Tell of clients' new keys."""
    for client, epoch in found.items():
        _done(console, say("client {client}: key of epoch {epoch}", client=client, epoch=epoch))


def reencrypted(console: Console, done: Reencryption) -> None:
    """Tell of a re-encryption."""
    facts = {"packs": done.packs, "others": done.others, "size": size_text(done.bytes)}
    if done.dry_run:
        console.print(say("{packs} packs and {others} others to seal anew, {size}", **facts))
    else:
        _done(console, say("{packs} packs and {others} others sealed anew, {size}", **facts))
    if done.deleted:
        console.print(say("{count} old objects were deleted", count=done.deleted))
    if done.left:
        console.print(say("{count} old objects are still there", count=done.left))
    for name in done.damaged:
        console.print(say("damaged, left as it is: {object}", object=name), markup=False)
    if done.staying:
        console.print(say("{count} commits and marks stay under older keys", count=done.staying))
    if done.keys_removed:
        removed_epochs = ", ".join(map(str, done.keys_removed))
        console.print(say("keys of epochs {epochs} were removed", epochs=removed_epochs))
    console.print(say("What somebody has copied before stays readable with the leaked key."))


# --- shredding ----------------------------------------------------------------------------------


def planned(console: Console, plan: Shredding) -> None:
    """Show which key objects would be destroyed."""
    table = Table()
    for head in (say("store"), say("key object"), say("epoch"), say("locked until")):
        table.add_column(head, overflow="fold")
    for copy in plan.copies:
        until = _when(copy.locked_until.isoformat()) if copy.locked_until else "-"
        table.add_row(copy.url, copy.name, str(copy.epoch), until)
    console.print(table)
    if plan.held:
        facts = {"client": plan.client, "reasons": ", ".join(plan.held)}
        text = say(
            "nothing of client {client} may be destroyed: a hold stands ({reasons})", **facts
        )
        console.print(text, markup=False)


def warning(plan: Shredding) -> str:
    """Return what a shredding means."""
    return say(
        "All {count} key objects of client {client} will be destroyed; its backups become"
        " unreadable for ever.",
        count=len(plan.copies),
        client=plan.client,
    )


def shredded(console: Console, done: Shredding, certificate: Path) -> None:
    """Tell of a shredding."""
    if done.final:
        _done(console, say("the keys of client {client} are destroyed", client=done.client))
    else:
        until = _when(done.pending_until.isoformat()) if done.pending_until else say("it is lifted")
        console.print("[yellow]![/]", end=" ")
        text = say("{count} keys are locked until {until}", count=len(done.locked), until=until)
        console.print(text, markup=False)
        console.print(say("Run the same command again after that day for the final certificate."))
    console.print(say("certificate: {path}", path=certificate), markup=False)


def certificate(console: Console, value: Mapping[str, object]) -> None:
    """Show what a certificate says, its signature being right."""
    _done(console, say("the signature is right"))
    text = say("signer's key: {fingerprint}", fingerprint=value["fingerprint"])
    console.print(text, markup=False)
    if value["key_from"] == "certificate":
        console.print(say("Compare the fingerprint with the one on paper, or give --public-key."))
    facts = {"client": value["client"], "at": _when(str(value["at"])), "vault": value["vault"]}
    final = value["status"] == "final"
    if final:
        console.print(
            say("client {client} of vault {vault}: keys destroyed, {at}", **facts), markup=False
        )
    else:
        until = _when(str(value["pending_until"]))
        text = say("client {client} of vault {vault}: pending until {until}", until=until, **facts)
        console.print(text, markup=False)
    console.print(say("not proven, for nobody can:"))
    codes = value["not_proven"]
    for code in codes if isinstance(codes, list) else []:
        told = say(NOT_PROVEN_TEMPLATES[code]) if code in NOT_PROVEN_TEMPLATES else str(code)
        console.print(f"  - {told}", markup=False)
