"""`baozhang risk`: the risk register, its indicators, the month's review and its signature."""

from collections.abc import Mapping
from datetime import date, datetime
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.governance.risk.model import PROPOSALS, RISKS, Risk
from baozhang.governance.risk.standard import indicators, scale
from baozhang.wiring import open_site
from baozhang.words import CHINESE, language, say

RiskId = Annotated[str, typer.Argument(metavar="RISK", help=say("Its id, e.g. r-001."))]
AnyId = Annotated[
    str, typer.Argument(metavar="ID", help=say("A risk r-… or a proposal p-… that waits."))
]
ByOption = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Your id."))]
Grade = Annotated[int | None, typer.Option(min=1, max=5, help=say("1 to 5 on the scale."))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=say("Why, in a few words."))]
Names = Annotated[
    list[str] | None, typer.Option(metavar="CONTROL", help=say("A control; may be given again."))
]
DAYS, DAY = ["%Y-%m-%d"], "YYYY-MM-DD"
PeriodName = Annotated[
    str, typer.Argument(metavar="[PERIOD]", help=say("A month, YYYY-MM; else the newest."))
]

STATE_TEMPLATES = {
    "proposed": "proposed",
    "open": "open",
    "closed": "closed",
    "rejected": "rejected",
}
LEVEL_TEMPLATES = {"low": "low", "medium": "medium", "high": "high", "extreme": "extreme"}
BAND_TEMPLATES = {
    "green": "green",
    "amber": "amber",
    "red": "red",
    "unmeasured": "not measured",
}
TREATMENT_TEMPLATES = {
    "avoid": "avoid",
    "reduce": "reduce",
    "transfer": "transfer",
    "accept": "accept",
}
COLOURS = {"green": "green", "amber": "yellow", "red": "red", "unmeasured": "dim"}


def _work() -> ModuleType:
    """Return the half that needs the duties' steps: it takes seconds to load."""
    return load("risk_work")


def register(root: typer.Typer) -> None:
    """Add the command group `risk`."""
    group = typer.Typer(name="risk", help=about("risk"), no_args_is_help=True)
    group.command("start", help=say("Propose the risks of the standard library."))(start)
    group.command("list", help=say("List risks, and the proposals that wait."))(list_all)
    group.command("show", help=say("Show one risk with its history."))(show_one)
    group.command("accept-proposal", help=say("Take up a proposed risk or change."))(accept)
    group.command("reject-proposal", help=say("Reject a proposed risk or change."))(reject)
    group.command("score", help=say("Score a risk, and estimate it."))(score)
    group.command("treat", help=say("Decide what is done about a risk."))(treat)
    group.command("close", help=say("Close a risk that is no more."))(close)
    group.command("indicators", help=say("Measure the key risk indicators now."))(measure)
    group.command("scale", help=say("Show the scale and its matrix."))(show_scale)
    group.command("report", help=say("Draw up the review of all risks, and show it."))(report)
    group.command("sign", help=say("Sign the review; its letter is written then."))(sign)
    root.add_typer(group)


def start(*, by: ByOption, as_json: JsonFlag = False) -> None:
    """Propose every risk of the standard library that the register does not have."""
    with open_site() as site:
        made = _work().start(site, by=by)
    show({"proposed": list(made)}, as_json=as_json, human=lambda page: _said_made(page, made))


