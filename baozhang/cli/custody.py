"""`baozhang custody`: every decrypted copy (解密副本), until when it may lie there, and its end."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from baozhang.catalog.model import KnownCopy
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI, system_clock
from baozhang.errors import UsageError
from baozhang.incidents.custody import Held, destroy, held, history
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.people import require_person

HOW_TEMPLATES = {
    "removed": "removed, and looked for: {files} files, {bytes} bytes",
    "gone": "not there any more when it was looked for",
    "never": "was never made",
}
CopyId = Annotated[str, typer.Argument(metavar="ID", help=say("Id of the copy."))]


def register(root: typer.Typer) -> None:
    """Add the `custody` commands."""
    group = typer.Typer(name="custody", help=about("custody"), no_args_is_help=True)
    group.command("list", help=say("List the copies that are still there, overdue first."))(listed)
    group.command("destroy", help=say("Remove a copy, and prove that it is gone."))(destroy_one)
    group.command("explain", help=say("Say who opened a copy, why, and where it lies."))(explain)
    root.add_typer(group)


def listed(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help=say("Those too that were destroyed."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the copies; exit code 1 where one is overdue."""
    now = system_clock()
    with open_site() as site:
        open_ones = held(site)
        past = tuple(each for each in history(site) if each.end) if everything else ()
    late = [each for each in open_ones if each.overdue(now)]
    value = {
        "overdue": len(late),
        "copies": [
            *(_held_value(each, now) for each in open_ones),
            *(_past_value(each) for each in past),
        ],
    }
    show(value, as_json=as_json, human=lambda console: _draw(console, open_ones, past, now))
    if late:
        raise typer.Exit(1)


def destroy_one(
    copy: CopyId,
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))],
    gone: Annotated[
        bool, typer.Option("--gone", help=say("It was destroyed in another way."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Destroy one copy; the register keeps the proof."""
    with open_site() as site:
        require_person(site, by)
        end = destroy(site, copy, by=by, gone=gone)
    value = {"copy": copy, "how": end.how, "files": end.files, "bytes": end.bytes}
    facts = {"files": end.files, "bytes": end.bytes}
    text = f"{copy}: {say(HOW_TEMPLATES[end.how], **facts)}"
    show(value, as_json=as_json, human=lambda console: console.print(text, markup=False))


def explain(copy: CopyId, *, as_json: JsonFlag = False) -> None:
    """Show one copy whole; only here stands its path."""
    now = system_clock()
    with open_site() as site:
        found = {each.copy.id: each for each in held(site)}
        past = {each.copy.id: each for each in history(site)}
    if copy in found:
        value = _held_value(found[copy], now) | {"path": str(found[copy].path or "")}
    elif copy in past:
        value = _past_value(past[copy])
    else:
        raise UsageError(
            "there is no decrypted copy {copy}",
            hint="Run `baozhang custody list --all` and choose one from it.",
            copy=copy[:40],
        )
    show(value, as_json=as_json, human=lambda console: _explained(console, value))


def _held_value(each: Held, now: datetime) -> dict[str, object]:
    return {
        "id": each.copy.id,
        "client": each.copy.client,
        "set": each.copy.set,
        "snapshot": each.copy.snapshot,
        "reason": each.copy.reason,
        "opener": each.copy.opener,
        "opened": each.copy.opened.isoformat(),
        "due": each.copy.due.isoformat(),
        "place": each.copy.place,
        "there": each.there(),
        "overdue": each.overdue(now),
    }


def _past_value(known: KnownCopy) -> dict[str, object]:
    copy, end = known.copy, known.end
    value: dict[str, object] = {
        "id": copy.id,
        "client": copy.client,
        "set": copy.set,
        "snapshot": copy.snapshot,
        "reason": copy.reason,
        "opener": copy.opener,
        "opened": copy.opened.isoformat(),
        "due": copy.due.isoformat(),
        "place": copy.place,
    }
    if end is not None:
        value |= {
            "ended": end.at.isoformat(),
            "by": end.by,
            "how": end.how,
            "files": end.files,
            "bytes": end.bytes,
        }
    return value


def _explained(console: Console, value: dict[str, object]) -> None:
    for name, what in value.items():
        console.print(f"{name}: {what}", markup=False, highlight=False)


def _draw(
    console: Console, open_ones: tuple[Held, ...], past: tuple[KnownCopy, ...], now: datetime
) -> None:
    if not open_ones and not past:
        console.print(say("no decrypted copies"))
        return
    table = Table(say("copy"), say("set"), say("reason"), say("opened"), say("due"), say("state"))
    for each in open_ones:
        state = (
            say("overdue") if each.overdue(now) else say("there") if each.there() else say("gone")
        )
        copy = each.copy
        table.add_row(
            copy.id,
            f"{copy.client}/{copy.set}",
            copy.reason,
            _day(copy.opened),
            _day(copy.due),
            state,
        )
    for known in past:
        copy, end = known.copy, known.end
        state = say(HOW_TEMPLATES[end.how], files=end.files, bytes=end.bytes) if end else "-"
        table.add_row(
            copy.id,
            f"{copy.client}/{copy.set}",
            copy.reason,
            _day(copy.opened),
            _day(copy.due),
            state,
        )
    console.print(table)


def _day(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
