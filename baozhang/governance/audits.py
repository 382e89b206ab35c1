"""What is kept of audits: a folder each, written step by step, so that one that was killed goes on.

    state/audits/a-2026-11/        the regular audit of a month; -r2, -r3: asked for again
    state/audits/a-20261122-01/    on demand: the running month, some sections, any days

    asked.json      what was asked, by whom; its folder is what makes it ours
    controls.json   sections, items and controls as they were when it began
    auto.json       evidence from our own records        ─┐
    attested.json   evidence from people, and due times  ─┼─► evidence.json   all, and the instant
    samples.json    what was drawn, and what deviated    ─┘                   that is judged for
    judged.json     how every control and item stands
    findings.json   corrective actions as they stood, and independence
    pack.zip        the signed evidence pack; packed.json: its hashes, once the audit log has them
    letter.json     the number of the letter

Each file is canonical JSON, there whole or not at all, and never changed: a step whose file is
there is done.  So the regular audit of a month is written once; a second run finds it and says so.
"""

import json
import os
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from baozhang import durable
from baozhang.clock import business_day
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.governance.corrective import Corrective
from baozhang.governance.independence import Conflict
from baozhang.governance.judging import Judged
from baozhang.governance.model import Control, Evidence, Item, Period, Section, Status
from baozhang.governance.sampling import Sample
from baozhang.settings.part import Part
from baozhang.site import Site

FOLDER = "audits"
PACK = "pack.zip"
Kind = Literal["regular", "demand"]
Stage = Literal["begun", "judged", "packed", "published"]

P = TypeVar("P", bound=Part)


class Asked(Part):
    """What an audit was asked.

    Attributes:
        audit: its id.
        first, last: the days it is about, both included, Asia/Shanghai.
        sections: ids, in the documents' order.
        by: id of a person, or of the run.
        at: when it began.
        seed: of its samples, as somebody asked for it; "": it follows from the evidence.
        run: id of the run that began it; "": the command line.
        revision: from 1; a later one stands in the place of the one before.
    """

    audit: str
    kind: Kind
    first: date
    last: date
    sections: tuple[str, ...]
    by: str
    at: datetime
    seed: str = ""
    run: str = ""
    revision: int = 1

    @property
    def period(self) -> Period:
        """The days it is about."""
        return Period(self.first, self.last)

    @property
    def month(self) -> str:
        """What letters call the time it is about: `2026-11`; days, where it is no month."""
        same = (self.first.year, self.first.month) == (self.last.year, self.last.month)
        whole = self.first.day == 1 and (self.last + timedelta(days=1)).day == 1
        return f"{self.first:%Y-%m}" if whole and same else f"{self.first}..{self.last}"


class Yardstick(Part):
    """What an audit measures by, whatever a later release measures by."""

    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    controls: tuple[Control, ...]


class Gathered(Part):
    """What one gathering found; `dues`: by when people were to attest, by control."""

    at: datetime
    evidence: tuple[Evidence, ...]
    dues: dict[str, datetime] = Field({})


class Sampled(Part):
    """What was drawn; `evidence`: what deviations say against controls."""

    seed: str
    at: datetime
    samples: tuple[Sample, ...]
    evidence: tuple[Evidence, ...] = ()


class Ground(Part):
    """All that is judged, and what decides how.

    Attributes:
        at: the instant that is judged for: the period's end, or when all was gathered.
        genuine_since: when the site became a real one; None: it always was, or is a sample now.
        sample: a sample site: nothing it shows is proof of anything.
    """

    at: datetime
    genuine_since: datetime | None
    sample: bool
    seed: str
    dues: dict[str, datetime]
    evidence: tuple[Evidence, ...]


class Verdict(Part):
    """How every control stands, and every item that was asked for."""

    judged: tuple[Judged, ...]
    statuses: dict[str, Status]


class Packed(Part):
    """What was packed.

    Attributes:
        manifest: SHA-256 of the pack's manifest: what is signed and shown.
        sha256: of the pack's file.
    """

    manifest: str
    sha256: str
    size: int
    at: datetime


class Published(Part):
    """The letter that went out under a signature, or without one where nobody may sign."""

    number: int
    at: datetime


class Findings(Part):
    """What follows: actions by id, as they stood after this audit; who is not independent."""

    actions: dict[str, Corrective]
    conflicts: tuple[Conflict, ...]


