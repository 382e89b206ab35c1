"""What people have entered and signed shows, and who has looked at the law.

A register that was changed by hand could not be judged: it is named, and none of it is used.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from baozhang.catalog.entries import RegisterBook
from baozhang.catalog.model import Entry
from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import CorruptObjectError
from baozhang.policies.law.register import Cited, Register, load_register
from tasks.evidence_asking import Args, Asking, Found, Rows, named, number, refs, word
from tasks.evidence_log import unclear, unsound
from tasks.signing import SIGNATURES, Signature

REGISTER_TEMPLATES = {
    "rows": "{good} rows stand in the register {register}, {wanted} are asked for; it was last "
    "changed on {day}",
    "in_time": "{good} of {all} rows of the register {register} that have a day were done by it, "
    "or have time on {day}",
    "damaged": "the register {register} was changed by hand and could not be judged",
    "signed": "{subject} was signed by {count} people with their codes on {day}",
    "refused": "{subject} was refused on {day}",
    "codeless": "{subject} bears the signature of {people}, and the audit log knows of no code that"
    " was counted for it",
    "law": "all {all} rows of the law register have been seen in print; {by} reviewed it on {day}",
    "unseen": "{by} reviewed the law register on {day}; {open} of its {all} rows are still to be "
    "confirmed by counsel",
}
DUE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"due": ("done", "resolved", "closed"), "answer_due": ("answered", "resolved")}
)
"""Cells that say by which day, and those that say that it was done."""
UNSEEN = "knowledge"


def register(asking: Asking, args: Args) -> Found | None:
    """Tell whether so many rows of a register stand; it is as new as its last change."""
    name, wanted = word(args, "name"), number(args, "rows")
    try:
        history = RegisterBook(asking.site.catalog).history(name)
    except CorruptObjectError:
        return unclear(asking, REGISTER_TEMPLATES["damaged"], {"register": name})
    known = [each for each in history if each.at < asking.until]
    if not known:
        return None
    newest: dict[str, Entry] = {each.id: each for each in known}
    standing = [each for each in newest.values() if each.what == "put"]
    rows = Rows()
    for each in known:
        rows.add(each.hash)
    last = sorted(standing, key=lambda each: each.at, reverse=True)
    return Found(
        result="pass" if standing and len(standing) >= wanted else "fail",
        effective=known[-1].at,
        says=REGISTER_TEMPLATES["rows"],
        facts={
            "register": name,
            "good": len(standing),
            "wanted": wanted,
            "day": business_day(known[-1].at).isoformat(),
        },
        refs=refs(_ref(each) for each in last),
        digest=rows.digest,
    )


def in_time(asking: Asking, args: Args) -> Found | None:
    """Tell whether what a register asks for by a day was done by it; it is as new as its change.

    A row that says by when, in a cell of `DUE`, is past it when no cell says that it was done; one
    that was done too late, or ended undone past its day, speaks against the period in which it was.
    """
    name = word(args, "register")
    try:
        history = RegisterBook(asking.site.catalog).history(name)
    except CorruptObjectError:
        return unclear(asking, REGISTER_TEMPLATES["damaged"], {"register": name})
    known = [each for each in history if each.at < asking.until]
    newest: dict[str, Entry] = {each.id: each for each in known}
    owed = [each for each in newest.values() if any(dict(each.values).get(due) for due in DUE)]
    if not owed:
        return None
    late = [each for each in owed if _is_late(each, asking)]
    rows = Rows()
    for each in known:
        rows.add(each.hash)
    last = sorted(owed, key=lambda each: each.at, reverse=True)
    return Found(
        result="fail" if late else "pass",
        effective=known[-1].at,
        says=REGISTER_TEMPLATES["in_time"],
        facts={
            "register": name,
            "good": len(owed) - len(late),
            "all": len(owed),
            "day": asking.day,
            "late": named(each.id for each in late),
        },
        refs=refs((_ref(each) for each in late), (_ref(each) for each in last)),
        digest=rows.digest,
    )


def _is_late(entry: Entry, asking: Asking) -> bool:
    """Tell whether a row is past one of its days, or was when it was done or ended in the period.

    Days are ISO texts, which sort as they follow each other.
    """
    values, first = dict(entry.values), asking.period.first.isoformat()
    ended = business_day(entry.at).isoformat() if entry.what != "put" else ""
    for name, ends in DUE.items():
        due = str(values.get(name) or "")
        done = next((str(values[end]) for end in ends if values.get(end)), ended)
        if due and due < (done or asking.day) and (not done or done >= first):
            return True
    return False


def _ref(entry: Entry) -> str:
    return f"entry:{entry.register}/{entry.id}/{entry.version}"


# --- signatures -----------------------------------------------------------------------------------


def signed(asking: Asking, args: Args) -> Found | None:
    """Tell whether something was signed, with codes that the audit log knows; the newest counts."""
    prefix = word(args, "subject")
    try:
        history = SIGNATURES.history(asking.site)
        words = [(each, SIGNATURES.read(each)) for each in history if each.at < asking.until]
    except CorruptObjectError:
        return unclear(asking, REGISTER_TEMPLATES["damaged"], {"register": SIGNATURES.name})
    ours = [(entry, each) for entry, each in words if each.subject.startswith(prefix)]
    if not ours:
        return None
    if not asking.log.sound:
        return unsound(asking)
    last = ours[-1][1]
    about = (last.subject, last.digest)
    return _said(asking, [pair for pair in ours if (pair[1].subject, pair[1].digest) == about])


def _said(asking: Asking, words: list[tuple[Entry, Signature]]) -> Found:
    """Return what people said of one content."""
    entry, last = words[-1]
    what = f"{last.subject} {last.digest[:12]}"
    codeless = [s.person for _, s in words if (s.person, what) not in asking.log.counted]
    refused = any(each.word == "refuse" for _, each in words)
    rows = Rows()
    for each, _ in words:
        rows.add(each.id, each.version, each.hash)
    return Found(
        result="fail" if codeless or refused else "pass",
        effective=entry.at,
        says=REGISTER_TEMPLATES["codeless" if codeless else "refused" if refused else "signed"],
        facts={
            "subject": last.subject,
            "count": len(words),
            "day": business_day(entry.at).isoformat(),
            "people": named(codeless),
        },
        refs=refs(_ref(each) for each, _ in reversed(words)),
        digest=rows.digest,
    )


# --- the law --------------------------------------------------------------------------------------


def law(asking: Asking, _args: Args) -> Found | None:
    """Tell whether counsel has reviewed the law register, and every row was seen in print."""
    return reviewed(load_register(), asking)


def reviewed(known: Register, asking: Asking) -> Found | None:
    """Tell it of a register: see `law`."""
    review = known.reviewed
    if review is None:
        return None
    at = datetime.combine(review.on, datetime.min.time(), SHANGHAI)
    if at >= asking.until:
        return None
    cited: tuple[Cited, ...] = (*known.retention, *known.clocks, *known.contents.values())
    sure = [
        *((name, each.confidence) for name, each in known.instruments.items()),
        *((each.id, each.confidence) for each in known.severity.levels),
        *((each.article, each.confidence) for each in cited),
    ]
    unseen = [name for name, confidence in sure if confidence == UNSEEN]
    rows = Rows()
    rows.add(review.by, review.on.isoformat())
    for name, confidence in sure:
        rows.add(name, confidence)
    return Found(
        result="inconclusive" if unseen else "pass",
        effective=at,
        says=REGISTER_TEMPLATES["unseen" if unseen else "law"],
        facts={
            "by": review.by,
            "day": review.on.isoformat(),
            "all": len(sure),
            "open": len(unseen),
        },
        refs=refs(f"law:{name}" for name in unseen),
        digest=rows.digest,
    )
