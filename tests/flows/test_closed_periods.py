"""Backups that find a closed period changed, or another client's book: on a real site."""

from pathlib import Path

from baozhang.books.compare import TEMPLATES as COMPARED
from baozhang.books.generations import TEMPLATES
from baozhang.catalog.clean import state_of
from baozhang.catalog.model import Outcome
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.points import points
from tasks.sudden import ALARM_TEMPLATES
from tests.books.making import Sample, sound_rows, voucher, write_cn
from tests.flows.site import ledger
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


def test_a_changed_closed_month_is_told_of_on_the_quiet_night_after_too(home: Path) -> None:
    write(home)
    first = backed_up()
    write(home, amount=10_000_100)
    backed_up()
    outcome = backed_up()
    assert (state_of(outcome), outcome.status) == ("suspicious", "partial")
    with open_site() as site:
        (clean,) = (point.id for point in points(site, Pair("c001", "main")) if point.clean)
    assert clean == first.snapshot


FOREIGN = CLIENT.replace("lead:", "credit_code: 91110000000000001H\nlead:")


def write_owned(home: Path, code: str) -> None:
    """The book, with whose it is in the banner of its balance table."""
    write(home)
    (home / "clients" / "c001.yaml").write_text(FOREIGN, "utf-8")
    path = home / "books" / "c001" / "book" / "科目余额表2026.csv"
    text = path.read_bytes().decode("gb18030")
    banner, rest = text.split("\r\n", 1)
    named = banner.replace("科目余额表", f"科目余额表 统一社会信用代码：{code}", 1)
    path.write_bytes(f"{named}\r\n{rest}".encode("gb18030"))


def test_the_clients_own_book_is_no_matter(home: Path) -> None:
    write_owned(home, "91110000000000001H")
    assert templates(backed_up()) == set()


def test_another_clients_book_is_told_of_every_night_and_never_clean(home: Path) -> None:
    write(home)
    first = backed_up()
    write_owned(home, "91110000000000002G")
    for _ in range(2):
        outcome = backed_up()
        assert (state_of(outcome), outcome.status) == ("suspicious", "partial")
        assert COMPARED["I1.client"] in templates(outcome)
        assert "91110000000000002G" not in repr(outcome)
    with open_site() as site:
        (clean,) = (point.id for point in points(site, Pair("c001", "main")) if point.clean)
    assert clean == first.snapshot


TWO = CLIENT + "      - {name: more, kind: tree, path: more, profile: fec}\n"


def test_a_source_whose_book_never_came_is_told_of(home: Path) -> None:
    write(home)
    (home / "more").mkdir()
    (home / "clients" / "c001.yaml").write_text(TWO, "utf-8")
    outcome = backed_up()
    (finding,) = outcome.findings
    assert (outcome.status, dict(finding.facts)) == ("partial", {"source": "more"})


def test_a_book_that_is_gone_is_told_of_every_night(home: Path) -> None:
    write(home)
    (home / "more").mkdir()
    for year in (2025, 2026):
        (home / "more" / f"FEC{year}.txt").write_text(ledger("1,00"), "utf-8")
    (home / "clients" / "c001.yaml").write_text(TWO, "utf-8")
    backed_up()
    (home / "more" / "FEC2025.txt").unlink()
    for _ in range(2):
        outcome = backed_up()
        assert (state_of(outcome), outcome.status) == ("suspicious", "partial")
        assert ALARM_TEMPLATES["books_lost"] in templates(outcome)
