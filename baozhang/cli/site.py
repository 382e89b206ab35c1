"""`baozhang init`: a new site, with its vault, its key and the sheet that outlives both."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.secret import sheet_text
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.keys.files import read_private, write_private
from baozhang.keys.slots import (
    Secret,
    decode_key_file,
    encode_key_file,
    new_secret,
    recovery_code,
)
from baozhang.settings import AgencyFile, Language, listed
from baozhang.settings.loading import CLIENTS_FOLDER, read_model
from baozhang.settings.references import AGENCY_FILE, agency_problems
from baozhang.settings.shape import SCHEMA_FOLDER, SCHEMAS
from baozhang.settings.starting import agency_text, client_text, schema_text
from baozhang.settings.values import path_of
from baozhang.settings.yaml_file import parse_yaml
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.words import CHINESE, language, say

EXAMPLE = "c000.yaml.example"


@dataclass(frozen=True, slots=True)
class _Start:
    """What a new site begins with."""

    home: Path
    text: str  # of agency.yaml
    vault: Path
    key_file: Path
    spoken: Language


def register(root: typer.Typer) -> None:
    """Add `init` to the command line."""
    root.command("init", help=about("init"))(init)


def init(
    home: Annotated[Path, typer.Argument(metavar="DIR", help=say("The site's folder."))] = Path(),
    *,
    name: Annotated[str, typer.Option(help=say("The agency's name, as on its licence."))],
    credit_code: Annotated[
        str | None, typer.Option(help=say("The agency's unified social credit code."))
    ] = None,
    operator: Annotated[str, typer.Option(help=say("Name of who runs the machine."))] = "operator",
    email: Annotated[
        str, typer.Option(help=say("Where letters come from and go to at first."))
    ] = "operator@example.cn",
    vault: Annotated[
        str, typer.Option(metavar="URL", help=say("A path or file:///path, best on another disk."))
    ] = "vault",
    key_file: Annotated[
        str, typer.Option(metavar="FILE", help=say("Made with mode 0600 if it is not there."))
    ] = "keys/main.key",
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--recovery-sheet",
            metavar="FILE",
            help=say("Write the recovery sheet here, not on the screen."),
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the site, or leave nothing behind."""
    spoken: Language = "zh_CN" if language() == CHINESE else "en"
    text = agency_text(
        name=name,
        credit_code=credit_code,
        language=spoken,
        operator=operator,
        email=email,
        vault=vault,
        key=f"file:{key_file}",
    )
    home = home.absolute()
    start = _Start(home, text, home / path_of(vault), home / key_file, spoken)
    _check(start, sheet)
    paper = _make(start)
    if sheet:
        _keep(sheet, paper)
    value = {
        "home": str(home),
        "vault": str(start.vault),
        "key_file": str(start.key_file),
        "recovery_sheet": str(sheet) if sheet else paper,
    }
    show(value, as_json=as_json, human=lambda console: _tell(console, start, sheet, paper))


def _check(start: _Start, sheet: Path | None) -> None:
    """Refuse what cannot become a site before anything is written."""
    model, problems = read_model(parse_yaml(start.text, AGENCY_FILE), AgencyFile)
    problems += list(agency_problems(start.home, model)) if model else []
    if problems:
        raise UsageError(
            "problems in the new site's settings: {count}\n{problems}",
            hint="Change the options that the keys name, then run `baozhang init` again.",
            count=len(problems),
            problems=listed(problems),
        )
    for path in (start.home / AGENCY_FILE, *([sheet] if sheet else [])):
        if path.exists():
            raise UsageError(
                "{path} is there already",
                hint="Choose another folder, or change the existing file by hand.",
                path=path,
            )


def _make(start: _Start) -> str:
    """Write everything, the vault last, and return the recovery sheet; or leave no file behind."""
    recovery = new_secret("recovery")
    made: list[Path] = []
    try:
        key = _key(start.key_file, made)
        for file in SCHEMAS:
            _write(start.home / SCHEMA_FOLDER / file, schema_text(file), made)
        _write(start.home / CLIENTS_FOLDER / EXAMPLE, client_text(start.spoken), made)
        _write(start.home / AGENCY_FILE, start.text, made)
        created = create_vault(new_store_at(str(start.vault)), (key, recovery), at=system_clock())
    except BaozhangError:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return sheet_text(
        vault=str(start.vault),
        vault_id=created.id,
        day=business_day(system_clock()),
        code=recovery_code(recovery),
    )


def _key(path: Path, made: list[Path]) -> Secret:
    """Return the key file's secret; the file is made if it is not there."""
    if path.exists():
        return decode_key_file(read_private(path))
    secret = new_secret("keyfile")
    write_private(path, encode_key_file(secret))
    made.append(path)
    return secret


def _keep(sheet: Path, paper: str) -> None:
    """Write the recovery sheet; where that fails, show it, for it cannot be had again."""
    try:
        write_private(sheet, f"{paper}\n".encode())
    except BaozhangError:
        typer.echo(paper, err=True)
        raise


def _write(path: Path, text: str, made: list[Path]) -> None:
    """Write a new file and note it; one that is there stays as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            made.append(path)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return
    except OSError as error:
        raise UnreachableError(
            "{path} cannot be written: {reason}",
            hint="Check the folder and this user's right to write there.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def _tell(console: Console, start: _Start, sheet: Path | None, paper: str) -> None:
    text = say("the site is made: {home}", home=start.home)
    console.print(f"✓ {text}", style="green", markup=False)
    console.print(say("vault: {path}", path=start.vault), markup=False)
    console.print(say("key file: {path}", path=start.key_file), markup=False)
    if sheet:
        console.print(say("recovery sheet: {path}", path=sheet), markup=False)
    else:
        console.print(f"\n{paper}\n", markup=False)
    console.print(
        say("next: add clients (`baozhang client import`), then `baozhang config check`"),
        markup=False,
    )
