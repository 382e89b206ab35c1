"""`baozhang vault mirror|seed|freshness`: copies elsewhere, and what others know of a vault."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from baozhang.cli import exit_code, load
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import Url, Witnesses, opened, stores_at
from baozhang.clock import system_clock
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.policies.pace import Pace, read_rate, read_window
from baozhang.vault.freshness import ALARM_HINT, Alarm, compare, read_witness, update_witness
from baozhang.vault.mirror import MirrorReceipt, catch_up, lag_of
from baozhang.vault.pacing import Line
from baozhang.vault.seeding import SeedReceipt, export_seed, import_seed
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import Vault
from baozhang.vault.witness import Witness, witness_at
from baozhang.words import say

COPIES_AT_ONCE = 3  # objects on their way; each may be a pack of 32 MiB

Limit = Annotated[
    str | None, typer.Option("--limit", metavar="RATE", help=say("No faster, as in 20Mbit/s."))
]
Hours = Annotated[
    str | None,
    typer.Option("--window", metavar="HOURS", help=say("Only at these hours, as in 22:00-06:00.")),
]

HELP_TEMPLATES = {
    "export": "Copy the vault to a disk that will be carried, and seal it.",
    "import": "Take a carried disk into a mirror, each object held against the seal.",
}


def register(group: typer.Typer) -> None:
    """Add the commands about copies to `baozhang vault`."""
    group.command("mirror", help=help_of("mirror"))(mirror)
    group.command("freshness", help=help_of("freshness"))(freshness)
    seed = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    seed.command("export", help=say(HELP_TEMPLATES["export"]))(seed_export)
    seed.command("import", help=say(HELP_TEMPLATES["import"]))(seed_import)
    group.add_typer(seed, name="seed", help=help_of("seed"))


def mirror(
    url: Url,
    to: Annotated[str, typer.Option("--to", help=say("The mirror: a folder or a bucket."))],
    *,
    limit: Limit = None,
    window: Hours = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy what a mirror lacks, and read each copy back."""
    pace = _pace(limit, window)
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    with progress(as_json=as_json) as report:
        receipt = catch_up(
            vault.store,
            new_store_at(to),
            opened=vault,
            line=Line(pace),
            workers=COPIES_AT_ONCE,
            report=report,
        )
    views = load("vault_copies_views")
    show(copied_value(receipt), as_json=as_json, human=lambda page: views.copied(page, receipt))
    _end(receipt)


