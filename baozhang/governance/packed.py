"""Judging an evidence pack, on any machine, with nothing but the pack.

    is it one?       one way to write it, no other names, nothing twice, nothing compressed
    whose?           the manifest's signature, by the key inside; its fingerprint is compared
    whole?           every file's SHA-256, none missing, none added
    the log          each record its own hash, each link, the signed head, the anchors, every ref
    the judgement    every control and line judged anew from evidence and controls in the pack
    the samples      the same places drawn again from the recorded seed

What a pack cannot show by itself: that the key is the agency's (compare the fingerprint with the
one on paper), and that nothing was left out before it was signed (the log's anchors, kept
elsewhere).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from baozhang.audit.records import GENESIS, Record, belies, decode_head, decode_record
from baozhang.audit.signing import (
    PUBLIC_KEY,
    fingerprint,
    is_pack_signed,
    is_signed,
    public_key_of,
)
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance import assessing
from baozhang.governance.audits import Asked, Findings, Ground, Sampled, Verdict, Yardstick, encoded
from baozhang.governance.controls import catalogue
from baozhang.governance.controls import controls as known_controls
from baozhang.governance.model import Item, Status
from baozhang.governance.pack import (
    HEAD,
    KEPT,
    LARGEST,
    LOG,
    MANIFEST,
    NAME,
    SEAL,
    Anchors,
    LogKind,
    Manifest,
    Seal,
    container,
    entries,
    listed,
    named_records,
    unreadable,
)
from baozhang.governance.sampling import places, seed_of
from baozhang.settings.part import Part

Fault = Literal[
    "large", "no pack", "name", "twice", "compressed", "outside", "content", "key", "signature",
    "other key", "removed", "added", "altered", "record", "chain", "head", "anchor", "reference",
    "another audit", "control", "line", "seed", "draw", "action",
]  # fmt: skip

FAULT_TEMPLATES: dict[Fault, str] = {
    "large": "the file is larger than any evidence pack",
    "no pack": "this is no evidence pack: it has no manifest",
    "name": "a file of the archive has a name that no pack has: {file}",
    "twice": "{file} stands in the archive twice",
    "compressed": "{file} is compressed: packs are not; somebody packed it again",
    "outside": "the archive was changed outside of its files, or is cut off",
    "content": "{file} cannot be read as what it should be",
    "key": "the public key in the pack is none, or not the one that its manifest names",
    "signature": "the manifest is not signed with the key in the pack: it was changed",
    "other key": "the pack is signed with another key: {file}",
    "removed": "{file} is missing",
    "added": "{file} is not in the manifest: it was added",
    "altered": "{file} was changed: its hash is not the one in the manifest",
    "record": "record {file} of the log is not what was written",
    "chain": "record {file} of the log does not follow the one before it",
    "head": "the log's end is not the one that was signed",
    "anchor": "record {file} of the log is not the one that was noted earlier",
    "reference": "evidence names {file}, which is not in the log of the pack",
    "another audit": "{file} is of another audit",
    "control": "control {file}, judged anew by its evidence, stands otherwise than the pack says",
    "line": "line {file}, judged anew, stands otherwise than the pack says",
    "seed": "the seed of the samples does not follow from the evidence, and nobody asked for it",
    "draw": "the sample {file} is not the one that its seed draws",
    "action": "{file} names evidence that is not in the pack",
}

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with a pack; `file`: the file, record, control or line."""

    fault: Fault
    file: str = ""

    @property
    def template(self) -> str:
        """The sentence to translate, with {file}."""
        return FAULT_TEMPLATES[self.fault]


@dataclass(frozen=True, slots=True)
class PackReport:
    """What a pack shows.

    Attributes:
        key: fingerprint of the key that signed it, to be compared with the one on paper.
        digest: SHA-256 of its manifest: what the auditor's signature is bound to.
        records: how many records of the log it holds, and of which kind that part is.
        statuses: how many lines have which status, as judged anew.
        same_controls: items and controls are those of this release; else they are worth a look.
        sample: it is of a sample site and proves nothing of any client.
    """

    file: Path
    troubles: tuple[Trouble, ...]
    digest: str = ""
    key: str = ""
    manifest: Manifest | None = None
    at: datetime | None = None
    records: int = 0
    log: LogKind = "none"
    statuses: Mapping[Status, int] = field(default_factory=dict)
    same_controls: bool = False
    sample: bool = False

    @property
    def holds(self) -> bool:
        """True if nothing is wrong with it."""
        return not self.troubles


