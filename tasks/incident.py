"""An incident's beginning and its end: opened once, people paged, and closed with its letters.

form ──► who and what is known? ──► opened, or joined to the one that is open ──► paged
"""

from datetime import datetime
from functools import partial

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from baozhang.catalog.alerts import AlertBook
from baozhang.errors import BaozhangError, UsageError
from baozhang.incidents.incidents import CLOSED, Incident, incidents_of
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.model import Kind, Plan
from baozhang.incidents.quarantine import destroy_all
from baozhang.site import Site
from tasks.alerts import tell
from tasks.batches import Pair
from tasks.incident_troubles import alert_of
from tasks.people import require_person
from tasks.stopped import pairs_of

ALL_SETS = "*"
LATER = ("vault-away", "no-room")
"""Why a plan leaves a set out that another one may not."""
Sets = list[tuple[str, str]]
"""(client, set) pairs; all sets of a client are `ALL_SETS`."""
KINDS: dict[str, Kind] = {
    "丢失": "lost",
    "损坏": "damaged",
    "篡改": "tampered",
    "勒索": "ransomware",
    "泄露": "leaked",
    "不可用": "unavailable",
}
"""What a form takes, beside the ids themselves, and what the journal calls it."""
WORDS = "|".join((*KINDS, *KINDS.values()))


