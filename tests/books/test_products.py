"""Every product's export reproduces the totals that were computed without our readers."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.books.proof import Proof
from tests.books.exports import (
    ENTRIES,
    KINGDEE_10,
    KINGDEE_21,
    YONYOU_8,
    Totals,
    kingdee_10_row,
    kingdee_21_row,
    totals,
    write_cloud,
    write_k3,
    write_sheets,
    write_text,
    write_xml,
    yonyou_8_row,
)
from tests.books.making import proof_of, the_book


def totals_of(proof: Proof) -> Totals:
    found: Totals = defaultdict(lambda: (0, Decimal(0), Decimal(0)))
    for total in proof.totals:
        lines, debit, credit = found[total.period]
        found[total.period] = (
            lines + total.lines,
            debit + Decimal(total.debit) / 100,
            credit + Decimal(total.credit) / 100,
        )
    return dict(found)


def written(profile: str, folder: Path) -> Path:
    match profile:
        case "k3_37":
            return write_k3(folder / "凭证.xlsx")
        case "kingdee_10":
            rows = [KINGDEE_10, *map(kingdee_10_row, ENTRIES)]
            return write_sheets(folder / "凭证.xlsx", {"凭证": rows})
        case "kingdee_21":
            rows = [KINGDEE_21, *map(kingdee_21_row, ENTRIES)]
            return write_sheets(folder / "凭证.xlsx", {"凭证": rows})
        case "yonyou_8":
            return write_text(folder / "凭证.csv", [YONYOU_8, *map(yonyou_8_row, ENTRIES)])
        case "cloud_pair":
            return write_cloud(folder / "账套")
    return write_xml(folder / "总账.xml")


PRODUCTS = ("k3_37", "kingdee_10", "kingdee_21", "yonyou_8", "cloud_pair", "gbt24589")


@pytest.mark.parametrize("profile", PRODUCTS)
def test_an_export_reproduces_its_totals(profile: str, tmp_path: Path) -> None:
    assert totals_of(proof_of(profile, written(profile, tmp_path))) == totals()


@pytest.mark.parametrize("profile", PRODUCTS)
def test_a_sound_export_breaks_no_law(profile: str, tmp_path: Path) -> None:
    found = proof_of(profile, written(profile, tmp_path)).violations
    assert [one for one in found if one.severity == "critical"] == []


@pytest.mark.parametrize("profile", PRODUCTS)
def test_vouchers_are_the_same_whichever_product_wrote_them(profile: str, tmp_path: Path) -> None:
    lines = list(the_book(profile, written(profile, tmp_path)).lines())
    assert [
        (line.period, line.word, int(line.number), line.date, line.summary, line.account)
        for line in lines
    ] == [(one.day[:7], "记", one.number, one.day, one.summary, one.account) for one in ENTRIES]
