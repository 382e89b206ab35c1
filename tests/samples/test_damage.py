"""Damage spoils the one thing it names and nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import UsageError
from baozhang.samples.chart import DATA
from baozhang.samples.damage import (
    blank_to_null,
    drop_voucher,
    duplicate_line,
    flip_byte,
    swap_account,
    tamper_amount,
    truncate_export,
)
from baozhang.samples.seeds import rng_for
from tests.samples.trees import tree

BOOKS = {"cn_csv": "c001", "yonyou_t3": "c002", "fec": "c004"}
PROFILES = tuple(BOOKS)
TEXT = ("cn_csv", "fec")
LINE_END = {"cn_csv": b"\r\n", "fec": b"\r\r\n"}
FIELDS = {"cn_csv": (3, 4, 7), "fec": (0, 2, 4)}  # word, number, account
Rows = list[tuple[object, ...]]


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def export(copy: Path, profile: str) -> Path:
    folder = copy / BOOKS[profile] / "账套"
    pattern = {"cn_csv": "凭证_*.csv", "yonyou_t3": "*.db", "fec": "*.txt"}[profile]
    return max(folder.glob(pattern))


def rows(path: Path) -> Rows:
    """Return the voucher lines, each as its raw fields."""
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as db:
            return list(db.execute("SELECT * FROM GL_accvouch ORDER BY i_id"))
    separator, end = (b"\t", b"\r\r\n") if path.suffix == ".txt" else (b",", b"\r\n")
    return [tuple(line.split(separator)) for line in path.read_bytes().split(end)[1:-1]]


def cents(field: object) -> int:
    text = field.decode() if isinstance(field, bytes) else str(field)
    return int("".join(c for c in text if c.isdigit() or c == "-"))


def test_tampering_changes_one_amount_by_one_minor_unit(copy: Path, profile: str) -> None:
    before = rows(export(copy, profile))
    done = tamper_amount(copy / BOOKS[profile], profile, rng=rng_for(1))
    after = rows(export(copy, profile))
    changed = [
        (old, new)
        for was, now in zip(before, after, strict=True)
        for old, new in zip(was, now, strict=True)
        if old != new
    ]
    assert len(changed) == 1
    assert abs(abs(cents(changed[0][1])) - abs(cents(changed[0][0]))) == 1
    assert done.difference == 1


@pytest.mark.parametrize("profile", TEXT)
def test_tampering_touches_as_few_bytes_as_the_amount_has(copy: Path, profile: str) -> None:
    path = export(copy, profile)
    before = path.read_bytes()
    tamper_amount(path, profile, rng=rng_for(1))
    after = path.read_bytes()
    assert len(after) == len(before)
    assert 1 <= sum(a != b for a, b in zip(before, after, strict=True)) <= 3


def test_tampering_leaves_every_other_file_and_every_time(copy: Path, profile: str) -> None:
    before = tree(copy)
    done = tamper_amount(copy / BOOKS[profile], profile, rng=rng_for(1))
    changed = {name for name, state in tree(copy).items() if state != before[name]}
    assert {Path(name).name for name in changed} == {done.file}
    assert all(tree(copy)[name][1:] == before[name][1:] for name in changed)


def test_tampering_tells_the_line_that_it_changed(copy: Path) -> None:
    path = export(copy, "cn_csv")
    before = rows(path)
    done = tamper_amount(path, "cn_csv", rng=rng_for(5))
    line = next(was for was, now in zip(before, rows(path), strict=True) if was != now)
    word, number, account = (line[n] for n in FIELDS["cn_csv"])
    told = f"{word.decode('gb18030')}-{number.decode()}"  # type: ignore[attr-defined]
    day = line[0].decode()  # type: ignore[attr-defined]
    assert (done.voucher, done.period, done.currency) == (told, day[:7], "CNY")
    assert done.account == account.decode()  # type: ignore[attr-defined]


def test_the_french_ledger_is_tampered_with_in_euros(copy: Path) -> None:
    done = tamper_amount(copy, "fec", rng=rng_for(1))
    assert done.currency == "EUR"
    assert done.file == "123456789FEC20500930.txt"


def test_the_same_seed_tampers_with_the_same_line(copy: Path, agency: Path, profile: str) -> None:
    twin = copy.parent / "twin"
    twin.mkdir()
    path = export(copy, profile)
    (twin / path.name).write_bytes(path.read_bytes())
    first = tamper_amount(path, profile, rng=rng_for(4))
    assert tamper_amount(twin / path.name, profile, rng=rng_for(4)) == first


@settings(max_examples=25, deadline=None)
@given(st.integers(), st.sampled_from([-1, 1, 7, 100, -250]))
def test_any_amount_comes_back_when_the_change_is_taken_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, minor: int
) -> None:
    path = tmp_path_factory.mktemp("fec") / "aFEC.txt"
    lines = (DATA / "fec_fr" / "123456789FEC20500930.txt").read_bytes().splitlines(keepends=True)
    original = b"".join(lines[:121])
    path.write_bytes(original)
    tamper_amount(path, "fec", minor, rng=rng_for(seed))
    old, new = (
        [f.replace(b",", b".") for f in text.replace(b"\r\r\n", b"\t").split(b"\t")]
        for text in (original, path.read_bytes())
    )
    changed = [(float(b), float(a)) for a, b in zip(old, new, strict=True) if a != b]
    assert [round((b - a) * 100) for b, a in changed] == [minor]


def test_a_dropped_voucher_is_gone_whole_and_alone(copy: Path, profile: str) -> None:
    path = export(copy, profile)
    before = rows(path)
    drop_voucher(path, profile, rng=rng_for(1))
    after = rows(path)
    kept, gone = set(after), set(before) - set(after)
    assert [row for row in before if row in kept] == after
    assert len({key(row, profile) for row in gone}) == 1
    assert not {key(row, profile) for row in gone} & {key(row, profile) for row in after}


def key(row: tuple[object, ...], profile: str) -> tuple[object, ...]:
    """Return what the lines of one voucher share, among the columns of the export."""
    places = {"cn_csv": (1, 2, 3, 4), "fec": (0, 2), "yonyou_t3": (1, 2, 3, 5)}[profile]
    return tuple(row[place] for place in places)


def test_a_duplicated_line_stands_there_twice(copy: Path, profile: str) -> None:
    path = export(copy, profile)
    start = 1 if profile == "yonyou_t3" else 0  # its i_id is new
    before = [row[start:] for row in rows(path)]
    duplicate_line(path, profile, rng=rng_for(1))
    after = [row[start:] for row in rows(path)]
    assert len(after) == len(before) + 1
    assert set(after) == set(before)


def test_a_swapped_account_is_another_one_of_the_same_ledger(copy: Path, profile: str) -> None:
    path = export(copy, profile)
    before = rows(path)
    done = swap_account(path, profile, rng=rng_for(1))
    place = {"cn_csv": 7, "fec": 4, "yonyou_t3": 15}[profile]
    changed = [(w, n) for w, n in zip(before, rows(path), strict=True) if w != n]
    assert len(changed) == 1
    was, now = changed[0]
    assert was[:place] + was[place + 1 :] == now[:place] + now[place + 1 :]
    assert (
        done.account in {was[place], was[place].decode()}
        if isinstance(was[place], bytes)
        else (done.account == was[place])
    )


def test_a_truncated_export_ends_before_the_voucher_told(copy: Path, profile: str) -> None:
    path = export(copy, profile)
    before = rows(path)
    done = truncate_export(path, profile, rng=rng_for(1))
    after = rows(path)
    assert before[: len(after)] == after
    assert 0 < len(after) < len(before)
    assert key(before[len(after)], profile) != key(before[len(after) - 1], profile)
    number = before[len(after)][{"cn_csv": 4, "fec": 2, "yonyou_t3": 5}[profile]]
    assert done.voucher.endswith(number.decode() if isinstance(number, bytes) else f"-{number}")


def test_one_blank_becomes_null(copy: Path) -> None:
    path = export(copy, "yonyou_t3")
    before = rows(path)
    blank_to_null(path, "yonyou_t3", rng=rng_for(1))
    changed = [
        (old, new)
        for was, now in zip(before, rows(path), strict=True)
        for old, new in zip(was, now, strict=True)
        if old != new
    ]
    assert changed == [("", None)]


def test_a_text_export_has_no_null(copy: Path) -> None:
    with pytest.raises(UsageError):
        blank_to_null(copy, "cn_csv", rng=rng_for(1))


DAMAGES = (tamper_amount, drop_voucher, duplicate_line, swap_account, truncate_export)


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damage_shows_in_the_files_time(copy: Path, profile: str, damage: object) -> None:
    path = export(copy, profile)
    before = path.stat().st_mtime_ns
    damage(path, profile, rng=rng_for(1))  # type: ignore[operator]
    assert path.stat().st_mtime_ns == before


def test_an_unknown_profile_is_refused(copy: Path) -> None:
    with pytest.raises(UsageError):
        tamper_amount(copy, "kingdee", rng=rng_for(1))


def test_a_folder_without_an_export_is_refused(tmp_path: Path, profile: str) -> None:
    with pytest.raises(UsageError):
        tamper_amount(tmp_path, profile, rng=rng_for(1))


def test_an_export_without_vouchers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "凭证_2026.csv"
    path.write_bytes("日期,会计年度\r\n".encode("gb18030"))
    with pytest.raises(UsageError):
        tamper_amount(path, "cn_csv", rng=rng_for(1))


def test_a_change_of_nothing_is_refused(copy: Path, profile: str) -> None:
    with pytest.raises(UsageError):
        tamper_amount(copy, profile, 0, rng=rng_for(1))


def test_a_flipped_byte_is_the_only_difference(tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_bytes(bytes(range(256)))
    assert flip_byte(path, 17, rng=rng_for(1)) == 17
    assert path.read_bytes() == bytes(range(17)) + bytes([17 ^ 0xFF]) + bytes(range(18, 256))


def test_a_byte_flipped_twice_is_whole_again(copy: Path) -> None:
    path = export(copy, "cn_csv")
    before = tree(copy)
    where = flip_byte(path, rng=rng_for(1))
    flip_byte(path, where, rng=rng_for(2))
    assert tree(copy) == before


@pytest.mark.parametrize("offset", [None, 0, -1])
def test_an_empty_file_has_no_byte_to_flip(tmp_path: Path, offset: int | None) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError):
        flip_byte(tmp_path / "empty", offset, rng=rng_for(1))
