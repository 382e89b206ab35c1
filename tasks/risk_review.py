"""The month's look at all risks: measured, proposed, drawn up, kept, signed, and written.

    measure ──► propose ──► draw ──► state/risk/<period>/<sha256>.json ──► signature ──► letter

What is signed is the SHA-256 of the kept review.  A look that is drawn up again is another one, and
is signed again; the ones before stay.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from baozhang import durable
from baozhang.clock import business_day
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.governance.model import Words
from baozhang.governance.risk.coverage import coverage
from baozhang.governance.risk.loss import Range, loss_of, month_seed
from baozhang.governance.risk.model import (
    CAUSE_OF,
    PROPOSALS,
    READINGS,
    RISKS,
    Proposal,
    Reading,
    Risk,
)
from baozhang.governance.risk.proposing import (
    UNPROVEN,
    YEAR,
    new_risks,
    reopened,
    rescores,
    unheard,
)
from baozhang.governance.risk.review import (
    Measured,
    Proposed,
    Review,
    Spread,
    Told,
    decoded,
    digest_of,
    encoded,
)
from baozhang.governance.risk.standard import Level, indicators, library, scale
from baozhang.governance.risk.treatment import Contract, Effect, check, effect_of
from baozhang.mail.readers import readers
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.wiring import STATE
from reports.risk import KIND, SignedBy, render_risk, status_of
from tasks.letters import Draft, Written, write
from tasks.letters import library as letters_of
from tasks.risk_ground import Standing, contracts, events, happened, readies, standing
from tasks.risk_register import propose_changes, propose_risks
from tasks.risk_signals import readings, signals
from tasks.signing import Signature, Word, sign, signed

FOLDER = "risk"
SIGNERS: tuple[Role, ...] = ("approver", "manager")
"""Who signs for the agency's risks: whoever answers for it."""
MONTHS = 13
"""How many months of an indicator are drawn: a year, and the same month a year ago."""
FIRST_LOOK = timedelta(days=31)
"""How far back the first look of all tells what happened."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A review that was drawn up: which, and what is signed."""

    period: str
    digest: str

    @property
    def subject(self) -> str:
        """What the signature is given for."""
        return f"risk:{self.period}"


# --- measure and propose --------------------------------------------------------------------------


def measure(site: Site, *, by: str) -> dict[str, Reading]:
    """Measure every indicator and keep what was measured."""
    found = readings(signals(site), indicators(), site.clock())
    READINGS.put(site, found, by=by)
    return found


def propose(site: Site, *, by: str) -> tuple[str, ...]:
    """Propose what the records ask for and nobody proposed before; return ids."""
    now = site.clock()
    risks, series = RISKS.rows(site), series_of(site)
    bands = {id_: each[-1].band for id_, each in series.items()}
    news = happened(site, now - YEAR)
    made = propose_risks(site, new_risks(risks, bands, news, library(), indicators()), by=by)
    unproven = indicators()[UNPROVEN].risks
    effects = {id_: effect_of(each, indicators(), series) for id_, each in risks.items()}
    found = [
        *rescores(risks, news, library(), scale(), unproven),
        *reopened(risks, effects, f"{business_day(now):%Y-%m}"),
    ]
    fresh = unheard(found, PROPOSALS.rows(site).values())
    return (*made, *propose_changes(site, fresh, by=by))


def series_of(site: Site) -> dict[str, tuple[Reading, ...]]:
    """Return the last reading of each month, oldest first, by indicator."""
    found: dict[str, dict[str, Reading]] = {}
    for entry in READINGS.history(site):
        if entry.what == "put" and entry.id in indicators():
            reading = READINGS.read(entry)
            found.setdefault(entry.id, {})[reading.period] = reading
    return {
        id_: tuple(months[period] for period in sorted(months)) for id_, months in found.items()
    }


# --- draw up --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every risk is told by."""

    now: datetime
    before: Mapping[str, Risk]  # the register at the look before
    audited: Standing
    contracts: Mapping[str, Contract]
    effects: Mapping[str, Effect]
    ready: Mapping[str, str]
    seed: int


def draw_up(site: Site, *, run: str = "") -> Drawn:
    """Draw up the look at all risks as they are now, and keep it.

    Args:
        site: the site.
        run: id of the flow's run: what it drew up before it was suspended stays what it was; what
            people draw up meanwhile takes its place, and is what the run goes on with.

    Raises:
        UnreachableError: it cannot be kept.
    """
    if run and (there := _of_run(site, run)):
        return there
    review = reviewed(site)
    drawn = Drawn(review.period, digest_of(review))
    folder = _folder(site) / review.period
    run = run or _waiting_run(site, review.period)
    newest = json.dumps({"digest": drawn.digest, "run": run}, sort_keys=True)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.replace(folder / f"{drawn.digest}.json", encoded(review).encode("ascii"))
        durable.replace(folder / "newest", newest.encode("ascii"))
    except OSError as error:
        raise UnreachableError(
            "the risk review cannot be kept: {reason}",
            hint="Make room and check the rights of the site's state folder.",
            reason=error.strerror or type(error).__name__,
        ) from error
    return drawn


