"""A store in a bucket with Object Lock: what was put cannot be lost, only hidden, and is found.

    v1 (right bytes, locked)  ◄── v2 (somebody's other bytes)  ◄── delete marker
     └── what get, size and list give back

A lock protects versions.  Whoever may put can still lay a newer version or a delete marker over an
object; so a name here means the oldest version whose bytes have the hash that the name says, or
the oldest one for the one name without a hash (`config`, written once).

Key objects get the short lock alone, which `vault lock-extend` renews: a client's key that must be
destroyed is not renewed, and is gone when its last lock has run out.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from baozhang.clock import Clock, system_clock
from baozhang.errors import CorruptObjectError, ObjectMissingError, UsageError
from baozhang.vault.names import hash_in, is_ours
from baozhang.vault.stores.base import ObjectInfo, ObjectName, StoredVersion
from baozhang.vault.stores.rolling import KEY_DAYS, is_key
from baozhang.vault.stores.s3 import PART, S3Store, is_right
from baozhang.vault.stores.s3_bucket import Bucket, Version
from baozhang.vault.stores.s3_url import Lock


class LockedS3Store(S3Store):
    """Objects below one folder of a bucket that keeps versions, each under a lock."""

    def __init__(self, bucket: Bucket, *, clock: Clock = system_clock, part: int = PART) -> None:
        super().__init__(bucket, clock=clock, part=part)
        self._right: dict[ObjectName, str] = {}
        """Name to the version that holds its bytes, once looked for."""

    @property
    def lock(self) -> Lock:
        """What the URL asks for."""
        return self.place.lock or Lock()

    def prepare(self) -> None:
        """Ask the bucket whether it is there and was made for locks; raises as `S3Store` does."""
        super().prepare()
        if not self.bucket.tried(self.bucket.locks):
            raise UsageError(
                "the bucket of {url} has no Object Lock",
                hint="Make a new bucket with it (docs/guides/s3.md), or leave out lock=.",
                url=self.url,
            )

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        """Keep the contract of `Store.put`; on return the object is locked."""
        super().put(name, data)
        if self.lock.days and memoryview(data).nbytes > self._part:
            self.extend_lock(name, self._end(name))  # Ceph 16 does not lock what came in parts

    def delete(self, name: ObjectName, /) -> None:
        """Remove every version and marker of a name for good.

        Raises:
            UsageError: one is locked, or this role may not.
        """
        self._seen.discard(name)
        self._right.pop(name, None)
        for one in self._versions_of(name):
            self.bucket.tried(lambda: self.bucket.delete(one.key, one.id))  # noqa: B023 - at once

    def lock_until(self, name: ObjectName, /) -> datetime | None:
        """Keep the contract of `LockingStore.lock_until`."""
        version = self._required(name)
        return self.bucket.tried(lambda: self.bucket.retention(self.key(name), version))[1]

    def extend_lock(self, name: ObjectName, until: datetime, /) -> None:
        """Keep the contract of `LockingStore.extend_lock`."""
        key, version = self.key(name), self._required(name)
        mode, ends = self.bucket.tried(lambda: self.bucket.retention(key, version))
        if ends is not None and ends >= until:
            return
        kept = "COMPLIANCE" if mode == "COMPLIANCE" else self.lock.mode  # never a weaker one
        self.bucket.tried(lambda: self.bucket.retain(key, version, kept, _second(until)))

    def legal_hold(self, name: ObjectName, /, *, on: bool) -> None:
        """Keep the contract of `LockingStore.legal_hold`."""
        version = self._required(name)
        self.bucket.tried(lambda: self.bucket.hold(self.key(name), version, on=on))

    def versions(self, name: ObjectName, /) -> tuple[StoredVersion, ...]:
        """Keep the contract of `LockingStore.versions`."""
        found = sorted(self._versions_of(name), key=attrgetter("at"))
        return tuple(StoredVersion(one.id, one.size, one.at, one.marker) for one in found)

    def _sent_with(self, name: ObjectName) -> dict[str, Any]:
        if not self.lock.days:
            return {}  # the bucket's own rule locks it
        return {"ObjectLockMode": self.lock.mode, "ObjectLockRetainUntilDate": self._end(name)}

    def _end(self, name: ObjectName) -> datetime:
        days = min(self.lock.days, KEY_DAYS) if is_key(name) else self.lock.days
        return _second(self._clock() + timedelta(days=days))

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        pages = self._paged(self.bucket.page_of_versions, prefix)
        for key, group in groupby(pages, key=attrgetter("key")):
            found = [one for one in group if not one.marker]
            if not found:
                continue
            name = self._name(key)
            if len(found) == 1 or len({one.size for one in found}) > 1:
                chosen = self._chosen(name, found)
                self._right[name] = chosen.id
                yield ObjectInfo(name, chosen.size)
            else:  # which one is right does not matter yet
                yield ObjectInfo(name, found[0].size)

    def _holds(self, name: ObjectName, content: bytes | bytearray, digest: bytes) -> bool:
        """Tell whether some version has these bytes: others may lie above it."""
        try:
            return super()._holds(name, content, digest)
        except CorruptObjectError:
            for one in self._versions_of(name):
                if not one.marker and self._hash(one.key, one.id) == digest:
                    return True
            raise

    def _whole(self, name: ObjectName) -> bytes:
        """Return an object: the present version if it is right, else the oldest that is."""
        if name not in self._right and is_ours(name) and hash_in(name):
            try:
                data = super()._whole(name)
            except ObjectMissingError:
                data = b""
            if is_right(name, data):
                return data
        version = self._version(name)
        return self._asked(name, lambda: self.bucket.read(self.key(name), version))

    def _version(self, name: ObjectName) -> str:
        """Return the version that holds an object's bytes; empty where there is none."""
        if name not in self._right:
            found = [one for one in self._versions_of(name) if not one.marker]
            if not found:
                return ""
            self._right[name] = self._chosen(name, found).id
        return self._right[name]

    def _required(self, name: ObjectName) -> str:
        if not (version := self._version(name)):
            raise ObjectMissingError("the vault has no object {object}", object=name)
        return version

    def _versions_of(self, name: ObjectName) -> list[Version]:
        """Return all versions and markers of one name; versions newest first."""
        pages = self._paged(self.bucket.page_of_versions, name)
        found = []
        for one in pages:
            if one.key != self.key(name):
                break  # a longer name that begins alike
            found.append(one)
        return found

    def _chosen(self, name: ObjectName, found: list[Version]) -> Version:
        """Return the oldest version whose bytes are right; where none is, the newest."""
        if len(found) == 1:
            return found[0]
        for one in reversed(found):
            data = self.bucket.tried(lambda: self.bucket.read(one.key, one.id))  # noqa: B023
            if is_right(name, data):
                return one
        return found[0]


def _second(instant: datetime) -> datetime:
    """Return the instant, up to the next whole second: locks are told in seconds."""
    whole = instant.replace(microsecond=0)
    return whole if whole == instant else whole + timedelta(seconds=1)
