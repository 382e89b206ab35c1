"""A store in a bucket of an S3 service.

    put ─► 412: there already, compare ─┐
     │                                  ▼
     └──► taken ───────────────► read back, own hash ─► durable

What a service says of its own success is not believed: an ETag is no hash of ours, and an
acknowledgement may be lost.  Every object is read back and held against the hash of what was given,
and a put whose outcome is unknown looks first whether the object is there.  Listings are followed
page by page; a page that is no listing, or that lacks what this process has seen, is an error.

Durability: as the provider promises for its storage class; it acknowledges when it has the bytes
(docs/guides/s3.md).  Objects above 64 MiB go up in parts and appear whole or not at all.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from blake3 import blake3

from baozhang.clock import Clock, system_clock
from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    ObjectMissingError,
    StoreUnreachableError,
)
from baozhang.vault.names import hash_in, hash_of, is_ours
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span
from baozhang.vault.stores.s3_bucket import Bucket, Page, Version
from baozhang.vault.stores.s3_errors import (
    FAILURES,
    OddAnswerError,
    answer_of,
    is_no_object,
    is_past_the_end,
    is_there_already,
)
from baozhang.vault.stores.s3_url import Place

T = TypeVar("T")
PART = 64 * 2**20
"""Bytes of a part of a large upload; an object may have 10,000, so at most 640 GB."""
LOOKS = 2  # readings of an object before its bytes are believed to be other than its name says


class S3Store:
    """Objects below one folder of one bucket, which keeps no versions or none that matter."""

    def __init__(self, bucket: Bucket, *, clock: Clock = system_clock, part: int = PART) -> None:
        self.bucket = bucket
        self.place: Place = bucket.place
        self._clock = clock
        self._part = part
        self._seen: set[ObjectName] = set()
        """What was put or read here: a listing without it is stale."""

    @property
    def url(self) -> str:
        """The place without its parameters: two stores of one URL are one place."""
        return self.place.url

    def prepare(self) -> None:
        """Ask the bucket whether it is there and as the URL says.

        Raises:
            UsageError: no such bucket, no right to list it, or no lock where one is asked for.
            StoreUnreachableError: no answer.
        """
        self.bucket.tried(lambda: self.bucket.page(self.key(""), {}, 1))

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        """Keep the contract of `Store.put`."""
        content = data if isinstance(data, bytes | bytearray) else bytes(data)
        digest, again = blake3(content).digest(), False

        def ask() -> None:
            nonlocal again
            if again and self._holds(name, content, digest):
                return  # only its acknowledgement was lost
            again = True
            try:
                self._send(name, content)
            except FAILURES as error:
                if not is_there_already(error):
                    raise
            if not self._holds(name, content, digest):
                raise OddAnswerError("acknowledged, and not there")

        self.bucket.tried(ask)
        self._seen.add(name)

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        """Keep the contract of `Store.get`; a whole object of another hash is read once more."""
        if span is None:
            return self._whole(name)
        if span.length == 0:
            self.size(name)
            return b""
        version = self._version(name)
        data = self._asked(
            name,
            lambda: self.bucket.read_range(self.key(name), span.offset, span.length, version),
        )
        if len(data) != span.length:
            raise _cut(name)
        return data

    def size(self, name: ObjectName, /) -> int:
        """Keep the contract of `Store.size`."""
        return int(self._head(name)["ContentLength"])

    def age(self, name: ObjectName, /) -> float:
        """Keep the contract of `Store.age`: the answer's own date against the object's."""
        said = self._head(name)
        now = parsedate_to_datetime(said["ResponseMetadata"]["HTTPHeaders"]["date"])
        stored: datetime = said["LastModified"]
        return max((now - stored).total_seconds(), 0.0)

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        """Keep the contract of `Store.list`."""
        unseen = {name for name in self._seen.copy() if name.startswith(prefix)}
        for info in self._listed(prefix):
            unseen.discard(info.name)
            yield info
        for name in unseen:
            self._require_gone(name)

    def delete(self, name: ObjectName, /) -> None:
        """Keep the contract of `Store.delete`."""
        self._seen.discard(name)
        self.bucket.tried(lambda: self.bucket.delete(self.key(name)))

    def key(self, name: str) -> str:
        """Return a name as the bucket spells it."""
        return f"{self.place.folder}/{name}" if self.place.folder else name

    def _version(self, name: ObjectName) -> str:  # noqa: ARG002 - with versions there is a choice
        """Return the version that holds an object's bytes; empty for the present one."""
        return ""

    def _sent_with(self, name: ObjectName) -> dict[str, Any]:  # noqa: ARG002 - see LockedS3Store
        """Return what each new object is sent with besides its bytes."""
        return {}

    def _head(self, name: ObjectName) -> dict[str, Any]:
        version = self._version(name)

        def ask() -> dict[str, Any]:
            try:
                return self.bucket.head(self.key(name), version)
            except FAILURES as error:
                if answer_of(error).status != 404:
                    raise
            # an answer to HEAD has no body: only GET tells a missing object from a missing bucket
            self.bucket.read_range(self.key(name), 0, 1, version)
            raise OddAnswerError("there, and not there")

        return self._asked(name, ask)

    def _pages(self, prefix: str) -> Iterator[Version]:
        return self._paged(self.bucket.page, prefix)

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        for one in self._pages(prefix):
            yield ObjectInfo(self._name(one.key), one.size)

    def _paged(self, page: Callable[[str, dict[str, str]], Page], prefix: str) -> Iterator[Version]:
        """Yield what pages hold, in the order of the keys and each page asked for until it comes.

        Raises:
            StoreUnreachableError: no answer, or one that is not a sorted listing of this folder.
        """
        after: dict[str, str] = {}
        last, begins = "", self.key(prefix)
        while True:
            found = self.bucket.tried(lambda: page(begins, after))  # noqa: B023 - called at once
            for one in found.items:
                if one.key < last or not one.key.startswith(begins):
                    raise self._stale()
                last = one.key
                yield one
            if not found.next:
                return
            if found.next == after:
                raise self._stale()
            after = found.next

    def _name(self, key: str) -> ObjectName:
        return ObjectName(key[len(self.key("")) :])

    def _require_gone(self, name: ObjectName) -> None:
        """What a listing lacks must be gone; if it is there, the listing was stale."""
        with suppress(ObjectMissingError):
            self.size(name)
            raise self._stale()
        self._seen.discard(name)

    def _stale(self) -> StoreUnreachableError:
        return StoreUnreachableError(
            "the listing of {url} is not what the store holds",
            hint="Run it again; should it last, run `baozhang vault probe` on this URL.",
            url=self.url,
        )

    def _asked(self, name: ObjectName, ask: Callable[[], T]) -> T:
        """Ask for an object; what the store says of it becomes the errors of the contract."""

        def answered() -> T | BaozhangError:
            try:
                return ask()
            except FAILURES as error:
                if is_no_object(error):
                    return ObjectMissingError("the vault has no object {object}", object=name)
                if is_past_the_end(error):
                    return _cut(name)
                raise

        answer = self.bucket.tried(answered)
        if isinstance(answer, BaozhangError):
            raise answer
        self._seen.add(name)
        return answer

    def _whole(self, name: ObjectName) -> bytes:
        """Return an object; bytes of another hash than its name's may have changed on the way."""
        data = b""
        for _ in range(LOOKS):
            data = self._asked(name, lambda: self.bucket.read(self.key(name)))
            if is_right(name, data):
                break
        return data

    def _send(self, name: ObjectName, content: bytes | bytearray) -> None:
        only_new = {"IfNoneMatch": "*"} if self._creates else {}
        how = self._sent_with(name)
        if len(content) > self._part:
            self._send_parts(name, content, how, only_new)
        else:
            self.bucket.put(self.key(name), content, **how, **self._checksum(content), **only_new)

    @property
    def _creates(self) -> bool:
        profile = self.place.profile
        if self.place.versioned and not profile.create_when_versioned:
            return False
        return profile.create != "none"

    def _send_parts(
        self,
        name: ObjectName,
        content: bytes | bytearray,
        how: dict[str, Any],
        only_new: dict[str, Any],
    ) -> None:
        key, view = self.key(name), memoryview(content)
        algorithm = {"ChecksumAlgorithm": "SHA256"} if self.place.trust_checksum else {}
        upload = self.bucket.begin(key, **how, **algorithm)
        try:
            parts = []
            for number, at in enumerate(range(0, len(content), self._part), 1):
                data = bytes(view[at : at + self._part])
                parts.append(self._send_part(key, upload, number, data))
            self.bucket.complete(key, upload, parts, **only_new)
        except BaseException:
            with suppress(*FAILURES):  # a put-only role may not: the bucket's lifecycle rule does
                self.bucket.abort(key, upload)
            raise

    def _send_part(self, key: str, upload: str, number: int, data: bytes) -> dict[str, Any]:
        sha256 = self._checksum(data)
        return self.bucket.tried(lambda: self.bucket.part(key, upload, number, data, **sha256))

    def _checksum(self, data: bytes | bytearray) -> dict[str, Any]:
        if not self.place.trust_checksum:
            return {}
        return {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _sha256(data)}

    def _holds(self, name: ObjectName, content: bytes | bytearray, digest: bytes) -> bool:
        """Tell whether the object is there, with these bytes.

        Raises:
            CorruptObjectError: it is there, twice read, with others.
        """
        try:
            if self._sounds(name, content, digest) or self._sounds(name, content, digest):
                return True
        except FAILURES as error:
            if is_no_object(error) or answer_of(error).status == 404:
                return False
            raise
        raise CorruptObjectError(
            "the store does not hold what it was given: {object}",
            hint="Somebody or something wrote other bytes under this name; have them looked at "
            "and moved away by whoever may delete, then run it again.",
            object=name,
        )

    def _sounds(self, name: ObjectName, content: bytes | bytearray, digest: bytes) -> bool:
        if self.place.trust_checksum:
            said = self.bucket.head(self.key(name))
            if told := said.get("ChecksumSHA256"):
                right = {_sha256(content), _sha256_of_parts(content, self._part)}
                return told in right and said["ContentLength"] == len(content)
        return self._hash(self.key(name)) == digest

    def _hash(self, key: str, version: str = "") -> bytes:
        found = blake3()
        for block in self.bucket.blocks(key, version):
            found.update(block)
        return found.digest()


def is_right(name: ObjectName, data: bytes) -> bool:
    """Tell whether these bytes are what the name says, as far as it says anything."""
    return not is_ours(name) or hash_in(name) in ("", hash_of(data))


def _cut(name: ObjectName) -> CorruptObjectError:
    return CorruptObjectError("an object ends too early: {object}", object=name)


def _sha256(data: bytes | bytearray) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _sha256_of_parts(content: bytes | bytearray, part: int) -> str:
    """Return the checksum that S3 tells of an upload in parts: of the parts' checksums."""
    view = memoryview(content)
    starts = range(0, len(content), part)
    whole = b"".join(hashlib.sha256(view[at : at + part]).digest() for at in starts)
    return f"{_sha256(whole)}-{len(starts)}"
