"""Incidents on a real tiny site: opened, what is there kept, and backup points that are damaged."""

from collections.abc import Iterable
from pathlib import Path

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Kind
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from tests.flows.site import ledger
from tests.flows.walking import night

BOOK = Path("books") / "c001" / "FEC2026.txt"
TEN = ["100,00"] * 10


def save(home: Path, *amounts: str, then: bool = True) -> None:
    """Write the client's book, one voucher per amount, and back it up unless told otherwise."""
    (home / BOOK).write_text(ledger(*amounts), "utf-8")
    if then:
        night("c001")


def opened(site: Site, *sets: tuple[str, str], kind: Kind = "lost", drill: str = "") -> Incident:
    """Open an incident for these sets; without any for the client's books."""
    hit = sets or (("c001", "main"),)
    found, _ = incidents_of(site).open(
        kind, hit, noticed_by="zhang", discovered=site.clock(), drill=drill
    )
    return found


def points(site: Site, client: str = "c001", part: str = "main") -> tuple[Snapshot, ...]:
    """Return the set's backup points, oldest first."""
    return site.vault(client, part).client(client).snapshots(part)


def own_packs(site: Site, home: Path, point: Snapshot, *, place: str = "vault") -> list[Path]:
    """Return the files of the packs that a point needs and the one before it does not."""
    side = site.vault(point.client, point.set).client(point.client)
    before = [each for each in side.snapshots(point.set) if each.sequence == point.sequence - 1]
    shared = {pack for each in before for pack in side.manifest(each).packs}
    own = [pack for pack in side.manifest(point).packs if pack not in shared]
    return [home / place / side.space.pack(pack.hex()) for pack in own]


def flip(paths: Iterable[Path]) -> None:
    """Change a byte in the middle of each file."""
    for path in paths:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(content)


def remove(paths: Iterable[Path]) -> None:
    """Remove each file."""
    for path in paths:
        path.parent.chmod(0o700)
        path.unlink()


def kinds(incident: Incident) -> list[str]:
    """Return the kinds of the incident's events, in order."""
    return [event.kind for event in incident.journal.events()]
