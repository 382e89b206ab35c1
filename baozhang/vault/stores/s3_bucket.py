"""The calls to one bucket: plain values in, plain values out, each asked again while that may help.

This is the one module that speaks to boto3.  What is asked again, and how long, is decided here and
not by boto3: its own retries are switched off, so that every try is bounded and counted once.

What boto3's defaults would break is switched off as well: uploads in aws-chunked coding (several
providers refuse them), and batched deletes without Content-MD5 (COS refuses those).
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

import boto3  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.loaders import create_loader  # type: ignore[import-untyped]

from baozhang.errors import BaozhangError
from baozhang.vault.stores.s3_errors import FAILURES, OddAnswerError, answer_of, passes, translated
from baozhang.vault.stores.s3_patience import Patience
from baozhang.vault.stores.s3_url import LockMode, Place

T = TypeVar("T")
CONNECTIONS = 16
PAGE = 1000  # the most that a listing or a batched delete may name
BLOCK = 2**20  # bytes read at a time
UNLOCKED_CODES = {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"}
"""How AWS says that an object, or a bucket, has no lock; Ceph says the second of both."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key handed in, instead of boto3's own search for one."""

    key: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Version(NamedTuple):
    """One version of an object, as a listing tells it."""

    key: str
    id: str
    size: int
    at: datetime
    newest: bool
    marker: bool  # a delete marker: no bytes, hides what is older


class Page(NamedTuple):
    """A part of a listing."""

    items: list[Version]
    next: dict[str, str]  # how to ask for the next part; empty after the last


class Bucket:
    """One bucket of a provider; safe to share between threads."""

    def __init__(
        self, place: Place, *, credentials: Credentials | None = None, patience: Patience
    ) -> None:
        self.place = place
        self._patience = patience
        try:
            self._client = self._made(_session(place, credentials))
        except FAILURES as error:
            raise self._raised(error) from error

    def tried(self, ask: Callable[[], T]) -> T:
        """Return what `ask` returns, asked again while it may help.

        Raises:
            BaozhangError: what the last failure means.
        """
        began, tried = self._patience.elapsed(), 0
        while True:
            try:
                return ask()
            except FAILURES as error:
                tried += 1
                if not passes(error) or not self._patience.wait(tried, began):
                    raise self._raised(error) from error

    def put(self, key: str, data: bytes | bytearray, **how: Any) -> None:
        """Put an object in one request; Content-MD5 lets the provider refuse what was changed."""
        self._client.put_object(**self._named(key), Body=data, **{"ContentMD5": md5(data), **how})

    def begin(self, key: str, **how: Any) -> str:
        """Begin an upload in parts; return its id."""
        return str(self._client.create_multipart_upload(**self._named(key), **how)["UploadId"])

    def part(self, key: str, upload: str, number: int, data: bytes, **how: Any) -> dict[str, Any]:
        """Put one part; return what `complete` must name it by."""
        said = self._client.upload_part(
            **self._named(key),
            UploadId=upload,
            PartNumber=number,
            Body=data,
            ContentMD5=md5(data),
            **how,
        )
        names = ("ETag", "ChecksumSHA256")
        return {"PartNumber": number} | {name: said[name] for name in names if name in said}

    def complete(self, key: str, upload: str, parts: Sequence[dict[str, Any]], **how: Any) -> None:
        """Make an object of its parts."""
        self._client.complete_multipart_upload(
            **self._named(key), UploadId=upload, MultipartUpload={"Parts": list(parts)}, **how
        )

    def abort(self, key: str, upload: str) -> None:
        """Forget an upload in parts."""
        self._client.abort_multipart_upload(**self._named(key), UploadId=upload)

    def blocks(self, key: str, version: str = "") -> Iterator[bytes]:
        """Yield an object's bytes, a block at a time."""
        body = self._client.get_object(**self._named(key, version))["Body"]
        try:
            while block := body.read(BLOCK):
                yield block
        finally:
            body.close()

    def read(self, key: str, version: str = "") -> bytes:
        """Return an object's bytes."""
        body = self._client.get_object(**self._named(key, version))["Body"]
        with body:
            return bytes(body.read())

    def read_range(self, key: str, offset: int, length: int, version: str = "") -> bytes:
        """Return a range of an object; less where the object ends before it."""
        asked = f"bytes={offset}-{offset + length - 1}"
        said = self._client.get_object(**self._named(key, version), Range=asked)
        body = said["Body"]  # not `as body`: that would be the stream that counts nothing
        with body:
            if not str(said.get("ContentRange", "")).startswith(f"bytes {offset}-"):
                raise OddAnswerError("another range than was asked for")
            return bytes(body.read())

    def head(self, key: str, version: str = "") -> dict[str, Any]:
        """Return what is known of an object without its bytes."""
        said: dict[str, Any] = self._client.head_object(
            **self._named(key, version), ChecksumMode="ENABLED"
        )
        if not said["ResponseMetadata"]["HTTPHeaders"].get("date"):
            raise OddAnswerError("an answer without a date")
        return said

    def page(self, prefix: str, after: dict[str, str], limit: int = PAGE) -> Page:
        """Return a part of the listing of the present objects."""
        said = self._client.list_objects_v2(
            Bucket=self.place.bucket, Prefix=prefix, MaxKeys=limit, **after
        )
        found = said.get("Contents", [])
        if "IsTruncated" not in said or said.get("KeyCount", len(found)) != len(found):
            raise OddAnswerError("not a listing")  # an error page must not be an empty listing
        items = [
            Version(one["Key"], "", one["Size"], one["LastModified"], newest=True, marker=False)
            for one in found
        ]
        return Page(items, _after(said, ContinuationToken="NextContinuationToken"))

    def page_of_versions(self, prefix: str, after: dict[str, str], limit: int = PAGE) -> Page:
        """Return a part of the listing of all versions and delete markers."""
        said = self._client.list_object_versions(
            Bucket=self.place.bucket, Prefix=prefix, MaxKeys=limit, **after
        )
        if "IsTruncated" not in said:
            raise OddAnswerError("not a listing")
        items = [_version(one, marker=False) for one in said.get("Versions", [])]
        items += [_version(one, marker=True) for one in said.get("DeleteMarkers", [])]
        more = _after(said, KeyMarker="NextKeyMarker", VersionIdMarker="NextVersionIdMarker")
        return Page(sorted(items, key=lambda one: one.key), more)

    def delete(self, key: str, version: str = "", **how: Any) -> None:
        """Delete an object, or one version of it."""
        self._client.delete_object(**self._named(key, version), **how)

    def delete_many(self, named: Sequence[tuple[str, str]]) -> list[str]:
        """Delete up to 1,000 (key, version)s in one request; return the codes of the refusals."""
        wanted = [
            {"Key": key} | ({"VersionId": version} if version else {}) for key, version in named
        ]
        said = self._client.delete_objects(
            Bucket=self.place.bucket, Delete={"Objects": wanted, "Quiet": True}
        )
        return [str(one.get("Code", "")) for one in said.get("Errors", [])]

    def retention(self, key: str, version: str = "") -> tuple[str, datetime | None]:
        """Return a version's lock: mode and end; nothing where there is none."""
        try:
            said = self._client.get_object_retention(**self._named(key, version))["Retention"]
        except FAILURES as error:
            if answer_of(error).code in UNLOCKED_CODES:
                return "", None
            raise
        return str(said.get("Mode", "")), said.get("RetainUntilDate")

    def retain(
        self, key: str, version: str, mode: LockMode, until: datetime, *, bypass: bool = False
    ) -> None:
        """Lock a version until then."""
        how = {"BypassGovernanceRetention": True} if bypass else {}
        self._client.put_object_retention(
            **self._named(key, version),
            Retention={"Mode": mode, "RetainUntilDate": until},
            **how,
        )

    def hold(self, key: str, version: str, *, on: bool) -> None:
        """Set or lift a version's legal hold."""
        held = {"Status": "ON" if on else "OFF"}
        self._client.put_object_legal_hold(**self._named(key, version), LegalHold=held)

    def locks(self) -> bool:
        """Tell whether the bucket was made for Object Lock."""
        try:
            said = self._client.get_object_lock_configuration(Bucket=self.place.bucket)
        except FAILURES as error:
            if answer_of(error).code in UNLOCKED_CODES:
                return False
            raise
        return bool(said["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")

    def _named(self, key: str, version: str = "") -> dict[str, str]:
        named = {"Bucket": self.place.bucket, "Key": key}
        return named | ({"VersionId": version} if version else {})

    def _raised(self, error: Exception) -> BaozhangError:
        return translated(error, self.place.url)

    def _made(self, session: Any) -> Any:
        place, patience = self.place, self._patience
        client = session.client(
            "s3",
            endpoint_url=place.endpoint or None,
            region_name=place.region or ("us-east-1" if place.endpoint else None),
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": place.profile.addressing},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=patience.connect,
                read_timeout=patience.read,
                max_pool_connections=CONNECTIONS,
            ),
        )
        events = client.meta.events
        events.register("before-sign.s3.DeleteObjects", _add_md5)
        if place.profile.create == "forbid-overwrite":
            for call in ("PutObject", "CompleteMultipartUpload"):
                events.register(f"provide-client-params.s3.{call}", _note_condition)
                events.register(f"before-sign.s3.{call}", self._forbid_overwrite)
        return client

    def _forbid_overwrite(self, request: Any, **_: Any) -> None:
        """Say "only where there is none" in the provider's own words."""
        if request.context.get(ONLY_NEW):
            request.headers[self.place.profile.create_header] = "true"


