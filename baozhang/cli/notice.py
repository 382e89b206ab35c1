"""`baozhang notice`: who must be told of an incident, until when, what they read, what arrived."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Fact
from baozhang.incidents.notices import (
    FORMS,
    KNOWERS,
    REPORTS,
    UNKNOWN,
    Answered,
    Handed,
    Wanted,
    handed,
    must_report,
    newest_draft,
    state,
)
from baozhang.policies.law.register import load_register
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import language, say
from reports.notice_words import FACT_TEMPLATES

if TYPE_CHECKING:
    from tasks.notices import Picture, Ticked

ANSWER_TEMPLATES = {
    "yes": "required",
    "review": "not by number; a qualitative review is required",
    "unknown": "unknown until it is known: {missing}",
    "no": "does not apply",
}
STYLES = {"yes": "bold red", "review": "yellow", "unknown": "yellow", "no": "dim"}
KNOWER_TEMPLATES: dict[Role, str] = {
    "operator": "the IT operator",
    "approver": "who approves, with counsel",
    "accountant": "the accountant in charge",
    "manager": "the management",
}
CONFIDENCE_TEMPLATES = {
    "text": "read in full",
    "page": "seen quoted",
    "fragment": "seen in part",
    "knowledge": "to be confirmed by counsel",
}
STATE_TEMPLATES = {
    "none": "not drafted yet",
    "waiting": "waits for approval",
    "refused": "refused",
    "expired": "waits for approval",
    "approved": "approved",
    "sent": "sent, no receipt yet",
    "hand": "to be handed over by a person",
    "arrived": "delivered",
}
DECIDERS: frozenset[Role] = frozenset({"approver", "manager"})
YES, NO = frozenset({"yes", "true", "是"}), frozenset({"no", "false", "否"})
ALIASES = {"loss": "loss_fen"}
FEN = 100

IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT", help=say("Id of the incident."))]
NoticeId = Annotated[str, typer.Argument(metavar="NOTICE", help=say("Which notice."))]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))]


def _work() -> ModuleType:
    """Return the half that needs the duties' steps: it takes seconds to load."""
    return load("notice_work")


def register(root: typer.Typer) -> None:
    """Add the `notice` commands."""
    group = typer.Typer(name="notice", help=about("notice"), no_args_is_help=True)
    group.command("list", help=say("Who must be told, until when, and what was done."))(listed)
    group.command("show", help=say("Show a notice as it would be sent."))(shown)
    group.command("fact", help=say("State what is known; it decides who must be told."))(fact)
    group.command("decide", help=say("Decide the grade after a qualitative review."))(decide)
    group.command("approve", help=say("Approve or refuse a notice, with a one-time code."))(approve)
    group.command("sent", help=say("Record that a notice was handed over, and its receipt."))(sent)
    group.command("run", help=say("Draft, send and collect receipts now."))(run)
    root.add_typer(group)


def listed(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=say("Id; all that are pending if left out."))
    ] = "",
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show the answers of the law register and how each notice stands."""
    with open_site() as site:
        chosen = [incidents_of(site).get(incident)] if incident else list(_work().pending(site))
        found = [(each, _work().picture(site, each)) for each in chosen]
        value = {"incidents": [_plain(site, each, seen) for each, seen in found]}
        show(value, as_json=as_json, human=lambda page: _draw(page, site, found))


def shown(
    incident: IncidentId,
    notice: NoticeId,
    *,
    client: Annotated[str, typer.Option(help=say("Of clients' letters: whose."))] = "",
    english: Annotated[bool, typer.Option("--english", help=say("In English."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """Print the newest draft, word by word, and the hash that is approved."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        draft = _work().required(found, notice)
        letters = [each for each in draft.letters if not client or each.client == client]
        spoken = "en" if english else "zh_CN"
        texts = [_work().text_of(site, each, spoken) for each in letters]
        request = _work().request_of(found, _work().GATE + notice)
    value = {
        "notice": notice,
        "number": draft.number,
        "stage": draft.stage,
        "digest": request.digest if request else "",
        "letters": texts,
    }
    show(value, as_json=as_json, human=lambda page: _texts(page, texts))


