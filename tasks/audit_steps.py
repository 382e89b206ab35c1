"""An audit, step by step: each looks whether it is done already, so that any of them may be killed.

    begin ─► gather auto ─┬─► samples ─► ground ─► judge ─► settle ─► pack ─► wanted ─► publish
             attested ────┘   (seed)     (fresh?)            (actions)          (sign)    (letter)

The steps of `flows.audit`, and of `baozhang audit run`, which walks them without Prefect.  A step
takes the site and the audit; what it found is in the audit's folder when it returns.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.governance import assessing
from baozhang.governance.attestations import attested, dues
from baozhang.governance.audits import (
    Asked,
    Audit,
    Findings,
    Gathered,
    Ground,
    Kind,
    Verdict,
    Yardstick,
    all_evidence,
    audits_of,
)
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.corrective import CORRECTIVE, Audited, Corrective, after
from baozhang.governance.genuine import genuine_since
from baozhang.governance.independence import conflicts
from baozhang.governance.judging import Judged
from baozhang.governance.model import Control, Item, Period
from baozhang.governance.sampling import seed_of
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.vault.model import Report, silent
from reports.months import Month, month_of, parse_month
from tasks.audit_samples import AFTER, draw
from tasks.evidence import gather

AUDITORS: tuple[Role, ...] = ("auditor",)
WITHOUT_AUDITORS: tuple[Role, ...] = ("approver", "manager")
"""Who signs where nobody has the role auditor; the report says so."""
JUDGED = "audit.judged"
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_SEED = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for.

    Attributes:
        period: `YYYY-MM`, `YYYY-MM-DD..YYYY-MM-DD`; None: the month before `now`.
        sections: ids; None: all.
        by: id of a person or a run.
        seed: of the samples; "": it follows from the evidence.
        run: id of the run; "": the command line.
        again: a revision of the month's regular audit, where it is finished.
    """

    period: str | None = None
    sections: Sequence[str] | None = None
    by: str = "system"
    seed: str = ""
    run: str = ""
    again: bool = False


def begin(site: Site, order: Order, now: datetime) -> Audit:
    """Begin an audit, or return the one that is there: of this run, or the month's regular one.

    A month that is over and all sections make the regular audit; anything else is on demand.

    Raises:
        UsageError: a period that is none or has not begun, or a section that is not known.
        UnreachableError: the site's state cannot be written.
    """
    mine = audits_of(site).of_run(order.run)
    if mine is not None:
        return mine
    asked = asked_of(order, now, site.clock())
    known = audits_of(site)
    if asked.kind == "regular":
        return known.regular(asked, again=order.again)
    return known.on_demand(asked)


def asked_of(order: Order, now: datetime, at: datetime) -> Asked:
    """Return what is asked, without an id; raises as `begin`."""
    period = _period(order.period, now)
    sections = _sections(order.sections)
    if period.begin > at:
        raise UsageError(
            "{period} has not begun yet", hint="Name days that are past.", period=order.period
        )
    if order.seed and not _SEED.fullmatch(order.seed):
        raise UsageError(
            "that is no seed", hint="Use up to 64 letters, digits, dashes and underscores."
        )
    is_whole = _is_month(period) and len(sections) == len(catalogue().sections)
    kind: Kind = "regular" if is_whole and period.end <= at else "demand"
    return Asked(
        audit="",
        kind=kind,
        first=period.first,
        last=period.last,
        sections=sections,
        by=order.by,
        at=at,
        seed=order.seed,
        run=order.run,
    )


def _period(text: str | None, now: datetime) -> Period:
    if text is None:
        return _month(month_of(business_day(now)).previous)
    days = _DAYS.fullmatch(text)
    if days is None:
        return _month(parse_month(text))
    try:
        found = Period(date.fromisoformat(days[1]), date.fromisoformat(days[2]))
    except ValueError:
        found = Period(date.max, date.min)
    if found.first > found.last:
        raise UsageError(
            "{period} is no period",
            hint="Write a month as 2026-11, or days as 2026-11-01..2026-11-22.",
            period=text[:40],
        )
    return found


