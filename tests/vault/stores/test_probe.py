"""A probe tells what a store does: every claim of every profile, kept and broken."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.errors import StoreUnreachableError, UsageError
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.stores.probe import (
    ProbeReport,
    Trial,
    encode_report,
    probe,
    probe_is_fresh,
    read_record,
    write_record,
)
from baozhang.vault.stores.s3_opening import open_store
from tests.vault.stores.conftest import ANYBODY, patience
from tests.vault.stores.fake_s3 import OSS, OSS_WORM, PLAIN, Fake, Rules, serving
from tests.vault.stores.rgw import WRITER, Rgw
from tests.vault.stores.test_providers import Serve, serve  # noqa: F401 - a fixture

NOW = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)
LOCKED = tuple(
    Trial(name, "refused", "refused")  # type: ignore[arg-type]
    for name in ("overwrite", "hide", "delete", "delete by force", "shorten", "weaken")
)
PROVEN = ProbeReport(
    "s3+ceph://ledgers",
    "ceph",
    "compliance",
    NOW,
    (*LOCKED, Trial("lock", "done", "done"), Trial("extend", None, "done"),
     Trial("unhide", None, "done")),
    2,
)  # fmt: skip


def seen(report: ProbeReport) -> dict[str, str]:
    return {trial.name: trial.seen for trial in report.trials}


def broken(report: ProbeReport) -> list[str]:
    return [trial.name for trial in report.trials if not trial.kept_claim]


def test_a_folder_is_probed_by_its_own_verbs(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    report = probe(str(tmp_path / "vault"))
    assert report.keeps_claims
    assert not report.tamper_proof
    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachableError):
        probe(str(tmp_path / "typo"))
    assert not (tmp_path / "typo").exists()


def test_a_store_that_lists_nothing_does_not_keep_its_claims() -> None:
    class Forgetful(MemoryStore):
        def list(self, prefix: str = "", /) -> Iterator[object]:  # type: ignore[override]
            return iter(())

    assert broken(probe("memory", store=Forgetful())) == ["list"]


def test_a_store_that_creates_twice_is_told_from_one_that_does_not(serve: Serve) -> None:  # noqa: F811
    honest, _ = serve("oss", OSS)
    careless, _ = serve("oss", Rules(path_style=False, forbid_overwrite="x-oss-forbid-overwrite-"))
    assert broken(probe(honest.url, store=honest)) == []
    with pytest.raises(UsageError):
        probe(careless.url, store=careless)


def test_a_store_that_ignores_if_none_match_breaks_its_claim() -> None:
    with serving(Fake(Rules(if_none_match=True))) as fake:
        url = f"s3+ceph://ledgers/vault?endpoint={fake.endpoint}"
        store = open_store(url, credentials=ANYBODY, patience=patience())
        events = store.bucket._client.meta.events
        events.register(
            "before-sign.s3.PutObject",
            lambda request, **_: request.headers.__delitem__("If-None-Match"),
        )
        assert broken(probe(url, store=store)) == ["create again"]


def test_a_bucket_worm_that_holds_is_tamper_proof(serve: Serve) -> None:  # noqa: F811
    store, _ = serve("oss", OSS_WORM, "&lock=bucket")
    report = probe(store.url, store=store)
    assert report.keeps_claims
    assert report.tamper_proof
    assert report.left == 1


def test_a_bucket_worm_that_was_never_locked_is_found_out(serve: Serve) -> None:  # noqa: F811
    store, _ = serve("oss", OSS, "&lock=bucket")
    report = probe(store.url, store=store)
    assert broken(report) == ["overwrite", "delete"]
    assert not report.tamper_proof


def test_scratch_objects_are_removed_and_their_names_cannot_be_guessed() -> None:
    with serving(Fake(PLAIN)) as fake:
        url = f"s3+generic://ledgers/vault?endpoint={fake.endpoint}"
        store = open_store(url, credentials=ANYBODY, patience=patience())
        assert probe(url, store=store).left == 0
        assert probe(url, store=store).left == 0
        keys = [line.split()[1] for line in fake.requests if line.startswith("PUT")]
        folders = {key.split("/")[2] for key in keys}
        assert fake.objects == {}
        assert len(folders) == 2
        assert all(len(folder) == 32 for folder in folders)


@pytest.mark.server
def test_ceph_under_compliance_is_tamper_proof(rgw: Rgw) -> None:
    store = rgw.store(lock="compliance:365d")
    report = probe(store.url, store=store)
    assert report.keeps_claims
    assert report.tamper_proof
    assert seen(report) == {
        "create": "done",
        "read": "done",
        "list": "done",
        "wrong checksum": "refused",
        "create again": "done",  # 16.2.15 does not keep If-None-Match where there are versions
        "overwrite": "kept",
        "lock": "done",
        "hide": "kept",
        "unhide": "done",
        "shorten": "refused",
        "weaken": "refused",
        "extend": "done",
        "delete": "refused",
        "delete by force": "refused",
    }


@pytest.mark.server
def test_ceph_without_locks_creates_exclusively_and_is_not_tamper_proof(rgw: Rgw) -> None:
    store = rgw.store()
    report = probe(store.url, store=store)
    assert report.keeps_claims
    assert seen(report)["create again"] == "refused"
    assert seen(report)["overwrite"] == "done"
    assert not report.tamper_proof


@pytest.mark.server
def test_locks_that_may_be_lifted_are_not_tamper_proof(rgw: Rgw) -> None:
    store = rgw.store(lock="governance:30d")
    report = probe(store.url, store=store)
    assert report.keeps_claims
    assert seen(report)["delete by force"] == "lost"
    assert not report.tamper_proof


@pytest.mark.server
def test_a_lock_that_no_rule_of_the_bucket_makes_is_found_out(rgw: Rgw) -> None:
    store = rgw.store(lock="bucket")
    report = probe(store.url, store=store)
    assert "lock" in broken(report)
    assert not report.tamper_proof


@pytest.mark.server
def test_a_role_that_may_delete_nothing_proves_no_lock(rgw: Rgw) -> None:
    bucket = rgw.bucket(lock=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    rgw.owner.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    rgw.allow(bucket)
    store = rgw.opened(bucket, lock="bucket", role=WRITER)
    report = probe(store.url, store=store)
    assert seen(report)["delete"] == "refused"
    assert not report.may_delete
    assert not report.tamper_proof


def test_tamper_proof_needs_every_try_refused() -> None:
    assert PROVEN.tamper_proof
    for trial in LOCKED:
        rest = tuple(one for one in PROVEN.trials if one.name != trial.name)
        assert not replace(PROVEN, trials=(*rest, replace(trial, seen="done"))).tamper_proof
        assert not replace(PROVEN, trials=rest).tamper_proof


@pytest.mark.parametrize("control", ["extend", "unhide", "lock"])
def test_tamper_proof_needs_the_controls(control: str) -> None:
    rest = tuple(one for one in PROVEN.trials if one.name != control)
    refused = Trial(control, None, "refused")  # type: ignore[arg-type]
    assert not replace(PROVEN, trials=rest).tamper_proof
    assert not replace(PROVEN, trials=(*rest, refused)).tamper_proof


@pytest.mark.parametrize(("days", "fresh"), [(0, True), (31, True), (31.01, False), (-0.01, False)])
def test_a_report_says_something_for_thirty_one_days(days: float, fresh: bool) -> None:
    assert probe_is_fresh(PROVEN, NOW + timedelta(days=days)) is fresh


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_record(tmp_path / "probe.json", PROVEN)
    assert read_record(tmp_path / "probe.json") == PROVEN


def test_a_record_that_claims_more_than_its_trials_is_not_believed(tmp_path: Path) -> None:
    value = encode_report(replace(PROVEN, trials=PROVEN.trials[1:]))
    (tmp_path / "probe.json").write_text(json.dumps({**value, "tamper_proof": True}))
    assert not read_record(tmp_path / "probe.json").tamper_proof


def test_what_is_no_record_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "probe.json").write_text("{}")
    with pytest.raises(UsageError):
        read_record(tmp_path / "probe.json")