class _BrokenError(Exception):
    """What makes looking further pointless."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.fault)
        self.trouble = trouble


def verify_pack(path: Path, *, wanted_key: str = "") -> PackReport:
    """Judge a pack.

    Args:
        path: the file.
        wanted_key: fingerprint of the agency's key, 64 hexadecimal digits, from paper; "": whoever
            reads the report compares it.

    Raises:
        UsageError: there is no such file.
        UnreachableError: it cannot be read.
    """
    try:
        files = _files(path)
    except _BrokenError as error:
        return PackReport(path, (error.trouble,))
    return _judged(path, files, wanted_key)


def _judged(path: Path, files: Mapping[str, bytes], wanted_key: str) -> PackReport:
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    try:
        manifest = _read(files, MANIFEST, Manifest)
        key = _key(files, manifest)
    except _BrokenError as error:
        return PackReport(path, (error.trouble,), digest)
    troubles = [*_signature(files, key, wanted_key), *_contents(files, manifest)]
    report = PackReport(path, tuple(troubles), digest, fingerprint(key), manifest)
    if troubles:
        return report
    try:
        return _looked_into(report, manifest, files, key)
    except _BrokenError as error:
        return PackReport(path, (error.trouble,), digest, fingerprint(key), manifest)


def _looked_into(
    report: PackReport, manifest: Manifest, files: Mapping[str, bytes], key: Ed25519PublicKey
) -> PackReport:
    """Judge what whole files of a signed pack say."""
    inside = _Inside.read(files)
    log = _Log(files, key)
    anew = assessing.verdict(inside.items, inside.yardstick.controls, inside.ground)
    troubles = [
        *log.troubles(manifest.log),
        *_references(inside.ground, log),
        *_same(inside, manifest),
        *_lines(inside, anew),
        *_samples(inside),
        *_actions(inside),
    ]
    return PackReport(
        report.file,
        tuple(troubles),
        report.digest,
        report.key,
        manifest,
        at=inside.ground.at,
        records=len(log.records),
        log=manifest.log,
        statuses=Counter(anew.statuses.values()),
        same_controls=_is_known(inside),
        sample=inside.ground.sample,
    )


# --- is it one? ---------------------------------------------------------------------------------


def _files(path: Path) -> Mapping[str, bytes]:
    data = _bytes(path)
    found = entries(data)
    names = [each.name for each in found]
    for each in found:
        if not NAME.fullmatch(each.name):
            raise _BrokenError(Trouble("name", ascii(each.name[:80])))
        if each.method:
            raise _BrokenError(Trouble("compressed", each.name))
    for name, times in Counter(names).items():
        if times > 1:
            raise _BrokenError(Trouble("twice", name))
    files = {each.name: each.content for each in found}
    if MANIFEST not in files:
        raise _BrokenError(Trouble("no pack"))
    if container(files) != data:
        _require_listed(files)
        raise _BrokenError(Trouble("outside"))
    return files


def _require_listed(files: Mapping[str, bytes]) -> None:
    """Name the file that differs, where an archive as a whole does."""
    manifest = _read(files, MANIFEST, Manifest)
    for trouble in _contents(files, manifest):
        raise _BrokenError(trouble)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise UsageError(
            "there is no evidence pack {path}", hint="Check the path of the file.", path=path
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if len(data) > LARGEST:
        raise _BrokenError(Trouble("large"))
    return data


# --- whose, and whole? --------------------------------------------------------------------------


def _key(files: Mapping[str, bytes], manifest: Manifest) -> Ed25519PublicKey:
    key = public_key_of(files.get(PUBLIC_KEY, b""))
    if key is None or fingerprint(key) != manifest.key:
        raise _BrokenError(Trouble("key"))
    return key


def _signature(files: Mapping[str, bytes], key: Ed25519PublicKey, wanted: str) -> Iterator[Trouble]:
    try:
        seal = _read(files, SEAL, Seal)
    except _BrokenError as error:
        yield error.trouble
        return
    if seal.key != fingerprint(key) or not is_pack_signed(files[MANIFEST], seal.signature, key):
        yield Trouble("signature")
    if wanted and wanted.lower() != fingerprint(key):
        yield Trouble("other key", fingerprint(key))


def _contents(files: Mapping[str, bytes], manifest: Manifest) -> Iterator[Trouble]:
    must = {f"{name}.json" for name in (*KEPT, "anchors")} | {LOG, HEAD, PUBLIC_KEY}
    for name in sorted((must | manifest.files.keys()) - files.keys()):
        yield Trouble("removed", name)
    for name in sorted(files.keys() - manifest.files.keys() - {MANIFEST, SEAL}):
        yield Trouble("added", name)
    for name, said in manifest.files.items():
        if name in files and listed(files[name]) != said:
            yield Trouble("altered", name)


def _read(files: Mapping[str, bytes], name: str, kind: type[P]) -> P:
    """Return what a file says; it must be written in its one form."""
    content = files.get(name)
    if content is None:
        raise _BrokenError(Trouble("removed", name))
    try:
        found = kind.model_validate_json(content)
    except (ValidationError, ValueError, RecursionError) as error:
        raise _BrokenError(Trouble("content", name)) from error
    if encoded(found) != content:
        raise _BrokenError(Trouble("content", name))
    return found


# --- the log ------------------------------------------------------------------------------------


class _Log:
    """The records of a pack."""

    def __init__(self, files: Mapping[str, bytes], key: Ed25519PublicKey) -> None:
        self._head, self._key = files[HEAD], key
        self._anchors = _read(files, "anchors.json", Anchors).anchors
        self.records: dict[int, Record] = {}
        self._unread: list[Trouble] = []
        for number, line in enumerate(files[LOG].splitlines(keepends=True), start=1):
            try:
                record = decode_record(line)
            except CorruptObjectError:
                self._unread.append(Trouble("record", f"~{number}"))
                continue
            self.records[record.seq] = record

    def troubles(self, kind: LogKind) -> Iterator[Trouble]:
        """Yield what is wrong with them."""
        yield from self._unread
        last: Record | None = None
        for record in self.records.values():
            if belies(record):
                yield Trouble("record", str(record.seq))
            if not _follows(last, record, kind):
                yield Trouble("chain", str(record.seq))
            last = record
        if kind != "none":
            yield from self._ends(last)
        for text in self._anchors:
            seq, _, digest = text.partition(":")
            found = self.records.get(int(seq)) if seq.isdecimal() else None
            if found is not None and found.hash != digest:
                yield Trouble("anchor", seq)

    def _ends(self, last: Record | None) -> Iterator[Trouble]:
        try:
            head = decode_head(self._head)
        except CorruptObjectError:
            yield Trouble("head")
            return
        is_end = last is not None and (last.seq, last.hash) == (head.seq, head.hash)
        if not is_end or not is_signed(head, self._key):
            yield Trouble("head")


def _follows(last: Record | None, record: Record, kind: LogKind) -> bool:
    if last is None:
        return record.seq > 1 or record.prev == GENESIS
    if record.seq == last.seq + 1:
        return record.prev == last.hash
    return kind == "named" and record.seq > last.seq


def _references(ground: Ground, log: _Log) -> Iterator[Trouble]:
    """Yield what evidence names of the log that is not there; `none`: there was no log to take."""
    refs = {ref for piece in ground.evidence for ref in piece.refs}
    seqs, subjects = named_records(refs)
    known = {record.entry.subject.encode() for record in log.records.values()}
    for seq in sorted(seqs - log.records.keys()):
        yield Trouble("reference", f"audit:{seq}")
    for subject in sorted(subjects - known):
        yield Trouble("reference", subject.decode())


# --- the judgement ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Inside:
    asked: Asked
    ground: Ground
    samples: Sampled
    verdict: Verdict
    findings: Findings
    yardstick: Yardstick

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> "_Inside":
        return cls(
            _read(files, "asked.json", Asked),
            _read(files, "evidence.json", Ground),
            _read(files, "samples.json", Sampled),
            _read(files, "judged.json", Verdict),
            _read(files, "findings.json", Findings),
            _read(files, "controls.json", Yardstick),
        )

    @property
    def items(self) -> tuple[Item, ...]:
        return assessing.of_sections(self.yardstick.items, self.asked.sections)


def _is_known(inside: _Inside) -> bool:
    """Tell whether it was measured by the items and controls of this release."""
    known = assessing.concerned(known_controls(), inside.items)
    measure = inside.yardstick
    return measure.controls == known and measure.items == catalogue().items


def _same(inside: _Inside, manifest: Manifest) -> Iterator[Trouble]:
    asked = inside.asked
    if (asked.audit, asked.first, asked.last) != (manifest.audit, manifest.first, manifest.last):
        yield Trouble("another audit", "asked.json")


def _lines(inside: _Inside, anew: Verdict) -> Iterator[Trouble]:
    said = {each.control: each for each in inside.verdict.judged}
    found = {each.control: each for each in anew.judged}
    for control in sorted(said.keys() | found.keys()):
        if said.get(control) != found.get(control):
            yield Trouble("control", control)
    statuses = inside.verdict.statuses
    for item in sorted(statuses.keys() | anew.statuses.keys()):
        if statuses.get(item) != anew.statuses.get(item):
            yield Trouble("line", item)


def _samples(inside: _Inside) -> Iterator[Trouble]:
    samples, asked = inside.samples, inside.asked
    drawn = {each.id for each in samples.evidence}
    before = [each.id for each in inside.ground.evidence if each.id not in drawn]
    if samples.seed != (asked.seed or seed_of(asked.audit, before)):
        yield Trouble("seed")
    for each in samples.samples:
        is_drawn = each.places == places(each.population, samples.seed, each.name)
        if not is_drawn or len(each.drawn) != len(each.places):
            yield Trouble("draw", each.name)


def _actions(inside: _Inside) -> Iterator[Trouble]:
    there = {each.id for each in inside.ground.evidence}
    for id_, row in inside.findings.actions.items():
        if row.last == inside.asked.audit and row.evidence not in there:
            yield Trouble("action", id_)
