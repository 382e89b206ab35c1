"""Custody: registered before it is made, destroyed with a proof, never forgotten by either half."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.audit.verification import lines_of
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Copy
from baozhang.errors import BaozhangError, CorruptObjectError, UsageError
from baozhang.incidents.custody import (
    DUE,
    destroy,
    find,
    held,
    history,
    open_copy,
    temporary,
    withdraw,
)
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.custody import custody_findings
from tests.flows.site import make_site

NOW = datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def site(tmp_path: Path, time: Time) -> Iterator[Site]:
    with open_site(make_site(tmp_path / "site", "c001"), clock=time) as opened:
        yield opened


def opened(site: Site, place: Path, **more: object) -> Copy:
    what = {"client": "c001", "set_name": "main", "snapshot": "s", "reason": "a test", **more}
    return open_copy(site, place, opener="zhang", **what)  # type: ignore[arg-type]


def fill(place: Path) -> None:
    (place / "deep").mkdir(parents=True)
    (place / "a").write_bytes(b"12345")
    (place / "deep" / "b").write_bytes(b"67")
    (place / "deep").chmod(0o500)


def test_a_copy_is_registered_before_it_is_made(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    (only,) = held(site)
    assert only.path == tmp_path / "out"
    assert not only.there()
    assert (copy.id, copy.due) == ("c-20261122-143005", NOW + DUE)


def test_two_copies_of_one_second_have_two_ids(site: Site, tmp_path: Path) -> None:
    ids = [opened(site, tmp_path / name).id for name in "ab"]
    assert ids == ["c-20261122-143005", "c-20261122-143005-2"]


def test_an_id_that_was_used_is_not_used_again(site: Site, tmp_path: Path) -> None:
    first = opened(site, tmp_path / "a")
    withdraw(site, first.id, by="zhang")
    assert opened(site, tmp_path / "a").id != first.id


def test_a_place_in_use_is_never_taken_into_custody(site: Site, tmp_path: Path) -> None:
    fill(tmp_path / "mine")
    with pytest.raises(UsageError):
        opened(site, tmp_path / "mine")
    assert held(site) == ()


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 201])
def test_no_copy_is_made_without_a_reason(site: Site, tmp_path: Path, reason: str) -> None:
    with pytest.raises(UsageError):
        opened(site, tmp_path / "out", reason=reason)


def test_no_copy_may_end_before_it_begins(site: Site, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        opened(site, tmp_path / "out", due=NOW)


def test_destroying_removes_everything_and_proves_how_much(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "out")
    end = destroy(site, copy.id, by="wang")
    assert not (tmp_path / "out").exists()
    assert (end.how, end.files, end.bytes, end.by) == ("removed", 2, 7, "wang")
    assert history(site)[0].end == end
    assert held(site) == ()


def test_destroying_again_gives_the_same_proof(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "out")
    assert destroy(site, copy.id, by="wang") == destroy(site, copy.id, by="zhang")


def test_a_link_is_removed_and_not_followed(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "elsewhere")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    destroy(site, copy.id, by="wang")
    assert (tmp_path / "elsewhere" / "a").read_bytes() == b"12345"


def test_a_place_that_became_a_link_is_left_alone(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "elsewhere")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BaozhangError):
        destroy(site, copy.id, by="wang")
    assert (tmp_path / "elsewhere" / "a").exists()
    assert (tmp_path / "elsewhere" / "deep").stat().st_mode & 0o777 == 0o500
    assert held(site)


def test_what_is_not_where_it_was_put_is_not_called_destroyed(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    with pytest.raises(UsageError):
        destroy(site, copy.id, by="wang")
    assert destroy(site, copy.id, by="wang", gone=True).how == "gone"


def test_a_copy_that_was_made_is_not_withdrawn(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "out")
    with pytest.raises(UsageError):
        withdraw(site, copy.id, by="zhang")


def test_a_destruction_that_was_stopped_half_way_keeps_its_first_count(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "out")
    settle = os.fsync

    def stopped(handle: int) -> None:
        if not (tmp_path / "out").exists():
            raise KeyboardInterrupt
        settle(handle)

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        destroy(site, copy.id, by="wang")
    monkeypatch.setattr(os, "fsync", settle)
    end = destroy(site, copy.id, by="wang")
    assert (end.how, end.files, end.bytes) == ("removed", 2, 7)


def test_a_temporary_copy_is_destroyed_whatever_happens(site: Site, tmp_path: Path) -> None:
    about = {"client": "c001", "set_name": "main", "snapshot": "s", "reason": "x", "opener": "r"}
    with suppress(CorruptObjectError), temporary(site, tmp_path / "out", **about):
        fill(tmp_path / "out")
        raise CorruptObjectError("broken")
    assert not (tmp_path / "out").exists()
    assert [known.end.how for known in history(site) if known.end] == ["removed"]


def test_a_temporary_copy_that_was_never_made_is_told_so(site: Site, tmp_path: Path) -> None:
    about = {"client": "c001", "set_name": "main", "snapshot": "s", "reason": "x", "opener": "r"}
    with temporary(site, tmp_path / "out", **about):
        pass
    assert [known.end.how for known in history(site) if known.end] == ["never"]


def test_copies_that_come_and_go_at_once_are_all_proven(site: Site, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(5):
            place = tmp_path / f"{number}-{turn}"
            about = {"client": "c001", "set_name": "main", "snapshot": "s", "reason": "x"}
            with temporary(site, place, opener="r", **about):
                fill(place)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert held(site) == ()
    assert [known.end.how for known in history(site) if known.end] == ["removed"] * 20


def test_a_lost_catalog_forgets_no_copy(site: Site, tmp_path: Path, time: Time) -> None:
    copy = opened(site, tmp_path / "out")
    fill(tmp_path / "out")
    catalog = site.catalog.path
    site.catalog.close()
    for part in catalog.parent.glob(f"{catalog.name}*"):
        part.unlink()
    with open_site(site.home, clock=time) as again:
        assert find(again, copy.id).copy == copy
        assert destroy(again, copy.id, by="wang").files == 2
        assert history(again)[0].copy == copy


def test_a_lost_state_folder_forgets_no_copy(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    (site.home / "state" / "custody" / f"{copy.id}.json").unlink()
    (only,) = held(site)
    assert (only.copy, only.path) == (copy, None)


def test_the_one_that_is_due_first_is_listed_first(site: Site, tmp_path: Path) -> None:
    late = opened(site, tmp_path / "a")
    soon = opened(site, tmp_path / "b", due=NOW + timedelta(hours=1))
    assert [each.copy for each in held(site)] == [soon, late]


def test_an_overdue_copy_is_told_of_in_the_night(site: Site, tmp_path: Path, time: Time) -> None:
    copy = opened(site, tmp_path / "out")
    assert list(custody_findings(site)) == []
    time.now += DUE
    (finding,) = custody_findings(site)
    assert dict(finding.facts) == {"count": 1, "copies": copy.id}
    assert finding.severity == "critical"


def test_no_path_is_in_the_catalog_or_the_audit_log(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "示例商贸有限公司")
    fill(tmp_path / "示例商贸有限公司")
    destroy(site, copy.id, by="wang")
    log = b"".join(line for _, line in lines_of(site.home / "state" / "audit"))
    site.catalog.export_journal(tmp_path / "journal")
    rows = b"".join(file.read_bytes() for file in (tmp_path / "journal").iterdir())
    for each in (log, rows):
        assert copy.place.encode() in each
        assert "示例商贸".encode() not in each
        assert str(tmp_path).encode() not in each


def test_the_private_file_is_readable_by_its_owner_alone(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    file = site.home / "state" / "custody" / f"{copy.id}.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_of_the_register_that_cannot_be_read_is_told(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    (site.home / "state" / "custody" / f"{copy.id}.json").write_bytes(b"{")
    with pytest.raises(CorruptObjectError):
        held(site)


def test_the_catalog_refuses_a_second_end(site: Site, tmp_path: Path) -> None:
    copy = opened(site, tmp_path / "out")
    end = withdraw(site, copy.id, by="zhang")
    CustodyBook(site.catalog).end(end)
    assert len(history(site)) == 1
