"""What pruning, scrubbing and repairing show to people.  Loaded when there is something to show."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from baozhang.cli.vault_care_work import Pruned
from baozhang.cli.vault_values import size_text
from baozhang.cli.vault_views import DAMAGE_TEMPLATES, MOST_FILES
from baozhang.sources.base import shown
from baozhang.vault.model import Damage
from baozhang.vault.prune import Plan, SweepReceipt
from baozhang.vault.repack import RepackReceipt
from baozhang.vault.repair import RepairReceipt
from baozhang.vault.scrub import ScrubReport
from baozhang.words import say

GOOD, WARNING, BAD = "[green]✓[/]", "[yellow]![/]", "[red]✗[/]"


def _line(console: Console, mark: str, text: str) -> None:
    console.print(mark, end=" ")
    console.print(text, markup=False)


def _damages(console: Console, damaged: Sequence[Damage]) -> None:
    for damage in damaged:
        _line(console, BAD, f"{say(DAMAGE_TEMPLATES[damage.kind])}: {damage.object}")
        if damage.client:
            console.print(f"  {say('client: {client}', client=damage.client)}", markup=False)
        if damage.snapshots:
            hit = ", ".join(damage.snapshots)
            console.print(f"  {say('snapshots: {snapshots}', snapshots=hit)}", markup=False)
        for path in damage.files[:MOST_FILES]:
            console.print(f"  {say('file: {path}', path=shown(path))}", markup=False)


def pruned(console: Console, done: Pruned) -> None:
    """Tell what pruning deleted and marked, or would."""
    for swept in done.swept:
        _swept(console, swept, dry_run=done.dry_run)
    for plan in done.plans:
        _planned(console, plan, dry_run=done.dry_run)
    for repacked in done.repacked:
        _repacked(console, repacked)
    if done.dry_run and done.needs_approval:
        _line(console, WARNING, say("two people must agree to this: --approved-by, twice"))
    for error in done.problems.values():
        _line(console, BAD, say(error.template, **error.facts))
        console.print(f"  {say(error.hint, **error.facts)}", markup=False)
    if not any((done.swept, done.plans, done.problems)):
        console.print(say("no snapshots"))


def _swept(console: Console, swept: SweepReceipt, *, dry_run: bool) -> None:
    if swept.held:
        _held(console, swept.client, swept.held, len(swept.deleted) + swept.waiting)
        return
    facts = {
        "client": swept.client,
        "count": len(swept.deleted),
        "size": size_text(swept.bytes),
    }
    if swept.deleted:
        text = (
            say("client {client}: {count} objects would be deleted, {size}", **facts)
            if dry_run
            else say("client {client}: {count} objects deleted, {size}", **facts)
        )
        _line(console, GOOD, text)
    if swept.kept:
        again = {"client": swept.client, "count": len(swept.kept)}
        _line(console, WARNING, say("client {client}: {count} marked objects are needed", **again))
    if swept.waiting:
        waiting = {"client": swept.client, "count": swept.waiting}
        text = say("client {client}: {count} marked objects wait for their grace", **waiting)
        console.print(f"  {text}", markup=False)


def _held(console: Console, client: str, reasons: Sequence[str], count: int) -> None:
    facts = {"client": client, "reasons": ", ".join(reasons), "count": count}
    text = say("client {client}: a hold ({reasons}) keeps {count} objects", **facts)
    _line(console, WARNING, text)


def _planned(console: Console, plan: Plan, *, dry_run: bool) -> None:
    if plan.held:
        _held(console, plan.client, plan.held, len(plan.drop))
        for snapshot in plan.forget:
            console.print(f"  {snapshot.id}", markup=False)
        return
    facts = {
        "client": plan.client,
        "snapshots": len(plan.forget),
        "count": len(plan.drop),
        "size": size_text(sum(plan.drop.values())),
    }
    text = (
        say("client {client}: {snapshots} snapshots would go, {count} objects, {size}", **facts)
        if dry_run
        else say("client {client}: {snapshots} snapshots marked, {count} objects, {size}", **facts)
    )
    _line(console, GOOD, text)
    for snapshot in plan.forget[:MOST_FILES] if not dry_run else plan.forget:
        console.print(f"  {snapshot.id}", markup=False)
    for name in plan.drop if dry_run else ():
        console.print(f"  {name}", markup=False)
    if plan.doubtful:
        count = len(plan.doubtful)
        _line(
            console,
            WARNING,
            say("{count} snapshots stay because their times contradict others", count=count),
        )


def _repacked(console: Console, done: RepackReceipt) -> None:
    if done.packs:
        text = say(
            "client {client}: {count} packs rewritten, {before} became {after}",
            client=done.client,
            count=len(done.packs),
            before=size_text(done.bytes_before),
            after=size_text(done.bytes_after),
        )
        _line(console, GOOD, text)
    for name in done.damaged:
        _line(console, BAD, say("{object} is damaged and was left as it is", object=name))


def back(console: Console, snapshots: Sequence[str]) -> None:
    """Tell which snapshots are kept again."""
    for one in snapshots:
        _line(console, GOOD, say("snapshot {snapshot} is kept again", snapshot=one))


def scrubbed(console: Console, found: ScrubReport) -> None:
    """Tell what a scrub read and found."""
    text = say(
        "part {slice} of {days}: {read} of {packs} packs read, {size}",
        slice=found.slice,
        days=found.days,
        read=found.read_packs,
        packs=found.packs,
        size=size_text(found.read_bytes),
    )
    _line(console, GOOD if found.covered else WARNING, text)
    if not found.covered:
        console.print(say("The budget is too small to read every byte in time."), markup=False)
    if found.widened:
        names = ", ".join(found.widened)
        console.print(say("read whole, because of damage: {clients}", clients=names), markup=False)
    _damages(console, found.found.damaged)
    if not found.found.damaged:
        _line(console, GOOD, say("no damage found in what was read"))


def repaired(console: Console, value: Mapping[str, object], done: RepairReceipt) -> None:
    """Tell what a repair mended, and what it could not."""
    names = value["repaired"]
    assert isinstance(names, list)
    count = len(names)
    text = (
        say("{count} objects would be mended", count=count)
        if value["dry_run"]
        else say("{count} objects mended from mirrors", count=count)
    )
    _line(console, GOOD, text)
    for name in names[:MOST_FILES]:
        console.print(f"  {name}", markup=False)
    if done.quarantined:
        aside = say("{count} damaged objects put aside", count=len(done.quarantined))
        console.print(f"  {aside}", markup=False)
    if done.absent_clients:
        lost = say("{count} clients only a mirror has: --lost-clients", count=done.absent_clients)
        _line(console, WARNING, lost)
    _damages(console, done.unrepaired)
    if done.unrepaired:
        _line(console, BAD, say("no mirror has a sound copy of these; nothing was deleted"))
