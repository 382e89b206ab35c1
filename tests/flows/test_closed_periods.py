"""Backups that find a closed period changed, or another client's book: on a real site."""

from pathlib import Path

from baozhang.books.compare import TEMPLATES as COMPARED
from baozhang.books.generations import TEMPLATES
from baozhang.catalog.model import Outcome
from tasks.sudden import ALARM_TEMPLATES, state_of
from tests.books.making import Sample, sound_rows, voucher, write_cn
from tests.flows.walking import night

CLIENT = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {name: books, kind: tree, path: books/c001, profile: cn_csv}
"""


def write(home: Path, *, amount: int = 10_000_000, more: int = 0) -> None:
    """A book of four months; the first voucher of January is worth `amount`."""
    rows = [*sound_rows(), *voucher(3, 1, 5, ("1122", 7, 0), ("5001", 0, 7))]
    rows += voucher(4, 1, 5, ("1122", 9 + more, 0), ("5001", 0, 9 + more))
    rows[0].debit = rows[1].credit = amount
    (home / "books" / "c001" / "FEC2026.txt").unlink(missing_ok=True)
    (home / "clients" / "c001.yaml").write_text(CLIENT, "utf-8")
    write_cn(home / "books" / "c001" / "book", Sample(rows))


def backed_up() -> Outcome:
    (outcome,) = night("c001").outcomes
    return outcome


def templates(outcome: Outcome) -> set[str]:
    return {each.template for each in outcome.findings if each.severity == "critical"}


def test_a_new_amount_in_the_open_month_is_everyday(home: Path) -> None:
    write(home)
    backed_up()
    write(home, more=1)
    outcome = backed_up()
    assert (state_of(outcome), templates(outcome)) == ("normal", set())


def test_a_changed_amount_in_a_closed_month_is_told_with_its_voucher(home: Path) -> None:
    write(home)
    backed_up()
    write(home, amount=10_000_100)
    outcome = backed_up()
    assert TEMPLATES["F2.changed.implied"] in templates(outcome)
    assert ALARM_TEMPLATES["closed"] in templates(outcome)
    (named,) = (e for e in outcome.findings if e.template == TEMPLATES["F2.changed.implied"])
    assert dict(named.facts)["voucher"] == "记-1"


def test_a_backup_with_a_changed_closed_month_is_no_clean_point(home: Path) -> None:
    write(home)
    backed_up()
    write(home, amount=10_000_100)
    assert state_of(backed_up()) == "suspicious"
    write(home, amount=10_000_100, more=1)
    assert state_of(backed_up()) == "suspicious"


def test_a_closed_month_that_is_as_it_was_again_is_clean(home: Path) -> None:
    write(home)
    backed_up()
    write(home, amount=10_000_100)
    backed_up()
    write(home, more=1)
    assert state_of(backed_up()) == "normal"


def test_no_sentence_about_an_owner_holds_a_credit_code() -> None:
    assert "{" not in COMPARED["I1.client"]
