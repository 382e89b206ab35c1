"""What the vault's commands show to people.  Loaded when there is something to show."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from baozhang.books.findings import sentence
from baozhang.books.model import Violation
from baozhang.cli import vault_copies_views as copies
from baozhang.cli.vault_values import size_text
from baozhang.clock import SHANGHAI
from baozhang.sources.base import Item, Trouble, shown
from baozhang.vault.freshness import Alarm
from baozhang.vault.model import BackupReceipt, Damage, RestoreReceipt, Snapshot, VerifyReport
from baozhang.words import say

MOST_FILES = 20  # of a damaged object, on the screen
TROUBLES_TEMPLATES = {
    "unreadable": "could not be read",
    "vanished": "vanished while it was read",
    "changing": "kept changing while it was read",
    "special": "is no file: a pipe, socket or device",
}
DAMAGE_TEMPLATES = {
    "missing": "missing",
    "damaged": "damaged",
    "forked": "forked: two snapshots claim one place",
}

MOST_BARE = 20  # paths shown; there may be as many as files


def made(console: Console, value: Mapping[str, object], sheet: str) -> None:
    """Tell of a new vault."""
    console.print(f"[green]✓[/] {say('the vault is made')}")
    console.print(say("key file: {path}", path=value["key_file"]), markup=False)
    console.print(say("recovery sheet: {path}", path=value["recovery_sheet"]), markup=False)
    console.print(say("printable page: {path}", path=value["recovery_page"]), markup=False)
    console.print(f"\n{sheet}", markup=False)


def backed_up(console: Console, receipt: BackupReceipt, value: Mapping[str, object]) -> None:
    """Tell of a backup."""
    text = say(
        "snapshot {snapshot}: {files} files, {size}; read {read}, added {added}, {seconds} s",
        snapshot=receipt.snapshot.id,
        files=receipt.snapshot.files,
        size=size_text(receipt.snapshot.size),
        read=size_text(receipt.bytes_read),
        added=size_text(receipt.bytes_added),
        seconds=value["seconds"],
    )
    mark = "[yellow]![/]" if receipt.troubles else "[green]✓[/]"
    console.print(mark, end=" ")
    console.print(text, markup=False)
    for name in receipt.snapshot.books:
        console.print(f"  {say('proof taken of {book}', book=name)}", markup=False)
    if receipt.troubles:
        console.print(say("partial: {count} paths are not protected", count=len(receipt.troubles)))
    for trouble in receipt.troubles[:MOST_FILES]:
        console.print(f"  {_trouble(trouble)}", markup=False)


def _trouble(trouble: Trouble) -> str:
    return f"{shown(trouble.path)}: {say(TROUBLES_TEMPLATES[trouble.reason])}"


def listed(console: Console, snapshots: list[Snapshot], damaged: Sequence[str] = ()) -> None:
    """Draw a table of snapshots, and name the commits that could not be read."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("client", "set", "snapshot", "frozen at"):
        table.add_column(say(title), no_wrap=True)
    for title in ("files", "size", "added"):
        table.add_column(say(title), justify="right", no_wrap=True)
    table.add_column(say("proof"))
    for one in snapshots:
        at = one.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        proof = say("{count} books", count=len(one.books)) if one.books else say("none")
        sizes = (str(one.files), size_text(one.size), size_text(one.added))
        name = f"{one.id} {say('(partial)')}" if one.partial else one.id
        table.add_row(one.client, one.set, name, at, *sizes, proof)
    console.print(table if snapshots else say("no snapshots"))
    for name in damaged:
        text = say("a snapshot cannot be read, its commit is damaged: {object}", object=name)
        console.print("[red]✗[/]", end=" ")
        console.print(text, markup=False)


def items(console: Console, found: list[Item]) -> None:
    """List items one a line, as `ls -l` would."""
    signs = {"file": "-", "dir": "d", "symlink": "l"}
    for item in found:
        line = f"{signs[item.kind]}{item.mode:04o} {item.size:>14,} {shown(item.path)}"
        arrow = f" -> {shown(item.target)}" if item.kind == "symlink" else ""
        console.print(line + arrow, markup=False)


def restored(console: Console, receipt: RestoreReceipt, to: Path) -> None:
    """Tell of a restore."""
    facts = {"files": receipt.files, "size": size_text(receipt.bytes), "to": to}
    text = (
        say("would restore {files} files, {size}, to {to}", **facts)
        if receipt.dry_run
        else say("restored {files} files, {size}, to {to}; every file's hash is right", **facts)
    )
    console.print("[red]✗[/]" if receipt.lost else "[green]✓[/]", end=" ")
    console.print(text, markup=False)
    if receipt.lost:
        console.print(say("left out, because stored content is damaged:"), style="red")
        for path in receipt.lost:
            console.print(f"  {shown(path)}", markup=False)
    if receipt.bare:
        text = say("restored, but without some of their attributes or access lists:")
        console.print(text, style="yellow")
        for path in receipt.bare[:MOST_BARE]:
            console.print(f"  {shown(path)}", markup=False)
        if more := len(receipt.bare[MOST_BARE:]):
            console.print(say("  and {count} more", count=more))


def verified(console: Console, found: VerifyReport, stale: Sequence[Alarm] = ()) -> None:
    """Tell what a verification found."""
    facts = {"objects": found.objects, "size": size_text(found.bytes)}
    how = (
        say("every byte of {objects} objects was read, {size}", **facts)
        if found.every_byte
        else say("{objects} objects are there, {size}; contents were not read", **facts)
    )
    console.print(how, markup=False)
    for damage in found.damaged:
        _damage(console, damage)
    if found.damaged:
        count = say("{count} objects are damaged", count=len(found.damaged))
        console.print(f"[bold red]✗ {count}[/]")
        console.print(say("Take them from a mirror of this vault; nothing was changed here."))
    else:
        console.print(f"[green]✓ {say('no damage found')}[/]")
    copies.stale(console, stale)


def _damage(console: Console, damage: Damage) -> None:
    console.print(f"\n[red]✗[/] {say(DAMAGE_TEMPLATES[damage.kind])}:", end=" ")
    console.print(damage.object, markup=False)
    if damage.client:
        console.print(f"  {say('client: {client}', client=damage.client)}", markup=False)
    if damage.snapshots:
        names = ", ".join(damage.snapshots)
        console.print(f"  {say('snapshots: {snapshots}', snapshots=names)}", markup=False)
    for path in damage.files[:MOST_FILES]:
        console.print(f"  {say('file: {path}', path=shown(path))}", markup=False)
    if len(damage.files) > MOST_FILES:
        more = say("and {count} more files", count=len(damage.files) - MOST_FILES)
        console.print(f"  {more}")


def proven(
    console: Console, snapshot: Snapshot, differences: Mapping[str, tuple[Violation, ...]]
) -> None:
    """Tell what proving found."""
    for name, found in differences.items():
        wrong = [one for one in found if one.severity == "critical"]
        if not wrong:
            equal = say("{book} equals its source, to the minor unit", book=name)
            console.print("[green]✓[/]", end=" ")
            console.print(equal, markup=False)
            continue
        console.print("[bold red]✗[/]", end=" ")
        console.print(say("{book} is not the book that was backed up", book=name), markup=False)
        for one in wrong[:MOST_FILES]:
            console.print(f"  [{one.law}] {sentence(one)}", markup=False)
    console.print(say("snapshot {snapshot}", snapshot=snapshot.id), markup=False)
