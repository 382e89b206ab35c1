"""Quarantine: a backup point brought back where only the recovery sees it.

    state/quarantine/<incident>/<client>-<set>/restored      all folders 0700, in custody

A restore that was killed is begun again from nothing: what it left is destroyed with a proof, as
every decrypted copy is.  Nothing here touches what is in use.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from baozhang.catalog.model import End
from baozhang.incidents.custody import Held, destroy, held, open_copy
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.site import Site
from baozhang.vault.model import Report, Snapshot, silent
from baozhang.vault.reader import restore

FOLDER, RESTORED = "quarantine", "restored"
_STEP, _DESTROYED = "quarantine", "copies-destroyed"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A backup point as it lies in quarantine.

    Attributes:
        path: the folder that the restore filled; after a cut-over it is used up.
        copy: id in the custody register.
        seconds_ms: how long the restore took.
        time: from 1; more where an earlier copy was destroyed, and this one was never judged.
    """

    path: Path
    copy: str
    files: int
    bytes: int
    seconds_ms: int
    time: int = 1


def place_of(site: Site, incident: Incident, client: str, set_name: str, what: str = "") -> Path:
    """Return the folder of a set in quarantine; `what` tells a second copy of it, `evidence`."""
    name = f"{client}-{set_name}" + (f".{what}" if what else "")
    return site.home / "state" / FOLDER / incident.id / name


def bring_back(
    site: Site,
    incident: Incident,
    snapshot: Snapshot,
    *,
    actor: str,
    what: str = "",
    report: Report = silent,
) -> Quarantined:
    """Restore a backup point into quarantine, once; what lies there is destroyed by `destroy_all`.

    Args:
        site: the site.
        incident: the incident.
        snapshot: what to bring back.
        actor: id of the run.
        what: "" for what is to be put into use; another word for a copy to compare with.
        report: is told of progress in bytes.

    Raises:
        CorruptObjectError, ObjectMissingError: stored content is damaged or gone.
        StoreFullError: no room; nothing is left behind.
        UnreachableError: the place cannot be written, or what lay there cannot be removed.
    """
    place = place_of(site, incident, snapshot.client, snapshot.set, what)
    work = partial(_restored, site, incident, snapshot, place, report, actor)
    step, time = _step(site, incident, snapshot, place, what)
    done = incident.journal.once(step, work, actor=actor)
    return Quarantined(
        path=place / RESTORED,
        copy=str(done["copy"]),
        files=int(done["files"]),
        bytes=int(done["bytes"]),
        seconds_ms=int(done["seconds_ms"]),
        time=time,
    )


def copies_of(site: Site, incident: Incident) -> tuple[Held, ...]:
    """Return the working copies of an incident that are not known to be destroyed."""
    folder = site.home / "state" / FOLDER / incident.id
    return tuple(_below(held(site), folder))


def lies_there(site: Site, incident: Incident, snapshot: Snapshot) -> bool:
    """Tell whether it is this backup point that lies in quarantine for its set."""
    place = place_of(site, incident, snapshot.client, snapshot.set)
    return any(each.copy.snapshot == snapshot.id for each in _below(held(site), place))


def destroy_all(site: Site, incident: Incident, *, actor: str) -> tuple[End, ...]:
    """Destroy every working copy of an incident, each with its proof; done again, the rest.

    Raises:
        UnreachableError: one cannot be removed; it stays in custody.
    """
    ends = tuple(
        destroy(site, each.copy.id, by=actor, gone=True) for each in copies_of(site, incident)
    )
    with suppress(OSError):  # somebody put something there: it is not ours
        (site.home / "state" / FOLDER / incident.id).rmdir()
    if ends:
        incident.journal.append(
            _DESTROYED,
            actor=actor,
            copies=len(ends),
            files=sum(end.files for end in ends),
            bytes=sum(end.bytes for end in ends),
        )
    return ends


def _step(
    site: Site, incident: Incident, snapshot: Snapshot, place: Path, what: str
) -> tuple[str, int]:
    """Name the step: another one where what an earlier one brought back is gone, and not in use."""
    base = ".".join(filter(None, (_STEP, snapshot.client, snapshot.set, snapshot.id, what)))
    used = any(
        event.kind == "cut-over.begun"
        and event.facts.get("client") == snapshot.client
        and event.facts.get("set") == snapshot.set
        for event in incident.journal.events()
    )
    there = {each.copy.id for each in _below(held(site), place)}
    name, number = base, 1
    while (done := incident.journal.done(name)) and not used and done["copy"] not in there:
        number += 1
        name = f"{base}.{number}"
    return name, number


def _restored(
    site: Site,
    incident: Incident,
    snapshot: Snapshot,
    place: Path,
    report: Report,
    actor: str,
    _begun: Begun,
) -> Facts:
    for left in _below(held(site), place):  # of a run that was killed
        destroy(site, left.copy.id, by=actor, gone=True)
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    copy = open_copy(
        site,
        place,
        client=snapshot.client,
        set_name=snapshot.set,
        snapshot=snapshot.id,
        reason=incident.id,
        opener=actor,
    )
    place.mkdir(mode=0o700)
    began = site.clock()
    side = site.vault(snapshot.client, snapshot.set).client(snapshot.client)
    receipt = restore(side, snapshot, place / RESTORED, report=report)
    seconds_ms = round((site.clock() - began).total_seconds() * 1000)
    return {
        "copy": copy.id,
        "files": receipt.files,
        "bytes": receipt.bytes,
        "seconds_ms": seconds_ms,
    }


def _below(copies: tuple[Held, ...], folder: Path) -> Iterator[Held]:
    where = folder.absolute()
    for each in copies:
        if each.path is not None and each.path.is_relative_to(where):
            yield each
