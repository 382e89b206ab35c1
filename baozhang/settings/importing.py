"""Many clients at once: a spreadsheet saved as CSV becomes one file per client.

    编号,名称,统一社会信用代码,会计制度,主办会计,复核,代班,账套路径,格式
    c001,…,…,小企业会计准则,张三,李四,,/srv/books/c001,cn_csv

All or nothing: one bad row, and no file is written.  A client that already has a file keeps it.
"""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import yaml

from baozhang.errors import UnreachableError, UsageError
from baozhang.settings.loading import CLIENTS_FOLDER, read_model
from baozhang.settings.model import Agency, ClientFile
from baozhang.settings.problems import Problem, listed
from baozhang.settings.references import Known, client_problems, known
from baozhang.settings.starting import CLIENT_MODELINE
from baozhang.settings.yaml_file import Document, Place, Value, dotted

HEADERS = {
    "id": "编号",
    "name": "名称",
    "credit_code": "统一社会信用代码",
    "standard": "会计制度",
    "lead": "主办会计",
    "reviewer": "复核",
    "deputy": "代班",
    "path": "账套路径",
    "profile": "格式",
}
"""Column of a client list to its Chinese header; either may stand in the first row."""

NEEDED = ("id", "name", "lead", "path")
PEOPLE = ("lead", "reviewer", "deputy")
STANDARDS = {"小企业会计准则": "sbe", "企业会计准则": "asbe", "其他": "other"}
DATABASES = (".db", ".sqlite", ".sqlite3")
"""Endings of a single database file; any other path is a folder."""
SOURCE = "books"


@dataclass(frozen=True, slots=True)
class ImportReceipt:
    """What an import wrote, or with `dry_run` would have written; ids in the list's order."""

    written: tuple[str, ...]
    existing: tuple[str, ...]  # left alone
    warnings: tuple[Problem, ...]
    dry_run: bool


@dataclass(slots=True)
class _List:
    """A client list while it is read."""

    file: str
    set_name: str
    offered: Known
    headers: dict[str, str] = field(default_factory=dict)  # column to header as written
    clients: dict[str, ClientFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def import_clients(agency: Agency, path: Path, *, set_name: str, dry_run: bool) -> ImportReceipt:
    """Write one client file per row of the list.

    Args:
        agency: the site the clients join.
        path: CSV in UTF-8 (with or without BOM) or GB18030, comma or tab separated; the first
            row names the columns, in Chinese or English. People may stand as ids or names.
        set_name: the set that the books of each row become.
        dry_run: check everything, write nothing.

    Raises:
        UsageError: anything is wrong in any row; all of it is listed and nothing is written.
        UnreachableError: the list cannot be read, or a file cannot be written; none stays.
    """
    rows = _List(path.name, set_name, known(agency.home, agency.file))
    _read(rows, _text(path))
    errors = [each for each in rows.problems if each.severity == "error"]
    if errors:
        raise UsageError(
            "nothing was written; problems in the client list: {count}\n{problems}",
            hint="Change the cells named, then import the list again.",
            count=len(errors),
            problems=listed(errors),
        )
    folder = agency.home / CLIENTS_FOLDER
    existing = tuple(id_ for id_ in rows.clients if (folder / f"{id_}.yaml").exists())
    fresh = {id_: each for id_, each in rows.clients.items() if id_ not in existing}
    if not dry_run:
        _write_all(folder, fresh)
    return ImportReceipt(tuple(fresh), existing, tuple(rows.problems), dry_run)


def client_yaml(client: ClientFile) -> str:
    """Return the client's file: what is set and nothing else."""
    values = client.model_dump(mode="json", exclude_defaults=True)
    values["standard"] = client.standard  # a default worth seeing
    ordered = {key: values[key] for key in ClientFile.model_fields if key in values}
    return CLIENT_MODELINE + yaml.safe_dump(ordered, allow_unicode=True, sort_keys=False)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            "there is no client list {path}", hint="Check the path of the list.", path=path
        ) from error
    except OSError as error:
        raise UnreachableError(
            "{path} cannot be read: {reason}",
            hint="Check the path of the client list and the right to read it.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(
        "{path} is neither UTF-8 nor GB18030 text",
        hint="Save the list as CSV, not as a workbook.",
        path=path,
    )


def _read(rows: _List, text: str) -> None:
    first = text.partition("\n")[0]
    tabbed = "\t" in first and "," not in first
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabbed else ",")
    columns = _columns(rows, next(reader, []))
    if rows.problems:
        return
    for cells in reader:
        line = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            rows.problems.append(Problem(rows.file, "", "row_width", line))
            continue
        _take(rows, {c: cell.strip() for c, cell in zip(columns, cells, strict=False)}, line)


