"""What an outcome is called and told: status words, findings, changes, and where it is proven.

Everything a client, a file name or an operating system could have put into a value is cleaned
here, once, before any template sees it.
"""

import re
from collections.abc import Iterable, Sequence

from baozhang import __version__
from baozhang.catalog.model import Duty, Finding, Outcome, Run, Status
from baozhang.words import say
from reports import figures
from reports.page import Card, Fact, Mark, Remark
from reports.plaintext import clean
from reports.writing import Pen

MOST_CARDS = 100  # clients told one by one; webmail cuts letters off soon after
MOST_REMARKS = 5  # findings per client; the catalog keeps all
LONGEST_NAME = 64  # characters; the table must keep its columns
MOST_NAMES = 20  # names in one line of changes

_WEIGHTS = ("critical", "warning", "info")

_CURRENCY = re.compile("[A-Z]{3}")  # ISO 4217


def mark(status: Status, pen: Pen) -> Mark:
    """Return the status with its word."""
    words: dict[Status, str] = {
        "ok": pen.gettext("OK"),
        "partial": pen.gettext("Partial"),
        "failed": pen.gettext("Failed"),
        "inconclusive": pen.gettext("Inconclusive"),
    }
    return Mark(status, words[status])


def called(named: str, pen: Pen) -> str:
    """Return what a letter calls an outcome's subject, safe and short, e.g. `c001/main`.

    The star of a duty over whole clients goes without saying; the agency calls itself by a word.
    """
    client, _, part = named.partition("/")
    shown = pen.gettext("agency") if client == "_agency" else client
    return clean(shown if part in ("", "*") else f"{shown}/{part}", LONGEST_NAME)


def tally(run: Run, pen: Pen) -> tuple[tuple[Mark, int], ...]:
    """Return how many clients have each status, from well to failed."""
    return tuple((mark(status, pen), n) for status, n in reversed(figures.counts(run).items()))


def breakdown(run: Run, pen: Pen) -> str:
    """Return the statuses of troubled clients, e.g. `失败 1，部分完成 1`."""
    parts = [
        pen.gettext("%(n)s %(status)s", n=pen.number(n), status=mark(status, pen).word.lower())
        for status, n in figures.counts(run).items()
        if n and status != "ok"
    ]
    return pen.gettext(", ").join(parts)


def count_sentence(run: Run, pen: Pen) -> str:
    """Return the sentence on a run in which not everything is well."""
    found = figures.counts(run)
    everybody = sum(found.values())
    if found["ok"] == everybody:
        return pen.ngettext("%(n)s client, all fine.", "%(n)s clients, all fine.", everybody)
    return pen.ngettext(
        "%(n)s client: %(well)s fine, %(ill)s in trouble (%(which)s).",
        "%(n)s clients: %(well)s fine, %(ill)s in trouble (%(which)s).",
        everybody,
        well=pen.number(found["ok"]),
        ill=pen.number(everybody - found["ok"]),
        which=breakdown(run, pen),
    )


def own_sentence(run: Run, pen: Pen) -> str:
    """Return the sentence on the agency's own data, "" where nothing is wrong with it."""
    if not any(figures.own(outcome) for outcome in run.troubled):
        return ""
    return pen.gettext(" The agency's own data is in trouble: see below.")


def subject(run: Run, title: str, number: int, pen: Pen, *, sample: bool) -> str:
    """Return the subject: the verdict first, counts only, no name of anybody."""
    found = figures.counts(run)
    everybody = sum(found.values())
    if not everybody:
        news = pen.gettext("no client was handled")
    elif found["ok"] == everybody and run.troubled:
        news = pen.gettext("clients fine, agency data in trouble")
    elif found["ok"] == everybody:
        news = pen.ngettext("%(n)s client, all fine", "%(n)s clients, all fine", everybody)
    else:
        news = pen.gettext(
            "%(ill)s of %(all)s clients in trouble",
            ill=pen.number(everybody - found["ok"]),
            all=pen.number(everybody),
        )
    line = pen.gettext(
        "[%(verdict)s] %(title)s %(day)s: %(news)s (Baozhang no. %(number)s)",
        verdict=mark(figures.verdict(run), pen).word,
        title=title,
        day=run.day.isoformat(),
        news=news,
        number=f"{number:06d}",
    )
    return pen.gettext("[SAMPLE] %(subject)s", subject=line) if sample else line


def troubled(run: Run, pen: Pen) -> tuple[tuple[Card, ...], str]:
    """Return a card for each outcome that is not well, the worst first, and what was left out."""
    return _cards(figures.worst_first(run.troubled), pen)


def notes(run: Run, pen: Pen) -> tuple[tuple[Card, ...], str]:
    """Return a card for each outcome that is well and still has something to tell."""
    well = (o for o in run.outcomes if o.status == "ok")
    return _cards([o for o in figures.worst_first(well) if o.findings], pen)


def _cards(outcomes: Sequence[Outcome], pen: Pen) -> tuple[tuple[Card, ...], str]:
    cards = tuple(_card(outcome, pen) for outcome in outcomes[:MOST_CARDS])
    left = len(outcomes) - len(cards)
    return cards, pen.ngettext("and %(n)s more", "and %(n)s more", left) if left else ""


