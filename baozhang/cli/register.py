"""`baozhang register`: what people enter, with who entered it and when; nothing is overwritten."""

from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.words import say

Name = Annotated[str, typer.Argument(metavar="REGISTER", help=say("A register's name."))]
RowId = Annotated[str, typer.Argument(metavar="ROW", help=say("A row's id."))]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Who enters it: an id."))]


def register(root: typer.Typer) -> None:
    """Add the command group `register`."""
    group = typer.Typer(help=about("register"), no_args_is_help=True)
    group.command("list", help=say("List the registers, or the rows of one."))(list_rows)
    group.command("columns", help=say("Show what a register's columns take."))(columns)
    group.command("put", help=say("Enter a row, or change some of its cells."))(put)
    group.command("end", help=say("End a row; its history stays."))(end)
    group.command("history", help=say("Show who changed what, and when."))(history)
    group.command("import", help=say("Enter the rows of a CSV file or a workbook."))(import_rows)
    group.command("export", help=say("Write a register as CSV or as a workbook."))(export_rows)
    group.command("verify", help=say("Hold every register against the audit log."))(verify)
    root.add_typer(group, name="register")


def list_rows(
    name: Annotated[str, typer.Argument(metavar="[REGISTER]", help=say("A register's name."))] = "",
    *,
    at: Annotated[
        str, typer.Option("--at", metavar="DAY", help=say("As it stood at the end of a day."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """List the registers, or the rows of one."""
    work = load("register_work")
    value, human = work.listed(name, at)
    show(value, as_json=as_json, human=human)


def columns(name: Name, *, as_json: JsonFlag = False) -> None:
    """Show what a register's columns take."""
    value, human = load("register_work").columns(name)
    show(value, as_json=as_json, human=human)


def put(
    name: Name,
    row: RowId,
    cells: Annotated[
        list[str], typer.Argument(metavar="COLUMN=VALUE...", help=say("What its cells say."))
    ],
    *,
    by: By,
    as_json: JsonFlag = False,
) -> None:
    """Enter a row, or change some of its cells; an empty value takes a cell away."""
    value, human = load("register_work").put(name, row, cells, by=by)
    show(value, as_json=as_json, human=human)


def end(name: Name, row: RowId, *, by: By, as_json: JsonFlag = False) -> None:
    """End a row."""
    value, human = load("register_work").end(name, row, by=by)
    show(value, as_json=as_json, human=human)


def history(
    name: Name,
    row: Annotated[str, typer.Argument(metavar="[ROW]", help=say("A row's id."))] = "",
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show every version, oldest first, with what it changed."""
    value, human = load("register_work").history(name, row)
    show(value, as_json=as_json, human=human)


def import_rows(
    name: Name,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=say("CSV (UTF-8 or GB18030) or a workbook."))
    ],
    *,
    by: By,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Check the file and enter nothing."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Enter every row of a file, or none where one of them is wrong."""
    value, human = load("register_work").imported(name, file, by=by, dry_run=dry_run)
    show(value, as_json=as_json, human=human)


def export_rows(
    name: Name,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help=say("Ends in .csv or .xlsx."))],
    *,
    with_history: Annotated[
        bool, typer.Option("--history", help=say("Every version, with who wrote it and when."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a register as a table."""
    value, human = load("register_work").exported(name, to, with_history=with_history)
    show(value, as_json=as_json, human=human)


def verify(*, as_json: JsonFlag = False) -> None:
    """Hold every register against its own chain and the audit log; 1 where one does not fit."""
    value, human = load("register_work").verified()
    show(value, as_json=as_json, human=human)
    if value["problems"]:
        raise typer.Exit(1)
