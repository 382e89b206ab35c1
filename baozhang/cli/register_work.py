"""The heavy half of `baozhang register`: values and how a person sees them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.catalog.model import Entry
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.grids import Grid, read_grid, write_grid
from baozhang.registers import AnyRegister, Row, mismatches
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.people import require_person
from tasks.registers import REGISTERS, enterable, register_named

Human = Callable[[Console], None]
Shown = tuple[dict[str, object], Human]

HISTORY = ("version", "what", "by", "at")
MISMATCH_TEMPLATES = {
    "lost": "version {version} of {row} in {register} is in the audit log, and not in the catalog",
    "unlogged": "version {version} of {row} in {register} is in the catalog, and not in the audit "
    "log",
}


def listed(name: str, at: str) -> Shown:
    """Return the registers, or the rows of one."""
    return _rows_of(register_named(name), at) if name else _registers()


def _registers() -> Shown:
    with open_site() as site:
        counts = {name: len(each.rows(site)) for name, each in REGISTERS.items()}
    found = [
        {"register": name, "title": say(REGISTERS[name].title), "rows": counts[name]}
        for name in sorted(REGISTERS)
    ]
    rows = [(str(each["register"]), str(each["title"]), str(each["rows"])) for each in found]
    heads = (say("register"), say("what it holds"), say("rows"))
    return {"registers": found}, _table(heads, rows)


def _rows_of(register: AnyRegister, at: str) -> Shown:
    with open_site() as site:
        rows = register.rows(site, at=_end_of(at))
    found = [{"id": row, **value.cells()} for row, value in rows.items()]
    used = [name for name in register.model.model_fields if any(name in each for each in found)]
    cells = [tuple(str(each.get(name, "")) for name in ("id", *used)) for each in found]
    return {"register": register.name, "rows": found}, _table((say("id"), *used), cells)


def columns(name: str) -> Shown:
    """Return what the columns of a register take."""
    register = register_named(name)
    fields = register.model.model_fields
    found = [
        {"column": column, "takes": _takes(field), "needed": field.is_required()}
        for column, field in fields.items()
    ]
    rows = [
        (str(each["column"]), str(each["takes"]), say("yes") if each["needed"] else say("no"))
        for each in found
    ]
    heads = (say("column"), say("takes"), say("needed"))
    return {"register": name, "columns": found}, _table(heads, rows)


def put(name: str, row: str, cells: Iterable[str], *, by: str) -> Shown:
    """Enter a row, or change cells of it."""
    register, changes = enterable(name), _changes(cells)
    with open_site() as site:
        require_person(site, by)
        known = register.rows(site).get(row)
        merged = {**(known.cells() if known else {}), **changes}
        value = register.parsed(
            row, {column: cell for column, cell in merged.items() if cell != ""}
        )
        (entry,) = register.put(site, {row: value}, by=by)
    return _written(entry)


def end(name: str, row: str, *, by: str) -> Shown:
    """End a row."""
    register = enterable(name)
    with open_site() as site:
        require_person(site, by)
        return _written(register.end(site, row, by=by))


def history(name: str, row: str) -> Shown:
    """Return every version with what it changed."""
    register = register_named(name)
    with open_site() as site:
        entries = register.history(site, row or None)
    before: dict[str, Mapping[str, str | int]] = {}
    found, rows = [], []
    for each in entries:
        changed = _changed(before.get(each.id, {}), dict(each.values))
        before[each.id] = dict(each.values)
        found.append({"id": each.id, **_version(each), "changed": changed})
        rows.append((each.id, *map(str, _version(each).values()), _told(changed)))
    heads = (say("id"), say("version"), say("what"), say("by"), say("at"), say("changed"))
    return {"register": name, "versions": found}, _table(heads, rows)


def imported(name: str, file: Path, *, by: str, dry_run: bool) -> Shown:
    """Enter the rows of a file, all or none."""
    register = enterable(name)
    rows = _parsed(register, read_grid(file))
    with open_site() as site:
        require_person(site, by)
        known = register.rows(site)
        changed = [row for row, value in rows.items() if known.get(row) != value]
        if not dry_run:
            register.put(site, {row: rows[row] for row in changed}, by=by)
    value: dict[str, object] = {
        "register": name,
        "rows": len(rows),
        "changed": changed,
        "dry_run": dry_run,
    }
    text = (
        say(
            "the file is sound; rows that would change: {count} of {all}",
            count=len(changed),
            all=len(rows),
        )
        if dry_run
        else say("rows entered or changed: {count} of {all}", count=len(changed), all=len(rows))
    )
    return value, lambda console: console.print(f"✓ {text}", style="green", markup=False)


def exported(name: str, to: Path, *, with_history: bool) -> Shown:
    """Write a register as a table."""
    register = register_named(name)
    fields = tuple(register.model.model_fields)
    with open_site() as site:
        if with_history:
            entries = register.history(site)
            heads = ("id", *HISTORY, *fields)
            rows = [
                (each.id, *map(str, _version(each).values()), *_cells(fields, dict(each.values)))
                for each in entries
            ]
        else:
            heads = ("id", *fields)
            found = register.rows(site)
            rows = [(row, *_cells(fields, value.cells())) for row, value in found.items()]
    write_grid(to, Grid(heads, tuple(rows)))
    text = say("rows written: {count}, to {file}", count=len(rows), file=to)
    value: dict[str, object] = {"register": name, "rows": len(rows), "file": str(to)}
    return value, lambda console: console.print(f"✓ {text}", style="green", markup=False)


def verified() -> Shown:
    """Hold every register against the audit log."""
    with open_site() as site:
        found = list(mismatches(site, sorted(REGISTERS)))
    told = [
        say(
            MISMATCH_TEMPLATES[each.what],
            version=each.version,
            row=each.row,
            register=each.register,
        )
        for each in found
    ]

    def human(console: Console) -> None:
        for each in told:
            console.print(f"✗ {each}", style="red", markup=False)
        if not told:
            text = say(
                "registers that fit their history and the audit log: {count}", count=len(REGISTERS)
            )
            console.print(f"✓ {text}", style="green", markup=False)

    return {"registers": sorted(REGISTERS), "problems": told}, human


def _parsed(register: AnyRegister, grid: Grid) -> dict[str, Row]:
    if "id" not in grid.columns:
        raise UsageError(
            "the file has no column id", hint="Export the register, and change that file."
        )
    unknown = set(grid.columns) - {"id", *HISTORY} - set(register.model.model_fields)
    if unknown:
        raise UsageError(
            "register {register} has no columns {columns}",
            hint="Look at what it takes: `baozhang register columns {register}`.",
            register=register.name,
            columns=", ".join(sorted(each[:40] for each in unknown)),
        )
    found: dict[str, Row] = {}
    for cells in grid.records():
        row = cells["id"]
        if row in found:
            raise UsageError(
                "row {row} stands more than once in the file", hint="Keep one.", row=row[:40]
            )
        said = {name: cell for name, cell in cells.items() if name in register.model.model_fields}
        found[row] = register.parsed(row, said)
    return found


def _changes(cells: Iterable[str]) -> dict[str, str]:
    found = {}
    for cell in cells:
        column, equals, value = cell.partition("=")
        if not equals:
            raise UsageError(
                "{cell} is not of the form column=value",
                hint="Write for example: title=...",
                cell=column[:40],
            )
        found[column.strip()] = value
    return found


def _written(entry: Entry) -> Shown:
    text = say("{row}: version {version}", row=entry.id, version=entry.version)
    value: dict[str, object] = {
        "register": entry.register,
        "id": entry.id,
        **_version(entry),
        "values": dict(entry.values),
        "hash": entry.hash,
    }
    return value, lambda console: console.print(f"✓ {text}", style="green", markup=False)


def _version(entry: Entry) -> dict[str, str | int]:
    at = entry.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return {"version": entry.version, "what": entry.what, "by": entry.by, "at": at}


def _changed(
    before: Mapping[str, str | int], now: Mapping[str, str | int]
) -> dict[str, tuple[str | int, str | int]]:
    names = dict.fromkeys((*before, *now))
    pairs = {name: (before.get(name, ""), now.get(name, "")) for name in names}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def _told(changed: Mapping[str, tuple[str | int, str | int]]) -> str:
    return "; ".join(
        f"{name}: {old} → {new}" if old != "" else f"{name}: {new}"
        for name, (old, new) in changed.items()
    )


def _cells(fields: Iterable[str], values: Mapping[str, str | int]) -> list[str]:
    return [str(values.get(name, "")) for name in fields]


def _end_of(day: str) -> datetime | None:
    if not day:
        return None
    try:
        after = date.fromisoformat(day) + timedelta(days=1)
    except ValueError as error:
        raise UsageError(
            "{day} is not a day", hint="Write it as in 2026-11-30.", day=day[:40]
        ) from error
    return datetime.combine(after, datetime.min.time(), SHANGHAI)


def _takes(field: FieldInfo) -> str:
    """Return what a cell takes, in words."""
    return _kind(field.annotation)


def _kind(kind: object) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(map(str, args))
    if origin in {Union, UnionType}:
        return " | ".join(_kind(each) for each in args if each is not type(None))
    if origin is tuple:
        return say("words with ; between them")
    named = {
        bool: say("yes or no"),
        int: say("a whole number"),
        str: say("any text"),
        date: say("a day, 2026-11-30"),
        datetime: say("an instant, 2026-11-30T09:00+08:00"),
    }
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return say("any text")
    return named.get(kind, say("an exact decimal")) if isinstance(kind, type) else say("any text")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Human:
    def human(console: Console) -> None:
        table = Table()
        for head in heads:
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table, markup=False)

    return human
