"""A restored database put where it is used, its tables in one step.

    dump ──► scratch database, whole ──RENAME TABLE, one statement──► target
                                 what was at the target ──the same statement──► target_replaced_1

RENAME TABLE moves all tables or none.  Views, routines and triggers cannot be moved: they are made
once in the scratch database, so that what cannot be made is known before anything is touched, and
once more in the target.  The replaced database keeps its own; its events stay switched off.
"""

from collections.abc import Iterable
from pathlib import Path

from baozhang.errors import BaozhangError, UsageError
from baozhang.sources.mysql_dump import EVENTS, PROGRAMS, in_order
from baozhang.sources.mysql_load import load_dump, load_file, scratch_database
from baozhang.sources.mysql_schema import Schema, read_schema
from baozhang.sources.mysql_session import WAIT_SECONDS, Login, Session, quoted, session

_MOST_SIGNS = 64  # of a database's name (MariaDB manual, "Identifier Names")
_KINDS = {"PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY"}


def publish_dump(
    login: Login, folder: Path, target: str, *, replace: bool, wait: float = WAIT_SECONDS
) -> str | None:
    """Make a dump appear as the database `target`; return where the replaced one is.

    Raises:
        UsageError: something is there and `replace` was not asked for, or no database can have
            that name.
        SourceUnreadableError, SourceBusyError: see `load_dump`; nothing has been touched.
    """
    _require_name(target)
    with session(login, wait=wait) as asking:
        occupied = _is_occupied(asking, target)
        if occupied and not replace:
            raise UsageError(
                "the database {target} is there already on {place}",
                hint="Name another one, or ask to replace it.",
                target=target,
                place=login.server.shown,
            )
        aside = _free_name(asking, target) if occupied else None
    with scratch_database(login, wait=wait) as ready:
        load_dump(login, folder, ready, wait=wait)
        with session(login, ready, wait=wait) as here:
            fresh = read_schema(here)
            _drop_programs(here, ready)
            _provide(here, target, fresh)
        old = _exchange(login, ready, target, aside, fresh, wait)
    with session(login, target, wait=wait, alone=True) as here:
        load_file(here, folder / PROGRAMS)
        load_file(here, folder / EVENTS)
    if aside is not None and old is not None:
        with session(login, aside, wait=wait) as there:
            _make(there, in_order(old.programs))
    return aside


def _exchange(
    login: Login, ready: str, target: str, aside: str | None, fresh: Schema, wait: float
) -> Schema | None:
    """Rename everything in one statement; return what has gone aside, its programs left behind."""
    moves = _moves(fresh, ready, target)
    if aside is None:
        with session(login, ready, wait=wait) as here:
            _rename(here, moves)
        return None
    with session(login, target, wait=wait) as here:
        old = read_schema(here)
        _provide(here, aside, old)
        _drop(here, "TRIGGER", target)
        try:
            _rename(here, [*_moves(old, target, aside), *moves])
        except BaozhangError:
            _make(here, (statement for one in old.programs.triggers for statement in one))
            raise
        for name in _names(here, "EVENT", target):
            parts = ["ALTER EVENT", quoted(name), "RENAME TO", _in(aside, name), "DISABLE"]
            here.execute(" ".join(parts))
        _drop_programs(here, target)
    return old


def _moves(schema: Schema, source: str, target: str) -> list[str]:
    names = [*(table.name for table in schema.tables), *(name for name, _ in schema.sequences)]
    return [f"{_in(source, name)} TO {_in(target, name)}" for name in names]


def _rename(here: Session, moves: list[str]) -> None:
    if moves:
        here.execute(f"RENAME TABLE {', '.join(moves)}")


def _provide(here: Session, name: str, like: Schema) -> None:
    """Make a database, or give an empty one its charset."""
    here.execute(" ".join(["CREATE DATABASE IF NOT EXISTS", quoted(name)]))
    charset = f"CHARACTER SET = {like.charset} COLLATE = {like.collation}"
    here.execute(" ".join(["ALTER DATABASE", quoted(name), charset]))


def _make(here: Session, statements: Iterable[str]) -> None:
    for statement in statements:
        here.execute(statement.encode())


def _drop_programs(here: Session, database: str) -> None:
    for kind in ("TRIGGER", "VIEW", *sorted(_KINDS)):
        _drop(here, kind, database)


def _drop(here: Session, kind: str, database: str) -> None:
    for name in _names(here, kind, database):
        # IF EXISTS: dropping a package drops its body too
        here.execute(" ".join(["DROP", kind, "IF EXISTS", quoted(name)]))


_LISTS = {
    "VIEW": "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s",
    "TRIGGER": "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s",
    "EVENT": "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s",
    "ANY": "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
    " UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s"
    " UNION ALL SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s",
    "ROUTINE": "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s"
    " AND ROUTINE_TYPE = %s",
}


def _names(here: Session, kind: str, database: str) -> list[str]:
    if kind in _KINDS:
        rows = here.execute(_LISTS["ROUTINE"], database, kind)
    else:
        rows = here.execute(_LISTS[kind], database)
    return [str(name) for (name,) in rows]


def _is_occupied(asking: Session, database: str) -> bool:
    return bool(asking.execute(_LISTS["ANY"], database, database, database))


def _free_name(asking: Session, target: str) -> str:
    rows = asking.execute("SELECT LOWER(SCHEMA_NAME) FROM information_schema.SCHEMATA")
    taken = {str(name) for (name,) in rows}
    number = 1
    while (name := _beside(target, number)).lower() in taken:
        number += 1
    return name


def _beside(target: str, number: int) -> str:
    ending = f"_replaced_{number}"
    return target[: _MOST_SIGNS - len(ending)] + ending


def _require_name(target: str) -> None:
    if not 0 < len(target) <= _MOST_SIGNS or target != target.strip() or "\0" in target:
        raise UsageError(
            "{target} cannot be the name of a database",
            hint="Write a name of at most 64 signs.",
            target=target,
        )


def _in(database: str, name: str) -> str:
    return f"{quoted(database)}.{quoted(name)}"