def _month(month: Month) -> Period:
    return Period(month.first, month.next.first - timedelta(days=1))


def _is_month(period: Period) -> bool:
    return period == _month(month_of(period.first))


def _sections(asked: Sequence[str] | None) -> tuple[str, ...]:
    known = [each.id for each in catalogue().sections]
    wanted = known if asked is None else [each.strip().upper() for each in asked]
    lost = [each for each in wanted if each not in known]
    if lost or not wanted:
        raise UsageError(
            "there is no section {section}",
            hint="Choose from A1 to A20, B1 to B20, AP and BP.",
            section=", ".join(lost)[:40] or "-",
        )
    return tuple(each for each in known if each in wanted)


def yardstick_of(audit: Audit) -> Yardstick:
    """Return what an audit measures by: as its first step found it, whoever goes on with it."""
    if not audit.has("controls"):
        known = catalogue()
        ours = assessing.concerned(
            controls(), assessing.of_sections(known.items, audit.asked.sections)
        )
        measure = Yardstick(sections=known.sections, items=known.items, controls=ours)
        return audit.keep("controls", measure)
    return audit.yardstick()


def items_of(audit: Audit) -> tuple[Item, ...]:
    """Return the items that were asked for."""
    return assessing.of_sections(yardstick_of(audit).items, audit.asked.sections)


def controls_of(audit: Audit) -> tuple[Control, ...]:
    """Return the controls that serve them."""
    return yardstick_of(audit).controls


# --- evidence -----------------------------------------------------------------------------------


def gather_auto(site: Site, audit: Audit, report: Report = silent) -> int:
    """Ask our own records, once; return how many pieces of evidence there are."""
    if not audit.has("auto"):
        found = gather(site, audit.asked.period, controls_of(audit), report=report)
        audit.keep("auto", Gathered(at=_now(site, audit.asked), evidence=all_evidence([found])))
    return len(audit.gathered("auto").evidence)


def gather_attested(site: Site, audit: Audit) -> int:
    """Take what people have attested and by when they were to, once; return how many pieces."""
    if not audit.has("attested"):
        ours = {each.id for each in controls_of(audit)}
        found = [each for each in attested(site) if each.control in ours]
        asked_for = {id_: due for id_, due in dues(site).items() if id_ in ours}
        at = _now(site, audit.asked)
        audit.keep("attested", Gathered(at=at, evidence=all_evidence([found]), dues=asked_for))
    return len(audit.gathered("attested").evidence)


def draw_samples(site: Site, audit: Audit) -> int:
    """Draw and look at single records; return how many deviate."""
    if not audit.has("samples"):
        parts = audit.gathered("auto"), audit.gathered("attested")
        ids = {each.id for part in parts for each in part.evidence}
        seed = audit.asked.seed or seed_of(audit.id, ids)
        at = max(part.at for part in parts)
        audit.keep("samples", draw(site, audit.asked, controls_of(audit), seed=seed, at=at))
    return sum(len(each.deviating) for each in audit.sampled().samples)


def settle_ground(site: Site, audit: Audit) -> dict[str, int]:
    """Put all evidence together and fix the instant; return how much counts, and why not."""
    if not audit.has("evidence"):
        auto, people, drawn = audit.gathered("auto"), audit.gathered("attested"), audit.sampled()
        audit.keep(
            "evidence",
            Ground(
                at=drawn.at,
                genuine_since=genuine_since(site),
                sample=site.agency.file.sample,
                seed=drawn.seed,
                dues=people.dues,
                evidence=all_evidence([auto.evidence, people.evidence, drawn.evidence]),
            ),
        )
    return _freshness(assessing.judged_all(controls_of(audit), audit.ground()))


