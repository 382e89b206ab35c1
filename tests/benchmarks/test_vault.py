"""The harness against the peers: whole results or none."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rounds import OPERATIONS
from benchmarks.running import BenchmarkError
from benchmarks.systems import Baozhang
from benchmarks.vault import FULL, SMALL, Asked, Size, asked, benchmark

TINY = Asked(Size(clients=2, months=1, rounds=1), settle=0)
OURS = Baozhang().program


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run of ours alone."""
    folder = tmp_path_factory.mktemp("bench")
    profiled = replace(TINY, profile=True)
    benchmark(folder, profiled, [Baozhang()], left_out=["restic"])
    return folder


@pytest.fixture(scope="module")
def value(out: Path) -> Any:
    return json.loads((out / "results.json").read_text())


def a_program(folder: Path, body: str) -> Baozhang:
    """Return ours with something wrong put before it."""
    path = folder / "baozhang"
    path.write_text(f'#!/bin/sh\n{body}\nexec {OURS} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Baozhang(program=str(path))


def test_every_operation_of_both_scopes_is_sampled(value: Any) -> None:
    taken = {(sample["scope"], sample["operation"]) for sample in value["samples"]}
    assert taken == {(s, o) for s in ("the whole corpus", "one client") for o in OPERATIONS}


def test_every_sample_took_time_and_memory(value: Any) -> None:
    assert all(s["wall"] > 0 and s["cpu"] > 0 and s["peak"] > 2**20 for s in value["samples"])


def test_a_first_backup_fills_the_repository_and_a_restore_leaves_it_alone(value: Any) -> None:
    added = {sample["operation"]: sample["added"] for sample in value["samples"]}
    assert added["first backup"] > 100_000 > added["no change"] > 0 == added["restore"]


def test_the_result_says_on_what_it_was_measured(value: Any) -> None:
    assert all(value["machine"][fact] for fact in ("cpu", "cores", "memory_gib", "kernel"))
    assert {"date", "commit", "versions", "size", "commands"} <= value.keys()


def test_the_corpus_is_reported_by_type(value: Any) -> None:
    types = value["corpus"]["types"]
    assert sum(size for _, size in types.values()) == value["corpus"]["bytes"]
    assert {"CSV books", "invoices", "contracts", "workbooks"} <= types.keys()


def test_each_kind_of_file_is_backed_up_alone(value: Any) -> None:
    sizes = {(r["scope"], r["name"]): r["systems"]["baozhang"] for r in value["kinds"]}
    kinds = {"SQLite books", "CSV books", "invoices", "workbooks and contracts"}
    assert {kind for kind, _ in sizes} == kinds
    assert {name for _, name in sizes} == {"repository size", "a day's change, bytes added"}
    assert all(figures["value"]["median"] > 0 for figures in sizes.values())


def test_the_kinds_together_are_about_the_whole_corpus(value: Any) -> None:
    alone = sum(
        row["systems"]["baozhang"]["value"]["median"]
        for row in value["kinds"]
        if row["name"] == "repository size"
    )
    whole = {row["name"]: row for row in value["rows"] if row["scope"] == "the whole corpus"}
    together = whole["repository size"]["systems"]["baozhang"]["value"]["median"]
    assert 0.8 < alone / together < 1.2


def test_the_profile_names_the_functions_that_work(value: Any) -> None:
    first = value["profiles"][0]
    functions = " ".join(line["function"] for line in first["top"])
    assert (first["operation"], first["scope"]) == ("first backup", "the whole corpus")
    assert "compress" in functions  # a thread of its own does that


def test_every_operation_has_a_profile_of_fifteen_lines(value: Any, out: Path) -> None:
    taken = [(one["scope"], one["operation"]) for one in value["profiles"]]
    assert taken == [(s, o) for s in ("the whole corpus", "one client") for o in OPERATIONS]
    assert all(len(one["top"]) == 15 for one in value["profiles"])
    assert "Where the time goes" in (out / "results.md").read_text()


def test_the_memory_that_is_judged_is_the_worst_sample(value: Any) -> None:
    assert value["memory"]["peaks"]["baozhang"] == max(s["peak"] for s in value["samples"])


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ([], Size(*FULL)),
        (["--small"], SMALL),
        (["--small", "--rounds", "1"], replace(SMALL, rounds=1)),
        (["--clients", "4"], Size(4, *FULL[1:])),
    ],
)
def test_the_command_line_tells_the_size(words: list[str], size: Size) -> None:
    assert asked(words)[0].size == size


def test_only_the_full_size_is_judged() -> None:
    assert Size(*FULL).full
    assert not SMALL.full
    assert not replace(Size(*FULL), rounds=4).full


def test_without_a_peer_nothing_is_judged(value: Any) -> None:
    assert all(row["ratio"] is None and row["met"] is None for row in value["rows"])


def test_the_table_names_who_was_left_out_and_claims_nothing(out: Path) -> None:
    text = (out / "results.md").read_text()
    assert "left out: restic" in text
    assert "claims nothing" in text


def test_the_work_folder_is_removed(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == ["results.json", "results.md"]


def test_a_failing_command_fails_the_benchmark_and_leaves_no_result(tmp_path: Path) -> None:
    broken = a_program(tmp_path, '[ "$2" = backup ] && { echo "no such luck"; exit 4; }')
    (tmp_path / "results.json").write_text("an older run")
    with pytest.raises(BenchmarkError, match=r"code 4.*backup(.|\n)*no such luck"):
        benchmark(tmp_path, TINY, [broken])
    assert not (tmp_path / "results.json").exists()


def test_a_restore_that_is_not_its_source_fails_the_benchmark(tmp_path: Path) -> None:
    forged = '[ "$2" = restore ] && { echo other > "$7/file"; exit 0; }'
    with pytest.raises(BenchmarkError, match="diff"):
        benchmark(tmp_path, TINY, [a_program(tmp_path, forged)])


def test_a_folder_that_no_benchmark_made_is_not_touched(tmp_path: Path) -> None:
    mine = tmp_path / "work" / "mine"
    mine.mkdir(parents=True)
    with pytest.raises(BenchmarkError, match="not a benchmark's"):
        benchmark(tmp_path, TINY, [Baozhang()])
    assert mine.exists()
