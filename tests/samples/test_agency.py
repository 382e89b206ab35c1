"""A sample agency is decided by its seed, labelled synthetic, and made of valid files."""

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.samples.agency import make_agency, next_day, recall
from baozhang.samples.chart import DATA
from tests.samples.conftest import CLIENTS, FIRST, LEAN
from tests.samples.ledgers import table
from tests.samples.trees import tree


def test_the_same_seed_gives_the_same_bytes_and_times(agency: Path, tmp_path: Path) -> None:
    make_agency(tmp_path / "b", clients=3, months=5, seed=7, first=FIRST, shape=LEAN, fec=True)
    assert tree(tmp_path / "b") == tree(agency)


def test_another_seed_gives_other_books(agency: Path, tmp_path: Path) -> None:
    make_agency(tmp_path / "b", clients=1, months=1, seed=8, first=FIRST, shape=LEAN)
    book = Path("c001/账套/凭证_2025.csv")
    assert (tmp_path / "b" / book).read_bytes()[:4000] != (agency / book).read_bytes()[:4000]


def test_a_clients_books_do_not_depend_on_how_many_clients_there_are(
    agency: Path, tmp_path: Path
) -> None:
    make_agency(tmp_path / "b", clients=1, months=5, seed=7, first=FIRST, shape=LEAN)
    assert tree(tmp_path / "b" / "c001") == tree(agency / "c001")


def test_a_day_passes_the_same_way_in_two_copies(copy: Path, agency: Path, tmp_path: Path) -> None:
    make_agency(tmp_path / "b", clients=3, months=5, seed=7, first=FIRST, shape=LEAN, fec=True)
    for folder in (copy, tmp_path / "b"):
        next_day(folder, 1)
        next_day(folder, 2)
    assert tree(tmp_path / "b") == tree(copy)


def test_another_seed_gives_another_day(copy: Path, agency: Path, tmp_path: Path) -> None:
    make_agency(tmp_path / "b", clients=3, months=5, seed=7, first=FIRST, shape=LEAN, fec=True)
    next_day(copy, 1)
    next_day(tmp_path / "b", 1, seed=99)
    assert tree(tmp_path / "b")["c001/账套/凭证_2026.csv"] != tree(copy)["c001/账套/凭证_2026.csv"]


def test_every_time_is_a_whole_second_within_the_covered_months(agency: Path) -> None:
    first = datetime(2025, 11, 1, tzinfo=UTC).timestamp()
    after = datetime(2026, 4, 1, tzinfo=UTC).timestamp()
    times = [path.stat().st_mtime_ns for path in agency.rglob("*")]
    assert all(not at % 10**9 and first - 86_400 <= at / 10**9 < after for at in times)


def test_a_day_changes_books_and_invoices_and_nothing_else(copy: Path) -> None:
    before = tree(copy)
    next_day(copy, 1)
    changed = {name for name, state in tree(copy).items() if before.get(name, ("",))[0] != state[0]}
    assert all(re.search(r"账套/|发票/\d{20}\.pdf$|sample.json$", name) for name in changed)


def test_the_french_client_keeps_still_when_a_day_passes(copy: Path) -> None:
    before = tree(copy / "c004")
    next_day(copy, 1)
    assert tree(copy / "c004") == before


def test_the_days_of_two_months_can_pass(copy: Path) -> None:
    for day in range(1, 34):
        next_day(copy, day)
    assert recall(copy).today.isoformat() == "2026-05-03"


def test_a_day_out_of_turn_is_refused(copy: Path) -> None:
    with pytest.raises(UsageError) as caught:
        next_day(copy, 2)
    assert caught.value.facts == {"day": 2, "due": 1}


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError):
        make_agency(tmp_path, clients=1, months=1, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_agency_without_clients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        make_agency(tmp_path / "a", clients=0, months=1, seed=1)


def test_a_folder_without_a_sample_has_no_next_day(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        next_day(tmp_path, 1)


@pytest.mark.parametrize("where", ["", *CLIENTS])
def test_every_folder_says_in_two_languages_that_it_is_synthetic(agency: Path, where: str) -> None:
    text = (agency / where / "SYNTHETIC.md").read_text("utf-8")
    assert "虚构" in text
    assert "Synthetic" in text


def test_every_name_carries_the_word_for_sample(agency: Path) -> None:
    clients = recall(agency).clients
    names = [name for client in clients for name in (client.name, *client.staff)]
    assert all("样例" in name for name in names)


def test_the_french_ledger_is_copied_byte_for_byte_with_its_licence(agency: Path) -> None:
    source = DATA / "fec_fr"
    name = "123456789FEC20500930.txt"
    pairs = {source / name: agency / "c004" / "账套" / name}
    pairs[source / "LICENSE"] = agency / "c004" / "LICENSE"
    assert all(ours.read_bytes() == copied.read_bytes() for ours, copied in pairs.items())


@pytest.mark.parametrize("client", CLIENTS)
def test_a_pdf_of_every_client_has_its_objects_where_its_table_says(
    agency: Path, client: str
) -> None:
    for path in (agency / client).rglob("*.pdf"):
        body = path.read_bytes()
        table_at = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
        places = [int(line[:10]) for line in body[table_at:].splitlines()[3:9]]
        found = [body[at:].startswith(b"%d 0 obj" % n) for n, at in enumerate(places, 1)]
        assert found == [True] * 6
        assert body.startswith(b"%PDF-1.4")


def test_an_invoice_is_of_the_size_asked_for(agency: Path) -> None:
    sizes = [path.stat().st_size for path in agency.rglob("发票/*.pdf")]
    assert min(sizes) >= 4_700
    assert max(sizes) <= 9_300


def test_every_invoice_number_has_twenty_digits_and_its_paper(agency: Path) -> None:
    rows = table(agency / "c001" / "账套", "发票_*.csv", banner=0)
    numbers = [row["数电票号码"] for row in rows]
    assert all(re.fullmatch(r"\d{20}", number) for number in numbers)
    assert sorted(numbers) == sorted(path.stem for path in (agency / "c001" / "发票").iterdir())


def test_an_invoices_parts_add_up_and_its_tax_fits_a_rate(agency: Path) -> None:
    for row in table(agency / "c001" / "账套", "发票_*.csv", banner=0):
        net, tax, total = (float(row[name]) for name in ("金额", "税额", "价税合计"))
        assert round(net + tax - total, 2) == 0
        assert abs(tax - net * 0.13) <= 0.06


def test_workbooks_are_sound_archives_with_a_sheet(agency: Path) -> None:
    for path in agency.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert "样例" in archive.read("xl/worksheets/sheet1.xml").decode("utf-8")


def test_progress_ends_at_all_clients(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_agency(
        tmp_path / "a",
        clients=2,
        months=1,
        seed=1,
        shape=LEAN,
        tell=lambda done, total: told.append((done, total)),
    )
    assert told == [(0, 2), (1, 2), (2, 2)]
