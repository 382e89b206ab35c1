"""What the commands about copies show to people.  Loaded when there is something to show."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from baozhang.cli.vault_values import size_text
from baozhang.clock import SHANGHAI
from baozhang.vault.freshness import ALARM_HINT, Alarm
from baozhang.vault.mirror import Lag, MirrorReceipt, Stop
from baozhang.vault.seeding import SeedReceipt
from baozhang.vault.witness import Witness
from baozhang.words import say

MOST = 20  # of a kind, on the screen
STOP_TEMPLATES: dict[Stop, str] = {
    "": "what is left over can be copied by running the command again",
    "window": "the hours for copying are over; run it again when they begin",
    "unreachable": "the copy was cut off; run it again, what is there is not sent again",
    "damaged": "something damaged was not copied, and nothing that needs it",
}


def copied(console: Console, receipt: MirrorReceipt) -> None:
    """Tell what was copied to a mirror, and what it still lacks."""
    text = say(
        "{objects} objects, {size}, copied to {mirror} and read back",
        objects=receipt.objects,
        size=size_text(receipt.bytes),
        mirror=receipt.url,
    )
    _line(console, "green" if receipt.complete else "yellow", text)
    if receipt.confirmed:
        told = say("{count} objects of a copy that was cut, read back", count=receipt.confirmed)
        _plain(console, told)
    if receipt.complete:
        return
    _line(console, "red", say("the mirror is not complete: it lacks {lag}", lag=_lag(receipt.lag)))
    _plain(console, say(STOP_TEMPLATES[receipt.stopped]))
    if receipt.error:
        _plain(console, say(receipt.error.template, **receipt.error.facts))
        if receipt.error.hint:
            _plain(console, say(receipt.error.hint, **receipt.error.facts))


def exported(console: Console, receipt: SeedReceipt) -> None:
    """Tell of a disk that can be carried, or not yet."""
    copied(console, receipt.copied)
    if receipt.seal is None:
        _line(console, "red", say("the disk is not sealed: run the export again, it goes on"))
        return
    _line(console, "green", _sealed(receipt))
    _plain(console, say("Carry it, then run `baozhang vault seed import` where the mirror is."))


def imported(console: Console, receipt: SeedReceipt, rest: Lag | None) -> None:
    """Tell what arrived, and what still has to go over the line."""
    _plain(console, _sealed(receipt))
    copied(console, receipt.copied)
    for name in receipt.missing[:MOST]:
        text = say("in the seal, and not whole on the disk: {object}", object=name)
        _line(console, "red", text)
    if rest is None:
        _plain(console, say("What was backed up since the seal still has to go over the line."))
    elif rest == Lag():
        _line(console, "green", say("the mirror holds all that the vault holds by now"))
    else:
        _plain(console, say("still to go over the line: {lag}", lag=_lag(rest)))


def judged(console: Console, alarms: Sequence[Alarm], known: Mapping[str, Witness | None]) -> None:
    """Tell whether the vault is the newest state that anybody knows."""
    for place, witness in known.items():
        if witness is None:
            _line(console, "red", say("there is no witness at {place}", place=place))
            continue
        text = say(
            "witness {place}: {count} sets, as of {at}",
            place=place,
            count=len(witness.heads),
            at=witness.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        )
        _plain(console, text)
    stale(console, alarms)
    if not alarms and all(known.values()):
        _line(console, "green", say("nobody knows of a newer state than this"))


def stale(console: Console, alarms: Sequence[Alarm]) -> None:
    """Tell what others know and the vault lacks."""
    for alarm in alarms[:MOST]:
        _line(console, "red", say(alarm.template, **alarm.facts))
    if len(alarms) > MOST:
        _plain(console, say("the same is true of {count} sets more", count=len(alarms) - MOST))
    if alarms:
        _plain(console, say(ALARM_HINT))


def _sealed(receipt: SeedReceipt) -> str:
    seal = receipt.seal
    return say(
        "sealed at {at}: {objects} objects, {size}",
        at=seal.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if seal else "-",
        objects=len(seal.objects) if seal else 0,
        size=size_text(seal.bytes if seal else 0),
    )


def _lag(lag: Lag) -> str:
    return say(
        "{objects} objects, {size}, {snapshots} backup points of {clients} clients",
        objects=lag.objects,
        size=size_text(lag.bytes),
        snapshots=lag.snapshots,
        clients=lag.clients,
    )


def _line(console: Console, colour: str, text: str) -> None:
    mark = {"green": "✓", "yellow": "!", "red": "✗"}[colour]
    console.print(f"[{colour}]{mark}[/]", end=" ")
    console.print(text, markup=False)


def _plain(console: Console, text: str) -> None:
    console.print(f"  {text}", markup=False)
