"""S3 places as URLs.

    s3+ceph://bucket/folder?endpoint=https://rgw.example:8443&region=default&lock=compliance:90d

The scheme names the profile (`s3://` is `s3+aws://`).  Parameters, all optional but `endpoint` with
ceph and generic:

    endpoint      where the service answers
    region        its region; oss and cos make their endpoint of it
    lock          compliance:<days>d | governance:<days>d | bucket (the bucket locks by itself)
    readback      full (default) | checksum, where the provider refuses what does not fit
    credentials   the name of a profile in the credentials file; else the environment decides

Credentials themselves are never part of a URL: URLs are shown, stored and mailed.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from baozhang.errors import UsageError
from baozhang.vault.stores.s3_profiles import Profile, profile_named

SCHEME = re.compile(r"s3(?:\+([a-z0-9]+))?")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LOCK = re.compile(r"(compliance|governance):(\d{1,5})d")
PARAMETERS = {"endpoint", "region", "lock", "readback", "credentials"}

LockMode = Literal["COMPLIANCE", "GOVERNANCE"]


@dataclass(frozen=True, slots=True)
class Lock:
    """How long what is put stays locked."""

    mode: LockMode = "COMPLIANCE"
    days: int = 0
    """0: the bucket locks by itself, for as long as its own rule says."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder in a bucket, and how to speak to who keeps it."""

    profile: Profile
    bucket: str
    folder: str = ""  # without slashes around it
    endpoint: str = ""
    region: str = ""
    lock: Lock | None = None
    trust_checksum: bool = False
    """Read back by the provider's own checksum, instead of every byte."""
    credentials: str = ""

    @property
    def url(self) -> str:
        """The place, spelled one way: two URLs of one folder are one place."""
        folder = f"/{quote(self.folder)}" if self.folder else ""
        where = {"endpoint": self.endpoint} if self.endpoint else {}
        query = f"?{urlencode(where, safe=':/')}" if where else ""
        return f"s3+{self.profile.name}://{self.bucket}{folder}{query}"

    @property
    def versioned(self) -> bool:
        """Whether the bucket keeps versions: Object Lock stands on them."""
        return self.lock is not None and self.profile.lock == "object-lock"


def place_of(url: str) -> Place:
    """Return what an S3 URL means.

    Raises:
        UsageError: not such a URL; secrets that stand in it are not repeated.
    """
    parts = urlsplit(url)
    _require_no_secret(parts.netloc)
    scheme = SCHEME.fullmatch(parts.scheme)
    if not scheme or not BUCKET.fullmatch(parts.netloc) or parts.fragment:
        raise UsageError(
            "this is no URL of an S3 bucket",
            hint="Write it like s3+ceph://bucket/folder?endpoint=https://host:port.",
        )
    profile = profile_named(scheme[1] or "aws")
    words = _parameters(parts.query)
    region = words.get("region", "")
    return Place(
        profile=profile,
        bucket=parts.netloc,
        folder=_folder(unquote(parts.path)),
        endpoint=_endpoint(profile, words.get("endpoint", ""), region),
        region=region,
        lock=_lock(profile, words["lock"]) if "lock" in words else None,
        trust_checksum=_trusts(profile, words.get("readback", "full")),
        credentials=words.get("credentials", ""),
    )


def _require_no_secret(netloc: str) -> None:
    if "@" in netloc:
        raise UsageError(
            "a URL must not hold a user or a password: URLs are shown and stored",
            hint="Put the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or in a credentials file named by credentials=NAME.",
        )


def _parameters(query: str) -> dict[str, str]:
    words = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(set(words) - PARAMETERS):
        raise UsageError(
            "an S3 URL has no parameter {names}",
            hint="Use {known}.",
            names=", ".join(unknown),
            known=", ".join(sorted(PARAMETERS)),
        )
    return words


def _folder(path: str) -> str:
    folder = path.strip("/")
    if any(part in ("", ".", "..") for part in folder.split("/")) and folder:
        raise UsageError(
            "{folder} cannot be a folder of a bucket",
            hint="Write names with single slashes between them.",
            folder=folder,
        )
    return folder


def _endpoint(profile: Profile, given: str, region: str) -> str:
    if given:
        parts = urlsplit(given)
        _require_no_secret(parts.netloc)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
            raise UsageError(
                "the endpoint is no web address",
                hint="Write it like endpoint=https://host:port.",
            )
        return given.rstrip("/")
    if profile.needs_endpoint:
        raise UsageError(
            "an S3 URL of kind {profile} needs the endpoint where it answers",
            hint="Add ?endpoint=https://host:port to the URL.",
            profile=profile.name,
        )
    if profile.endpoint and not region:
        raise UsageError(
            "an S3 URL of kind {profile} needs its region",
            hint="Add ?region=cn-hangzhou or the like to the URL.",
            profile=profile.name,
        )
    return profile.endpoint.format(region=region)


def _lock(profile: Profile, text: str) -> Lock:
    if profile.lock == "none" or (profile.lock == "bucket-worm" and text != "bucket"):
        raise UsageError(
            "stores of kind {profile} cannot lock single objects",
            hint="See docs/guides/s3.md for what this provider can lock, and leave out lock=.",
            profile=profile.name,
        )
    if text == "bucket":
        return Lock()
    found = LOCK.fullmatch(text)
    if not found or not int(found[2]):
        raise UsageError(
            "the lock {lock} is not understood",
            hint="Write lock=compliance:90d, lock=governance:90d or lock=bucket.",
            lock=text,
        )
    mode: LockMode = "COMPLIANCE" if found[1] == "compliance" else "GOVERNANCE"
    return Lock(mode, int(found[2]))


def _trusts(profile: Profile, text: str) -> bool:
    if text == "full":
        return False
    if text != "checksum" or not profile.checks_sha256:
        raise UsageError(
            "readback={how} cannot be had from stores of kind {profile}",
            hint="Leave it out: every byte is then read back.",
            how=text,
            profile=profile.name,
        )
    return True
