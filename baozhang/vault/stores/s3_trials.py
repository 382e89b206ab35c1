"""The trials of a bucket: each call that could lose an object, made on scratch objects.

A refusal proves a lock only if whoever asks may do the same to what is not locked.  So each try has
its control: a delete marker, which no lock protects, is removed by the right that removes versions;
a lock is made longer by the right that would shorten it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from baozhang.clock import Clock
from baozhang.errors import BaozhangError
from baozhang.vault.stores.probe import SCRATCH, Claim, Name, ProbeReport, Seen, Trial
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_bucket import PAGE, Version, md5
from baozhang.vault.stores.s3_errors import (
    FAILURES,
    answer_of,
    is_no_object,
    is_there_already,
    passes,
)
from baozhang.vault.stores.s3_url import LockMode

LOCKED_FOR = timedelta(minutes=20)
"""More than a clock may be wrong before S3 refuses its signatures (15 minutes)."""
OLD = timedelta(hours=1)  # after which scratch objects are some earlier probe's
FIRST, SECOND = b"the first bytes of this name\n", b"other bytes of the same name\n"


class Said(NamedTuple):
    """How a call ended."""

    seen: Seen
    code: str


def report(store: S3Store, scratch: str, clock: Clock) -> ProbeReport:
    """Return what the store did; raises as `probe` does."""
    _remove(store, SCRATCH, clock, older_than=OLD)
    trying = _Trying(store, scratch, clock)
    try:
        trials = tuple(trying.trials())
    finally:
        left = _remove(store, scratch, clock, older_than=timedelta(0))
    lock = store.place.lock
    mode = "" if lock is None else lock.mode.lower() if lock.days else "bucket"
    return ProbeReport(store.url, store.place.profile.name, mode, clock(), trials, left)


class _Trying:
    """The trials of one probe, in order: each needs what the one before left."""

    def __init__(self, store: S3Store, scratch: str, clock: Clock) -> None:
        self._bucket = store.bucket
        self._profile = store.place.profile
        self._lock = store.place.lock
        self._versioned = store.place.versioned
        self._key, self._prefix = store.key(f"{scratch}a"), store.key(scratch)
        self._damaged = store.key(f"{scratch}b")
        self._until = clock() + LOCKED_FOR

    def trials(self) -> Iterator[Trial]:
        yield self._create()
        first = self._versions()[-1].id if self._versioned else ""
        yield Trial("read", "done", "done" if self._holds(first, FIRST) else "other bytes")
        there = self._bucket.tried(lambda: self._bucket.page(self._prefix, {})).items
        yield Trial("list", "done", "done" if there else "missing")
        yield self._wrong_checksum()
        yield self._create_again()
        yield self._overwrite(first)
        if self._versioned:
            yield from self._break_lock(first)
        else:
            yield self._delete()

    def _create(self) -> Trial:
        how = {} if self._profile.create == "none" else {"IfNoneMatch": "*"}
        self._bucket.tried(lambda: self._bucket.put(self._key, FIRST, **how, **self._locked()))
        return Trial("create", "done", "done")

    def _locked(self) -> dict[str, object]:
        if not self._lock or not self._lock.days:
            return {}
        return {"ObjectLockMode": self._lock.mode, "ObjectLockRetainUntilDate": self._until}

    def _wrong_checksum(self) -> Trial:
        said = self._told(
            lambda: self._bucket.put(self._damaged, FIRST, ContentMD5=md5(SECOND)), at_once=True
        )
        claim: Claim | None = "refused" if self._profile.checks_md5 else None
        return Trial("wrong checksum", claim, *said)

    def _create_again(self) -> Trial:
        """Ask for what must not be done twice, in the provider's own words."""
        if self._profile.create == "none":
            return Trial("create again", None, "done")
        holds = not self._versioned or self._profile.create_when_versioned
        said = self._told(lambda: self._bucket.put(self._key, SECOND, IfNoneMatch="*"))
        return Trial("create again", "refused" if holds else None, *said)

    def _overwrite(self, first: str) -> Trial:
        said = self._told(lambda: self._bucket.put(self._key, SECOND))
        if said.seen == "done" and self._holds(first, FIRST):
            said = Said("kept", "")
        return Trial("overwrite", "kept" if self._lock else None, *said)

    def _delete(self) -> Trial:
        """Delete where nothing keeps versions: a put-only role is refused, and that is well."""
        said = self._told(lambda: self._bucket.delete(self._key))
        if said.seen == "done" and self._is_there(""):
            said = Said("kept", "")
        return Trial("delete", "refused" if self._lock else None, *said)

    def _break_lock(self, first: str) -> Iterator[Trial]:
        bucket, key = self._bucket, self._key
        mode, ends = bucket.tried(lambda: bucket.retention(key, first))
        yield Trial("lock", "done", "missing" if ends is None else "done")
        yield from self._hide(first)
        if ends is None:
            yield self._refused("delete", lambda: bucket.delete(key, first))
            return
        sooner, later = ends - timedelta(minutes=10), ends + timedelta(minutes=1)
        same: LockMode = "COMPLIANCE" if mode == "COMPLIANCE" else "GOVERNANCE"
        strict = same == "COMPLIANCE"
        yield self._refused("shorten", lambda: bucket.retain(key, first, same, sooner))
        if strict:
            yield self._refused("weaken", lambda: bucket.retain(key, first, "GOVERNANCE", ends))
        longer = self._told(lambda: bucket.retain(key, first, same, later))
        yield Trial("extend", None, *longer)
        yield self._refused("delete", lambda: bucket.delete(key, first))
        force = {"BypassGovernanceRetention": True}
        said = self._lost(first, self._told(lambda: bucket.delete(key, first, **force)))
        yield Trial("delete by force", "refused" if strict else None, *said)

    def _hide(self, first: str) -> Iterator[Trial]:
        """Lay a delete marker over the object and take it away again."""
        bucket, key = self._bucket, self._key
        said = self._told(lambda: bucket.delete(key))
        if said.seen == "done":
            said = Said("kept" if self._holds(first, FIRST) else "lost", "")
        yield Trial("hide", "kept", *said)
        for one in self._versions():
            if one.marker:
                yield Trial("unhide", None, *self._told(lambda: bucket.delete(key, one.id)))  # noqa: B023

    def _refused(self, name: Name, ask: Callable[[], None]) -> Trial:
        return Trial(name, "refused", *self._told(ask))

    def _lost(self, first: str, said: Said) -> Said:
        return Said("lost", "") if said.seen == "done" and not self._is_there(first) else said

    def _told(self, ask: Callable[[], None], *, at_once: bool = False) -> Said:
        def answered() -> Said:
            try:
                ask()
            except FAILURES as error:
                answer = answer_of(error)
                at_fault = at_once and answer.status == 400
                if not is_there_already(error) and passes(error) and not at_fault:
                    raise
                if not answer.status:
                    raise
                return Said("refused", answer.code)
            return Said("done", "")

        return self._bucket.tried(answered)

    def _is_there(self, version: str) -> bool:
        return self._holds(version, FIRST) or self._holds(version, SECOND)

    def _holds(self, version: str, data: bytes) -> bool:
        def ask() -> bool:
            try:
                return self._bucket.read(self._key, version) == data
            except FAILURES as error:
                if is_no_object(error):
                    return False
                raise

        return self._bucket.tried(ask)

    def _versions(self) -> list[Version]:
        page = self._bucket.tried(lambda: self._bucket.page_of_versions(self._key, {}))
        return [one for one in page.items if one.key == self._key]


def _remove(store: S3Store, prefix: str, clock: Clock, *, older_than: timedelta) -> int:
    """Remove scratch objects as far as locks and this role's rights let; return what is left."""
    bucket = store.bucket
    page = bucket.page_of_versions if store.place.versioned else bucket.page
    try:
        found = bucket.tried(lambda: page(store.key(prefix), {})).items
        old = [(one.key, one.id) for one in found if clock() - one.at >= older_than][:PAGE]
        return len(bucket.tried(lambda: bucket.delete_many(old))) if old else 0
    except BaozhangError:  # nobody needs them gone
        return 1
