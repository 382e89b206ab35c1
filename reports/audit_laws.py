"""The law register as the controls answer it: one line per article, with the controls behind it.

A control names an article's row, or a whole instrument; an article that nobody names is answered
by those that name its instrument.  An article that no control answers is shown, and not evidenced.
What a control names and the register does not hold is shown too, as to be confirmed by counsel:
nothing is passed over.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from baozhang.governance.judging import weakest
from baozhang.governance.model import Control, Status, Words
from baozhang.policies.law.register import Confidence, Register, load_register
from reports.audit_value import Article

Judged = Sequence[tuple[Control, Status]]


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    cited: str  # "NDSR 第11条；CSL 第27条"; of an instrument its key
    duty: Words
    confidence: Confidence


def articles(judged: Iterable[tuple[Control, Status]]) -> tuple[Article, ...]:
    """Return every article of the law register, and how the controls that answer it stand."""
    found, law = tuple(judged), load_register()
    rows = {row.id: row for row in _rows(law)}
    named = {id_ for control, _ in found for id_ in control.articles}
    lost = (_Row(id_, id_, Words(zh=id_, en=id_), "knowledge") for id_ in sorted(named - set(rows)))
    shown = (row for row in rows.values() if row.id in named or row.id not in law.instruments)
    return tuple(_article(row, law, found) for row in (*shown, *lost))


def _article(row: _Row, law: Register, judged: Judged) -> Article:
    serving = _serving({row.id}, judged) or _serving(_instruments(row), judged)
    return Article(
        row.id,
        Words(zh=law.cited(row.cited, "zh_CN"), en=law.cited(row.cited, "en")),
        row.duty,
        row.confidence,
        tuple(control.id for control, _ in serving),
        weakest([status for _, status in serving]),
    )


def _serving(names: set[str], judged: Judged) -> Judged:
    return [(control, status) for control, status in judged if names & set(control.articles)]


def _instruments(row: _Row) -> set[str]:
    return {part.split()[0] for part in row.cited.split("；")}


def _rows(law: Register) -> Iterator[_Row]:
    for clock in law.clocks:
        do = Words(zh=f"{clock.to.zh}：{clock.do.zh}", en=f"{clock.to.en}: {clock.do.en}")
        yield _Row(clock.id, clock.article, do, clock.confidence)
    for term in law.retention:
        zh, en = (
            ("永久", "for ever")
            if term.years is None
            else (f"{term.years}年", f"{term.years} years")
        )
        do = Words(zh=f"{term.zh}：保管{zh}", en=f"{term.en}: kept {en}")
        yield _Row(term.id, term.article, do, term.confidence)
    for name, contents in law.contents.items():
        do = Words(zh="；".join(contents.zh), en="; ".join(contents.en))
        yield _Row(name, contents.article, do, contents.confidence)
    for key, each in law.instruments.items():
        yield _Row(key, key, Words(zh=each.number, en=each.number), each.confidence)
