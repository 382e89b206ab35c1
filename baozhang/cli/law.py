"""`baozhang law`: what the law register holds, whether an incident must be reported, filing days.

No site and no vault.  What is not known is an answer that names what is missing.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI, business_day, system_clock
from baozhang.errors import UsageError
from baozhang.policies.law.duties import Duty, Facts, duties
from baozhang.policies.law.filing import FilingCalendar, load_filing_calendar
from baozhang.policies.law.register import Cited, Register, Role, load_register
from baozhang.words import language, say

ANSWER_TEMPLATES = {
    "yes": "required",
    "review": "not by number; a qualitative review is required",
    "unknown": "not known yet; find out: {missing}",
    "no": "does not apply",
}
STYLES = {"yes": "bold red", "review": "yellow", "unknown": "yellow", "no": "dim"}
FACT_TEMPLATES = {
    "role": "the agency's role",
    "personal_data": "whether personal information is concerned",
    "persons": "how many persons",
    "loss_fen": "the direct loss",
    "client_data": "whether clients' data is concerned",
    "critical_infrastructure": "whether it is critical infrastructure",
    "central_organ": "whether a central organ is concerned",
    "harm_to_others": "whether others are harmed",
    "harm_avoided": "whether harm was avoided",
    "suspected_crime": "whether a crime is suspected",
    "paper_invoices_lost": "whether paper invoices were lost",
}
CONFIDENCE_TEMPLATES = {
    "text": "read in full",
    "page": "seen quoted",
    "fragment": "seen in part",
    "knowledge": "to be confirmed by counsel",
}
FEN = 100


def register(root: typer.Typer) -> None:
    """Add the `law` commands."""
    group = typer.Typer(name="law", help=about("law"), no_args_is_help=True)
    group.command("list", help=say("List instruments, least terms, and how sure each is."))(listed)
    group.command("duties", help=say("Tell what an incident obliges to, and until when."))(oblige)
    group.command("filing", help=say("Show the last days of the filing seasons."))(filing)
    root.add_typer(group)


def listed(*, as_json: JsonFlag = False) -> None:
    """Show what the register holds."""
    known = load_register()
    show(known.model_dump(mode="json"), as_json=as_json, human=lambda page: _draw(page, known))


def oblige(
    *,
    discovered: Annotated[
        datetime | None,
        typer.Option(help=say("When it was found, Asia/Shanghai; now if left out.")),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help=say("processor (处理者) or entrusted (受托人)."))
    ] = None,
    persons: Annotated[
        int | None, typer.Option(min=0, help=say("Persons whose information is concerned."))
    ] = None,
    loss: Annotated[str | None, typer.Option(help=say("Direct loss in yuan."))] = None,
    personal_data: Annotated[
        bool | None, typer.Option(help=say("Personal information leaked, altered or lost?"))
    ] = None,
    client_data: Annotated[bool | None, typer.Option(help=say("Clients' data concerned?"))] = None,
    critical_infrastructure: Annotated[
        bool | None, typer.Option(help=say("Critical information infrastructure?"))
    ] = None,
    central_organ: Annotated[
        bool | None, typer.Option(help=say("A central party or state organ?"))
    ] = None,
    harm_to_others: Annotated[
        bool | None, typer.Option(help=say("Are persons or organisations harmed?"))
    ] = None,
    harm_avoided: Annotated[
        bool | None, typer.Option(help=say("Was harm effectively avoided?"))
    ] = None,
    suspected_crime: Annotated[bool | None, typer.Option(help=say("Is a crime suspected?"))] = None,
    paper_invoices_lost: Annotated[
        bool | None, typer.Option(help=say("Were paper invoices lost?"))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer every clock of the register; a fact that is left out is unknown."""
    found = duties(
        load_register(),
        Facts(
            discovered=discovered.replace(tzinfo=SHANGHAI) if discovered else system_clock(),
            role=_role(role),
            persons=persons,
            loss_fen=_fen(loss),
            personal_data=personal_data,
            client_data=client_data,
            critical_infrastructure=critical_infrastructure,
            central_organ=central_organ,
            harm_to_others=harm_to_others,
            harm_avoided=harm_avoided,
            suspected_crime=suspected_crime,
            paper_invoices_lost=paper_invoices_lost,
        ),
    )
    value = {"duties": [_plain(duty) for duty in found]}
    show(value, as_json=as_json, human=lambda page: _draw_duties(page, found))