def seed_export(
    url: Url,
    to: Annotated[str, typer.Option("--to", help=say("The disk's folder."))],
    *,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy the vault to a disk that will be carried, and seal it."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    with progress(as_json=as_json) as report:
        disk = new_store_at(to)
        now = system_clock()
        receipt = export_seed(vault, disk, at=now, workers=COPIES_AT_ONCE, report=report)
    views = load("vault_copies_views")
    show(_seed_value(receipt), as_json=as_json, human=lambda page: views.exported(page, receipt))
    _end(receipt.copied)


def seed_import(
    disk: Annotated[str, typer.Argument(metavar="DISK", help=say("The carried disk's folder."))],
    to: Annotated[str, typer.Option("--to", help=say("The mirror: a folder or a bucket."))],
    *,
    of: Annotated[
        str | None,
        typer.Option(
            "--vault",
            metavar="URL",
            help=say("The vault itself, where it can be reached: tells what it holds by now."),
        ),
    ] = None,
    limit: Limit = None,
    window: Hours = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a carried disk into a mirror, each object held against the seal."""
    pace = _pace(limit, window)
    carried, _ = opened(disk, key_file, ask=ask, sheet=sheet)
    mirror = new_store_at(to)
    with progress(as_json=as_json) as report:
        receipt = import_seed(
            carried, mirror, line=Line(pace), workers=COPIES_AT_ONCE, report=report
        )
    rest = lag_of(store_at(of), mirror) if of else None
    value = _seed_value(receipt) | {"rest": asdict(rest) if rest else None}
    views = load("vault_copies_views")
    show(value, as_json=as_json, human=lambda page: views.imported(page, receipt, rest))
    _end(receipt.copied)
    if not receipt.complete:
        raise typer.Exit(1)


def freshness(
    url: Url,
    *,
    witness: Witnesses = None,
    mirrors: Annotated[
        list[str] | None,
        typer.Option("--mirror", help=say("Ask this mirror too; may be given more than once.")),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help=say("Let the witness know afterwards."))
    ] = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask a witness and the mirrors whether this is the vault's newest state."""
    if not witness and not mirrors:
        raise UsageError(
            "nobody was named who could know more than the vault",
            hint="Give --witness W, or --mirror M, or both.",
        )
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    known = {place: read_witness(vault, witness_at(place, vault)) for place in witness or ()}
    alarms = alarms_of(vault, known.values(), stores_at(mirrors))
    if update:
        now = system_clock()
        known = {place: update_witness(vault, witness_at(place, vault), at=now) for place in known}
    missing = [place for place, each in known.items() if each is None]
    value = {
        "fresh": not alarms and not missing,
        "alarms": [alarm_value(alarm) for alarm in alarms],
        "witnesses": [_witness_value(place, each) for place, each in known.items()],
        "updated": update,
    }
    views = load("vault_copies_views")
    show(value, as_json=as_json, human=lambda page: views.judged(page, alarms, known))
    if not value["fresh"]:
        raise typer.Exit(1)


def alarms_of(
    vault: Vault, known: Iterable[Witness | None], mirrors: Iterable[Store] = ()
) -> tuple[Alarm, ...]:
    """Return what any of the witnesses or mirrors knows and the vault lacks, each once."""
    found = dict.fromkeys(compare(vault, None, mirrors))
    for witness in known:
        found |= dict.fromkeys(compare(vault, witness))
    return tuple(found)


def asked(vault: Vault, witnesses: list[str] | None) -> tuple[Alarm, ...]:
    """Return what the witnesses named on the command line know and the vault lacks.

    Raises:
        UsageError: there is none at one of the places.
    """
    known = []
    for place in witnesses or ():
        witness = read_witness(vault, witness_at(place, vault))
        if witness is None:
            raise UsageError(
                "there is no witness at {place}",
                hint="Check the path; `baozhang vault freshness --update` makes one.",
                place=place,
            )
        known.append(witness)
    return alarms_of(vault, known)


def asked_values(
    vault: Vault, witnesses: list[str]
) -> tuple[tuple[Alarm, ...], list[dict[str, object]]]:
    """Return what `asked` returns, for people and for programs."""
    found = asked(vault, witnesses)
    return found, [alarm_value(one) for one in found]


def require_latest(
    vault: Vault, witnesses: list[str] | None, *, client: str, set_name: str
) -> None:
    """Refuse to take for the latest what a witness knows not to be.

    Raises:
        CorruptObjectError: the vault is older than a witness knows, or has another history.
    """
    for alarm in asked(vault, witnesses):
        if (alarm.client, alarm.set) == (client, set_name):
            raise CorruptObjectError(
                "the latest backup point here is not the latest there was: {alarm}",
                hint="Restore from a mirror that is whole; or name a backup point by its id, if "
                "an older state will do.",
                alarm=say(alarm.template, **alarm.facts),
            )


def alarm_value(alarm: Alarm) -> dict[str, object]:
    """Return an alarm for programs."""
    return {
        "kind": alarm.kind,
        **alarm.facts,
        "message": say(alarm.template, **alarm.facts),
        "hint": say(ALARM_HINT),
    }


def copied_value(receipt: MirrorReceipt) -> dict[str, object]:
    """Return what copying did, for programs."""
    error = receipt.error
    return {
        "mirror": receipt.url,
        "objects": receipt.objects,
        "bytes": receipt.bytes,
        "confirmed": receipt.confirmed,
        "complete": receipt.complete,
        "stopped": receipt.stopped,
        "lag": asdict(receipt.lag),
        "error": say(error.template, **error.facts) if error else "",
    }


def _seed_value(receipt: SeedReceipt) -> dict[str, object]:
    seal = receipt.seal
    return copied_value(receipt.copied) | {
        "complete": receipt.complete,
        "sealed": seal.at.isoformat() if seal else "",
        "sealed_objects": len(seal.objects) if seal else 0,
        "sealed_bytes": seal.bytes if seal else 0,
        "missing": list(receipt.missing),
    }


def _witness_value(place: str, witness: Witness | None) -> dict[str, object]:
    return {
        "place": place,
        "number": witness.number if witness else 0,
        "at": witness.at.isoformat() if witness else "",
        "sets": len(witness.heads) if witness else 0,
    }


def _pace(limit: str | None, window: str | None) -> Pace:
    try:
        rate = read_rate(limit) if limit else 0
    except ValueError as error:
        raise UsageError(
            "{text} is not a rate", hint="Write a number and its unit, as in 20Mbit/s.", text=limit
        ) from error
    try:
        hours = read_window(window) if window else None
    except ValueError as error:
        raise UsageError(
            "{text} are not hours of the day",
            hint="Write from and to, as in 22:00-06:00.",
            text=window,
        ) from error
    return Pace(rate, hours)


def _end(receipt: MirrorReceipt) -> None:
    """End with 1 where something is left over, with 3 where something did not answer."""
    if not receipt.complete:
        raise typer.Exit(exit_code(receipt.error) if receipt.error else 1)
