"""What the audit log shows: that nobody has touched it, and who can approve."""

from baozhang.audit.records import Record
from baozhang.errors import BaozhangError
from baozhang.keys.codes import Codes
from baozhang.settings import Role
from baozhang.site import Site
from tasks.evidence_asking import Args, Asking, Facts, Found, Rows, named, number, refs
from tasks.gates import GATES
from tasks.people import folder

APPROVING: frozenset[Role] = frozenset(role for rule in GATES.values() for role in rule.roles)
LOG_TEMPLATES = {
    "holds": "the audit log of {records} records is the one that was written, by its signed head "
    "and by {anchors} anchors that were noted elsewhere",
    "alone": "the audit log of {records} records fits its signed head; nobody has noted elsewhere "
    "what it was",
    "broken": "the audit log does not hold at record {record}: {fault}",
    "unreadable": "the audit log could not be read: {error}",
    "unsound": "the audit log does not hold, so nothing that leans on it could be judged",
    "people": "{good} people can approve with a device of their own, {wanted} are asked for",
    "devices": "the devices of {count} people could not be read: {people}",
}
NOT_THE_ANCHOR = "not the anchor"


def log(asking: Asking, _args: Args) -> Found | None:
    """Tell whether the audit log is the one that was written, by its head and by every anchor."""
    found, rows = asking.log, Rows()
    if found.report is None:
        return unclear(asking, LOG_TEMPLATES["unreadable"], {"error": found.error})
    broken = found.broken or next((each.seq for each in found.report.troubles), 0)
    if not found.sound:
        first = found.report.troubles[0].fault if found.report.troubles else NOT_THE_ANCHOR
        rows.add(first, broken)
        return Found(
            result="fail",
            effective=asking.dawn,
            says=LOG_TEMPLATES["broken"],
            facts={"record": broken, "fault": first},
            refs=(f"audit:{broken}",),
            digest=rows.digest,
        )
    if found.last is None:
        return None
    rows.add(found.last.seq, found.last.hash)
    for each in found.anchors:
        rows.add(each.seq, each.hash)
    anchors = [each.seq for each in reversed(found.anchors)]
    return Found(
        result="pass" if anchors else "inconclusive",
        effective=found.last.at,
        says=LOG_TEMPLATES["holds" if anchors else "alone"],
        facts={"records": found.last.seq, "anchors": len(anchors)},
        refs=refs((f"audit:{found.last.seq}",), (f"audit:{seq}" for seq in anchors)),
        digest=rows.digest,
    )


def people(asking: Asking, args: Args) -> Found | None:
    """Tell whether so many people can approve, each with a device that the audit log knows.

    Evidence is as new as the last enrolment, or the last code that one of them used.
    """
    wanted, known = number(args, "enrolled"), asking.log
    if not known.sound:
        return unsound(asking)
    able, damaged = list[str](), list[str]()
    for person, each in asking.site.agency.people.items():
        if set(each.roles) & APPROVING and person in known.enrolled:
            sound = _sound(asking.site, person, known.enrolled[person])
            (damaged if sound is None else able if sound else []).append(person)
    if damaged:
        facts: Facts = {"count": len(damaged), "people": named(damaged)}
        return unclear(asking, LOG_TEMPLATES["devices"], facts)
    if not able:
        return None
    enrolled = [known.enrolled[person] for person in able]
    used = [each for (actor, _), each in known.counted.items() if actor in able]
    newest = max((*enrolled, *used), key=lambda each: each.seq)
    rows = Rows()
    for seen in (*enrolled, newest):
        rows.add(seen.seq, seen.hash)
    return Found(
        result="pass" if len(able) >= wanted else "fail",
        effective=newest.at,
        says=LOG_TEMPLATES["people"],
        facts={"good": len(able), "wanted": wanted},
        refs=refs(f"audit:{each.seq}" for each in (newest, *enrolled)),
        digest=rows.digest,
    )


def _sound(site: Site, person: str, enrolled: Record) -> bool | None:
    """Tell whether a person's device is the one that the log knows; None: it cannot be read."""
    try:
        device = Codes(folder(site), site.clock).enrolled(person)
    except BaozhangError:
        return None
    known = dict(enrolled.entry.facts)["fingerprint"]
    return device is not None and device.fingerprint == known


def unsound(asking: Asking) -> Found:
    """Return what is left of evidence that leans on a log that does not hold."""
    return unclear(asking, LOG_TEMPLATES["unsound"], {})


def unclear(asking: Asking, says: str, facts: Facts) -> Found:
    """Return that something could not be judged, and why."""
    rows, at = Rows(), asking.dawn
    rows.add(says, *(f"{name}={facts[name]}" for name in sorted(facts)))
    return Found("inconclusive", at, says, facts, (), rows.digest)
