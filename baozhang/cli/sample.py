"""`baozhang sample`: make a synthetic agency, let a day pass in it, spoil a copy for a drill."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.money import format_amount, scale_of
from baozhang.samples.agency import BIG, SMALL, Tell, make_agency, next_day, quiet
from baozhang.samples.damage import flip_byte, tamper_amount
from baozhang.samples.seeds import rng_for
from baozhang.words import say

Folder = Annotated[Path, typer.Argument(help=say("The sample agency's folder."))]
Seed = Annotated[int, typer.Option(help=say("The same seed gives the same bytes."))]


def register(root: typer.Typer) -> None:
    """Add the command group `sample`."""
    group = typer.Typer(help=about("sample"), no_args_is_help=True)
    group.command("make", help=say("Make an agency in a new folder, books and papers."))(_make)
    group.command("next-day", help=say("Let one more day pass in a sample agency."))(_next_day)
    group.command("flip-byte", help=say("Turn over one byte of a file, as bit rot would."))(_flip)
    group.command("tamper", help=say("Change one amount of a ledger by one minor unit."))(_tamper)
    root.add_typer(group, name="sample")


def _make(
    folder: Folder,
    clients: Annotated[int, typer.Option(help=say("How many clients to make."))] = 3,
    months: Annotated[int, typer.Option(help=say("How many closed periods to cover."))] = 6,
    seed: Seed = 1,
    big: Annotated[bool, typer.Option("--big", help=say("Make large books."))] = False,  # noqa: FBT002
    fec: Annotated[bool, typer.Option("--fec", help=say("Add the real French ledger."))] = False,  # noqa: FBT002
    as_json: JsonFlag = False,  # noqa: FBT002
) -> None:
    with _bar(as_json=as_json) as tell:
        agency = make_agency(
            folder,
            clients=clients,
            months=months,
            seed=seed,
            shape=BIG if big else SMALL,
            fec=fec,
            tell=tell,
        )
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    count, size = len(agency.clients), sum(sizes)
    text = say(
        "{clients} clients, {files} files, {size} MB in {folder}",
        clients=count,
        files=len(sizes),
        size=f"{size / 1e6:.1f}",
        folder=folder,
    )
    value = {"folder": str(folder), "clients": count, "files": len(sizes), "bytes": size}
    show(value, as_json=as_json, human=_line(text))


def _next_day(
    folder: Folder,
    day: Annotated[int, typer.Option(help=say("Which day after the covered months, from 1."))],
    seed: Annotated[
        int | None, typer.Option(help=say("Another seed than the agency was made with."))
    ] = None,
    as_json: JsonFlag = False,  # noqa: FBT002
) -> None:
    agency = next_day(folder, day, seed)
    today = agency.today.isoformat()
    value = {"folder": str(folder), "day": agency.days, "date": today}
    text = say("it is {date} in {folder}", date=today, folder=folder)
    show(value, as_json=as_json, human=_line(text))


def _flip(
    file: Annotated[Path, typer.Argument(help=say("The file to damage."))],
    offset: Annotated[
        int | None, typer.Option(help=say("Which byte, from 0; left out: one by chance."))
    ] = None,
    seed: Seed = 1,
    as_json: JsonFlag = False,  # noqa: FBT002
) -> None:
    where = flip_byte(file, offset, rng=rng_for(seed, "flip"))
    value = {"file": str(file), "offset": where}
    text = say("byte {offset} of {file} is turned over", offset=where, file=file)
    show(value, as_json=as_json, human=_line(text))


def _tamper(
    path: Annotated[Path, typer.Argument(help=say("An export, or a folder that holds one."))],
    profile: Annotated[str, typer.Option(help=say("The export's profile."))],
    minor: Annotated[int, typer.Option(help=say("Minor units to add to the amount."))] = 1,
    seed: Seed = 1,
    as_json: JsonFlag = False,  # noqa: FBT002
) -> None:
    done = tamper_amount(path, profile, minor, rng=rng_for(seed, "tamper"))
    amount = format_amount(done.difference, scale=scale_of(done.currency))
    text = say(
        "{file}: voucher {voucher} of {period}, account {account}, changed by {amount} {currency}",
        file=done.file,
        voucher=done.voucher,
        period=done.period,
        account=done.account,
        amount=amount,
        currency=done.currency,
    )
    show(asdict(done), as_json=as_json, human=_line(text))


def _line(text: str) -> Callable[[Console], None]:
    return lambda console: console.print(text, markup=False)


@contextmanager
def _bar(*, as_json: bool) -> Iterator[Tell]:
    """Show clients done and to do on standard error; nothing where nobody watches."""
    if as_json or not sys.stderr.isatty():
        yield quiet
        return
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(say("making clients"), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
