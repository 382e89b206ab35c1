"""An audit's samples: single records looked at again, from one end of our records to the other.

    outcome of a backup   ─► its backup point in the catalog ─► its entry in the audit log ─┐
    of a validation, test ─► its entry in the audit log ────────────────────────────────────┤
                                                             its run's letter, as logged ◄──┘
    letter                ─► its entry in the audit log ─► its files in the library, unaltered

What does not lead on is a deviation, and speaks against every control whose test rests on such
records.  The audit log is read once for all of them.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from baozhang.audit.letters import WRITTEN
from baozhang.audit.records import Record, decode_record
from baozhang.audit.verification import lines_of
from baozhang.catalog.drawing import outcomes_at, population
from baozhang.catalog.model import Duty, Letter, Outcome
from baozhang.catalog.rebuilding import AGENCY
from baozhang.errors import CorruptObjectError
from baozhang.governance.audits import Asked, Sampled
from baozhang.governance.model import Control, Evidence, Fact, Period
from baozhang.governance.sampling import Drawn, Sample, places
from baozhang.site import Site
from tasks.letters import KINDS, library

DUTIES: tuple[Duty, ...] = ("backup", "validation", "restore_test")
LETTERS = "letters"
OF_TEMPLATES = {
    "backup": "outcomes of backups",
    "validation": "outcomes of validations",
    "restore_test": "outcomes of restore tests",
    LETTERS: "letters that went out",
}
ENTRIES: Mapping[Duty, str] = {
    "backup": "backup.stored",
    "validation": "vault.verified",
    "restore_test": "restore.tested",
}
"""What a duty leaves in the audit log for each client that it did."""
TESTS: Mapping[str, frozenset[str]] = {
    "backup": frozenset({"rhythm", "outcomes"}),
    "validation": frozenset({"rhythm", "outcomes"}),
    "restore_test": frozenset({"rhythm", "outcomes", "proofs", "restore-time"}),
    LETTERS: frozenset({"letters"}),
}
"""Which kinds of tests rest on a population."""
DEVIATION_TEMPLATES = {
    "point": "its backup point is not in the catalog",
    "entry": "the audit log has no entry of it",
    "letter": "the audit log has no letter of its run",
    "number": "its run's letter is not the one that the catalog knows",
    "logged": "the audit log does not know this letter as it was sent",
    "filed": "its file is not in the library",
    "altered": "its file in the library is not what was written",
}
SAYS_TEMPLATES = {
    "deviating": "{count} of {drawn} records that were drawn do not show what they must"
}
AFTER = timedelta(microseconds=1)
"""A sample is looked at after all records that it was drawn from."""

_ACTOR = re.compile(rb'"actor":"([^"]*)"')
_OBJECT = re.compile(rb'"object":"([^"]*)"')


def draw(
    site: Site, asked: Asked, controls: Iterable[Control], *, seed: str, at: datetime
) -> Sampled:
    """Draw the samples of an audit and look at them.

    Args:
        site: the site.
        asked: what the audit is about.
        controls: those that deviations may speak against.
        seed: which records are drawn follows from it.
        at: the instant when all evidence was gathered.
    """
    period, after = asked.period, at + AFTER
    drawn = {duty: _outcomes(site, period, duty, seed) for duty in DUTIES}
    letters, chosen = _letters(site, period, seed)
    wanted = [each for _, _, found in drawn.values() for each in found]
    log = _log(site.home / "state" / "audit", wanted, chosen)
    looks = _Looks(site, log)
    samples = [
        _sample(duty, count, at_, [looks.outcome(each) for each in found])
        for duty, (count, at_, found) in drawn.items()
    ]
    where = places(letters, seed, LETTERS)
    samples.append(_sample(LETTERS, letters, where, [looks.letter(each) for each in chosen]))
    against = [piece for each in samples for piece in _against(each, controls, after)]
    return Sampled(seed=seed, at=after, samples=tuple(samples), evidence=tuple(against))


def _outcomes(
    site: Site, period: Period, duty: Duty, seed: str
) -> tuple[int, tuple[int, ...], tuple[Outcome, ...]]:
    count = population(site.catalog, duty, period.begin, period.end)
    where = places(count, seed, duty)
    return count, where, outcomes_at(site.catalog, duty, period.begin, period.end, where)


def _letters(site: Site, period: Period, seed: str) -> tuple[int, tuple[Letter, ...]]:
    sent = [each for each in site.catalog.letters() if period.begin <= each.at < period.end]
    return len(sent), tuple(sent[place] for place in places(len(sent), seed, LETTERS))


def _sample(name: str, count: int, where: tuple[int, ...], drawn: Iterable[Drawn]) -> Sample:
    return Sample(
        name=name, of=OF_TEMPLATES[name], population=count, places=where, drawn=tuple(drawn)
    )


# --- looking ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """What the audit log says of what was drawn."""

    entries: set[tuple[str, str, str]] = field(default_factory=set)  # actor, action, subject
    points: dict[tuple[str, str], str] = field(default_factory=dict)  # (run, pair) to its snapshot
    runs: dict[str, Record] = field(default_factory=dict)  # run to its letter
    letters: dict[str, Record] = field(default_factory=dict)  # `night/000003` to its entry

    def add(self, record: Record) -> None:
        entry = record.entry
        self.entries.add((entry.actor, entry.action, entry.subject))
        if entry.action == ENTRIES["backup"]:
            snapshot = dict(entry.facts).get("snapshot", "")
            self.points[entry.actor, entry.subject] = str(snapshot)
        if entry.action == WRITTEN:
            self.runs[entry.actor] = record
            self.letters[entry.subject] = record


def _log(folder: Path, outcomes: Iterable[Outcome], letters: Iterable[Letter]) -> _Log:
    """Read the log once; lines that are no records are left to the test of the log itself."""
    runs = {each.run.encode() for each in outcomes}
    subjects = {_subject(each).encode() for each in letters}
    found = _Log()
    for _, line in lines_of(folder):
        actor, subject = _ACTOR.search(line), _OBJECT.search(line)
        if actor is None or subject is None:
            continue
        if actor[1] in runs or subject[1] in subjects:
            try:
                found.add(decode_record(line))
            except CorruptObjectError:
                continue
    return found


@dataclass(frozen=True, slots=True)
class _Looks:
    site: Site
    log: _Log

    def outcome(self, each: Outcome) -> Drawn:
        facts: dict[str, Fact] = {
            "client": each.client,
            "set": each.set,
            "status": each.status,
            "started": each.started.isoformat(),
            "snapshot": each.snapshot,
            **dict(each.figures),
        }
        wrong = [DEVIATION_TEMPLATES[name] for name in self._outcome_wrong(each)]
        pair = f"{each.client}/{each.set}"
        return Drawn(id=f"{each.run} {pair}", facts=facts, deviations=tuple(wrong))

    def _outcome_wrong(self, each: Outcome) -> Iterator[str]:
        if each.snapshot and not self._has_point(each):
            yield "point"
        if each.status == "ok" and each.client != AGENCY and not self._is_logged(each):
            yield "entry"
        record = self.log.runs.get(each.run)
        if record is None:
            yield "letter"
        elif not self._is_numbered(KINDS[each.duty], record):
            yield "number"

    def _has_point(self, each: Outcome) -> bool:
        known = self.site.catalog.snapshots(each.client, each.set)
        return any(point.id == each.snapshot for point in known)

    def _is_logged(self, each: Outcome) -> bool:
        pair = f"{each.client}/{each.set}"
        if each.duty == "backup":
            return self.log.points.get((each.run, pair)) == each.snapshot != ""
        subject = each.client if each.duty == "validation" else pair
        return (each.run, ENTRIES[each.duty], subject) in self.log.entries

    def _is_numbered(self, kind: str, record: Record) -> bool:
        facts = dict(record.entry.facts)
        return any(
            each.number == facts.get("number") and each.sha256 == facts.get("sha256")
            for each in self.site.catalog.letters(kind)
        )

    def letter(self, each: Letter) -> Drawn:
        facts: dict[str, Fact] = {
            "kind": each.kind,
            "number": each.number,
            "period": each.period,
            "sha256": each.sha256,
            "at": each.at.isoformat(),
        }
        wrong = [DEVIATION_TEMPLATES[name] for name in self._letter_wrong(each)]
        return Drawn(id=f"letter:{_subject(each)}", facts=facts, deviations=tuple(wrong))

    def _letter_wrong(self, each: Letter) -> Iterator[str]:
        record = self.log.letters.get(_subject(each))
        facts = dict(record.entry.facts) if record else {}
        if facts.get("sha256") != each.sha256:
            yield "logged"
            return
        filed = _value_of(library(self.site).folder / each.kind, each)
        if filed is None:
            yield "filed"
        elif hashlib.sha256(filed).hexdigest() != facts.get("value"):
            yield "altered"


def _value_of(folder: Path, each: Letter) -> bytes | None:
    """Return what the library has a letter say: its canonical JSON."""
    found = sorted(folder.glob(f"*/{each.number:06d}-{each.kind}-*.json"))
    return found[0].read_bytes() if found else None


def _subject(each: Letter) -> str:
    return f"{each.kind}/{each.number:06d}"


# --- what deviations say ------------------------------------------------------------------------


def _against(sample: Sample, controls: Iterable[Control], at: datetime) -> Iterator[Evidence]:
    """Yield what a sample's deviations say against each test that rests on such records."""
    for control in controls:
        for test in control.tests:
            if test.kind not in TESTS[sample.name]:
                continue
            found = [each for each in sample.deviating if _rests_on(test.args, sample, each)]
            if found:
                yield _fail(control, test.name, sample, found, at)


def _rests_on(args: Mapping[str, Fact], sample: Sample, drawn: Drawn) -> bool:
    if sample.name == LETTERS:
        return args.get("kind") == drawn.facts["kind"]
    return args.get("duty", sample.name) == sample.name


def _fail(
    control: Control, test: str, sample: Sample, found: list[Drawn], at: datetime
) -> Evidence:
    content = json.dumps([each.model_dump(mode="json") for each in found], sort_keys=True)
    return Evidence(
        control=control.id,
        source="auto",
        test=test,
        result="fail",
        effective=at,
        received=at,
        says=SAYS_TEMPLATES["deviating"],
        facts={"count": len(found), "drawn": len(sample.drawn)},
        refs=tuple(dict.fromkeys(_ref(each) for each in found)),
        digest=hashlib.sha256(content.encode("ascii")).hexdigest(),
    )


def _ref(drawn: Drawn) -> str:
    """Return where a record stands, for people; it may be missing from the log of the pack."""
    return f"drawn:{drawn.id}"
