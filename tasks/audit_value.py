"""What an audit's report shows, put together from the audit's folder and the site."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import get_args

from baozhang.clock import business_day
from baozhang.governance import assessing
from baozhang.governance.audits import Audit, audits_of
from baozhang.governance.corrective import Corrective
from baozhang.governance.independence import lines_by_person
from baozhang.governance.model import Evidence, Period
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.settings import Owner
from baozhang.site import Site
from reports.audit_laws import articles
from reports.audit_value import Action, AuditValue, Before, Note, Readiness, Sample, Signed
from tasks.audit_steps import auditors, items_of, signing_roles, yardstick_of
from tasks.drill_troubles import drills_of
from tasks.recovery_letters import timeline
from tasks.signing import Signature

NOTE_TEMPLATES = {
    "independent": "{person}, who may sign, had no hand in any evidence of this audit",
    "hand": "{person}, who may sign, made or checked evidence of {count} lines: {lines}",
    "no auditor": "nobody of the agency has the role auditor: {people} may sign instead",
    "nobody": "nobody of the agency may sign an audit",
}
ACTION_TEMPLATES = {"before": "found in audit {audit}; what was found stands there"}
"""What an action says whose evidence is another audit's."""


def value_of(
    site: Site,
    audit: Audit,
    *,
    pack: str = "",
    digest: str = "",
    signatures: Iterable[Signature] = (),
) -> AuditValue:
    """Return what the report of a settled audit shows.

    Raises:
        UsageError: it has not come so far.
        CorruptObjectError: what is kept of it, or of the one before, cannot be read.
    """
    ground, verdict, findings = audit.ground(), audit.verdict(), audit.findings()
    measure, items = yardstick_of(audit), items_of(audit)
    ours = measure.controls
    judged = {each.control: each for each in verdict.judged}
    asked = audit.asked
    pieces = {each.id: each for each in ground.evidence}
    return AuditValue(
        agency=site.agency.name,
        audit=audit.id,
        period=asked.period,
        at=ground.at,
        sections=tuple(each for each in measure.sections if each.id in asked.sections),
        controls=ours,
        lines=assessing.lines_of(items, ours, verdict.judged),
        evidence=ground.evidence,
        owners=tuple((owner, site.agency.owner(owner)) for owner in get_args(Owner)),
        dues=tuple(sorted(ground.dues.items())),
        before=_before(site, audit),
        samples=tuple(_samples(audit)),
        actions=tuple(_action(id_, row, pieces) for id_, row in findings.actions.items()),
        independence=tuple(_notes(site, audit)),
        articles=articles([(each, judged[each.id].status) for each in ours]),
        readiness=readiness(site, asked.period),
        revision=asked.revision,
        seed=ground.seed,
        sample=ground.sample,
        genuine_since=ground.genuine_since,
        pack=pack,
        pack_digest=digest,
        signed=tuple(_signed(site, each) for each in signatures if each.word == "sign"),
    )


def _before(site: Site, audit: Audit) -> Before | None:
    known = audits_of(site).before(audit)
    if known is None:
        return None
    return Before(known.id, known.asked.last, tuple(sorted(known.verdict().statuses.items())))


def _samples(audit: Audit) -> Iterator[Sample]:
    sampled = audit.sampled()
    for each in sampled.samples:
        yield Sample(
            of=each.of,
            size=each.population,
            drawn=len(each.drawn),
            seed=sampled.seed,
            ids=tuple(one.id for one in each.drawn),
            deviations=tuple(one.id for one in each.deviating),
        )


def _action(id_: str, row: Corrective, pieces: dict[str, Evidence]) -> Action:
    piece = pieces.get(row.evidence)
    return Action(
        id=id_,
        control=row.control,
        says=piece.says if piece else ACTION_TEMPLATES["before"],
        severity=row.severity,
        owner=row.owner,
        opened=row.opened,
        due=row.due,
        closed=row.closed,
        times=row.times,
        facts=tuple(sorted(piece.facts.items())) if piece else (("audit", row.last),),
        evidence=row.evidence if piece else "",
    )


def _notes(site: Site, audit: Audit) -> Iterator[Note]:
    people = auditors(site)
    if signing_roles(site) != ("auditor",):
        if not people:
            yield Note(NOTE_TEMPLATES["nobody"])
            return
        yield Note(NOTE_TEMPLATES["no auditor"], (("people", ", ".join(people)),))
    hands = lines_by_person(audit.findings().conflicts)
    for person in people:
        lines = hands.get(person, ())
        if lines:
            facts = (("person", person), ("count", len(lines)), ("lines", ", ".join(lines)))
            yield Note(NOTE_TEMPLATES["hand"], facts)
        else:
            yield Note(NOTE_TEMPLATES["independent"], (("person", person),))


def _signed(site: Site, signature: Signature) -> Signed:
    person = site.agency.people.get(signature.person)
    held = set(person.roles) if person else set()
    role = next((role for role in signing_roles(site) if role in held), "")
    return Signed(signature.person, role, signature.at)


# --- incidents and drills -----------------------------------------------------------------------


def readiness(site: Site, period: Period) -> Readiness:
    """Return what incidents and drills of a period came to.

    Raises:
        CorruptObjectError: a journal cannot be read.
    """
    real = [each for each in incidents_of(site).all() if _within(_opened(each), period)]
    drills = [each for each in drills_of(site).all() if _within(each.start, period)]
    took = [rto for each in real if each.closed() and (rto := timeline(site, each).rto)]
    played = [
        timedelta(seconds=measure.measured)
        for drill in drills
        for measure in drill.score.measures
        if measure.name == "rto" and measure.measured is not None
    ]
    promised = [each.restore_test.within for each in site.agency.file.policies.values()]
    return Readiness(
        incidents=len(real),
        incidents_open=sum(not each.closed() for each in real),
        slowest_recovery=max(took, default=None),
        drills=len(drills),
        drills_passed=sum(each.passed for each in drills),
        slowest_drill=max(played, default=None),
        objective=min(promised, default=None),
        newest_drill=business_day(max(each.start for each in drills)) if drills else None,
    )


def _opened(incident: Incident) -> datetime:
    return incident.journal.events()[0].at


def _within(at: datetime, period: Period) -> bool:
    return period.begin <= at < period.end
