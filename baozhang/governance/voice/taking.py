"""From a table to answers: which column says what, which rows are taken, which are refused and why.

    rows ──► cells by mapping ──► code ─► who was asked ──► first of a client ──► Answer
                  │                 │                            │
                  └─ refused: no figure, out of range, no day, unknown code, twice, too late

A refused row is named by its number in the file; nothing of what stands in it is repeated.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import UsageError
from baozhang.governance.voice.records import (
    LONGEST_TEXT,
    MEASURES,
    Answer,
    Invitation,
    Measure,
    Through,
    Wave,
    answer_id,
)
from baozhang.grids import Grid
from baozhang.settings.part import Part, Text

Column = Literal["code", "client", "wave", "answered_at", "csat", "nps", "ces", "comment"]
Reason = Literal["code", "twice", "range", "days", "empty", "when", "future"]
REASON_TEMPLATES: dict[Reason, str] = {
    "code": "nobody was asked with this reference",
    "twice": "this client has answered in this wave already; the first answer counts",
    "range": "a score is no whole number of its scale",
    "days": "it was answered outside the days of its wave",
    "empty": "it holds no answer",
    "when": "it does not say when it was answered",
    "future": "it was answered after now",
}
MOST_ANSWERS = 20_000  # rows of one file; an agency has some thousand clients
_USUAL = "wenjuanxing"
_FILE = Path(__file__).parent / "mappings.yaml"
_NUMBER = re.compile(r"^[（(]?\d+[、.．)）]\s*")
_DAYS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日")


class AnswerMap(Part):
    """Which columns of an export say what.

    Attributes:
        through: how these answers came.
        columns: what each field's column begins with, the first that is there counts.  `code`, or
            `client` with `wave`, says whose the answer is.
        values: words that stand for figures.
    """

    through: Through = "import"
    columns: dict[Column, Annotated[tuple[Text, ...], Field(min_length=1)]]
    values: dict[Measure, dict[str, int]] = Field({})

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if not isinstance(value, Mapping) or not isinstance(value.get("columns"), Mapping):
            return value
        columns = {
            field: [words] if isinstance(words, str) else words
            for field, words in value["columns"].items()
        }
        return {**value, "columns": columns}

    @model_validator(mode="after")
    def _says_whose(self) -> "AnswerMap":
        if "code" not in self.columns and not {"client", "wave"} <= self.columns.keys():
            raise ValueError("neither a code nor client and wave")
        if not set(MEASURES) & self.columns.keys() and "comment" not in self.columns:
            raise ValueError("no answer")
        words = " ".join(word for each in self.columns.values() for word in each)
        if re.search(r"\bIP\b|来自IP", words):
            raise ValueError("an address")
        return self


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken; `row` is its number in the file, the header being 1."""

    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file holds: new answers by id, how many stood already, and what was refused.

    Attributes:
        absent: what the mapping names and the file has no column for.
    """

    answers: Mapping[str, Answer]
    known: int
    refused: tuple[Refused, ...]
    absent: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What answers are held against: waves, who was asked, and what was answered, by id."""

    waves: Mapping[str, Wave]
    invitations: Mapping[str, Invitation]
    answers: Mapping[str, Answer]


@cache
def usual_mapping() -> AnswerMap:
    """Return the mapping of an export of 问卷星."""
    return AnswerMap.model_validate(yaml.safe_load(_FILE.read_text("utf-8"))[_USUAL])


def read_mapping(path: Path) -> AnswerMap:
    """Return a mapping of a file.

    Raises:
        UsageError: it cannot be read, or does not say whose an answer is; it names an address.
    """
    try:
        return AnswerMap.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise UsageError(
            "{file} is no mapping of answers",
            hint="Name the columns of code (or client and wave), answered_at, and csat, nps, ces "
            "or comment, as in docs/runbooks/satisfaction.md; never an IP address.",
            file=path,
        ) from error


