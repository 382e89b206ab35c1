"""How the vault grows: small sizes of it, and what is judged."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bulk import PAGE, SQLITE, big_pages, big_text, change, many
from benchmarks.growth import BIG, GROWING, GROWTH, MANY, Size, Try, require_same
from benchmarks.running import BenchmarkError, Cost
from benchmarks.scale import FULL, MOST_MANY, SMALL, asked, benchmark, judged

pytestmark = pytest.mark.slow
TINY = Size(files=1_000, bytes=4 * 10**6, rounds=2)
MIB = 2**20


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a tiny run."""
    folder = tmp_path_factory.mktemp("scale")
    benchmark(folder, TINY, settle=0)
    return folder


@pytest.fixture(scope="module")
def value(out: Path) -> Any:
    return json.loads((out / "scale.json").read_text())


def tries(
    *, many: int = 10 * MIB, big: int = 10 * MIB, walls: tuple[float, float] = (1, 10)
) -> list[Try]:
    """Three questions answered: peaks in bytes, and seconds for n and for ten times n."""
    found = [
        Try(MANY, "files", "first backup", 1, Cost(1, 1, many)),
        Try(BIG, "pages", "first backup", 1, Cost(1, 1, big)),
    ]
    return found + [
        Try(GROWTH, what, operation, number, Cost(wall + slow, 1, 1))
        for operation in GROWING
        for number, slow in ((1, 0), (2, 90), (3, 0))
        for what, wall in zip(("n", "10 n"), walls, strict=True)
    ]


def test_a_million_files_are_asked_for_their_memory(value: Any) -> None:
    operations = [one["operation"] for one in value["tries"] if one["part"] == MANY]
    assert operations == ["first backup", "no change", "restore, dry run", "verify every byte"]


def test_a_big_file_is_measured_whole_and_at_a_tenth(value: Any) -> None:
    sizes = {one["what"] for one in value["tries"] if one["part"] == BIG}
    assert sizes == {"pages, 0 MB", "pages, 4 MB", "text, 0 MB", "text, 4 MB"}


def test_ten_times_the_files_are_measured_every_round_in_turns(value: Any) -> None:
    first = [one for one in value["tries"] if one["part"] == GROWTH]
    backups = [one["what"] for one in first if one["operation"] == "first backup"]
    assert backups == ["10 files", "100 files", "100 files", "10 files"]


def test_the_report_says_where_and_claims_nothing(out: Path, value: Any) -> None:
    assert {"machine", "versions", "commit", "date"} <= value.keys()
    assert all(target["met"] is None for target in value["targets"])
    assert "claims nothing" in (out / "scale.md").read_text()


def test_nothing_but_the_results_stays(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == ["scale.json", "scale.md"]


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (tries(), set()),
        (tries(many=MOST_MANY + 1), {"small files, peak"}),
        (tries(big=220 * MIB + 1), {"one big file, peak"}),
        (tries(walls=(1, 11.1)), {f"{GROWTH}, {operation}" for operation in GROWING}),
    ],
)
def test_each_target_is_missed_by_its_own_figure(found: list[Try], missed: set[str]) -> None:
    verdicts = judged(found, full=True)
    assert {verdict.name for verdict in verdicts if not verdict.met} == missed


def test_growth_is_by_medians() -> None:
    times = [verdict.figure for verdict in judged(tries(), full=True) if verdict.unit == "times"]
    assert times == [10.0] * len(GROWING)


@pytest.mark.parametrize(
    ("size", "full"),
    [
        (FULL, True),
        (SMALL, False),
        (Size(10**6, 2 * 10**9, 2), False),
        (Size(10**7, 10**10, 9), True),
    ],
)
def test_a_run_that_is_smaller_in_anything_is_not_full(size: Size, full: bool) -> None:
    assert size.covers(FULL) is full


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ([], FULL),
        (["--small"], SMALL),
        (["--files", "500", "--bytes", "1000000", "--rounds", "2"], Size(500, 10**6, 2)),
    ],
)
def test_the_command_line_tells_the_size(words: list[str], size: Size) -> None:
    assert asked(words)[0] == size


def test_a_restored_file_with_another_hash_fails(tmp_path: Path) -> None:
    for name, text in (("source", "one"), ("target", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(text)
    with pytest.raises(BenchmarkError, match="another hash"):
        require_same(tmp_path / "source", tmp_path / "target")


def test_a_file_beside_the_restored_one_fails(tmp_path: Path) -> None:
    for name in ("source", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("same")
    (tmp_path / "target" / "other").touch()
    with pytest.raises(BenchmarkError, match="alone"):
        require_same(tmp_path / "source", tmp_path / "target")


def test_small_files_differ_and_are_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        many(tmp_path / name, 1_200)
    one, two = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.csv"))]
        for name in ("one", "two")
    )
    assert one == two
    assert len(set(one)) == 1_200
    assert len(list((tmp_path / "one").iterdir())) == 2


@pytest.mark.parametrize("make", [big_pages, big_text])
def test_a_big_file_is_as_big_as_asked_and_has_no_holes(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "file", 10**6)
    state = (tmp_path / "file").stat()
    assert abs(state.st_size - 10**6) < PAGE
    assert state.st_blocks * 512 >= state.st_size


def test_no_page_comes_twice(tmp_path: Path) -> None:
    big_pages(tmp_path / "file", 10**6)
    data = (tmp_path / "file").read_bytes()
    pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
    assert len(set(pages)) == len(pages)
    assert data.startswith(SQLITE)


def test_a_change_of_pages_touches_a_hundredth_in_place(tmp_path: Path) -> None:
    file = tmp_path / "file"
    big_pages(file, 400 * PAGE)
    before = file.read_bytes()
    change(file)
    after = file.read_bytes()
    differ = [
        at for at in range(0, len(before), PAGE) if before[at : at + PAGE] != after[at : at + PAGE]
    ]
    assert len(after) == len(before)
    assert len(differ) == 4


def test_a_change_of_text_appends_a_hundredth(tmp_path: Path) -> None:
    file = tmp_path / "file"
    big_text(file, 10**6)
    before = file.read_bytes()
    change(file)
    assert file.read_bytes().startswith(before)
    assert 10_000 <= file.stat().st_size - len(before) < 10_100
