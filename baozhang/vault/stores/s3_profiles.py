"""What each provider of the S3 protocol does differently, as values.

One protocol, five dialects.  A profile is a claim; `baozhang vault probe` holds a real bucket
against it, and nothing else may be believed.  Sources: the providers' public documentation, and
Ceph 16.2.15, moto 5.2.5 and boto3 1.44.5 as they were seen to behave (docs/guides/s3.md).
"""

from dataclasses import dataclass
from typing import Literal

from baozhang.errors import UsageError

Create = Literal["if-none-match", "forbid-overwrite", "none"]
LockKind = Literal["object-lock", "bucket-worm", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One provider's dialect."""

    name: str
    addressing: Literal["virtual", "path"]
    create: Create
    """How an object is made only where there is none."""
    create_header: str
    """The header of `forbid-overwrite`; each provider has its own."""
    create_when_versioned: bool
    """Whether that also holds in a bucket that keeps versions."""
    lock: LockKind
    checks_md5: bool
    """Refuses bytes that do not fit their Content-MD5."""
    checks_sha256: bool
    """Refuses bytes that do not fit their `x-amz-checksum-sha256`, and tells it again later."""
    endpoint: str
    """Where it answers unless a URL says otherwise; empty: boto3 knows, or the URL must say."""
    needs_endpoint: bool = False


AWS = Profile(
    name="aws",
    addressing="virtual",
    create="if-none-match",
    create_header="",
    create_when_versioned=True,
    lock="object-lock",
    checks_md5=True,
    checks_sha256=True,
    endpoint="",
)
CEPH = Profile(
    name="ceph",
    addressing="path",  # a gateway without a wildcard name in the DNS knows no other
    create="if-none-match",
    create_header="",
    create_when_versioned=False,  # 16.2.15 takes the second one in a bucket with versions
    lock="object-lock",
    checks_md5=True,
    checks_sha256=False,  # takes any
    endpoint="",
    needs_endpoint=True,
)
OSS = Profile(
    name="oss",
    addressing="virtual",
    create="forbid-overwrite",  # If-None-Match is refused
    create_header="x-oss-forbid-overwrite",
    create_when_versioned=False,
    lock="bucket-worm",
    checks_md5=True,
    checks_sha256=False,
    endpoint="https://s3.oss-{region}.aliyuncs.com",
)
COS = Profile(
    name="cos",
    addressing="virtual",  # path-style is forbidden
    create="forbid-overwrite",
    create_header="x-cos-forbid-overwrite",
    create_when_versioned=False,
    lock="none",  # allow-listed there; without it nothing is locked
    checks_md5=True,
    checks_sha256=False,
    endpoint="https://cos.{region}.myqcloud.com",
)
GENERIC = Profile(
    name="generic",
    addressing="path",
    create="none",
    create_header="",
    create_when_versioned=False,
    lock="none",
    checks_md5=False,
    checks_sha256=False,
    endpoint="",
    needs_endpoint=True,
)

PROFILES = {profile.name: profile for profile in (AWS, CEPH, OSS, COS, GENERIC)}


def profile_named(name: str) -> Profile:
    """Return a profile.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in PROFILES:
        raise UsageError(
            "{name} is no kind of S3 store this release knows",
            hint="Write s3+KIND://, where KIND is one of {known}.",
            name=name,
            known=", ".join(PROFILES),
        )
    return PROFILES[name]
