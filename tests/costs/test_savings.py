"""Savings that break a rule are refused, and shown with the rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from baozhang.costs.guards import Place
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import MediumRow
from baozhang.costs.savings import Known, Proposal, Rhythm, nature, proposals
from baozhang.policies.law.register import load_register
from tests.costs.values import GB_MONTH, NOVEMBER, price

DAY = timedelta(days=1)
RAW = 100 * GB_MONTH
VAULT = Place("main", "main", "disk", False, False, 1000, RAW)
NAS = Place("main-mirror-1", "main", "nas", False, False, 900, RAW)
CLOUD = Place("main-mirror-2", "main", "cloud", True, True, 2000, RAW)
ASKED: list[str] = []


def medium(
    place: str, *, kind: str = "usb", offsite: bool = False, offline: bool = False
) -> MediumRow:
    return MediumRow.model_validate({
        "kind": kind, "place": place, "fen": 36_500, "valid_from": "2026-01-01",
        "valid_to": "2026-12-31", "offsite": offsite, "offline": offline,
    })  # fmt: skip


def known(
    places: Sequence[Place] = (VAULT, NAS, CLOUD),
    *,
    media: Mapping[str, MediumRow] | None = None,
    rhythms: Sequence[Rhythm] = (),
    old: Mapping[str, tuple[int, int]] | None = None,
    errors: int = 0,
    held: Sequence[str] = (),
    book: PriceBook | None = None,
) -> Known:
    return Known(
        NOVEMBER,
        book or PriceBook({}),
        media or {},
        places,
        rhythms,
        old or {},
        load_register().retention,
        errors,
        lambda _vault: held,
    )


def found(kind: str, what: Known) -> dict[str, Proposal]:
    return {each.subject: each for each in proposals(what) if each.kind == kind}


def whys(each: Proposal) -> list[str]:
    return [check.why for check in each.checks]


def test_a_copy_beyond_what_is_needed_may_go() -> None:
    assert found("drop-copy", known())["main-mirror-1"].allowed


def test_the_only_copy_elsewhere_may_not_go() -> None:
    each = found("drop-copy", known())["main-mirror-2"]
    assert (each.allowed, whys(each)) == (False, ["offsite"])


def test_the_only_offline_copy_may_not_go() -> None:
    away = replace(NAS, offsite=True)
    assert whys(found("drop-copy", known((VAULT, away, CLOUD)))["main-mirror-2"]) == ["offline"]


def test_the_last_copy_may_not_go() -> None:
    assert whys(found("drop-copy", known((VAULT, CLOUD)))["main-mirror-2"]) == ["copies"]


def test_two_copies_on_one_kind_of_medium_do_not_do() -> None:
    same = replace(CLOUD, kind="disk")
    assert whys(found("drop-copy", known((VAULT, NAS, same)))["main-mirror-1"]) == ["kinds"]


def test_a_medium_nobody_described_does_not_count() -> None:
    unknown = replace(VAULT, kind="")
    assert whys(found("drop-copy", known((unknown, NAS, CLOUD)))["main-mirror-1"]) == ["kinds"]


def test_while_something_is_damaged_no_copy_may_go() -> None:
    each = found("drop-copy", known(errors=2))["main-mirror-1"]
    assert whys(each) == ["errors"]


def test_a_hold_keeps_a_copy() -> None:
    each = found("drop-copy", known(held=("c001",)))["main-mirror-1"]
    assert (each.allowed, whys(each)) == (False, ["kept", "held"])


def test_the_vault_itself_is_never_proposed() -> None:
    assert "main" not in found("drop-copy", known())


def test_a_year_s_retention_is_against_the_law() -> None:
    each = found("keep-a-year", known(old={"main": (RAW // 2, 4)}))["main"]
    assert (each.allowed, whys(each)) == (False, ["law"])
    assert dict(each.checks[0].facts)["years"] == "30"
    assert each.fen == 1950


def test_a_medium_without_a_copy_may_go() -> None:
    what = known(media={"m-001": medium(""), "m-002": medium("main")})
    assert {subject: each.fen for subject, each in found("unused-medium", what).items()} == {
        "m-001": 3000
    }


@pytest.mark.parametrize(("every", "allowed"), [(DAY / 4, True), (DAY / 2, True), (DAY, False)])
def test_backups_stay_daily(every: timedelta, allowed: bool) -> None:
    rhythm = Rhythm("daily", every, 90 * DAY, 100, 0)
    assert found("rarer-backup", known(rhythms=[rhythm]))["daily"].allowed is allowed


@pytest.mark.parametrize(("every", "allowed"), [(45, True), (46, False), (90, False)])
def test_restore_tests_stay_quarterly(every: int, allowed: bool) -> None:
    rhythm = Rhythm("daily", DAY, every * DAY, 0, 100)
    assert found("rarer-test", known(rhythms=[rhythm]))["daily"].allowed is allowed


def test_a_copy_may_move_to_a_cheaper_place_that_is_known_to_serve() -> None:
    book = PriceBook({"p-1": price("storage:cold", "0.05")})
    media = {"m-1": medium("cold", kind="tape", offsite=True, offline=True)}
    each = found("cheaper-place", known(media=media, book=book))["main-mirror-2"]
    assert (each.allowed, each.to, each.fen) == (True, "cold", 1500)


def test_a_copy_may_not_move_where_nobody_knows_what_is() -> None:
    book = PriceBook({"p-1": price("storage:cold", "0.05")})
    each = found("cheaper-place", known(book=book))["main-mirror-2"]
    assert (each.allowed, whys(each)) == (False, ["offsite"])


def test_what_saves_nothing_is_not_proposed() -> None:
    free = [replace(each, fen=0) for each in (VAULT, NAS, CLOUD)]
    assert proposals(known(free)) == ()


def test_allowed_ones_come_first_and_the_largest_first() -> None:
    told = proposals(known(media={"m-001": medium("")}, old={"main": (RAW, 1)}))
    assert [(each.kind, each.allowed) for each in told] == [
        ("unused-medium", True), ("drop-copy", True), ("keep-a-year", False), ("drop-copy", False),
    ]  # fmt: skip


def test_a_bucket_counts_as_a_cloud_elsewhere_until_the_register_says_more() -> None:
    assert nature([], "x", remote=True).offsite
    assert not nature([], "x", remote=True).offline
    assert not nature([], "x").kind
    assert nature([medium("x", kind="cloud", offline=True)], "x", remote=True).offline


def test_a_disposed_medium_describes_no_place() -> None:
    row = medium("x").model_copy(update={"disposed": "certificate 7", "valid_to": date(2027, 1, 1)})
    assert not nature([row], "x").kind