def encoded(value: Part) -> bytes:
    """Return a value as it is kept: canonical JSON, keys sorted, ASCII, ended by one line feed."""
    plain = value.model_dump(mode="json")
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii") + b"\n"


class Audit:
    """One audit's folder."""

    def __init__(self, folder: Path, asked: Asked) -> None:
        self.folder = folder
        self.asked = asked

    @property
    def id(self) -> str:
        """Its id."""
        return self.asked.audit

    @property
    def pack(self) -> Path:
        """Where its evidence pack lies, once it does."""
        return self.folder / PACK

    @property
    def stage(self) -> Stage:
        """How far it came."""
        if self.has("letter"):
            return "published"
        if self.has("packed"):
            return "packed"
        return "judged" if self.has("judged") else "begun"

    def has(self, name: str) -> bool:
        """Tell whether a step has kept its file."""
        return self._file(name).exists()

    def keep(self, name: str, value: P) -> P:
        """Keep what a step found, once; return what is kept, which may be an earlier run's.

        Raises:
            UnreachableError: it cannot be written.
            CorruptObjectError: what is kept cannot be read.
        """
        if not self.has(name):
            _written(self._file(name), encoded(value))
        return self._read(name, type(value))

    def keep_file(self, name: str, content: bytes) -> Path:
        """Keep a file of another kind, under its name; return where.

        Raises:
            UnreachableError: it cannot be written.
        """
        _written(self.folder / name, content)
        return self.folder / name

    def bytes_of(self, name: str) -> bytes:
        """Return a kept file as it lies there; raises as the values below do."""
        try:
            return self._file(name).read_bytes()
        except FileNotFoundError as error:
            raise self._lacks(name) from error
        except OSError as error:
            raise self._broken(name) from error

    def yardstick(self) -> Yardstick:
        """Return what it measures by.

        Raises:
            UsageError: it has not come so far.
            CorruptObjectError: it cannot be read, or is not as it was written.
        """
        return self._read("controls", Yardstick)

    def gathered(self, name: Literal["auto", "attested"]) -> Gathered:
        """Return what was gathered; raises as `yardstick`."""
        return self._read(name, Gathered)

    def sampled(self) -> Sampled:
        """Return the samples; raises as `yardstick`."""
        return self._read("samples", Sampled)

    def ground(self) -> Ground:
        """Return all evidence; raises as `yardstick`."""
        return self._read("evidence", Ground)

    def verdict(self) -> Verdict:
        """Return how everything stands; raises as `yardstick`."""
        return self._read("judged", Verdict)

    def findings(self) -> Findings:
        """Return what follows; raises as `yardstick`."""
        return self._read("findings", Findings)

    def packed(self) -> Packed:
        """Return the hashes of its pack; raises as `yardstick`."""
        return self._read("packed", Packed)

    def published(self) -> Published:
        """Return its letter; raises as `yardstick`."""
        return self._read("letter", Published)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: str, kind: type[P]) -> P:
        content = self.bytes_of(name)
        found = _parsed(kind, content)
        if not isinstance(found, kind):
            raise self._broken(name)
        return found

    def _lacks(self, name: str) -> UsageError:
        return UsageError(
            "audit {audit} has not come so far: it has no {file}",
            hint="Go on with it: `baozhang audit run --go-on {audit}`.",
            audit=self.id,
            file=f"{name}.json",
        )

    def _broken(self, name: str) -> CorruptObjectError:
        return damaged(self._file(name))