def filing(
    year: Annotated[int | None, typer.Argument(help=say("The year; this one if left out."))] = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show a year's twelve last days."""
    today = business_day(system_clock())
    calendar = load_filing_calendar()
    wanted = year or today.year
    if wanted not in calendar.years:
        raise UsageError(
            "the filing days of {year} are not known",
            hint="Wait for the tax administration's notice and a release that holds it; known: "
            "{known}.",
            year=wanted,
            known=", ".join(map(str, sorted(calendar.years))),
        )
    value = {
        "year": wanted,
        **calendar.years[wanted].model_dump(mode="json"),
        "expires": calendar.expires().isoformat(),
    }
    show(value, as_json=as_json, human=lambda page: _draw_year(page, calendar, wanted, today))


def _role(written: str | None) -> Role | None:
    if written is None:
        return None
    if written == "processor":
        return "processor"
    if written == "entrusted":
        return "entrusted"
    raise UsageError(
        "no such role: {role}",
        hint="Write processor or entrusted; leave it out where it is not known.",
        role=written[:40],
    )


def _fen(written: str | None) -> int | None:
    if written is None:
        return None
    try:
        fen = Decimal(written) * FEN
    except InvalidOperation:
        fen = Decimal(-1)
    if not fen.is_finite() or fen < 0 or fen != int(fen):
        raise UsageError(
            "not an amount: {amount}",
            hint="Write yuan in digits, with at most two decimals.",
            amount=written[:40],
        )
    return int(fen)


def _plain(duty: Duty) -> dict[str, object]:
    return {
        "id": duty.clock.id,
        "to": duty.clock.to.model_dump(),
        "do": duty.clock.do.model_dump(),
        "answer": duty.answer,
        "by": duty.by.isoformat() if duty.by else None,
        "target": duty.target.isoformat() if duty.target else None,
        "missing": list(duty.missing),
        "article": duty.clock.article,
        "confidence": duty.clock.confidence,
    }


def _draw_duties(page: Console, found: Sequence[Duty]) -> None:
    known, spoken = load_register(), language()
    table = _table(say("whom"), say("must it be done?"), say("until"), say("by what"))
    for duty in found:
        table.add_row(
            f"{duty.clock.to.said(spoken)}\n{duty.clock.do.said(spoken)}",
            Text(_answer(duty), STYLES[duty.answer]),
            _until(duty),
            _article(known, duty.clock),
            end_section=True,
        )
    page.print(table)
    page.print(say("This is no legal advice; a person decides, with counsel."))


def _table(*heads: str) -> Table:
    """Return a table that breaks long words: Chinese has no blanks to break at."""
    return Table(*(Column(head, overflow="fold") for head in heads))


def _answer(duty: Duty) -> str:
    named = (say(FACT_TEMPLATES[name]) for name in duty.missing)
    return say(ANSWER_TEMPLATES[duty.answer], missing=say(", ").join(named))


def _until(duty: Duty) -> str:
    if duty.answer != "yes":
        return ""
    if duty.clock.deadline_minutes == 0:
        return say("at once")
    law = _clock(duty.by) if duty.by else say("without delay")
    return f"{law}\n{say('our target: {at}', at=_clock(duty.target))}" if duty.target else law


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _article(known: Register, row: Cited) -> str:
    return f"{known.cited(row.article, language())}\n({say(CONFIDENCE_TEMPLATES[row.confidence])})"


def _draw(page: Console, known: Register) -> None:
    spoken = language()
    table = _table(say("instrument"), say("number"), say("in force"), say("how sure"))
    for each in known.instruments.values():
        sure = say(CONFIDENCE_TEMPLATES[each.confidence])
        table.add_row(each.said(spoken), each.number, each.effective.isoformat(), sure)
    page.print(table)
    terms = _table(say("kept at least"), say("years"), say("by what"))
    for term in known.retention:
        years = str(term.years) if term.years else say("for ever")
        terms.add_row(term.said(spoken), years, _article(known, term))
    page.print(terms)
    reviewed = known.reviewed.by if known.reviewed else say("nobody yet")
    page.print(
        say(
            "as of {day}; reviewed by {who}; review due {due}",
            day=known.as_of,
            who=reviewed,
            due=known.review_due,
        )
    )


def _draw_year(page: Console, calendar: FilingCalendar, year: int, today: date) -> None:
    shown = calendar.years[year]
    coming = calendar.next_deadline(today, "monthly")
    table = _table(say("month"), say("last day"), say("quarterly too"))
    for month, day in enumerate(shown.last_days, 1):
        quarterly = "✓" if month in (1, 4, 7, 10) else ""
        table.add_row(str(month), Text(day.isoformat(), "bold" if day == coming else ""), quarterly)
    page.print(table)
    page.print(shown.source)