def _freshness(judged: Collection[Judged]) -> dict[str, int]:
    left_out: Counter[str] = Counter(each.reason for one in judged for each in one.left_out)
    return {
        "counted": sum(len(each.counted) for each in judged),
        "stale": sum(each.status == "stale" for each in judged),
        **left_out,
    }


def _now(site: Site, asked: Asked) -> datetime:
    """Return the instant to judge for: the period's end, or now where it is not over."""
    return min(site.clock(), asked.period.end)


def ground_of(site: Site, asked: Asked, report: Report = silent) -> Ground:
    """Return what an audit would judge, without keeping anything; samples are not drawn."""
    ours = assessing.concerned(controls(), assessing.of_sections(catalogue().items, asked.sections))
    wanted = {each.id for each in ours}
    auto = gather(site, asked.period, ours, report=report)
    people = [each for each in attested(site) if each.control in wanted]
    return Ground(
        at=_now(site, asked) + AFTER,
        genuine_since=genuine_since(site),
        sample=site.agency.file.sample,
        seed=asked.seed,
        dues={id_: due for id_, due in dues(site).items() if id_ in wanted},
        evidence=all_evidence([auto, people]),
    )


# --- judgement ----------------------------------------------------------------------------------


def judge_all(site: Site, audit: Audit) -> Verdict:
    """Judge every control and line, and keep it."""
    if not audit.has("judged"):
        found = assessing.verdict(items_of(audit), controls_of(audit), audit.ground())
        statuses = Counter(found.statuses.values())
        site.audit.append(
            actor=audit.asked.by,
            action=JUDGED,
            subject=audit.id,
            lines=len(found.statuses),
            proven=statuses["proven"],
            attested=statuses["attested"],
            nonconformities=sum(len(each.nonconformities) for each in found.judged),
        )
        audit.keep("judged", found)
    return audit.verdict()


def settle(site: Site, audit: Audit) -> Findings:
    """Open, count up and close corrective actions, and tell who is not independent."""
    if not audit.has("findings"):
        known = CORRECTIVE.rows(site)
        ours = controls_of(audit)
        changed = after(known, _audited(site, audit, ours))
        CORRECTIVE.put(site, changed, by=audit.asked.by)
        told = {**known, **changed}
        evidence = audit.ground().evidence
        found = conflicts(auditors(site), ours, evidence)
        audit.keep("findings", Findings(actions=_concerning(told, ours, audit), conflicts=found))
    return audit.findings()


def _concerning(
    known: Mapping[str, Corrective], ours: Sequence[Control], audit: Audit
) -> dict[str, Corrective]:
    """Return the open actions of these controls, and those that this audit closed."""
    wanted = {each.id for each in ours}
    return {
        id_: row
        for id_, row in sorted(known.items())
        if row.control in wanted and (row.state == "open" or row.closed_in == audit.id)
    }


def _audited(site: Site, audit: Audit, ours: Sequence[Control]) -> Audited:
    ground = audit.ground()
    return Audited(
        audit=audit.id,
        at=ground.at,
        today=business_day(site.clock()),
        controls={each.id: each for each in ours},
        judged=audit.verdict().judged,
        evidence={each.id: each for each in ground.evidence},
        owners={each.id: site.agency.owner(each.owner) for each in ours},
    )


def signing_roles(site: Site) -> tuple[Role, ...]:
    """Return which roles may sign: auditors, where there are any."""
    has_auditor = any("auditor" in each.roles for each in site.agency.people.values())
    return AUDITORS if has_auditor else WITHOUT_AUDITORS


def auditors(site: Site) -> tuple[str, ...]:
    """Return who may sign by role."""
    roles = set(signing_roles(site))
    return tuple(id_ for id_, each in site.agency.people.items() if roles & set(each.roles))


def not_independent(audit: Audit) -> tuple[str, ...]:
    """Return who had a hand in what was audited."""
    return tuple(dict.fromkeys(each.person for each in audit.findings().conflicts))
