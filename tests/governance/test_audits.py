"""What is kept of audits: found again by month and run, never written twice, damage named."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance.audits import Asked, Audit, Audits, Gathered, Packed
from baozhang.governance.controls import controls
from tests.governance.auditing import END, FIRST, NOW, asked, full, judged

SEPTEMBER = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


def finished(audit: Audit) -> Audit:
    audit.keep("packed", Packed(manifest="0" * 64, sha256="0" * 64, size=1, at=NOW))
    return audit


def test_the_regular_audit_is_called_by_its_month(tmp_path: Path) -> None:
    assert Audits(tmp_path).regular(asked()).id == "a-2026-10"


def test_begun_again_it_is_the_same_audit_as_it_was_asked_first(tmp_path: Path) -> None:
    Audits(tmp_path).regular(asked(by="zhao"))
    assert Audits(tmp_path).regular(asked(by="wang")).asked.by == "zhao"


def test_an_unfinished_one_is_gone_on_with_though_asked_again(tmp_path: Path) -> None:
    Audits(tmp_path).regular(asked())
    assert Audits(tmp_path).regular(asked(), again=True).id == "a-2026-10"


def test_a_finished_one_asked_again_gets_revisions(tmp_path: Path) -> None:
    known = Audits(tmp_path)
    finished(known.regular(asked()))
    finished(known.regular(asked(), again=True))
    last = known.regular(asked(), again=True)
    assert (last.id, last.asked.revision) == ("a-2026-10-r3", 3)


def test_without_asking_the_newest_revision_is_found(tmp_path: Path) -> None:
    known = Audits(tmp_path)
    finished(known.regular(asked()))
    known.regular(asked(), again=True)
    assert known.regular(asked()).id == "a-2026-10-r2"


def test_audits_on_demand_are_numbered_by_day(tmp_path: Path) -> None:
    known = Audits(tmp_path)
    names = [known.on_demand(asked(kind="demand")).id for _ in range(2)]
    assert names == ["a-20261103-01", "a-20261103-02"]  # 22:40 UTC is the next day in Shanghai


def test_a_run_finds_the_audit_that_it_began(tmp_path: Path) -> None:
    known = Audits(tmp_path)
    first = known.on_demand(asked(kind="demand", run="r1"))
    known.on_demand(asked(kind="demand", run="r2"))
    assert known.on_demand(asked(kind="demand", run="r1")).id == first.id


def test_a_folder_without_a_word_is_no_audit(tmp_path: Path) -> None:
    (tmp_path / "a-2026-10").mkdir()
    assert Audits(tmp_path).all() == ()


def test_a_folder_that_was_only_made_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "a-2026-10").mkdir()
    Audits(tmp_path).regular(asked())
    assert [each.id for each in Audits(tmp_path).all()] == ["a-2026-10"]


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert Audits(tmp_path / "none").all() == ()
    with pytest.raises(UsageError):
        Audits(tmp_path / "none").get("a-2026-10")


@pytest.mark.parametrize("name", ["../a-2026-10", "a-2026-10/../a-2026-10", ".", ""])
def test_an_id_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    Audits(tmp_path).regular(asked())
    with pytest.raises(UsageError):
        Audits(tmp_path).get(name)


def test_what_is_kept_is_kept_once(tmp_path: Path) -> None:
    audit = Audits(tmp_path).regular(asked())
    audit.keep("auto", Gathered(at=END, evidence=()))
    later = Gathered(at=END + timedelta(days=1), evidence=())
    assert audit.keep("auto", later).at == END


@pytest.mark.parametrize("name", ["samples", "evidence", "judged", "findings"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"not json", b"\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: bytes) -> None:
    audit = judged(tmp_path, ())
    (audit.folder / f"{name}.json").write_bytes(damage)
    read = {
        "samples": audit.sampled,
        "evidence": audit.ground,
        "judged": audit.verdict,
        "findings": audit.findings,
    }
    with pytest.raises(CorruptObjectError) as caught:
        read[name]()
    assert caught.value.facts == {"file": f"{name}.json", "audit": "a-2026-10"}


def test_a_file_that_says_the_same_in_another_form_is_damaged(tmp_path: Path) -> None:
    audit = judged(tmp_path, ())
    file = audit.folder / "evidence.json"
    file.write_bytes(file.read_bytes().replace(b":", b": ", 1))
    with pytest.raises(CorruptObjectError):
        audit.ground()


def test_an_audit_under_anothers_name_is_damaged(tmp_path: Path) -> None:
    Audits(tmp_path).regular(asked())
    (tmp_path / "a-2026-10").rename(tmp_path / "a-2026-11")
    with pytest.raises(CorruptObjectError):
        Audits(tmp_path).get("a-2026-11")


def test_a_step_that_has_not_come_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Audits(tmp_path).regular(asked()).ground()
    assert caught.value.facts["file"] == "evidence.json"


def test_files_are_private(tmp_path: Path) -> None:
    audit = judged(tmp_path, ())
    assert {each.stat().st_mode & 0o777 for each in audit.folder.iterdir()} == {0o600}
    assert audit.folder.stat().st_mode & 0o777 == 0o700


def test_evidence_is_the_same_file_whatever_order_it_came_in(tmp_path: Path) -> None:
    pieces = full(controls())
    one, two = judged(tmp_path / "1", pieces), judged(tmp_path / "2", reversed(pieces))
    assert one.bytes_of("evidence") == two.bytes_of("evidence")


def test_the_one_before_is_the_month_before(tmp_path: Path) -> None:
    first = judged(tmp_path, (), **SEPTEMBER)
    assert _before(judged(tmp_path, ())) == first.id


def test_of_several_revisions_the_newest_is_the_one_before(tmp_path: Path) -> None:
    finished(judged(tmp_path, (), **SEPTEMBER))
    again = Audits(tmp_path).regular(asked(**SEPTEMBER), again=True)
    for name in ("samples", "evidence", "judged", "findings"):
        (again.folder / f"{name}.json").write_bytes(
            (tmp_path / "a-2026-09" / f"{name}.json").read_bytes()
        )
    assert _before(judged(tmp_path, ())) == "a-2026-09-r2"


def test_an_audit_of_some_sections_is_not_before_one_of_all(tmp_path: Path) -> None:
    known = Audits(tmp_path)
    known.on_demand(asked(kind="demand", sections=("A7",), **SEPTEMBER))
    assert _before(judged(tmp_path, ())) is None


def test_a_month_before_that_was_never_judged_is_none(tmp_path: Path) -> None:
    Audits(tmp_path).regular(asked(**SEPTEMBER))
    assert _before(judged(tmp_path, ())) is None


def _before(audit: Audit) -> str | None:
    found = Audits(audit.folder.parent).before(audit)
    return found.id if found else None


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (date(2026, 10, 31), "2026-10"),
        (date(2026, 10, 30), "2026-10-01..2026-10-30"),
        (date(2026, 11, 30), "2026-10-01..2026-11-30"),
    ],
)
def test_a_whole_month_is_told_as_one(last: date, told: str) -> None:
    assert Asked.model_validate(asked().model_dump() | {"first": FIRST, "last": last}).month == told


def test_how_far_it_came_is_told_by_its_files(tmp_path: Path) -> None:
    begun = Audits(tmp_path).regular(asked()).stage
    found = judged(tmp_path, ())
    stages = [begun, found.stage, finished(found).stage]
    assert stages == ["begun", "judged", "packed"]
