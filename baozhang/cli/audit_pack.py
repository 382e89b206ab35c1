"""The half of `baozhang audit verify` that judges evidence packs: loaded where one is named."""

from pathlib import Path

from rich.console import Console

from baozhang.cli.speaking import printable
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.governance.packed import PackReport, Trouble, verify_pack
from baozhang.governance.words import STATUS_TEMPLATES
from baozhang.words import say

FINGERPRINT = 64  # hexadecimal digits
LOG_TEMPLATES = {
    "chain": "{count} records of the audit log, a whole chain up to its signed head",
    "named": "{count} records of the audit log, singly: the chain between them is not in the pack",
    "none": "no sound audit log could be taken into the pack",
}


def judged(path: Path, *, fingerprint: str) -> PackReport:
    """Judge a pack.

    Raises:
        UsageError: that is no fingerprint, or there is no such file.
        UnreachableError: it cannot be read.
    """
    plain = fingerprint.replace(":", "").replace(" ", "").lower()
    if plain and (len(plain) != FINGERPRINT or set(plain) - set("0123456789abcdef")):
        raise UsageError(
            "that is no fingerprint",
            hint="Give the 64 digits that `baozhang audit verify` shows and that are on paper.",
        )
    return verify_pack(path, wanted_key=plain)


def value_of(report: PackReport) -> dict[str, object]:
    """Return what a pack shows, for programs."""
    manifest = report.manifest
    return {
        "holds": report.holds,
        "audit": manifest.audit if manifest else "",
        "period": [manifest.first.isoformat(), manifest.last.isoformat()] if manifest else [],
        "judged_for": report.at.isoformat() if report.at else "",
        "manifest": report.digest,
        "key": report.key,
        "records": report.records,
        "log": report.log,
        "statuses": dict(report.statuses),
        "same_controls": report.same_controls,
        "sample": report.sample,
        "troubles": [
            {"fault": each.fault, "file": each.file, "message": sentence(each)}
            for each in report.troubles
        ],
    }


def sentence(trouble: Trouble) -> str:
    """Return what is wrong, in the reader's language."""
    return say(trouble.template, file=trouble.file)


def draw(console: Console, report: PackReport, *, compared: bool) -> None:
    """Show what a pack shows."""
    for trouble in report.troubles:
        console.print(f"✗ {printable(sentence(trouble))}", style="red", markup=False)
    if report.holds:
        _draw_sound(console, report)
    if report.digest:
        console.print(say("hash of its manifest: {digest}", digest=report.digest), markup=False)
    if report.key:
        console.print(say("public key: {key}", key=report.key), markup=False)
        if not compared:
            text = say("This key lies in the pack: compare it with the one you have on paper.")
            console.print(text)


def _draw_sound(console: Console, report: PackReport) -> None:
    manifest, at = report.manifest, report.at
    if manifest is None or at is None:
        return
    text = say(
        "the pack holds: audit {audit}, {first} to {last}, judged for {at}",
        audit=manifest.audit,
        first=manifest.first,
        last=manifest.last,
        at=at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
    )
    console.print(f"✓ {printable(text)}", style="green", markup=False)
    if report.sample:
        console.print(say("A sample site: it proves nothing of any client."), style="yellow")
    words = (f"{say(STATUS_TEMPLATES[name])} {count}" for name, count in report.statuses.items())
    console.print(f"{say('lines, judged anew')}: {'  '.join(words)}", markup=False)
    console.print(say(LOG_TEMPLATES[report.log], count=report.records), markup=False)
    if not report.same_controls:
        text = say("Its controls are not all those of this release: look at controls.json.")
        console.print(text, style="yellow")