def fact(
    incident: IncidentId,
    facts: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help=say("E.g. persons=12000 loss=5000.00.")),
    ],
    *,
    by: By,
    as_json: JsonFlag = False,
) -> None:
    """Write facts down, in the name of who states them."""
    stated = [_stated(each) for each in facts]
    with open_site() as site:
        _work().require_person(site, by)
        found = incidents_of(site).get(incident)
        if any(name == "reviewed_grade" for name, _ in stated):
            raise UsageError(
                "a grade is decided, not stated",
                hint="Run `baozhang notice decide {incident} GRADE --by PERSON --why TEXT`.",
                incident=found.id,
            )
        for name, value in stated:
            state(found, name, value, by=by)
        done = _work().tick(site, found, actor=by)
    _told(done, as_json=as_json)


def decide(
    incident: IncidentId,
    grade: Annotated[
        str, typer.Argument(metavar="GRADE", help=say("below, large, grave or gravest."))
    ],
    *,
    by: By,
    why: Annotated[str, typer.Option(help=say("Why, in a sentence, without names."))],
    as_json: JsonFlag = False,
) -> None:
    """Keep who decided on the grade, and why; a decision takes the place of an older one."""
    with open_site() as site:
        _work().require_person(site, by)
        if not DECIDERS & set(site.agency.people[by].roles):
            raise UsageError(
                "{person} does not decide on the grade of an incident",
                hint="Ask somebody with one of these roles: {roles}.",
                person=by,
                roles=", ".join(sorted(DECIDERS)),
            )
        if not why.strip():
            raise UsageError(
                "a decision without a reason is none",
                hint="Say why in a sentence: --why TEXT.",
            )
        found = incidents_of(site).get(incident)
        state(found, "reviewed_grade", grade, by=by, why=why.strip()[:400])
        site.audit.append(actor=by, action="notice.graded", subject=found.id, grade=grade)
        done = _work().tick(site, found, actor=by)
    _told(done, as_json=as_json)


def approve(
    incident: IncidentId,
    notice: NoticeId,
    *,
    by: By,
    refuse: Annotated[bool, typer.Option("--refuse", help=say("Refuse it instead."))] = False,
    reason: Annotated[str, typer.Option(help=say("Why it is refused, without names."))] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a person's word on the newest draft, then send what may be sent."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        draft, gate = _work().required(found, notice), _work().GATE + notice
        request = _work().request_of(found, gate)
        _work().decide_gate(
            site,
            found,
            gate,
            person=by,
            code=_ask(say("Code of {witness}", witness=by)),
            word="refuse" if refuse else "approve",
            digest=request.digest if request else "",
            reason=reason,
        )
        site.audit.append(
            actor=by,
            action="notice.refused" if refuse else "notice.approved",
            subject=f"{found.id} {draft.name}",
        )
        done = _work().tick(site, found, actor=by)
    _told(done, as_json=as_json)


def sent(
    incident: IncidentId,
    notice: NoticeId,
    *,
    by: By,
    means: Annotated[str, typer.Option(help=say("telephone, portal, paper, message."))],
    receipt: Annotated[
        str, typer.Option(help=say("Number of the receipt, or who took it, without names."))
    ] = "",
    at: Annotated[
        datetime | None, typer.Option(help=say("When, Asia/Shanghai; now if left out."))
    ] = None,
    client: Annotated[str, typer.Option(help=say("Of clients' letters: whose; all if none."))] = "",
    as_json: JsonFlag = False,
) -> None:
    """Record that a person told somebody, and what shows it."""
    with open_site() as site:
        _work().require_person(site, by)
        found = incidents_of(site).get(incident)
        draft = _work().required(found, notice)
        _work().record(
            site,
            found,
            draft,
            by=by,
            means=means[:40],
            receipt=receipt[:80],
            at=at.replace(tzinfo=SHANGHAI) if at else site.clock(),
            client=client,
        )
        done = _work().tick(site, found, actor=by)
    _told(done, as_json=as_json)


def run(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=say("Id; all that are pending if left out."))
    ] = "",
    *,
    as_json: JsonFlag = False,
) -> None:
    """Do what the deployment `notices` does."""
    with open_site() as site:
        chosen = [incidents_of(site).get(incident)] if incident else list(_work().pending(site))
        done = [_work().tick(site, each, actor="notices") for each in chosen]
    _told(
        _work().Ticked(
            tuple(name for each in done for name in each.drafted),
            tuple(name for each in done for name in each.sent),
            tuple(name for each in done for name in each.received),
        ),
        as_json=as_json,
    )


