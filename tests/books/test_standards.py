"""What an account's code means is data of the accounting standard, never code."""

import csv
from pathlib import Path

import pytest

import baozhang.samples
from baozhang.books.model import Standard
from baozhang.books.standards import AccountClass, load_standard

REGULATION = Path(baozhang.samples.__file__).parent / "data/cn_coa_sbe"
CLASSES: dict[str, AccountClass] = {
    "资产": "asset",
    "负债": "liability",
    "所有者权益": "equity",
    "成本": "cost",
    "损益": "profit_loss",
}


def regulation() -> list[dict[str, str]]:
    (path,) = REGULATION.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_66_accounts_of_the_regulation_have_their_classes() -> None:
    standard = load_standard("sbe")
    rows = regulation()
    assert len(rows) == 66
    assert {row["code"]: standard.class_of(row["code"]) for row in rows} == {
        row["code"]: CLASSES[row["category"]] for row in rows
    }


def test_what_earns_is_what_the_regulation_gives_a_credit_balance() -> None:
    earning = {
        row["code"]
        for row in regulation()
        if row["category"] == "损益" and row["normal_balance"] == "贷"
    }
    assert {*load_standard("sbe").income} == earning


def test_unusual_sides_are_the_other_ones_than_the_regulation_s() -> None:
    sides = {row["code"]: row["normal_balance"] for row in regulation()}
    standard = load_standard("sbe")
    assert {sides[code] for code in standard.never_credit} == {"借"}
    assert {sides[code] for code in standard.never_debit} == {"贷"}


@pytest.mark.parametrize(("name", "meaning"), [("sbe", "cost"), ("asbe", "equity")])
def test_4001_is_a_cost_in_one_standard_and_capital_in_the_other(
    name: Standard, meaning: str
) -> None:
    assert load_standard(name).class_of("4001") == meaning


@pytest.mark.parametrize(("name", "profit"), [("sbe", "3103"), ("asbe", "4103")])
def test_a_standard_knows_its_profit_of_the_year(name: Standard, profit: str) -> None:
    standard = load_standard(name)
    assert standard.profit == profit
    assert standard.fits(["1002", f"{profit}01"])
    assert not standard.fits(["1002", "2001"])


def test_another_standard_classifies_nothing() -> None:
    assert load_standard("other").class_of("1002") is None


@pytest.mark.parametrize("name", ["sbe", "asbe"])
def test_an_account_that_no_class_begins_is_of_none(name: Standard) -> None:
    assert load_standard(name).class_of("9001") is None


def test_a_control_account_is_found_by_what_it_controls() -> None:
    assert load_standard("asbe").controls_of("payable") == ("2202",)
    assert load_standard("other").controls_of("payable") == ()