def _card(outcome: Outcome, pen: Pen) -> Card:
    weighed = sorted(outcome.findings, key=lambda f: _WEIGHTS.index(f.severity))
    remarks = tuple(remark(finding, pen) for finding in weighed[:MOST_REMARKS])
    left = len(weighed) - len(remarks)
    return Card(
        name=called(figures.name(outcome), pen),
        mark=mark(outcome.status, pen),
        snapshot=clean(outcome.snapshot),
        remarks=remarks or (_unexplained(pen),),
        more=pen.ngettext("and %(n)s more", "and %(n)s more", left) if left else "",
    )


def _unexplained(pen: Pen) -> Remark:
    return Remark(
        sentence=pen.gettext("No reason was recorded."),
        hint=pen.gettext("Open the log of this run; the run id stands at the end of this letter."),
        weight="",
    )


def remark(finding: Finding, pen: Pen) -> Remark:
    """Return a finding in words."""
    weights = {
        "critical": "",
        "warning": pen.gettext("warning"),
        "info": pen.gettext("for information"),
    }
    said = _said(finding.template, finding.facts, pen)
    hint = _said(finding.hint, finding.facts, pen)
    return Remark(said, hint, weights[finding.severity])


def _said(template: str, facts: Iterable[tuple[str, str | int]], pen: Pen) -> str:
    """Return a finding's words; a fact it lacks must not cost the whole letter."""
    values = dict(facts)
    values.pop("spoken", None)
    try:
        words = say(template, spoken=pen.language, **values)
    except (LookupError, ValueError, AttributeError):
        words = say(template, spoken=pen.language)
        words += " (" + ", ".join(f"{k}={v}" for k, v in values.items()) + ")" if values else ""
    return clean(words)


def changes(run: Run, previous: Run | None, pen: Pen) -> tuple[tuple[Fact, ...], str]:
    """Return what differs from the run before, or one sentence where there is nothing to list."""
    if previous is None:
        return (), pen.gettext("There is no earlier run to compare with.")
    found = figures.changes(run, previous)
    listed = (
        (pen.gettext("Newly troubled"), found.broke),
        (pen.gettext("Still troubled"), found.still),
        (pen.gettext("Well again"), found.mended),
        (pen.gettext("Not in this run"), found.absent),
        (pen.gettext("New"), found.appeared),
    )
    facts = [Fact(label, names(ids, pen)) for label, ids in listed if ids]
    if found.bytes:
        sign = "+" if found.bytes > 0 else "−"
        facts.append(Fact(pen.gettext("Data volume"), sign + pen.size(abs(found.bytes))))
    day = pen.day(previous.day)
    note = "" if facts else pen.gettext("Nothing has changed since the run of %(day)s.", day=day)
    since = [Fact(pen.gettext("Compared with"), day)] if facts else []
    return (*since, *facts), note


def names(ids: tuple[str, ...], pen: Pen) -> str:
    """Return ids in one line, the first of them where they are many."""
    shown = pen.gettext(", ").join(called(name, pen) for name in ids[:MOST_NAMES])
    left = len(ids) - MOST_NAMES
    return shown if left <= 0 else shown + " " + pen.gettext("and %(n)s more", n=pen.number(left))


def evidence(run: Run, number: int, audience: str, pen: Pen) -> tuple[Fact, ...]:
    """Return what lets somebody else check this letter."""
    worked = [pen.instant(instant) for instant in figures.span(run) or ()]
    times = [Fact(pen.gettext("From, to (Shanghai time)"), " – ".join(worked))] if worked else []
    return (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(pen.gettext("Written for"), audience),
        Fact(pen.gettext("Business day"), pen.day(run.day)),
        *times,
        Fact(pen.gettext("Run id"), clean(run.id)),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), figures.fingerprint(run)),
        Fact(pen.gettext("Runbook"), runbook(run.duty, pen)),
    )


def runbook(duty: Duty, pen: Pen) -> str:
    """Return the runbook of a duty, in the reader's language."""
    books = {
        "backup": pen.gettext("docs/runbooks/backup.md"),
        "validation": pen.gettext("docs/runbooks/validation.md"),
        "restore_test": pen.gettext("docs/runbooks/restore_test.md"),
    }
    return books[duty]


def audience_word(audience: str, pen: Pen) -> str:
    """Return whom a letter is written for, in words."""
    words = {
        "manager": pen.gettext("management"),
        "operator": pen.gettext("IT operator"),
        "accountant": pen.gettext("accountant in charge"),
        "auditor": pen.gettext("auditor"),
        "client": pen.gettext("client"),
    }
    return words.get(audience, clean(audience))


def amount(total: figures.Money, pen: Pen) -> str:
    """Return one currency's debits and credits, and whether they are equal."""
    currency = total.currency if _CURRENCY.fullmatch(total.currency) else ""
    debit, credit = pen.money(total.debit, currency), pen.money(total.credit, currency)
    if total.balanced:
        return pen.gettext("debit = credit = %(sum)s", sum=debit)
    return pen.gettext(
        "debit %(debit)s and credit %(credit)s differ by %(off)s",
        debit=debit,
        credit=credit,
        off=pen.money(abs(total.debit - total.credit), currency),
    )
