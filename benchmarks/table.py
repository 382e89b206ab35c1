"""The table that people read, from the value that programs read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import profiling
from benchmarks.corpus import Census, Change
from benchmarks.profiling import Profiled
from benchmarks.results import FULL, Figures, Judging, Memory, Row, Spread

MB = 10**6
MIB = 2**20
APART = ("commands", "warning", "left_out")


@dataclass(frozen=True, slots=True)
class Found:
    """All that a run found."""

    head: Mapping[str, object]
    census: Census
    alone: str  # the client that is also measured alone
    changes: Sequence[Change]
    rows: Sequence[Row]
    kinds: Sequence[Row]
    memory: Memory
    profiles: Sequence[Profiled]  # none when they were not asked for


def rendered(found: Found, judging: Judging) -> str:
    """Return the whole report as Markdown."""
    rows, ours = found.rows, judging.ours
    parts = [
        "# The vault beside its peers\n",
        facts(found.head),
        _notes(found, judging),
        _corpus(found.census, found.changes, found.alone),
        *(_scope(scope, rows, ours) for scope in dict.fromkeys(row.scope for row in rows)),
        _kinds(found.kinds, ours),
        _memory(found.memory, ours),
        *([profiling.rendered(found.profiles)] if found.profiles else []),
        _commands(found.head),
    ]
    return "\n".join(parts)


def facts(head: Mapping[str, object]) -> str:
    """Return what was measured, where and when, as a list; a warning comes last."""
    lines = [f"- {name}: {_flat(value)}" for name, value in head.items() if name not in APART]
    if head["warning"]:
        lines.append(f"\n{head['warning']}")
    return "\n".join([*lines, ""])


def _notes(found: Found, judging: Judging) -> str:
    notes = []
    if judging.full:
        notes.append(_verdict(found))
    else:
        clients, months, rounds = FULL
        notes.append(
            f"This run is smaller than the one that targets are for ({clients} clients, {months} "
            f"months, {rounds} rounds): it shows that everything runs, and claims nothing.\n"
        )
    if found.head["left_out"]:
        notes.append(f"Not installed, so left out: {_flat(found.head['left_out'])}.\n")
    return "\n".join(notes)


def _verdict(found: Found) -> str:
    judged = {f"{row.name} ({row.scope})": row.met for row in found.rows if row.met is not None}
    judged["peak memory"] = bool(found.memory.met)
    missed = [name for name, met in judged.items() if not met]
    text = f"Of {len(judged)} targets {len(judged) - len(missed)} are met."
    return f"{text} Missed: {'; '.join(missed)}.\n" if missed else f"{text}\n"


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(inner) for inner in value) or "none"
    return str(value)


def _corpus(census: Census, changes: Sequence[Change], alone: str) -> str:
    lines = ["## The corpus\n", "| kind | files | MB | share |", "|---|---:|---:|---:|"]
    for kind, (files, size) in sorted(census.types.items(), key=lambda pair: -pair[1][1]):
        lines.append(f"| {kind} | {files:,} | {size / MB:.1f} | {size / census.bytes:.0%} |")
    lines.append(f"| all | {census.files:,} | {census.bytes / MB:.1f} | 100% |")
    changed = Spread.of([change.changed_bytes / MB for change in changes])
    new = Spread.of([change.new_bytes / MB for change in changes])
    share = (changed.median + new.median) * MB / census.bytes
    lines.append(
        f"\nA day changes {_spread(changed, 2)} MB of 4 KiB pages in files that were there and "
        f"adds {_spread(new, 2)} MB of new files: {share:.1%} of the bytes. "
        f"The client that is also measured alone is {alone}, {census.clients[alone] / MB:.1f} MB.\n"
    )
    return "\n".join(lines)


def _scope(scope: str, rows: Sequence[Row], ours: str) -> str:
    own = [row for row in rows if row.scope == scope]
    systems = _systems(own, ours)
    lines = [
        f"## {scope[0].upper()}{scope[1:]}\n",
        f"| | {' | '.join(systems)} | {ours} / best peer | target |",
        f"|---|{'---|' * (len(systems) + 2)}",
    ]
    for row in own:
        cells = [_figures(row.systems[system], row.unit) for system in systems]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {_ratio(row)} | {_target(row)} |")
    lines.append("\nSeconds: wall, median [least–most] / CPU, median. Bytes: MB.\n")
    return "\n".join(lines)


def _kinds(rows: Sequence[Row], ours: str) -> str:
    systems = _systems(rows, ours)
    lines = [
        "## One kind of file alone\n",
        f"| | | {' | '.join(systems)} | {ours} / best peer |",
        f"|---|---|{'---|' * (len(systems) + 1)}",
    ]
    for row in rows:
        cells = [_figures(row.systems[system], row.unit) for system in systems]
        lines.append(f"| {row.scope} | {row.name} | {' | '.join(cells)} | {_ratio(row)} |")
    lines.append("\nMB, of one round; no targets.\n")
    return "\n".join(lines)


def _systems(rows: Sequence[Row], ours: str) -> list[str]:
    return sorted(rows[0].systems, key=lambda system: (system != ours, system))


def _figures(figures: Figures, unit: str) -> str:
    if unit == "bytes":
        value = figures.value
        digits = 2 if value.median >= MB else 3
        return _spread(Spread(value.median / MB, value.least / MB, value.most / MB), digits)
    cpu = f" / {figures.cpu.median:.2f}" if figures.cpu else ""
    return f"{_spread(figures.value, 2)}{cpu}"


def _spread(spread: Spread, digits: int) -> str:
    middle, least, most = (
        f"{value:.{digits}f}" for value in (spread.median, spread.least, spread.most)
    )
    return middle if least == most else f"{middle} [{least}–{most}]"


def _ratio(row: Row) -> str:
    if row.ratio is None:
        return "no peer"
    cpu = f" / {row.cpu_ratio.median:.2f}" if row.cpu_ratio else ""
    ratio = f"{_spread(row.ratio, 2)}{cpu} ({row.best_peer})"
    if row.untuned_ratio is None:
        return ratio
    return f"{ratio}; untuned: {_spread(row.untuned_ratio, 2)} ({row.untuned_peer})"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    verdict = {None: "not judged", True: "met", False: "missed"}[row.met]
    return f"≤ {row.target:.2f}: {verdict}"


def _memory(memory: Memory, ours: str) -> str:
    lines = ["## Peak memory\n", "| | MiB, the largest process |", "|---|---:|"]
    lines += [f"| {system} | {peak / MIB:.0f} |" for system, peak in memory.peaks.items()]
    if memory.met is not None:
        verdict = "met" if memory.met else "missed"
        lines.append(f"\nTarget for {ours}: at most {memory.target // MIB} MiB: {verdict}.")
    return "\n".join([*lines, ""])


def _commands(head: Mapping[str, object]) -> str:
    lines = ["## Commands\n", "```"]
    commands = head["commands"]
    if isinstance(commands, Mapping):
        for by_operation in commands.values():
            lines += [str(line) for line in by_operation.values()]
    return "\n".join([*lines, "```", ""])