def _ask(question: str) -> str:
    """Return what a person types; codes are never options, where a process list would show them."""
    typed = str(typer.prompt(question, err=True, default="", show_default=False))
    if not typed.strip():
        raise UsageError("no code was typed", hint="Run the command again with the code at hand.")
    return typed


def _stated(written: str) -> tuple[str, Fact]:
    """Return a fact as it is typed: yuan become fen, yes and no become booleans."""
    name, sign, text = written.partition("=")
    name = ALIASES.get(name.strip(), name.strip())
    text = text.strip()
    if not sign or name not in FORMS or not text:
        raise UsageError(
            "not a fact of an incident: {name}",
            hint="Write one of {known}, each as NAME=VALUE; `unknown` takes it back.",
            name=written[:40],
            known=", ".join(FORMS),
        )
    if text == UNKNOWN:
        return name, UNKNOWN
    return name, _value(name, text)


def _value(name: str, text: str) -> Fact:
    form, plain = FORMS[name], text.lower()
    if form == "yes-no" and plain in YES | NO:
        return plain in YES
    if form == "count" and plain.isdigit():
        return int(plain)
    if form == "fen":
        return _fen(text)
    if form in ("text", "role", "grade"):
        return text[:400]
    raise UsageError(
        "{value} is no value of {name}",
        hint="Write yes or no, a whole number, or an amount in yuan; `unknown` takes it back.",
        value=repr(text[:40]),
        name=name,
    )


def _fen(text: str) -> int:
    try:
        fen = Decimal(text) * FEN
    except InvalidOperation:
        fen = Decimal(-1)
    if not fen.is_finite() or fen < 0 or fen != int(fen):
        raise UsageError(
            "not an amount: {amount}",
            hint="Write yuan in digits, with at most two decimals.",
            amount=text[:40],
        )
    return int(fen)


def _standing(site: Site, incident: Incident, each: Wanted) -> tuple[str, tuple[Handed, ...]]:
    """Return how the newest draft of a notice stands, and how its letters fared."""
    draft = newest_draft(incident, each.id)
    if draft is None:
        return "none", ()
    fared = tuple(
        one for one in handed(incident) if (one.notice, one.number) == (each.id, draft.number)
    )
    if fared and all(one.receipt for one in fared) and len(fared) == len(draft.letters):
        return "arrived", fared
    if any(one.sent for one in fared):
        return ("sent" if all(one.outbox or one.receipt for one in fared) else "hand"), fared
    standing = _work().standing_of(site, incident, _work().GATE + each.id)
    return (standing.state if standing else "none"), fared


def _plain(site: Site, incident: Incident, seen: "Picture") -> dict[str, object]:
    notices = []
    for each in seen.wanted:
        stands, fared = _standing(site, incident, each)
        draft = newest_draft(incident, each.id)
        notices.append(
            {
                "id": each.id,
                "by": each.by.isoformat() if each.by else None,
                "lawful": each.lawful,
                "number": draft.number if draft else 0,
                "stage": draft.stage if draft else "",
                "state": stands,
                "receipts": sum(one.receipt is not None for one in fared),
            }
        )
    return {
        "incident": incident.id,
        "must_report": must_report(seen.answers).answer,
        "answers": [_answer(each, seen) for each in seen.answers],
        "notices": notices,
        "facts": {
            name: {"value": each.value, "source": each.source, "why": each.why}
            for name, each in seen.known.items()
        },
    }