def _columns(rows: _List, first: list[str]) -> list[str]:
    chinese = {header: column for column, header in HEADERS.items()}
    columns = []
    for header in (cell.strip() for cell in first):
        column = chinese.get(header, header)
        if column not in HEADERS:
            offered = (*HEADERS.values(), *HEADERS)
            rows.problems.append(Problem(rows.file, header, "header_unknown", 1, allowed=offered))
        elif column in rows.headers:
            rows.problems.append(Problem(rows.file, header, "duplicate", 1))
        rows.headers[column] = header
        columns.append(column)
    for column in NEEDED:
        if column not in rows.headers:
            header = f"{HEADERS[column]} / {column}"
            rows.problems.append(Problem(rows.file, header, "header_missing", 1))
    return columns


def _take(rows: _List, cells: dict[str, str], line: int) -> None:
    """Check one row, and keep its client or its problems."""
    problems = list(_cell_problems(rows, cells))
    document = Document(rows.file, _value(rows, cells))
    client, wrong = read_model(document, ClientFile)
    told = {problem.key for problem in problems}
    for problem in (*wrong, *(client_problems(rows.offered, client) if client else ())):
        column = _column(rows, problem.key)
        if rows.headers.get(column, column) not in told:
            problems.append(replace(problem, key=rows.headers.get(column, column)))
    if client and client.id in rows.clients:
        header = rows.headers["id"]
        problems.append(Problem(rows.file, header, "id_twice", facts=(("value", client.id),)))
    rows.problems += [replace(problem, file=rows.file, line=line) for problem in problems]
    if client:
        rows.clients[client.id] = client


def _cell_problems(rows: _List, cells: dict[str, str]) -> Iterator[Problem]:
    people = rows.offered.agency.people
    for column in NEEDED:
        if not cells.get(column):
            yield Problem(rows.file, rows.headers[column], "cell_missing")
    for column in PEOPLE:
        person = cells.get(column, "")
        if person and _person(rows, person) not in people:
            header = rows.headers[column]
            yield Problem(rows.file, header, "person_cell", allowed=tuple(people))
    standard = cells.get("standard", "")
    if standard and STANDARDS.get(standard, standard) not in STANDARDS.values():
        offered = (*STANDARDS, *STANDARDS.values())
        yield Problem(rows.file, rows.headers["standard"], "unknown_standard", allowed=offered)


def _person(rows: _List, written: str) -> str:
    """Return the id of whoever is meant: an id, or a name that only one person has."""
    people = rows.offered.agency.people
    named = [id_ for id_, person in people.items() if person.name == written]
    return named[0] if written not in people and len(named) == 1 else written


def _value(rows: _List, cells: dict[str, str]) -> Value:
    path = cells.get("path", "")
    kind = "sqlite" if PurePath(path).suffix.lower() in DATABASES else "tree"
    source: dict[str, Value] = {"name": SOURCE, "kind": kind, "path": path}
    if cells.get("profile"):
        source["profile"] = cells["profile"]
    value: dict[str, Value] = {"id": cells.get("id", ""), "name": cells.get("name", "")}
    if cells.get("credit_code"):
        value["credit_code"] = cells["credit_code"].upper()
    if cells.get("standard"):
        value["standard"] = STANDARDS.get(cells["standard"], cells["standard"])
    value |= {column: _person(rows, cells[column]) for column in PEOPLE if cells.get(column)}
    return value | {"sets": {rows.set_name: {"sources": [source]}}}


def _column(rows: _List, key: str) -> str:
    """Return the column whose cell made the value at a key."""
    below: Place = ("sets", rows.set_name, "sources", 0)
    for column in ("path", "profile"):
        if key == dotted((*below, column)):
            return column
    return key


def _write_all(folder: Path, clients: dict[str, ClientFile]) -> None:
    """Write every file, or leave none behind."""
    touched: list[Path] = []
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for id_, client in clients.items():
            staged = folder / f".{id_}.yaml.new"
            with staged.open("w", encoding="utf-8") as file:
                touched.append(staged)
                file.write(client_yaml(client))
                file.flush()
                os.fsync(file.fileno())
        for id_ in clients:
            final = folder / f"{id_}.yaml"
            (folder / f".{id_}.yaml.new").rename(final)
            touched.append(final)
    except OSError as error:
        for path in touched:
            path.unlink(missing_ok=True)
        raise UnreachableError(
            "the clients' files cannot be written: {reason}",
            hint="Make room, or the folder clients/ writable, then import the list again.",
            reason=error.strerror or type(error).__name__,
        ) from error