class Audits:
    """The audits of a site."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def regular(self, asked: Asked, *, again: bool = False) -> Audit:
        """Return the regular audit of a month: the one that is there, else a new one.

        Args:
            asked: what is asked; its id is given here.
            again: where the newest one is finished, begin a revision of it.

        Raises:
            UnreachableError: the site's state cannot be written.
            CorruptObjectError: one that is there cannot be read.
        """
        revision = 1
        while True:
            name = f"a-{asked.first:%Y-%m}" + (f"-r{revision}" if revision > 1 else "")
            after = f"a-{asked.first:%Y-%m}-r{revision + 1}"
            folder = self._folder / name
            newest = not (self._folder / after / "asked.json").exists()
            is_done = (folder / "packed.json").exists()
            if newest and not (again and is_done):
                return self._begun(folder, asked, revision)
            revision += 1

    def on_demand(self, asked: Asked) -> Audit:
        """Return a new audit; a run that began one already gets its own back.

        Raises:
            UnreachableError: the site's state cannot be written.
            CorruptObjectError: one that is there cannot be read.
        """
        mine = [each for each in self.all() if asked.run and each.asked.run == asked.run]
        return mine[-1] if mine else self._begun(self._free(business_day(asked.at)), asked, 1)

    def of_run(self, run: str) -> Audit | None:
        """Return the audit that a run began; None where it began none."""
        return next((each for each in self.all() if run and each.asked.run == run), None)

    def all(self) -> tuple[Audit, ...]:
        """Return every audit, in the order they began.

        Raises:
            CorruptObjectError: one cannot be read.
        """
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return ()
        folders = (self._folder / name for name in names)
        found = [_opened(each) for each in folders if (each / "asked.json").exists()]
        return tuple(sorted(found, key=lambda each: (each.asked.at, each.id)))

    def get(self, name: str) -> Audit:
        """Return one audit.

        Raises:
            UsageError: there is none of this id.
            CorruptObjectError: it cannot be read.
        """
        folder = self._folder / name
        known = sorted(each.name for each in self._folder.glob("a-*/"))
        if name not in known or not (folder / "asked.json").exists():
            raise UsageError(
                "there is no audit {audit}",
                hint="Known are: {known}.",
                audit=name[:40],
                known=", ".join(known[-12:]) or "-",
            )
        return _opened(folder)

    def before(self, audit: Audit) -> Audit | None:
        """Return the newest judged audit of the same kind about earlier days; None: the first.

        On demand the same sections make the kind.
        """
        ours = audit.asked
        found = [
            each
            for each in self.all()
            if each.asked.kind == ours.kind
            and each.asked.sections == ours.sections
            and each.id != audit.id
            and _is_earlier(each.asked, ours)
            and each.has("judged")
        ]
        return max(found, key=_order, default=None)

    def _begun(self, folder: Path, asked: Asked, revision: int) -> Audit:
        if not (folder / "asked.json").exists():
            named = asked.model_copy(update={"audit": folder.name, "revision": revision})
            _written(folder / "asked.json", encoded(named))
        return _opened(folder)

    def _free(self, day: date) -> Path:
        """Return a new folder; making it is what makes it ours."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(1, 100):
                folder = self._folder / f"a-{day:%Y%m%d}-{number:02d}"
                try:
                    folder.mkdir(mode=0o700)
                except FileExistsError:
                    continue
                return folder
        except OSError as error:
            raise _unwritable(error) from error
        raise UsageError("a day has room for 99 audits", hint="Look why so many are run.")


def audits_of(site: Site) -> Audits:
    """Return the audits of a site."""
    return Audits(site.home / "state" / FOLDER)


def all_evidence(parts: Iterable[Iterable[Evidence]]) -> tuple[Evidence, ...]:
    """Return every piece once, by control, test and time, so that its file is the same for all."""
    unique = {each.id: each for part in parts for each in part}
    return tuple(
        sorted(unique.values(), key=lambda each: (each.control, each.test, each.effective, each.id))
    )


def _order(audit: Audit) -> tuple[date, datetime, int]:
    return audit.asked.last, audit.asked.at, audit.asked.revision


def _is_earlier(one: Asked, other: Asked) -> bool:
    if one.kind == "regular":
        return one.last < other.first
    return (one.last, one.at) < (other.last, other.at)


def _opened(folder: Path) -> Audit:
    file = folder / "asked.json"
    try:
        asked = Asked.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise damaged(file) from error
    if asked.audit != folder.name:
        raise damaged(file)
    return Audit(folder, asked)


@lru_cache(maxsize=16)
def _parsed(kind: type[Part], content: bytes) -> Part | None:
    """Return what was written; None where it is not in its one form.  Tasks ask for each item."""
    try:
        found = kind.model_validate_json(content)
    except ValidationError:
        return None
    return found if encoded(found) == content else None


def _written(path: Path, content: bytes) -> None:
    try:
        durable.replace(path, content)
    except OSError as error:
        raise _unwritable(error) from error


def damaged(path: Path) -> CorruptObjectError:
    """Return that a file of an audit is not what it was."""
    return CorruptObjectError(
        "{file} of audit {audit} is not as it was written",
        hint="Keep the folder as it is; what was packed is proven by `baozhang audit verify`.",
        file=path.name,
        audit=path.parent.name,
    )


def _unwritable(error: OSError) -> UnreachableError:
    return UnreachableError(
        "an audit cannot be kept: {reason}",
        hint="Make room and check the rights of the site's state folder.",
        reason=error.strerror or type(error).__name__,
    )