def _answer(each: Answered, seen: "Picture") -> dict[str, object]:
    clock = each.duty.clock
    decided = seen.known.get("reviewed_grade")
    return {
        "id": clock.id,
        "answer": each.answer,
        "by": each.limit.isoformat() if each.limit else None,
        "missing": list(each.duty.missing),
        "decided_by": decided.source if decided and clock.id in REPORTS else "",
        "article": clock.article,
        "confidence": clock.confidence,
    }


def _draw(page: Console, site: Site, found: Sequence[tuple[Incident, "Picture"]]) -> None:
    if not found:
        page.print(say("no incident of which anybody must be told"))
    for incident, seen in found:
        must = must_report(seen.answers)
        page.print(
            say(
                "{incident}: must it be reported to the authority? {answer}",
                incident=incident.id,
                answer=_said(must),
            ),
            style=STYLES[must.answer],
        )
        page.print(_answers(seen))
        page.print(_notices(site, incident, seen))
        for name in dict.fromkeys(n for each in seen.answers for n in each.duty.missing):
            who = say(KNOWER_TEMPLATES[KNOWERS[name]])
            page.print(
                say(
                    "to find out: {fact} ({name}); ask {who}", fact=_named(name), name=name, who=who
                )
            )
        page.print(say("This is no legal advice; a person decides, with counsel."))


def _answers(seen: "Picture") -> Table:
    known, spoken = load_register(), language()
    table = _table(say("whom"), say("must it be done?"), say("until"), say("by what"))
    for each in seen.answers:
        clock = each.duty.clock
        sure = say(CONFIDENCE_TEMPLATES[clock.confidence])
        table.add_row(
            f"{clock.to.said(spoken)}\n{clock.do.said(spoken)}",
            Text(_said(each), STYLES[each.answer]),
            _moment(each.limit) if each.answer != "no" else "",
            f"{known.cited(clock.article, spoken)}\n({sure})",
            end_section=True,
        )
    return table


def _notices(site: Site, incident: Incident, seen: "Picture") -> Table:
    table = _table(say("notice"), say("draft"), say("until"), say("state"))
    for each in seen.wanted:
        stands, fared = _standing(site, incident, each)
        draft = newest_draft(incident, each.id)
        words = say(STATE_TEMPLATES[stands])
        if len(fared) > 1:
            words += f" ({sum(one.receipt is not None for one in fared)}/{len(fared)})"
        table.add_row(each.id, str(draft.number if draft else "–"), _moment(each.by), words)
    return table


def _said(each: Answered) -> str:
    named = (_named(name) for name in each.duty.missing)
    return say(ANSWER_TEMPLATES[each.answer], missing=say(", ").join(named))


def _named(name: str) -> str:
    return say(FACT_TEMPLATES[name])


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else say("without delay")


def _table(*heads: str) -> Table:
    """Return a table that breaks long words: Chinese has no blanks to break at."""
    return Table(*(Column(head, overflow="fold") for head in heads))


def _texts(page: Console, texts: Sequence[str]) -> None:
    for text in texts:
        page.print(text, markup=False, highlight=False)


def _told(done: "Ticked", *, as_json: bool) -> None:
    value = {"drafted": done.drafted, "sent": done.sent, "received": done.received}

    def draw(page: Console) -> None:
        for words, names in (
            (say("drafted, to be approved"), done.drafted),
            (say("sent"), done.sent),
            (say("delivered"), done.received),
        ):
            if names:
                page.print(f"{words}: {', '.join(names)}", markup=False)
        if not (done.drafted or done.sent or done.received):
            page.print(say("nothing new is to be told"))

    show(value, as_json=as_json, human=draw)
