"""A real S3 service for a session of tests: Ceph's gateway, as tools/rgw.sh starts it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_bucket import Credentials
from baozhang.vault.stores.s3_opening import open_store
from baozhang.vault.stores.s3_patience import Patience

SCRIPT = Path(__file__).parents[3] / "tools" / "rgw.sh"
OWNER = Credentials("owner", "owner-secret")
WRITER = Credentials("writer", "writer-secret")
NUMBERS = count(1)

PUT_ONLY = ("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket",
            "s3:ListBucketVersions", "s3:GetObjectRetention",
            "s3:GetBucketObjectLockConfiguration")  # fmt: skip

OWN = ("s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectTagging",
       "s3:PutObjectVersionTagging", "s3:PutObjectRetention", "s3:PutObjectLegalHold")  # fmt: skip
"""What Ceph lets whoever put an object do to it, unless it is denied."""


@dataclass(frozen=True)
class Rgw:
    """Where it answers, and its owner's own client."""

    endpoint: str
    owner: Any = field(repr=False)

    def bucket(self, *, lock: bool = False) -> str:
        """Make a new bucket."""
        name = f"ledgers-{next(NUMBERS)}"
        self.owner.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        return name

    def url(self, bucket: str, more: str = "") -> str:
        return f"s3+ceph://{bucket}/vault?endpoint={self.endpoint}{more}"

    def store(self, *, lock: str = "", role: Credentials = OWNER) -> S3Store:
        """Return a store in a new bucket."""
        bucket = self.bucket(lock=bool(lock))
        return self.opened(bucket, lock=lock, role=role)

    def opened(self, bucket: str, *, lock: str = "", role: Credentials = OWNER) -> S3Store:
        """Return a store in a bucket that is there."""
        url = self.url(bucket, f"&lock={lock}" if lock else "")
        return open_store(url, credentials=role, patience=Patience(tries=3, first=0.01))

    def allow(self, bucket: str, actions: tuple[str, ...] = PUT_ONLY) -> None:
        """Let the writer do these things in a bucket, and nothing else."""
        everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
        writer = {"Principal": {"AWS": ["arn:aws:iam:::user/writer"]}, "Resource": everything}
        owner = {"Principal": {"AWS": ["arn:aws:iam:::user/owner"]}, "Resource": everything}
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", **owner},
                {"Effect": "Allow", "Action": list(actions), **writer},
                {"Effect": "Deny", "Action": list(OWN), **writer},
            ],
        }
        self.owner.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


@contextmanager
def running(folder: Path) -> Iterator[Rgw]:
    """Run the gateway until the block ends."""
    assert shutil.which("radosgw"), "radosgw is missing: run tools/system.sh as root"
    started = subprocess.Popen(
        [str(SCRIPT), str(folder / "rgw")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    try:
        word, _, endpoint = started.stdout.readline().strip().partition(" ")
        assert word == "ready"
        session = boto3.Session(OWNER.key, OWNER.secret)
        yield Rgw(endpoint, session.client("s3", endpoint_url=endpoint, region_name="us-east-1"))
    finally:
        started.stdin.close()
        started.wait()
        started.stdout.close()