ONLY_NEW = "baozhang.only_new"


def _note_condition(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Take If-None-Match out of a call, where the provider has another word for it."""
    context[ONLY_NEW] = params.get("IfNoneMatch") == "*"
    return {name: value for name, value in params.items() if name != "IfNoneMatch"}


def _add_md5(request: Any, **_: Any) -> None:
    """Add the Content-MD5 that COS asks of a batched delete; boto3 sends a CRC32 alone."""
    body = request.data or b""
    request.headers["Content-MD5"] = md5(body.encode() if isinstance(body, str) else body)


def md5(data: bytes | bytearray) -> str:
    """Return what a Content-MD5 header says: against accidents on the way, not against people."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _session(place: Place, credentials: Credentials | None) -> Any:
    core = botocore.session.Session(profile=place.credentials or None)
    core.register_component("data_loader", _loader())
    if credentials is not None:
        core.set_credentials(credentials.key, credentials.secret, credentials.token)
    return boto3.Session(botocore_session=core)


@cache
def _loader() -> Any:
    """Return what reads boto3's description of S3: once per process, for it takes a while."""
    return create_loader()


def _after(said: dict[str, Any], **names: str) -> dict[str, str]:
    if not said["IsTruncated"]:
        return {}
    more = {name: str(said[theirs]) for name, theirs in names.items() if said.get(theirs)}
    if not more:
        raise OddAnswerError("a listing that is cut and does not say where")
    return more


def _version(one: dict[str, Any], *, marker: bool) -> Version:
    return Version(
        key=one["Key"],
        id=one["VersionId"],
        size=one.get("Size", 0),
        at=one["LastModified"],
        newest=one["IsLatest"],
        marker=marker,
    )
