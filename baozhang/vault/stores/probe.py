"""What a store really does, tried out and written down.

    URL ──► trials on scratch objects ──► report ──► record (JSON)

A profile is a claim of the provider's manual; buckets are set up by people, and both may be wrong.
The trials write objects with unguessable names below `probe/`, write them again, delete them, list
them and try to break their locks.  Nothing else in the product may call a store tamper-proof
(防删改): only a report that is at most 31 days old and in which every such try was refused, to
somebody who has the right to do it to what is not locked.
"""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Literal

from baozhang.clock import Clock, system_clock
from baozhang.errors import ObjectMissingError, UsageError
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.choosing import is_s3, store_at

SCRATCH = "probe/"
FRESH = timedelta(days=31)
SAFE = ("refused", "kept")
"""How a try to lose an object may end, where it is locked."""

Claim = Literal["done", "refused", "kept"]
Seen = Literal["done", "refused", "kept", "lost", "missing", "other bytes"]
Name = Literal[
    "create",
    "read",
    "list",
    "create again",
    "overwrite",
    "wrong checksum",
    "lock",
    "hide",
    "unhide",
    "delete",
    "delete by force",
    "shorten",
    "weaken",
    "extend",
]


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried."""

    name: Name
    claim: Claim | None  # what the URL's kind promises; None: it promises nothing
    seen: Seen
    code: str = ""  # the store's own word, where it refused

    @property
    def kept_claim(self) -> bool:
        """Whether the store did what its kind promises."""
        return self.claim in (None, self.seen) or (self.claim in SAFE and self.seen in SAFE)


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a store did on one day."""

    store: str  # URL, without secrets
    profile: str
    lock: str  # `compliance`, `governance`, `bucket`, or empty
    at: datetime
    trials: tuple[Trial, ...]
    left: int  # scratch objects that could not be removed; locks run out

    @property
    def keeps_claims(self) -> bool:
        """Whether the store did everything that its kind promises."""
        return all(trial.kept_claim for trial in self.trials)

    @property
    def may_delete(self) -> bool:
        """Whether who asked may delete at all: otherwise a refusal says nothing of locks."""
        return self._seen("unhide") == "done" or self._code("delete") == "FileImmutable"

    @property
    def tamper_proof(self) -> bool:
        """Whether nobody can lose or change what is locked (防删改)."""
        if not self.lock or not self.keeps_claims or not self.may_delete:
            return False
        if self.lock == "bucket" and self._seen("lock") is None:  # the bucket itself is the lock
            return all(self._seen(name) in SAFE for name in ("overwrite", "delete"))
        names: tuple[Name, ...] = ("overwrite", "hide", "delete", "delete by force", "shorten")
        broken = [name for name in (*names, "weaken") if self._seen(name) not in SAFE]
        return not broken and self._seen("extend") == self._seen("lock") == "done"

    def _seen(self, name: str) -> Seen | None:
        return next((trial.seen for trial in self.trials if trial.name == name), None)

    def _code(self, name: str) -> str:
        return next((trial.code for trial in self.trials if trial.name == name), "")


def probe(
    url: str, *, token: str | None = None, clock: Clock = system_clock, store: Store | None = None
) -> ProbeReport:
    """Try out the store at a URL.

    Args:
        url: as `store_at` takes it.
        token: what makes the scratch names unguessable; drawn if not given.
        clock: tells when.
        store: the store at that URL, where it is open already.

    Raises:
        UsageError, StoreUnreachableError: it cannot even be asked.
    """
    scratch = f"{SCRATCH}{token or secrets.token_hex(16)}/"
    there = store or store_at(url)
    if is_s3(url):
        report: ProbeReport = import_module("baozhang.vault.stores.s3_trials").report(
            there, scratch, clock
        )
        return report
    trials = tuple(_plain_trials(there, scratch))
    return ProbeReport(there.url, "folder", "", clock(), trials, 0)


def probe_is_fresh(report: ProbeReport, now: datetime) -> bool:
    """Tell whether a report still says something: at most 31 days old, and not from the future."""
    return timedelta(0) <= now - report.at <= FRESH


def encode_report(report: ProbeReport) -> dict[str, object]:
    """Return a report as JSON values, with what follows from it."""
    return {
        **asdict(report),
        "at": report.at.isoformat(timespec="seconds"),
        "trials": [{**asdict(one), "kept_claim": one.kept_claim} for one in report.trials],
        "keeps_claims": report.keeps_claims,
        "tamper_proof": report.tamper_proof,
    }


def write_record(path: Path, report: ProbeReport) -> None:
    """Write a report down, in the place of an older one.

    Raises:
        UsageError: it cannot be written there.
    """
    text = json.dumps(encode_report(report), indent=2, ensure_ascii=False) + "\n"
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_text(text, "utf-8")
        os.replace(fresh, path)  # noqa: PTH105 - as good as Path.replace, and named
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UsageError(
            "the record {path} cannot be written: {reason}",
            hint="Give a file in a folder that this user may write to.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def read_record(path: Path) -> ProbeReport:
    """Return the report in a record; what follows from it is worked out anew, never read.

    Raises:
        UsageError: not a record.
    """
    try:
        said = json.loads(path.read_text("utf-8"))
        trials = tuple(
            Trial(one["name"], one["claim"], one["seen"], one["code"]) for one in said["trials"]
        )
        at = datetime.fromisoformat(said["at"])
        return ProbeReport(said["store"], said["profile"], said["lock"], at, trials, said["left"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "{path} is no record of a probe",
            hint="Make one with `baozhang vault probe URL --record FILE`.",
            path=path,
        ) from error


def _plain_trials(store: Store, scratch: str) -> Iterator[Trial]:
    """Try out a store by its own verbs: one that knows neither versions nor locks."""
    name, data = ObjectName(f"{scratch}a"), b"tried"
    list(store.list(scratch))  # a folder that is not there is not made
    store.put(name, data)
    yield Trial("create", "done", "done")
    yield Trial("read", "done", "done" if store.get(name) == data else "other bytes")
    listed = any(info.name == name for info in store.list(scratch))
    yield Trial("list", "done", "done" if listed else "missing")
    store.put(name, b"again")
    yield Trial("overwrite", None, "done" if store.get(name) == b"again" else "kept")
    store.delete(name)
    yield Trial("delete", "done", "kept" if _is_there(store, name) else "done")


def _is_there(store: Store, name: ObjectName) -> bool:
    try:
        store.size(name)
    except ObjectMissingError:
        return False
    return True