def list_all(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help=say("Closed and rejected ones too."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List risks, and the proposals that wait for somebody."""
    with open_site() as site:
        rows, changes = RISKS.rows(site), PROPOSALS.rows(site)
    shown = {id_: each for id_, each in rows.items() if everything or _counts(each)}
    waiting = {id_: each for id_, each in changes.items() if each.state == "open"}
    value = {
        "risks": [_value(id_, each) for id_, each in shown.items()],
        "proposals": [{"id": id_, **each.cells()} for id_, each in waiting.items()],
    }

    def human(page: Console) -> None:
        heads = (say("risk"), say("what could happen"), say("state"), say("level"), say("decision"))
        table = load("drill").table
        page.print(table(heads, [_row(id_, each) for id_, each in shown.items()]))
        if waiting:
            told = (say("proposal"), say("risk"), say("from"))
            page.print(table(told, [(p, each.risk, each.ref) for p, each in waiting.items()]))

    show(value, as_json=as_json, human=human)


def show_one(risk: RiskId, *, as_json: JsonFlag = False) -> None:
    """Show one risk as its row says it, and who changed it when."""
    with open_site() as site:
        found = _work().risk_of(site, risk)
        history = RISKS.history(site, risk)
    changes = [{"version": e.version, "by": e.by, "at": e.at.isoformat()} for e in history]
    value = {**_value(risk, found), **found.cells(), "history": changes}

    def human(page: Console) -> None:
        for name, cell in found.cells().items():
            page.print(f"{name}: {cell}", markup=False)
        for each in changes:
            page.print(f"{each['version']}  {each['at']}  {each['by']}", markup=False)

    show(value, as_json=as_json, human=human)


def accept(proposal: AnyId, *, by: ByOption, as_json: JsonFlag = False) -> None:
    """Take up a proposed risk, or a proposal to change one."""
    with open_site() as site:
        found = _work().accept(site, proposal, by=by)
    value = {"accepted": proposal, **found.cells()}
    show(value, as_json=as_json, human=lambda page: page.print(say("accepted: {id}", id=proposal)))


def reject(proposal: AnyId, *, by: ByOption, reason: Reason, as_json: JsonFlag = False) -> None:
    """Reject a proposed risk, or a proposal to change one; it is not proposed again."""
    with open_site() as site:
        _work().reject(site, proposal, reason, by=by)
    value = {"rejected": proposal}
    show(value, as_json=as_json, human=lambda page: page.print(say("rejected: {id}", id=proposal)))


def score(
    risk: RiskId,
    *,
    likelihood: Grade = None,
    impact: Grade = None,
    residual_likelihood: Grade = None,
    residual_impact: Grade = None,
    events: Annotated[
        str,
        typer.Option("--events", metavar="L,M,H", help=say("Events per year: low,likely,high.")),
    ] = "",
    loss: Annotated[
        str, typer.Option("--loss", metavar="L,M,H", help=say("Yuan per event: low,likely,high."))
    ] = "",
    by: ByOption,
    as_json: JsonFlag = False,
) -> None:
    """Score a risk without and with what is done, and estimate it."""
    work = _work()
    scores = work.Scores(
        inherent=work.pair(likelihood, impact),
        residual=work.pair(residual_likelihood, residual_impact),
        events=events,
        loss=loss,
    )
    with open_site() as site:
        found = work.score(site, risk, scores, by=by)
    _show_changed(risk, found, as_json=as_json)


def treat(
    risk: RiskId,
    treatment: Annotated[
        str,
        typer.Argument(metavar="TREATMENT", help=say("avoid, reduce, transfer or accept.")),
    ],
    *,
    control: Names = None,
    insurance: Annotated[
        str, typer.Option(metavar="CONTRACT", help=say("Id of the insurance contract."))
    ] = "",
    condition: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTROL", help=say("A control that the insurance asks for as well.")),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, metavar=DAY, help=say("Last day of an acceptance.")),
    ] = None,
    by_day: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, metavar=DAY, help=say("By when it is to be in place.")),
    ] = None,
    review_on: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, metavar=DAY, help=say("When it is looked at again.")),
    ] = None,
    reason: Reason = "",
    by: ByOption,
    as_json: JsonFlag = False,
) -> None:
    """Decide what is done about a risk: by whom it is borne, by what, and until when."""
    work = _work()
    decision = work.Decision(
        treatment=work.require_treatment(treatment),
        controls=tuple(control or ()),
        insurance=insurance,
        conditions=tuple(condition or ()),
        until=_day(until),
        by_day=_day(by_day),
        review_on=_day(review_on),
        reason=reason,
    )
    with open_site() as site:
        found = work.treat(site, risk, decision, by=by)
    _show_changed(risk, found, as_json=as_json)


def close(risk: RiskId, *, by: ByOption, reason: Reason, as_json: JsonFlag = False) -> None:
    """Close a risk that is no more."""
    with open_site() as site:
        found = _work().close(site, risk, reason, by=by)
    _show_changed(risk, found, as_json=as_json)


def measure(*, as_json: JsonFlag = False) -> None:
    """Measure the key risk indicators now; nothing is kept."""
    with open_site() as site:
        found = _work().measured(site)
    value = {id_: each.cells() for id_, each in found.items()}

    def human(page: Console) -> None:
        rows = [
            (
                _named(indicators()[id_].title),
                "–" if each.value is None else str(each.value),
                f"[{COLOURS[each.band]}]{say(BAND_TEMPLATES[each.band])}[/]",
                ", ".join(each.refs),
            )
            for id_, each in found.items()
        ]
        heads = (say("indicator"), say("value"), say("colour"), say("where"))
        page.print(load("drill").table(heads, rows))

    show({"indicators": value}, as_json=as_json, human=human)


def show_scale(*, as_json: JsonFlag = False) -> None:
    """Show the grades of likelihood and impact, and the levels of the matrix."""
    value = scale().model_dump(mode="json")

    def human(page: Console) -> None:
        table = load("drill").table
        for steps, head in (
            (scale().likelihood, say("likelihood")),
            (scale().impact, say("impact")),
        ):
            rows = [(str(s.grade), s.zh if _chinese() else s.en, _named(s.says)) for s in steps]
            page.print(table((head, say("word"), say("meaning")), rows))
        heads = (say("likelihood \\ impact"), *(str(each.grade) for each in scale().impact))
        matrix = [
            (str(grade), *(say(LEVEL_TEMPLATES[level]) for level in row))
            for grade, row in enumerate(scale().matrix, 1)
        ]
        page.print(table(heads, matrix))
        page.print(_named(scale().source), markup=False)

    show(value, as_json=as_json, human=human)


def report(
    *,
    draft: Annotated[
        bool,
        typer.Option("--dry-run", help=say("Only show it; measure, propose and keep nothing.")),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure, propose, draw up the review and show it; what is signed is its hash."""
    with open_site() as site:
        text, value = _work().reported(site, dry_run=draft)
    show(value, as_json=as_json, human=lambda page: page.print(text, markup=False))


def sign(
    period: PeriodName = "",
    *,
    by: ByOption,
    code: Annotated[
        str, typer.Option("--code", metavar="CODE", help=say("Six digits; else asked for."))
    ] = "",
    refuse: Annotated[bool, typer.Option("--refuse", help=say("Refuse it."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """Sign the newest review of a month, or refuse it; the letter follows the signature."""
    typed = code or typer.prompt(say("one-time code"), hide_input=True, err=True)
    with open_site() as site:
        value = _work().signed(site, period, person=by, code=typed, refuse=refuse)

    def human(page: Console) -> None:
        template = "refused: {period}" if refuse else "signed: {period}"
        page.print(say(template, period=value["period"]), markup=False)
        for path in value["letters"]:
            page.print(say("report: {path}", path=path), markup=False)

    show(value, as_json=as_json, human=human)


# --- how it is told -------------------------------------------------------------------------------


def _counts(risk: Risk) -> bool:
    return risk.state in {"proposed", "open"}


def _value(id_: str, risk: Risk) -> dict[str, object]:
    pair = risk.now()
    return {
        "id": id_,
        "title": risk.title,
        "title_en": risk.title_en,
        "state": risk.state,
        "level": scale().level(*pair) if pair else None,
        "likelihood": pair[0] if pair else None,
        "impact": pair[1] if pair else None,
        "treatment": risk.treatment,
    }


def _row(id_: str, risk: Risk) -> tuple[str, ...]:
    pair = risk.now()
    level = say(LEVEL_TEMPLATES[scale().level(*pair)]) if pair else say("not scored")
    decided = say(TREATMENT_TEMPLATES[risk.treatment]) if risk.treatment else "–"
    title = risk.title if _chinese() or not risk.title_en else risk.title_en
    return id_, title, say(STATE_TEMPLATES[risk.state]), level, decided


def _said_made(page: Console, made: tuple[str, ...]) -> None:
    if made:
        text = say("{count} risks are proposed: {first} to {last}",
                   count=len(made), first=made[0], last=made[-1])  # fmt: skip
        page.print(text, markup=False)
        page.print(say("take each up with accept-proposal, or reject it"), markup=False)
    else:
        page.print(say("the register has every risk of the library already"), markup=False)


def _show_changed(id_: str, risk: Risk, *, as_json: bool) -> None:
    value: Mapping[str, object] = {**_value(id_, risk), **risk.cells()}
    show(value, as_json=as_json, human=lambda page: page.print("  ".join(_row(id_, risk))))


def _named(words: object) -> str:
    return str(getattr(words, "zh" if _chinese() else "en"))


def _chinese() -> bool:
    return language() == CHINESE


def _day(instant: datetime | None) -> date | None:
    return instant.date() if instant else None
