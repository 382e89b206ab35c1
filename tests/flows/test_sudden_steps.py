"""Backups that find a sudden change, on a real site and without a server."""

from pathlib import Path
from random import Random

import pytest

from baozhang.catalog.clean import state_of
from baozhang.catalog.model import Outcome, Run
from baozhang.errors import UsageError
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.points import Point, accept_point, points
from tasks.sudden import ALARM_TEMPLATES
from tests.flows.site import add_papers, ledger
from tests.flows.walking import night

PAPERS = Pair("c001", "papers")


@pytest.fixture
def folder(home: Path) -> Path:
    add_papers(home, "c001")
    folder = home / "papers" / "c001"
    for number in range(30):
        (folder / f"{number:02d}.csv").write_text(f"合同,{number}\r\n" * 300, "utf-8")
    return folder


def scramble(path: Path) -> None:
    path.write_bytes(Random(path.name).randbytes(path.stat().st_size))


def of_papers(run: Run) -> Outcome:
    (outcome,) = (each for each in run.outcomes if each.set == "papers")
    return outcome


def known() -> dict[str, Point]:
    with open_site() as site:
        return {f"{point.state}": point for point in points(site, PAPERS)}


def clean_point() -> str:
    with open_site() as site:
        (found,) = (point.id for point in points(site, PAPERS) if point.clean)
    return found


def signs(outcome: Outcome) -> set[str]:
    words = {template: sign for sign, template in ALARM_TEMPLATES.items()}
    return {words[each.template] for each in outcome.findings if each.template in words}


def test_of_a_first_backup_nothing_can_be_told(folder: Path) -> None:
    assert state_of(of_papers(night("c001"))) == "unknown"


def test_a_quiet_night_is_normal_and_the_last_clean_point(folder: Path) -> None:
    night("c001")
    (folder / "30.csv").write_text("合同,30\r\n" * 300, "utf-8")
    outcome = of_papers(night("c001"))
    assert (state_of(outcome), outcome.status) == ("normal", "ok")
    assert clean_point() == outcome.snapshot


def test_files_that_were_encrypted_at_once_are_told_of(folder: Path) -> None:
    night("c001")
    for path in folder.glob("*.csv"):
        scramble(path)
    outcome = of_papers(night("c001"))
    assert (state_of(outcome), signs(outcome)) == ("suspicious", {"scrambled"})
    assert outcome.status == "partial"


def test_files_that_were_encrypted_under_new_endings_are_told_of(folder: Path) -> None:
    night("c001")
    for path in folder.glob("*.csv"):
        scramble(path)
        path.rename(path.with_suffix(".csv.locked"))
    assert signs(of_papers(night("c001"))) == {"retyped", "scrambled"}


def test_a_few_files_encrypted_each_night_are_told_of_in_the_first_night(folder: Path) -> None:
    night("c001")
    for path in sorted(folder.glob("*.csv"))[:3]:
        scramble(path)
    assert state_of(of_papers(night("c001"))) == "suspicious"


def tidied(folder: Path, each: int, nights: int, *, fresh: int = 0) -> list[Outcome]:
    """Remove some files before each night, and add some."""
    found = []
    for number in range(nights):
        for path in sorted(folder.iterdir())[:each]:
            path.unlink()
        for new in range(fresh):
            (folder / f"{50 + number}-{new}.csv").write_text(f"合同,{number},{new}\r\n" * 300)
        found.append(of_papers(night("c001")))
    return found


def test_a_few_files_removed_each_night_are_told_of_when_they_are_many(folder: Path) -> None:
    for _ in range(2):
        night("c001")
    found = tidied(folder, 5, 4)
    assert [state_of(one) for one in found] == [*["normal"] * 3, "suspicious"]
    assert signs(found[-1]) == {"slow_removed"}
    assert dict(found[-1].figures)["change_slow_removed"] == 20
    assert clean_point() == found[-2].snapshot


def test_what_went_slowly_stays_suspicious_until_somebody_vouches_for_it(folder: Path) -> None:
    for _ in range(2):
        night("c001")
    tidied(folder, 5, 4)
    outcome = of_papers(night("c001"))
    assert signs(outcome) == {"slow_removed"}
    with open_site() as site:
        accept_point(site, PAPERS, outcome.snapshot, by="zhang", reason="年度清理")
    assert state_of(of_papers(night("c001"))) == "normal"
    assert [state_of(one) for one in tidied(folder, 1, 2)] == ["normal", "normal"]