class IncidentForm(BaseModel):
    """What is known when an incident is opened, or which open one to go on with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    noticed_by: str = Field(
        title="发现人 / Noticed by",
        description="本人在 agency.yaml 里的编号；自动触发时为 system",
        max_length=63,
    )
    clients: tuple[str, ...] = Field(
        (),
        title="受影响客户 / Clients hit",
        description="客户编号，每行一个；继续已有事件时留空",
    )
    sets: tuple[str, ...] = Field(
        (), title="受影响的备份集 / Sets hit", description="留空表示这些客户的全部备份集"
    )
    what: str = Field(
        "丢失",
        title="发生了什么 / What happened",
        description="填写其中一个：丢失、损坏、篡改、勒索、泄露、不可用",
        # typed: the list that Prefect's page would show does not open by mouse
        pattern=f"^({WORDS})$",
    )
    discovered: AwareDatetime | None = Field(
        None, title="发现时间 / Discovered", description="留空表示现在；法定时限从发现时起算"
    )
    cause: str = Field(
        "",
        title="初步原因 / Cause, as believed",
        description="一句话，不写姓名、单位名称",
        max_length=200,
    )
    incident: str = Field(
        "",
        title="继续已有事件 / Go on with",
        description="事件编号，例如 i-20261122-01；新事件留空",
        max_length=20,
    )

    @property
    def kind(self) -> Kind:
        """What happened, as the journal calls it."""
        return next(kind for word, kind in KINDS.items() if self.what in {word, kind})


def open_incident(
    site: Site, form: IncidentForm, *, actor: str, drill: str = ""
) -> tuple[Incident, bool]:
    """Open an incident, or find the one that is open already.

    Where only some of the sets are in an open incident, the others get one of their own: nothing
    that was reported is forgotten.

    Args:
        site: the site.
        form: what is known.
        actor: id of the run or person.
        drill: a scenario's id where this is a drill, else "".

    Returns:
        The incident, and whether this run is to work on it: it is new, or was asked for by its id.

    Raises:
        UsageError: nobody of the agency, no such client, set or incident, an instant to come, or
            it is closed.
    """
    if form.incident:
        return _known(site, form.incident), True
    if form.noticed_by != "system":
        require_person(site, form.noticed_by)
    discovered = _discovered(site, form.discovered)
    for sets in _parts(site, hit(site, form.clients, form.sets), drill):
        incident, new = incidents_of(site).open(
            form.kind,
            sets,
            noticed_by=form.noticed_by,
            discovered=discovered,
            cause=form.cause,
            drill=drill,
        )
    if new:
        site.audit.append(
            actor=actor, action="incident.opened", subject=incident.id, kind=form.kind
        )
    return incident, new


def hit(site: Site, clients: tuple[str, ...], sets: tuple[str, ...]) -> Sets:
    """Return the (client, set) pairs that a form names; without sets, the clients whole.

    Raises:
        UsageError: no client is named, or one of them or its set is not known.
    """
    if not clients:
        raise UsageError(
            "no client is named",
            hint="Name every client that is hit by its id: `baozhang client list`.",
        )
    for client in clients:
        site.client(client)
        for name in sets:
            site.client_set(client, name)
    names = sets or (ALL_SETS,)
    return [(client, name) for client in dict.fromkeys(clients) for name in dict.fromkeys(names)]


def page(site: Site, incident: Incident, *, actor: str) -> None:
    """Wake people up, once: the alert goes up step by step until somebody acknowledges it.

    That nobody could be told now stops nothing: the watch tells it again.
    """
    incident.journal.once("page", lambda begun: _paged(site, incident, begun, actor), actor=actor)


def destroy_copies(site: Site, incident: Incident, *, actor: str) -> None:
    """Destroy every working copy of the recovery, each with its proof in the custody register.

    Raises:
        UnreachableError: one cannot be removed; it stays in custody, and is tried again.
    """
    incident.journal.once("destroy", lambda _: _destroyed(site, incident, actor), actor=actor)


def leave_open(site: Site, incident: Incident, plan: Plan, *, actor: str) -> None:
    """Give sets that cannot be restored now, and may be later, an incident of their own; once.

    So what is not back never ends as if it were: that incident stands open, with its alert.
    """
    sets = [(client, name) for client, name, why in plan.left_out if why in LATER]
    if sets:
        work = partial(_left_open, site, incident, sets, actor)
        incident.journal.once("left-open", work, actor=actor)


def close(site: Site, incident: Incident, *, actor: str) -> None:
    """Bring the incident to its end, once."""
    if not incident.closed():
        incident.journal.append(CLOSED, actor=actor)
        site.audit.append(actor=actor, action="incident.closed", subject=incident.id)


def _parts(site: Site, wanted: Sets, drill: str) -> list[Sets]:
    """Return each set that is in an open incident, and last those that are in none."""
    open_ones = [each for each in incidents_of(site).open_ones() if each.opening().drill == drill]
    taken = {pair for each in open_ones for pair in pairs_of(site, each)}
    every = [
        (client, name)
        for client, named in wanted
        for name in (site.client(client).sets if named == ALL_SETS else (named,))
    ]
    known = [each for each in every if Pair(*each) in taken]
    rest = [each for each in every if each not in known] if known else wanted
    return [*([each] for each in known), *([rest] if rest else [])]


def _left_open(site: Site, incident: Incident, sets: Sets, actor: str, _begun: Begun) -> Facts:
    before = incident.opening()
    other, new = incidents_of(site).open(
        before.kind,
        sets,
        noticed_by=before.noticed_by,
        discovered=before.discovered,
        cause=before.cause,
        drill=before.drill,
        but=incident.id,
    )
    if new:
        site.audit.append(actor=actor, action="incident.opened", subject=other.id, kind=before.kind)
    return {"incident": other.id, "sets": len(sets)}


def _known(site: Site, name: str) -> Incident:
    incident = incidents_of(site).get(name)
    if incident.closed():
        raise UsageError(
            "incident {incident} is closed",
            hint="Open a new one; what happened is in `baozhang incident show {incident}`.",
            incident=incident.id,
        )
    return incident


def _discovered(site: Site, said: datetime | None) -> datetime:
    now = site.clock()
    if said is not None and said > now:
        raise UsageError(
            "nothing can be discovered in the future",
            hint="Give the instant at which the loss was noticed, with its time zone.",
        )
    return said or now


def _paged(site: Site, incident: Incident, begun: Begun, actor: str) -> Facts:
    with site.catalog.transaction():
        known, _ = AlertBook(site.catalog).raised(alert_of(site, incident))
    try:
        told = tell(site)
    except BaozhangError:  # the watch tells it again, and says why it could not be told
        return {"alert": known.alert.id, "told": False}
    if not begun.again:
        incident.journal.append("paged", actor=actor, alert=known.alert.id)
    return {"alert": known.alert.id, "told": known.alert.id in told.told}


def _destroyed(site: Site, incident: Incident, actor: str) -> Facts:
    ends = destroy_all(site, incident, actor=actor)
    return {"copies": len(ends), "files": sum(end.files for end in ends)}
