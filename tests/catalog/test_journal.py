"""The journal leaves as files and comes back as rows."""

from pathlib import Path

import pytest

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.custody import CustodyBook
from baozhang.errors import CorruptObjectError, NewerFormatError
from tests.catalog.values import changed, outcome

LATER = ["alerts.jsonl", "alert_events.jsonl"]
CUSTODY = ["custody.jsonl", "custody_ends.jsonl"]
FIRST = ["runs.jsonl", "outcomes.jsonl", "findings.jsonl", "letters.jsonl", "anchors.jsonl"]
REGISTERS = ["entries.jsonl"]
FILES = [*FIRST, *LATER, *CUSTODY, *REGISTERS]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def exported(full: Catalog, tmp_path: Path) -> Path:
    full.export_journal(tmp_path / "journal")
    return tmp_path / "journal"


@pytest.fixture
def empty(tmp_path: Path) -> Catalog:
    return Catalog.open(tmp_path / "empty.db")


def test_an_empty_catalog_takes_the_whole_journal(
    full: Catalog, exported: Path, empty: Catalog
) -> None:
    assert empty.import_journal(exported) == 12
    assert (empty.outcomes(), empty.letters(), empty.anchors()) == (
        full.outcomes(),
        full.letters(),
        full.anchors(),
    )
    assert empty.run("backup-2026-07-31-8f3a") == full.run("backup-2026-07-31-8f3a")
    assert AlertBook(empty).all() == AlertBook(full).all() != ()


def test_what_was_imported_is_exported_byte_for_byte(
    exported: Path, empty: Catalog, tmp_path: Path
) -> None:
    empty.import_journal(exported)
    empty.export_journal(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(exported)
    assert sorted(contents(exported)) == sorted(FILES)


def test_a_later_export_begins_with_the_earlier_one(full: Catalog, exported: Path) -> None:
    before = contents(exported)
    full.append(outcome("c000", run="earlier", day=-9))
    full.export_journal(exported)
    after = contents(exported)
    assert all(after[name].startswith(before[name]) for name in FILES)
    assert len(after["outcomes.jsonl"]) > len(before["outcomes.jsonl"])


def test_importing_twice_adds_nothing(exported: Path, empty: Catalog) -> None:
    empty.import_journal(exported)
    assert empty.import_journal(exported) == 0


def test_a_journal_that_went_on_keeps_what_it_has(full: Catalog, exported: Path) -> None:
    full.append(outcome("c009"))
    before = full.outcomes()
    assert full.import_journal(exported) == 0
    assert full.outcomes() == before


def test_an_outcome_that_stands_gets_no_findings_of_another(exported: Path, empty: Catalog) -> None:
    mine = changed(outcome("c001"), "failed")
    empty.append(mine)
    empty.import_journal(exported)
    assert empty.outcomes(client="c001") == (mine,)
    assert empty.outcomes(client="c002") == (outcome("c002", status="partial"),)


def test_letters_go_on_after_the_imported_ones(exported: Path, empty: Catalog) -> None:
    empty.import_journal(exported)
    with empty.transaction():
        assert empty.next_letter("night") == 2


# without entries.jsonl a journal is one of an earlier release; `baozhang register verify` holds
# what came back against the audit log
@pytest.mark.parametrize("name", [*FIRST, *LATER, *CUSTODY])
def test_a_missing_file_is_damage_and_nothing_is_imported(
    exported: Path, empty: Catalog, name: str
) -> None:
    (exported / name).unlink()
    with pytest.raises(CorruptObjectError):
        empty.import_journal(exported)
    assert (empty.outcomes(), empty.letters()) == ((), ())


def test_a_journal_of_before_alerts_is_imported(exported: Path, empty: Catalog) -> None:
    for name in [*LATER, *CUSTODY, *REGISTERS]:
        (exported / name).unlink()
    assert empty.import_journal(exported) == 9
    assert AlertBook(empty).all() == ()


def test_a_journal_of_before_custody_brings_its_alerts_back(exported: Path, empty: Catalog) -> None:
    for name in [*CUSTODY, *REGISTERS]:
        (exported / name).unlink()
    empty.import_journal(exported)
    assert AlertBook(empty).all()
    assert CustodyBook(empty).all() == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"status":"ok"', b'"status":"fine"'),
        (b'"status":"ok"', b'"status":1'),
        (b'"status":"ok"', b'"state":"ok"'),
        (b'["lines",2600000]', b'["lines",2.5]'),
        (b'["lines",2600000]', b'["lines"]'),
        (b"2026-07-31T14:00:00.000000+00:00", b"2026-07-31T14:00:00.000000"),
        (b"2026-07-31T14:00:00.000000+00:00", b"yesterday"),
        (b'{"client"', b'["client"'),
    ],
)
def test_a_line_that_is_no_row_is_damage_and_named(
    exported: Path, empty: Catalog, old: bytes, new: bytes
) -> None:
    file = exported / "outcomes.jsonl"
    file.write_bytes(file.read_bytes().replace(old, new, 1))
    with pytest.raises(CorruptObjectError) as caught:
        empty.import_journal(exported)
    assert caught.value.facts == {"file": "outcomes.jsonl", "line": 2}


def test_files_of_a_newer_release_are_refused(exported: Path, empty: Catalog) -> None:
    file = exported / "letters.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"format":1', b'"format":2'))
    with pytest.raises(NewerFormatError):
        empty.import_journal(exported)


def test_a_file_of_another_table_is_damage(exported: Path, empty: Catalog) -> None:
    (exported / "runs.jsonl").write_bytes((exported / "anchors.jsonl").read_bytes())
    with pytest.raises(CorruptObjectError):
        empty.import_journal(exported)


def test_more_rows_than_one_batch_come_back(exported: Path, empty: Catalog) -> None:
    file = exported / "letters.jsonl"
    header, row = file.read_bytes().splitlines(keepends=True)
    numbered = [row.replace(b'"number":1', b'"number":%d' % number) for number in range(1, 2002)]
    file.write_bytes(header + b"".join(numbered))
    empty.import_journal(exported)
    assert [each.number for each in empty.letters()] == list(range(1, 2002))