def test_files_that_newer_ones_came_for_have_not_gone_slowly(folder: Path) -> None:
    for _ in range(2):
        night("c001")
    assert {state_of(one) for one in tidied(folder, 5, 6, fresh=5)} == {"normal"}


def test_a_few_files_renamed_each_night_are_told_of_when_they_are_many(folder: Path) -> None:
    for _ in range(2):
        night("c001")
    found = []
    for _ in range(4):
        for path in sorted(folder.glob("[0-2]*.csv"))[:5]:
            path.rename(folder / f"x{path.name}")
        found.append(of_papers(night("c001")))
    assert [state_of(one) for one in found] == [*["normal"] * 3, "suspicious"]
    assert signs(found[-1]) == {"slow_renamed"}


def test_a_suspicious_point_is_kept_and_never_the_last_clean_one(folder: Path) -> None:
    first = of_papers(night("c001")).snapshot
    for path in folder.glob("*.csv"):
        scramble(path)
    second = of_papers(night("c001")).snapshot
    assert clean_point() == first
    assert known()["suspicious"].id == second


def test_the_quiet_night_after_an_attack_is_suspicious_still(folder: Path) -> None:
    first = of_papers(night("c001")).snapshot
    for path in folder.glob("*.csv"):
        scramble(path)
    night("c001")
    assert state_of(of_papers(night("c001"))) == "suspicious"
    assert clean_point() == first


def test_a_change_that_was_undone_is_clean_again(folder: Path) -> None:
    night("c001")
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}
    for path in before:
        path.unlink()
    assert signs(of_papers(night("c001"))) == {"removed"}
    for path, content in before.items():
        path.write_bytes(content)
    outcome = of_papers(night("c001"))
    assert (state_of(outcome), clean_point()) == ("normal", outcome.snapshot)


def test_what_a_person_vouched_for_is_the_last_clean_point(folder: Path) -> None:
    night("c001")
    for path in folder.glob("*.csv"):
        path.unlink()
    point = of_papers(night("c001")).snapshot
    with open_site() as site:
        accept_point(site, PAPERS, point, by="zhang", reason="年度清理")
    assert clean_point() == point
    assert state_of(of_papers(night("c001"))) == "normal"


def test_a_noisy_file_that_was_noise_before_is_everyday(folder: Path) -> None:
    for path in folder.glob("0*.csv"):
        scramble(path)
    night("c001")
    for path in folder.glob("0*.csv"):
        path.write_bytes(Random(9).randbytes(5000))
    assert state_of(of_papers(night("c001"))) == "normal"


def test_a_ledger_that_lost_vouchers_is_told_of(home: Path) -> None:
    book = home / "books" / "c001" / "FEC2026.txt"
    book.write_text(ledger(*["1,00"] * 20), "utf-8")
    night("c001")
    book.write_text(ledger(*["1,00"] * 14), "utf-8")
    (outcome,) = night("c001").outcomes
    assert signs(outcome) == {"lines_lost"}


@pytest.mark.parametrize(
    ("by", "reason", "point"),
    [("nobody", "x", ""), ("zhang", " ", ""), ("zhang", "x", "papers-000009-00000000")],
)
def test_an_acceptance_that_cannot_be_is_refused(
    folder: Path, by: str, reason: str, point: str
) -> None:
    first = of_papers(night("c001")).snapshot
    with open_site() as site, pytest.raises(UsageError):
        accept_point(site, PAPERS, point or first, by=by, reason=reason)


def test_a_clean_point_needs_no_acceptance(folder: Path) -> None:
    night("c001")
    clean = of_papers(night("c001")).snapshot
    with open_site() as site, pytest.raises(UsageError, match="clean already"):
        accept_point(site, PAPERS, clean, by="zhang", reason="x")


def test_a_word_on_an_old_point_makes_no_newer_one_less_clean(folder: Path) -> None:
    night("c001")
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}
    for path in before:
        scramble(path)
    encrypted = of_papers(night("c001")).snapshot
    for path, content in before.items():
        path.write_bytes(content)
    newest = of_papers(night("c001")).snapshot
    with open_site() as site:
        accept_point(site, PAPERS, encrypted, by="zhang", reason="看错了")
    assert clean_point() == newest


def test_files_whose_beginning_alone_was_encrypted_are_told_of(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        path.write_text("合同\r\n" * 5000, "utf-8")
    night("c001")
    for path in folder.glob("*.csv"):
        content = path.read_bytes()
        path.write_bytes(Random(1).randbytes(4096) + content[4096:])
    assert signs(of_papers(night("c001"))) == {"scrambled"}
