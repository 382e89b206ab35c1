"""A writer that may put and read, and do nothing else: its credential cannot lose a byte."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from baozhang.keys.slots import new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.reader import restore
from baozhang.vault.stores.s3_locked import LockedS3Store
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.writer import back_up
from tests.vault.stores.rgw import OWNER, WRITER, Rgw
from tests.vault.test_round_trip import facts

pytestmark = pytest.mark.server

AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)
SOON = datetime.now(UTC) + timedelta(minutes=1)
SECRET = new_secret("keyfile")
RULE = {
    "ObjectLockEnabled": "Enabled",
    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
}
LIFECYCLE = {"Rules": [{"ID": "x", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}]}
EVERYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
    }
)
Call = Callable[[Any, dict[str, str], str], object]

MUTATING: dict[str, Call] = {
    "delete": lambda s3, one, _: s3.delete_object(**one),
    "delete the version": lambda s3, one, v: s3.delete_object(**one, VersionId=v),
    "delete by force": lambda s3, one, v: s3.delete_object(
        **one, VersionId=v, BypassGovernanceRetention=True
    ),
    "shorten the lock": lambda s3, one, v: s3.put_object_retention(
        **one, VersionId=v, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": SOON}
    ),
    "extend the lock": lambda s3, one, v: s3.put_object_retention(
        **one, VersionId=v, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": AT}
    ),
    "lift a legal hold": lambda s3, one, v: s3.put_object_legal_hold(
        **one, VersionId=v, LegalHold={"Status": "OFF"}
    ),
    "change who may read": lambda s3, one, _: s3.put_object_acl(**one, ACL="public-read"),
    "change the tags": lambda s3, one, _: s3.put_object_tagging(
        **one, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    ),
    "suspend versions": lambda s3, one, _: s3.put_bucket_versioning(
        Bucket=one["Bucket"], VersioningConfiguration={"Status": "Suspended"}
    ),
    "weaken the bucket's rule": lambda s3, one, _: s3.put_object_lock_configuration(
        Bucket=one["Bucket"], ObjectLockConfiguration=RULE
    ),
    "let objects expire": lambda s3, one, _: s3.put_bucket_lifecycle_configuration(
        Bucket=one["Bucket"], LifecycleConfiguration=LIFECYCLE
    ),
    "change the policy": lambda s3, one, _: s3.put_bucket_policy(
        Bucket=one["Bucket"], Policy=EVERYBODY
    ),
    "delete the policy": lambda s3, one, _: s3.delete_bucket_policy(Bucket=one["Bucket"]),
    "open the bucket": lambda s3, one, _: s3.put_bucket_acl(
        Bucket=one["Bucket"], ACL="public-read-write"
    ),
    "delete the bucket": lambda s3, one, _: s3.delete_bucket(Bucket=one["Bucket"]),
}
"""Everything by which S3 lets somebody lose, expose or unlock what is there."""


@pytest.fixture(scope="module")
def written(rgw: Rgw, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A vault in a bucket that locks by itself, made by its owner, and one backup by the writer."""
    bucket = rgw.bucket(lock=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    rgw.owner.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    rgw.allow(bucket)
    create_vault(rgw.opened(bucket, lock="bucket", role=OWNER), [SECRET], at=AT)
    tree = tmp_path_factory.mktemp("books")
    (tree / "journal.csv").write_bytes(b"1,rent,100\n" * 5_000)
    side = open_vault(rgw.opened(bucket, lock="bucket", role=WRITER), SECRET).client(
        "c001", create=True
    )
    with TreeSource(tree).freeze() as frozen:
        back_up(side, frozen, set_name="main", at=AT)
    return bucket, tree


@pytest.fixture(scope="module")
def writer(rgw: Rgw) -> Any:
    session = boto3.Session(WRITER.key, WRITER.secret)
    return session.client("s3", endpoint_url=rgw.endpoint, region_name="us-east-1")


@pytest.mark.parametrize("call", MUTATING)
def test_the_writers_credential_is_denied(
    rgw: Rgw, written: tuple[str, Path], writer: Any, call: str
) -> None:
    bucket, _ = written
    store = rgw.opened(bucket, lock="bucket")
    assert isinstance(store, LockedS3Store)
    info = next(iter(store.list("c/")))
    version = store.versions(info.name)[0].id
    with pytest.raises(ClientError) as caught:
        MUTATING[call](writer, {"Bucket": bucket, "Key": f"vault/{info.name}"}, version)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("role", [OWNER, WRITER], ids=["owner", "writer"])
def test_the_backup_restores_after_all_of_it(
    rgw: Rgw, written: tuple[str, Path], writer: Any, tmp_path: Path, role: Any
) -> None:
    """Also after the one thing a writer can do: lay other bytes over every object."""
    bucket, tree = written
    for info in list(rgw.opened(bucket, lock="bucket").list()):
        writer.put_object(Bucket=bucket, Key=f"vault/{info.name}", Body=b"ransom")
    side = open_vault(rgw.opened(bucket, lock="bucket", role=role), SECRET).client("c001")
    restore(side, side.find("latest"), tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_the_writer_may_ask_whether_the_bucket_locks(rgw: Rgw, written: tuple[str, Path]) -> None:
    rgw.opened(written[0], lock="bucket", role=WRITER).prepare()


def test_a_refused_deletion_says_which_policy_to_look_at(
    rgw: Rgw, written: tuple[str, Path]
) -> None:
    store = rgw.opened(written[0], lock="bucket", role=WRITER)
    with pytest.raises(Exception, match="AccessDenied") as caught:
        store.delete(next(iter(store.list("c/"))).name)
    assert "docs/guides/s3.md" in str(caught.value)
