"""A source stopped while it is recovered, and put back as it was; once each, wherever it is killed.

    what it was ─► kept ─► read-only ─► event `stop.source`  …   put back ─► event `stop.lifted`

    folder, SQLite      write permission is taken from what belongs to this account; not from a
                        database in WAL mode, which reading would leave unusable
    PostgreSQL          new sessions write nothing, those that are there are ended
    everything else     people must stop: MariaDB and MySQL know no switch of one database, and an
                        accounting product that finds its own files read-only may damage them

None of it is a wall.  A program that has a file open writes on; so does an administrator, and a
PostgreSQL session that asks for it.  What cannot be set read-only, or not wholly, is said, and the
order to stop goes to people for every source alike.

A backup point that is made meanwhile, the evidence, holds read-only what is read-only: whoever
brings that one back gives the permissions, or the setting, by hand.
"""

from typing import Literal

from baozhang.errors import BaozhangError, CorruptObjectError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Event
from baozhang.incidents.model import Id, Value
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.sources.file_modes import Modes, Taken, give_back, look, take
from baozhang.sources.sqlite_writing import may_be_read_only
from baozhang.sources.writing import Sessions, Setting, Switch

SOURCE, GAVE_WAY, LIFTED = "stop.source", "stop.gave-way", "stop.lifted"
FILES = frozenset({"tree", "sqlite"})
State = Literal["read-only", "partly", "people"]
"""Nobody writes any more, as far as could be seen; something can still be written to; only people
can stop."""
Key = tuple[str, str, str]
"""Client, set, source."""


class Before(Value):
    """What a source was before it was stopped, by ids that no renaming changes.

    Attributes:
        root: inode of the folder or file; 0 for a database.
        modes: each mode, with the inodes that had it.
        database: the server's id of the database; 0 for files.
        setting: what was set for it; None: nothing was.
    """

    root: int = 0
    modes: tuple[tuple[int, tuple[int, ...]], ...] = ()
    database: int = 0
    setting: str | None = None


class SourceStop(Value):
    """One source, stopped as far as that goes.

    Attributes:
        why: "" or the kind of error for which it could not be set read-only.
        objects: files and folders that cannot be written to any more.
        left: those that still can: they belong to others, or their disk keeps no permissions.
        ended: sessions of a database that were ended.
        going_on: those that could not be.
    """

    client: Id
    set: Id
    source: str
    nature: str  # kind of the source
    state: State
    why: str = ""
    objects: int = 0
    left: int = 0
    ended: int = 0
    going_on: int = 0


def before_name(client: str, set_name: str, source: str) -> str:
    """Return the name under which it is kept what a source was."""
    return f"before-{client}-{set_name}-{source}"


def stop_source(
    site: Site, incident: Incident, client: str, set_name: str, each: SourceFile, *, actor: str
) -> SourceStop:
    """Set one source read-only where that can be undone exactly; again, it finds out what was done.

    What goes wrong is told in the value and raises nothing: people are told to stop in any case.
    """
    name = before_name(client, set_name, each.name)
    made = SourceStop(
        client=client, set=set_name, source=each.name, nature=each.kind, state="people"
    )
    try:
        if each.kind in FILES:
            taken = _stopped_files(site, incident, name, each, actor)
            made = made.model_copy(update=_of_files(taken))
        elif isinstance(switch := site.sources.writing(each), Switch):
            sessions = _stopped_database(incident, name, switch, actor)
            made = made.model_copy(update=_of_sessions(sessions))
    except BaozhangError as error:
        made = made.model_copy(update={"why": type(error).__name__})
    incident.journal.append(SOURCE, actor=actor, **made.model_dump())
    return made


def stopped_sources(incident: Incident) -> dict[Key, SourceStop]:
    """Return every source that was stopped, as its event tells it, in their order."""
    events = (event for event in incident.journal.events() if event.kind == SOURCE)
    made = (SourceStop.model_validate(dict(event.facts)) for event in events)
    return {(each.client, each.set, each.source): each for each in made}


def give_way_source(
    site: Site, incident: Incident, client: str, set_name: str, each: SourceFile, *, actor: str
) -> Event | None:
    """Give a folder or a SQLite file its permissions back, so that it can be replaced.

    Moving a folder that may not be written to under another one is refused, and so is holding a
    read-only database for oneself (rename(2), EACCES; sqlite.org/wal.html).  Nothing to do for
    databases of servers, and for what was not stopped.

    Raises:
        CorruptObjectError: what it was is not known any more.
        SourceUnreadableError: it cannot be read.
    """
    name = before_name(client, set_name, each.name)
    if each.kind not in FILES or not incident.has(name):
        return None
    given = give_back(site.agency.path(each.path or ""), _modes(incident.value(name, Before)))
    if not given:
        return None
    where = {"client": client, "set": set_name, "source": each.name}
    return incident.journal.append(GAVE_WAY, actor=actor, objects=given, **where)


def put_back_source(
    site: Site, incident: Incident, client: str, set_name: str, each: SourceFile, *, actor: str
) -> Event:
    """Put a source back as it was, and nothing that somebody else changed since.

    Where nobody knows any more what it was, the event says so, and people have to look.

    Raises:
        SourceBusyError: its server does not answer; transient.
        SourceUnreadableError: its server refuses.
    """
    name, objects, database, why = before_name(client, set_name, each.name), 0, False, ""
    try:
        before = incident.value(name, Before) if incident.has(name) else Before()
    except CorruptObjectError as error:
        before, why = Before(), type(error).__name__
    if before.root:
        objects = give_back(site.agency.path(each.path or ""), _modes(before))
    elif before.database and isinstance(switch := site.sources.writing(each), Switch):
        database = switch.put_back(Setting(before.database, before.setting))
    return incident.journal.append(
        LIFTED,
        actor=actor,
        client=client,
        set=set_name,
        source=each.name,
        objects=objects,
        database=database,
        why=why,
    )


# --- files ----------------------------------------------------------------------------------------


def _stopped_files(
    site: Site, incident: Incident, name: str, each: SourceFile, actor: str
) -> Taken:
    place = site.agency.path(each.path or "")
    if not incident.has(name):
        if each.kind == "sqlite" and not may_be_read_only(place):
            return Taken(0, 1)
        found = look(place)
        by_mode: dict[int, list[int]] = {}
        for inode, mode in found.modes.items():
            by_mode.setdefault(mode, []).append(inode)
        modes = tuple((mode, tuple(sorted(inodes))) for mode, inodes in sorted(by_mode.items()))
        incident.keep(name, Before(root=found.root, modes=modes), actor=actor)
    return take(place, _modes(incident.value(name, Before)))


def _of_files(taken: Taken) -> dict[str, object]:
    state: State = "read-only" if not taken.left else "partly" if taken.objects else "people"
    return {"state": state, "objects": taken.objects, "left": taken.left}


def _modes(before: Before) -> Modes:
    return Modes(before.root, {inode: mode for mode, inodes in before.modes for inode in inodes})


# --- databases ------------------------------------------------------------------------------------


def _stopped_database(incident: Incident, name: str, switch: Switch, actor: str) -> Sessions:
    if not incident.has(name):
        found = switch.look()
        kept = Before(database=found.database, setting=found.value)
        incident.keep(name, kept, actor=actor)
    return switch.switch_off()


def _of_sessions(sessions: Sessions) -> dict[str, object]:
    state: State = "partly" if sessions.left else "read-only"
    return {"state": state, "ended": sessions.ended, "going_on": sessions.left}
