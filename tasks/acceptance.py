"""Acceptance of a source on the agency's own server, and what is said until it has passed.

    freeze ──► copy ──► proofs ──► restore into scratch ──► proofs again ──► equal? ──► evidence

SQL Server cannot be had where this product is built: its source is tested against what the
documentation says.  So each such source is tried once where it runs; the evidence is kept with the
site, and until it is there every report says 未经真机验证.  A source with a profile has to show a
book; one without is tried as bytes, and its evidence says so.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from baozhang import __version__
from baozhang.books.compare import compare
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from baozhang.catalog.model import Finding
from baozhang.errors import ProofFailedError, UsageError
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.sources.base import Frozen, Source
from baozhang.sourcing import settings_digest
from tasks.batches import Pair

FOLDER = "acceptance"
BLOCK = 1 << 20  # bytes copied at a time
UNTRIED = frozenset({"mssql"})
"""Kinds that no test of this product has run against the real thing."""

UNACCEPTED_TEMPLATES = {
    "source": "not proven on a real machine: the source {source} has not passed its acceptance",
    "hint": "Run `baozhang source accept {client} {source}` where the server runs.",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an acceptance found, as it is stored."""

    client: str
    set: str
    source: str
    kind: str
    settings: str  # digest, servers included: evidence for other settings does not count
    level: Literal["books", "bytes"]  # bytes: it has no profile, no book was compared
    version: str  # of this product
    at: str  # ISO instant, UTC
    files: int
    bytes: int
    books: tuple[tuple[str, int, str], ...]  # name, lines, root of the proof


def accept_source(site: Site, pair: Pair, name: str) -> Accepted:
    """Try a source from end to end, and keep the evidence when all of it held.

    Raises:
        UsageError: no such source.
        ProofFailedError: a restored book is not the book that was read, or there is no book though
            the source has a profile.
        BaozhangError: any step failed; no evidence is kept.
    """
    each = _source_file(site, pair, name)
    source = site.sources.one(pair.client, pair.set, each)
    with tempfile.TemporaryDirectory(dir=site.scratch, prefix="acceptance-") as place:
        restored = Path(place) / "restored"
        with source.freeze() as frozen:
            files, size = _poured(frozen, restored)
            taken = (take_proof(reader) for reader in frozen.ledgers())
            proofs = {proof.book.name: proof for proof in taken}
            frozen.confirm()
        _require_books(each, proofs)
        _require_equal(source, restored, proofs)
    accepted = Accepted(
        client=pair.client,
        set=pair.set,
        source=name,
        kind=each.kind,
        settings=settings_digest(each, site.agency),
        level="books" if each.profile else "bytes",
        version=__version__,
        at=site.clock().isoformat(),
        files=files,
        bytes=size,
        books=tuple((n, p.line_count, p.root) for n, p in sorted(proofs.items())),
    )
    _keep(site, pair, accepted)
    return accepted


def unaccepted(site: Site, pair: Pair) -> Iterator[Finding]:
    """Yield a warning for each source that was never tried on the real thing."""
    for each in site.client_set(pair.client, pair.set).sources:
        if each.kind in UNTRIED and not _evidence(site, pair, each):
            facts = (("source", each.name), ("client", pair.client))
            template, hint = UNACCEPTED_TEMPLATES["source"], UNACCEPTED_TEMPLATES["hint"]
            yield Finding(template, facts, hint, "warning")


def accepted_at(site: Site, pair: Pair, each: SourceFile) -> datetime | None:
    """Return when a source passed its acceptance with its present settings; None: it has not."""
    found = _evidence(site, pair, each)
    return datetime.fromisoformat(str(found["at"])) if found else None


def _source_file(site: Site, pair: Pair, name: str) -> SourceFile:
    sources = {each.name: each for each in site.client_set(pair.client, pair.set).sources}
    if name not in sources:
        raise UsageError(
            "{client}/{set} has no source {source}",
            hint="Use one of {known}.",
            client=pair.client,
            set=pair.set,
            source=name,
            known=", ".join(sources),
        )
    return sources[name]


def _poured(frozen: Frozen, folder: Path) -> tuple[int, int]:
    """Copy what a source holds, as a restore would put it; return files and bytes."""
    folder.mkdir(mode=0o700)
    files = size = 0
    for item in frozen.items():
        place = folder / item.path.decode("utf-8", "surrogateescape")
        if item.kind == "dir":
            place.mkdir(exist_ok=True)
        elif item.kind == "symlink":
            place.symlink_to(item.target.decode("utf-8", "surrogateescape"))
        else:
            with frozen.open(item) as stream, place.open("wb") as file:
                buffer = memoryview(bytearray(BLOCK))
                while count := stream.readinto(buffer):
                    file.write(buffer[:count])
            files, size = files + 1, size + item.size
    return files, size


def _require_books(each: SourceFile, proofs: dict[str, Proof]) -> None:
    if each.profile and not proofs:
        raise ProofFailedError(
            "the source {source} has a profile, and no book was found in it",
            hint="Correct where the books lie, or leave the profile out to protect it as bytes.",
            source=each.name,
        )


def _require_equal(source: Source, restored: Path, proofs: dict[str, Proof]) -> None:
    with source.restored_books(restored) as books:
        found = {reader.book.name: reader for reader in books}
        for name, proof in proofs.items():
            again = take_proof(found[name], like=proof) if name in found else None
            if any(each.severity == "critical" for each in compare(proof, again)):
                raise ProofFailedError(
                    "the restored book {book} is not the book that was read",
                    hint="Keep the server's log, and do not rely on this source.",
                    book=name,
                )


def _place(site: Site, pair: Pair, name: str) -> Path:
    return site.home / "state" / FOLDER / f"{pair.client}-{pair.set}-{name}.json"


def _keep(site: Site, pair: Pair, accepted: Accepted) -> None:
    place = _place(site, pair, accepted.source)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    place.write_text(json.dumps(asdict(accepted), ensure_ascii=False, indent=2) + "\n", "utf-8")
    site.audit.append(
        actor="acceptance",
        action="source.accepted",
        subject=f"{pair}/{accepted.source}",
        settings=accepted.settings,
        level=accepted.level,
        bytes=accepted.bytes,
        books=len(accepted.books),
    )


def _evidence(site: Site, pair: Pair, each: SourceFile) -> dict[str, object] | None:
    try:
        found: dict[str, object] = json.loads(_place(site, pair, each.name).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("settings") == settings_digest(each, site.agency) else None