def take(
    grid: Grid, mapping: AnswerMap, known: Known, *, by: str, now: datetime, file: str = ""
) -> Taken:
    """Return the answers of a table; the first of a client in a wave counts.

    Args:
        grid: the table.
        mapping: what its columns say.
        known: what it is held against.
        by: id of who imports it.
        now: nothing is answered later.
        file: what an error calls it.

    Raises:
        UsageError: a column that is needed is not there, or there are too many rows.
    """
    if len(grid.rows) > MOST_ANSWERS:
        raise UsageError(
            "{file} has more than {most} rows", hint="Split it.", file=file, most=MOST_ANSWERS
        )
    places = _places(grid.columns, mapping, file)
    read = [_read(row, number, places, mapping, now) for number, row in enumerate(grid.rows, 2)]
    refused = [each for each in read if isinstance(each, Refused)]
    rows = sorted((each for each in read if isinstance(each, _Row)), key=lambda r: (r.at, r.number))
    whose = _whose(known)
    answers: dict[str, Answer] = {}
    there = 0
    for row in rows:
        found = whose.get(row.whose)
        if found is None or not (wave := known.waves.get(found[0])):
            refused.append(Refused(row.number, "code"))
            continue
        id_ = answer_id(*found)
        answer = row.answer(*found, through=mapping.through, by=by)
        before = known.answers.get(id_)
        if before is not None and _same(before, answer):
            there += 1
        elif before is not None or id_ in answers:
            refused.append(Refused(row.number, "twice"))
        elif not wave.opens <= business_day(row.at) <= wave.closes:
            refused.append(Refused(row.number, "days"))
        else:
            answers[id_] = answer
    absent = tuple(field for field in mapping.columns if field not in places)
    return Taken(answers, there, tuple(sorted(refused, key=lambda each: each.row)), absent)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row whose cells can be read."""

    number: int
    whose: tuple[str, ...]  # (code,), or (wave, client)
    at: datetime
    scores: Mapping[Measure, int | None]
    comment: str

    def answer(self, wave: str, client: str, *, through: Through, by: str) -> Answer:
        """Return it as a client's answer."""
        return Answer(
            wave=wave,
            client=client,
            answered_at=self.at,
            channel=through,
            csat=self.scores["csat"],
            nps=self.scores["nps"],
            ces=self.scores["ces"],
            comment=self.comment,
            recorded_by=by,
        )


def _whose(known: Known) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return wave and client by what a row may say of them."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for each in known.invitations.values():
        found[(each.code,)] = found[each.wave, each.client] = (each.wave, each.client)
    return found


def _same(one: Answer, other: Answer) -> bool:
    """Tell whether two are one answer, whoever recorded it."""
    blank = {"recorded_by": "", "channel": "page"}
    return one.model_copy(update=blank) == other.model_copy(update=blank)


def _places(columns: Sequence[str], mapping: AnswerMap, file: str) -> dict[Column, int]:
    """Return in which column each field stands."""
    heads = [_head(name) for name in columns]
    places: dict[Column, int] = {}
    for field, words in mapping.columns.items():
        fits = [n for word in words for n, head in enumerate(heads) if head.startswith(_head(word))]
        if fits:
            places[field] = fits[0]
    whose = {"code"} if "code" in mapping.columns else {"client", "wave"}
    missing = (whose | {"answered_at"} & mapping.columns.keys()) - places.keys()
    if missing or not {*MEASURES, "comment"} & places.keys():
        raise UsageError(
            "{file} has no column for {fields}",
            hint="Say in a mapping which columns they are (--mapping).",
            file=file or "-",
            fields=", ".join(sorted(missing)) or "csat, nps, ces, comment",
        )
    return places


def _head(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    return _NUMBER.sub("", plain)


def _read(
    row: Sequence[str], number: int, places: Mapping[Column, int], mapping: AnswerMap, now: datetime
) -> _Row | Refused:
    cells = {field: row[place].strip() for field, place in places.items()}
    scores: dict[Measure, int | None] = {}
    for measure in MEASURES:
        text = cells.get(measure, "")
        score = _score(measure, text, mapping)
        if text and score is None:
            return Refused(number, "range")
        scores[measure] = score
    comment = cells.get("comment", "")[:LONGEST_TEXT]
    if not comment and not any(score is not None for score in scores.values()):
        return Refused(number, "empty")
    at = _instant(cells["answered_at"]) if "answered_at" in cells else now
    if at is None:
        return Refused(number, "when")
    if at > now:
        return Refused(number, "future")
    whose = (_code(cells["code"]),) if "code" in cells else (cells["wave"].lower(), cells["client"])
    return _Row(number, whose, at, scores, comment)


def _code(text: str) -> str:
    """Return a code as it was given: without blanks, dashes and what stands before it in a link."""
    return re.sub(r"[\s-]", "", text.rpartition("=")[2]).casefold()


_RANGES: dict[Measure, range] = {"csat": range(1, 6), "nps": range(11), "ces": range(1, 8)}


def _score(measure: Measure, text: str, mapping: AnswerMap) -> int | None:
    """Return a score of its scale, as a figure or in the mapping's words; None: it is none."""
    said = mapping.values.get(measure, {}).get(text)
    if said is None and (found := re.fullmatch(r"(\d{1,2})(?:\.0+)?\s*分?", text)):
        said = int(found[1])
    return said if said in _RANGES[measure] else None


def _instant(text: str) -> datetime | None:
    """Return an instant; without a zone it is a clock in Shanghai."""
    plain = re.sub(r"\.\d+$", "", text.replace("/", "-").replace("T", " "))
    padded = re.sub(r"(?<!\d)(\d)(?!\d)", r"0\1", plain)
    for form in _DAYS:
        try:
            return datetime.strptime(padded, form).replace(tzinfo=SHANGHAI)
        except ValueError:
            continue
    return None


def parse_code(text: str, invitations: Iterable[Invitation]) -> Invitation:
    """Return who was asked with a code.

    Raises:
        UsageError: nobody was.
    """
    code = _code(text)
    for each in invitations:
        if each.code == code:
            return each
    raise UsageError(
        "nobody was asked with this reference",
        hint="Read it from the letter again, or look at `baozhang survey show WAVE`.",
    )
