"""Exports become answers: the first of a client counts, and every refused row is named."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.governance.voice.records import Answer, Invitation, Wave
from baozhang.governance.voice.taking import (
    MOST_ANSWERS,
    AnswerMap,
    Known,
    Reason,
    Taken,
    parse_code,
    read_mapping,
    take,
    usual_mapping,
)
from baozhang.grids import Grid, read_grid

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
WAVE = Wave(
    kind="half-yearly",
    opens=date(2026, 11, 20),
    closes=date(2026, 12, 10),
    questions="q1",
    form="0" * 64,
    audience=2,
)
HEADS = (
    *("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"),
    *("1、总体满意度", "2、推荐意愿（0-10）", "3、省心程度", "4、意见与建议"),
)
CODES = {"c001": "aaaaaaaaaa", "c002": "bbbbbbbbbb"}
AT = "2026/11/21 9:05:07"


def known(*answers: Answer) -> Known:
    asked = {
        f"w-1-{client}": Invitation(
            wave="w-1",
            client=client,
            asked=WAVE.opens,
            channel="mail",
            code=code,
            questions="q1",
            form="0" * 64,
        )
        for client, code in CODES.items()
    }
    return Known({"w-1": WAVE}, asked, {f"w-1-{each.client}": each for each in answers})


def row(code: str = CODES["c001"], *scores: str, at: str = AT, comment: str = "") -> list[str]:
    csat, nps, ces = (*scores, "", "", "")[:3]
    return ["1", at, "62秒", "微信", code, "1.2.3.4", csat, nps, ces, comment]


def taken(*rows: list[str], to: Known | None = None) -> Taken:
    grid = Grid(HEADS, tuple(map(tuple, rows)))
    return take(grid, usual_mapping(), to or known(), by="wang", now=NOW, file="x.csv")


def refused(*rows: list[str]) -> list[tuple[int, Reason]]:
    return [(each.row, each.reason) for each in taken(*rows).refused]


def test_a_row_of_an_export_becomes_an_answer() -> None:
    found = taken(row(CODES["c001"], "5", "9", "6", comment="很好"))
    (answer,) = found.answers.values()
    assert (answer.client, answer.csat, answer.nps, answer.ces) == ("c001", 5, 9, 6)
    assert (answer.comment, answer.channel, answer.recorded_by) == ("很好", "page", "wang")
    assert answer.answered_at == datetime(2026, 11, 21, 1, 5, 7, tzinfo=UTC)


def test_an_address_is_never_part_of_an_answer() -> None:
    found = taken(row(CODES["c001"], "5"))
    assert "1.2.3.4" not in str(found)


@pytest.mark.parametrize(("text", "score"), [("非常满意", 5), ("4分", 4), ("3.0", 3)])
def test_words_stand_for_figures(text: str, score: int) -> None:
    (answer,) = taken(row(CODES["c001"], text)).answers.values()
    assert answer.csat == score


@pytest.mark.parametrize("code", ["AAAAA-AAAAA", "sojumpparm=aaaaaaaaaa", " aaaaa aaaaa "])
def test_a_code_is_known_however_it_is_typed(code: str) -> None:
    assert len(taken(row(code, "5")).answers) == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (row("zzzzzzzzzz", "5"), "code"),
        (row(CODES["c001"], "6"), "range"),
        (row(CODES["c001"], "0"), "range"),
        (row(CODES["c001"], "4.5"), "range"),
        (row(CODES["c001"], "=1+1"), "range"),
        (row(CODES["c001"], "5", "11"), "range"),
        (row(CODES["c001"]), "empty"),
        (row(CODES["c001"], "5", at="gestern"), "when"),
        (row(CODES["c001"], "5", at="2026-11-19 23:59:59"), "days"),
        (row(CODES["c001"], "5", at="2026-11-25 12:00:01"), "future"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(told: list[str], reason: Reason) -> None:
    assert refused(row(CODES["c002"], "5"), told) == [(3, reason)]


def test_the_first_answer_of_a_client_counts_wherever_it_stands() -> None:
    later, first = row(CODES["c001"], "1", at="2026-11-22"), row(CODES["c001"], "5")
    found = taken(later, first)
    assert [each.csat for each in found.answers.values()] == [5]
    assert [(each.row, each.reason) for each in found.refused] == [(2, "twice")]


def test_who_has_answered_before_is_not_heard_again() -> None:
    (before,) = taken(row(CODES["c001"], "5")).answers.values()
    found = taken(row(CODES["c001"], "1"), to=known(before))
    assert (dict(found.answers), found.refused[0].reason) == ({}, "twice")


def test_the_same_file_again_changes_nothing_and_refuses_nothing() -> None:
    (before,) = taken(row(CODES["c001"], "5")).answers.values()
    found = taken(row(CODES["c001"], "5"), to=known(before))
    assert (dict(found.answers), found.known, found.refused) == ({}, 1, ())


def test_a_missing_column_is_named() -> None:
    grid = Grid(("提交答卷时间", "总体满意度"), (("2026-11-21", "5"),))
    with pytest.raises(UsageError) as caught:
        take(grid, usual_mapping(), known(), by="wang", now=NOW, file="x.csv")
    assert caught.value.facts["fields"] == "code"


def test_a_column_that_the_mapping_names_and_the_file_has_not_is_named() -> None:
    grid = Grid(HEADS[:7], (tuple(row(CODES["c001"], "5")[:7]),))
    found = take(grid, usual_mapping(), known(), by="wang", now=NOW)
    assert (len(found.answers), found.absent) == (1, ("nps", "ces", "comment"))
    assert taken(row(CODES["c001"], "5")).absent == ()


def test_too_many_rows_are_refused_as_a_whole() -> None:
    grid = Grid(HEADS, (tuple(row()),) * (MOST_ANSWERS + 1))
    with pytest.raises(UsageError, match="more than"):
        take(grid, usual_mapping(), known(), by="wang", now=NOW)


OWN = "columns: {wave: Round, client: Client, csat: Stars}\n"


def test_any_table_can_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(OWN, "utf-8")
    grid = Grid(("Client", "Round", "Stars"), (("c002", "w-1", "4"),))
    mapping = read_mapping(tmp_path / "m.yaml")
    (answer,) = take(grid, mapping, known(), by="wang", now=NOW).answers.values()
    assert (answer.client, answer.csat, answer.channel) == ("c002", 4, "import")
    assert answer.answered_at == NOW


@pytest.mark.parametrize(
    "text",
    [
        "columns: {csat: Stars}",
        "columns: {code: Code}",
        "columns: {code: Code, csat: Stars, comment: 来自IP}",
        "columns: {code: Code, csat: Stars, shoe: Size}",
        "columns: [1",
        "just words",
    ],
)
def test_a_mapping_that_does_not_hold_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yaml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="no mapping"):
        read_mapping(tmp_path / "m.yaml")


def test_a_mapping_knows_what_it_was_made_of() -> None:
    assert AnswerMap.model_validate({"columns": {"code": "X", "nps": "Y"}}).columns["nps"] == ("Y",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_exports_of_either_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    text = ",".join(HEADS) + "\r\n" + ",".join(row(CODES["c001"], "5", comment="满意")) + "\r\n"
    (tmp_path / "x.csv").write_bytes(text.encode(encoding))
    found = take(read_grid(tmp_path / "x.csv"), usual_mapping(), known(), by="wang", now=NOW)
    assert [each.comment for each in found.answers.values()] == ["满意"]


def test_an_unknown_code_is_refused_on_the_telephone_too() -> None:
    asked = known().invitations.values()
    assert parse_code("AAAAA aaaaa", asked).client == "c001"
    with pytest.raises(UsageError, match="nobody was asked"):
        parse_code("aaaaa", asked)