def reviewed(site: Site) -> Review:
    """Return the look at all risks as they are now; nothing is kept."""
    now = site.clock()
    period = f"{business_day(now):%Y-%m}"
    rows, series, audited = RISKS.rows(site), series_of(site), standing(site)
    last = before(site, period)
    since = last.at if last else now - FIRST_LOOK
    seed = month_seed(site)
    ground = _Ground(
        now=now,
        before=RISKS.rows(site, at=last.at) if last else {},
        audited=audited,
        contracts=contracts(site),
        effects={id_: effect_of(each, indicators(), series) for id_, each in rows.items()},
        ready=readies(site),
        seed=seed,
    )
    causes = [CAUSE_OF[each.kind] for each in happened(site, now - YEAR) if each.kind]
    return Review(
        period=period,
        at=now,
        before=last.period if last else "",
        made_by=makers(rows),
        since=events(site, since),
        risks=tuple(_told(site, id_, each, ground) for id_, each in rows.items() if _is_open(each)),
        waiting=tuple(_waiting(rows, PROPOSALS.rows(site))),
        indicators=tuple(_measured(series, period)),
        loss=loss_of(rows, seed=seed),
        coverage=coverage(rows, causes, audited.statuses),
        audited=audited.audit,
        sample=site.agency.file.sample,
    )


def makers(rows: Mapping[str, Risk]) -> tuple[str, ...]:
    """Return who scored the open risks or decided about them, by id."""
    counted = [each for each in rows.values() if _is_open(each)]
    return tuple(sorted({p for each in counted for p in (each.scored_by, each.treated_by) if p}))


def _is_open(risk: Risk) -> bool:
    return risk.state == "open"


def _told(site: Site, id_: str, risk: Risk, ground: _Ground) -> Told:
    today = business_day(ground.now)
    checked = check(
        risk,
        today=today,
        scale=scale(),
        statuses=ground.audited.statuses,
        contracts=ground.contracts,
        effect=ground.effects[id_],
    )
    return Told(
        id=id_,
        title=_title(risk),
        cause=risk.cause,
        asset=risk.asset,
        owner=risk.owner,
        person=site.agency.owner(risk.owner),
        inherent=_pair(risk.likelihood, risk.impact),
        now=risk.now(),
        level=checked.level,
        level_before=_level(ground.before.get(id_)),
        check=checked,
        spread=_spread(id_, risk, ground.seed),
        estimate_grades=_contradicted(risk),
        drill=risk.drill,
        ready=ground.ready.get(risk.drill, "") if risk.drill else "",
        review_on=risk.review_on,
        review_late=risk.review_on is not None and risk.review_on < today,
        accepted_because=risk.reason if risk.treatment == "accept" else "",
    )


def _title(risk: Risk) -> Words:
    return Words(zh=risk.title, en=risk.title_en or risk.title)


def _pair(likelihood: int | None, impact: int | None) -> tuple[int, int] | None:
    return (likelihood, impact) if likelihood is not None and impact is not None else None


def _level(risk: Risk | None) -> Level | None:
    pair = risk.now() if risk and _is_open(risk) else None
    return scale().level(*pair) if pair else None


def _contradicted(risk: Risk) -> tuple[int, int] | None:
    """Return the grades that the estimates say, where they are not those that were scored."""
    pair = risk.now()
    if pair is None or risk.events_likely is None or risk.loss_likely is None:
        return None
    said = scale().often(risk.events_likely), scale().bad(risk.loss_likely)
    return None if said == pair else said


def _spread(id_: str, risk: Risk, seed: int) -> Spread | None:
    if not risk.estimated:
        return None
    found: Range = loss_of({id_: risk}, seed=seed)
    return Spread(low=found.low, middle=found.middle, high=found.high, mean=found.mean)


def _waiting(rows: Mapping[str, Risk], changes: Mapping[str, Proposal]) -> Iterator[Proposed]:
    for id_, risk in rows.items():
        if risk.state == "proposed":
            yield Proposed(id=id_, risk=id_, title=_title(risk), change=None, ref=risk.source)
    for id_, each in changes.items():
        if each.state == "open" and each.risk in rows:
            yield Proposed(
                id=id_,
                risk=each.risk,
                title=_title(rows[each.risk]),
                change=each.change,
                ref=each.ref,
                likelihood=each.likelihood,
            )


def _measured(series: Mapping[str, Sequence[Reading]], period: str) -> Iterator[Measured]:
    for id_, each in indicators().items():
        by_month = {reading.period: reading for reading in series.get(id_, ())}
        now = by_month.get(period)
        yield Measured(
            id=id_,
            title=each.title,
            unit=each.unit,
            value=now.value if now else None,
            band=now.band if now else "unmeasured",
            amber=each.amber,
            red=each.red,
            series=tuple(_values(by_month, period)),
            refs=now.refs if now else (),
        )


def _values(by_month: Mapping[str, Reading], period: str) -> Iterable[object]:
    year, month = int(period[:4]), int(period[5:])
    last = year * 12 + month - 1
    names = (f"{each // 12:04d}-{each % 12 + 1:02d}" for each in range(last - MONTHS + 1, last + 1))
    found = [by_month[name].value if name in by_month else None for name in names]
    first = next((place for place, value in enumerate(found) if value is not None), len(found))
    return found[first:]


# --- what is kept ---------------------------------------------------------------------------------


def before(site: Site, period: str) -> Review | None:
    """Return the newest look of an earlier month; None: there is none."""
    earlier = [name for name in periods(site) if name < period]
    return kept(site, newest(site, earlier[-1])) if earlier else None


def periods(site: Site) -> tuple[str, ...]:
    """Return the months that were looked at, oldest first."""
    return tuple(sorted(each.parent.name for each in _folder(site).glob("*/newest")))


def newest(site: Site, period: str) -> Drawn:
    """Return the newest look of a month.

    Raises:
        UsageError: there is none.
    """
    file = _folder(site) / period / "newest"
    if period not in periods(site):
        raise UsageError(
            "no risk review of {period} was drawn up",
            hint="Draw one up: `baozhang risk report`.",
            period=period[:20],
        )
    return Drawn(period, str(json.loads(file.read_bytes())["digest"]))


def kept(site: Site, drawn: Drawn) -> Review:
    """Return a look as it was drawn up.

    Raises:
        CorruptObjectError: it is not there, or not what was drawn up.
    """
    file = _folder(site) / drawn.period / f"{drawn.digest}.json"
    try:
        review = decoded(file.read_text("ascii"))
        if digest_of(review) != drawn.digest:
            raise ValueError(drawn.digest)
    except (OSError, ValueError, KeyError) as error:
        raise CorruptObjectError(
            "the risk review of {period} is not what was drawn up",
            hint="Leave the file as it is, and draw up another: `baozhang risk report`.",
            period=drawn.period,
        ) from error
    return review


def _of_run(site: Site, run: str) -> Drawn | None:
    found = (period for period in periods(site) if _waiting_run(site, period) == run)
    return next((newest(site, period) for period in found), None)


def _waiting_run(site: Site, period: str) -> str:
    """Return the run that goes on with the newest look of a month; "": none does."""
    file = _folder(site) / period / "newest"
    return str(json.loads(file.read_bytes())["run"]) if file.exists() else ""


def _folder(site: Site) -> Path:
    return site.home / STATE / FOLDER


# --- sign and write -------------------------------------------------------------------------------


def sign_review(
    site: Site, drawn: Drawn, *, person: str, code: str, word: Word = "sign"
) -> Signature:
    """Take a person's word on a look; raises as `tasks.signing.sign`."""
    return sign(
        site,
        drawn.subject,
        drawn.digest,
        person=person,
        code=code,
        roles=SIGNERS,
        not_by=kept(site, drawn).made_by,
        word=word,
    )


def publish(site: Site, drawn: Drawn, *, actor: str) -> Written | None:
    """Write the letter of a signed look; None: it is written already.

    Raises:
        UsageError: it is not signed, or somebody refused.
    """
    words = signed(site, drawn.subject, drawn.digest)
    if not words or any(each.word == "refuse" for each in words):
        raise UsageError(
            "the risk review of {period} is not signed",
            hint="Have it signed: `baozhang risk sign {period} --by YOUR-ID`.",
            period=drawn.period,
        )
    if any(each.fingerprint == drawn.digest for each in letters_of(site).reports()):
        return None
    return write(site, [draft(site, drawn, words, actor=actor)])[0]


def draft(site: Site, drawn: Drawn, words: Iterable[Signature], *, actor: str) -> Draft:
    """Return the letter of a look, with whoever signed it."""
    review = kept(site, drawn)
    by = tuple(SignedBy(each.person, each.at) for each in words)
    return Draft(
        kind=KIND,
        period=review.period,
        status=status_of(review),
        value=encoded(review),
        render=partial(render_risk, review, signed=by),
        copies=readers(site.agency, KIND),
        actor=actor,
    )
