"""What a database consists of, as SQL text that makes it again.

The server itself writes the statements (SHOW CREATE ...).  Two things are taken out of them and
kept apart, because they change from day to day where nothing else does: the next number of an
AUTO_INCREMENT column, and that of a sequence.

Without a right, information_schema leaves things out and says nothing: no TRIGGER right, no
triggers.  So the rights are held against SHOW GRANTS first; nothing is ever silently missing.
"""

import re
from dataclasses import dataclass

from baozhang.errors import SourceUnreadableError
from baozhang.sources.mysql_session import HINT_TEMPLATES, Session, literal, quoted

_NEXT_NUMBER = re.compile(r"^(\)[^'\n]*?) AUTO_INCREMENT=(\d+)", re.MULTILINE)  # not in a comment
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<scope>.+?) TO ")
_NEEDED = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")
_ROUTINES = "SELECT ON mysql.proc"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    type: str  # information_schema's DATA_TYPE
    charset: str | None  # of a text
    octets: int | None  # the longest text, in bytes
    generated: bool


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One base table."""

    name: str
    create: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # columns of the primary key, else of one that is as good; may be empty
    versioned: bool


@dataclass(frozen=True, slots=True)
class Programs:
    """Views, routines, triggers and events: each a list of statements, in an order that works."""

    routines: tuple[tuple[str, ...], ...] = ()
    views: tuple[tuple[str, ...], ...] = ()
    triggers: tuple[tuple[str, ...], ...] = ()
    events: tuple[tuple[str, ...], ...] = ()
    broken: tuple[str, ...] = ()  # views that point to what is not there


@dataclass(frozen=True, slots=True)
class Schema:
    """One database without its rows."""

    charset: str
    collation: str
    tables: tuple[TableInfo, ...]
    sequences: tuple[tuple[str, str], ...]  # name and definition
    programs: Programs


def require_rights(session: Session) -> None:
    """Make sure that this login sees everything in the database.

    Raises:
        SourceUnreadableError: names the rights that are missing.
    """
    grants = [str(line) for (line,) in session.execute("SHOW GRANTS")]
    has = _rights(grants, str(session.database))
    missing = [right for right in _NEEDED if right not in has]
    if not has & {_ROUTINES, "SHOW CREATE ROUTINE", "SHOW_ROUTINE"}:
        missing.append(_ROUTINES)
    if missing:
        raise _lacking(session, missing)


def require_instants(session: Session) -> None:
    """Make sure that every table of the database can be read at one instant.

    Raises:
        SourceUnreadableError: names the tables that are not of InnoDB.
    """
    others = session.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        " AND TABLE_TYPE <> 'VIEW' AND NOT ENGINE <=> 'InnoDB' ORDER BY BINARY TABLE_NAME"
    )
    if others:
        raise SourceUnreadableError(
            "{database} on {server} has tables that are not of InnoDB: {tables}",
            hint="Convert each with ALTER TABLE ... ENGINE=InnoDB: others cannot be read at one"
            " instant while they are written to.",
            tables=", ".join(str(name) for (name,) in others),
            **session.facts,
        )


def _lacking(session: Session, rights: list[str]) -> SourceUnreadableError:
    return SourceUnreadableError(
        "{user} lacks rights in {database} on {server}: {rights}",
        hint=HINT_TEMPLATES["rights"],
        rights=", ".join(rights),
        **session.facts,
    )


def read_schema(session: Session) -> Schema:
    """Return what the session's database consists of; its rows are not looked at."""
    listed = _listed(session)
    columns = read_columns(session)
    keys = read_keys(session)
    tables = [
        TableInfo(
            name,
            create=_table_create(session, name),
            columns=tuple(columns[name]),
            key=keys.get(name, ()),
            versioned=kind == "SYSTEM VERSIONED",
        )
        for name, kind in listed
        if kind in {"BASE TABLE", "SYSTEM VERSIONED"}
    ]
    views = [name for name, kind in listed if kind == "VIEW"]
    charset, collation = session.execute(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME"
        " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
    )[0]
    broken = tuple(name for name in views if name not in columns)
    return Schema(
        charset=str(charset),
        collation=str(collation),
        tables=tuple(tables),
        sequences=tuple(_sequence(session, name) for name, kind in listed if kind == "SEQUENCE"),
        programs=Programs(
            routines=_routines(session),
            views=_views(session, [name for name in views if name not in broken], columns),
            triggers=_triggers(session),
            events=_events(session),
            broken=broken,
        ),
    )


def read_counters(session: Session, schema: Schema) -> list[str]:
    """Return the statements that set every next number, where there is one."""
    found = []
    for table in schema.tables:
        create = _shown(session, "TABLE", table.name, 1)
        if number := _NEXT_NUMBER.search(create):
            found.append(f"ALTER TABLE {quoted(table.name)} AUTO_INCREMENT = {int(number[2])}")
    for name, _ in schema.sequences:
        question = " ".join(["SELECT next_not_cached_value FROM", quoted(name)])
        ((following,),) = session.execute(question)
        found.append(f"DO SETVAL({quoted(name)}, {int(str(following))}, 0)")
    return found


def _listed(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = DATABASE() ORDER BY BINARY TABLE_NAME"
    )
    return [(str(name), str(kind)) for name, kind in rows]


def read_columns(session: Session) -> dict[str, list[Column]]:
    """Return the columns of every table and view, in their order."""
    rows = session.execute(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_SET_NAME, CHARACTER_OCTET_LENGTH,"
        " COALESCE(GENERATION_EXPRESSION, '') <> '' FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION"
    )
    found: dict[str, list[Column]] = {}
    for table, name, kind, charset, octets, generated in rows:
        column = Column(
            str(name), str(kind).lower(), charset, int(octets) if octets else None, generated == "1"
        )
        found.setdefault(str(table), []).append(column)
    return found


def read_keys(session: Session) -> dict[str, tuple[str, ...]]:
    """Return each table's primary key, else the first unique key that has no NULL."""
    rows = session.execute(
        "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE = 'YES' OR SUB_PART IS NOT NULL"
        " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0"
        " ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX"
    )
    indexes: dict[tuple[str, str], list[tuple[str | None, bool]]] = {}
    for table, index, column, loose in rows:
        unfit = loose == "1" or column is None  # a key over an expression names no column
        indexes.setdefault((str(table), str(index)), []).append((column, unfit))
    found: dict[str, tuple[str, ...]] = {}
    for (table, _), columns in indexes.items():
        if table not in found and not any(unfit for _, unfit in columns):
            found[table] = tuple(str(column) for column, _ in columns)
    return found


def _table_create(session: Session, name: str) -> str:
    return _NEXT_NUMBER.sub(r"\1", _shown(session, "TABLE", name, 1))


def _sequence(session: Session, name: str) -> tuple[str, str]:
    return name, _shown(session, "SEQUENCE", name, 1)


def _views(
    session: Session, names: list[str], columns: dict[str, list[Column]]
) -> tuple[tuple[str, ...], ...]:
    """Return a stand-in for each view, then the views: one view may select from any other."""
    stand_ins = []
    for name in names:
        cells = ", ".join(f"1 AS {quoted(column.name)}" for column in columns[name])
        stand_ins.append((f"CREATE VIEW {quoted(name)} AS SELECT {cells}",))
    made = []
    for name in names:
        _, create, _, collation = session.execute(" ".join(["SHOW CREATE VIEW", quoted(name)]))[0]
        replacing = str(create).replace("CREATE ", "CREATE OR REPLACE ", 1)
        made.append((_setting("", str(collation)), replacing))
    return (*stand_ins, *made)


def _routines(session: Session) -> tuple[tuple[str, ...], ...]:
    rows = session.execute(
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES"
        " WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_TYPE, BINARY ROUTINE_NAME"
    )
    return tuple(_program(session, str(kind), str(name)) for kind, name in rows)


def _triggers(session: Session) -> tuple[tuple[str, ...], ...]:
    rows = session.execute(
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
        " ORDER BY BINARY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
    )
    return tuple(_program(session, "TRIGGER", str(name)) for (name,) in rows)


def _events(session: Session) -> tuple[tuple[str, ...], ...]:
    rows = session.execute(
        "SELECT EVENT_NAME FROM information_schema.EVENTS"
        " WHERE EVENT_SCHEMA = DATABASE() ORDER BY BINARY EVENT_NAME"
    )
    found = []
    for (name,) in rows:
        shown = session.execute(" ".join(["SHOW CREATE EVENT", quoted(str(name))]))[0]
        _, mode, zone, create, _, collation, *_ = map(str, shown)
        found.append((f"{_setting(mode, collation)}, time_zone = {literal(zone)}", create))
    return tuple(found)


def _program(session: Session, kind: str, name: str) -> tuple[str, ...]:
    parts = ["SHOW CREATE", kind, quoted(name)]
    _, mode, create, _, collation = session.execute(" ".join(parts))[0][:5]
    if create is None:  # how the server says: you may know of it, and not read it
        raise _lacking(session, [_ROUTINES])
    return _setting(str(mode), str(collation)), create


def _setting(mode: str, collation: str) -> str:
    """Return what a program remembers of the session that makes it.

    Its text is sent in UTF-8 whatever it was written in, so the client's charset stays.
    """
    return f"SET sql_mode = {literal(mode)}, collation_connection = {literal(collation)}"


def _shown(session: Session, kind: str, name: str, place: int) -> str:
    return str(session.execute(" ".join(["SHOW CREATE", kind, quoted(name)]))[0][place])


def _rights(grants: list[str], database: str) -> set[str]:
    """Return the rights over a whole database that the lines of SHOW GRANTS give."""
    found: set[str] = set()
    for line in grants:
        if not (grant := _GRANT.match(line)):
            continue
        rights = {right.strip() for right in grant["rights"].split(",")}
        if "ALL PRIVILEGES" in rights:
            rights |= {*_NEEDED}
        scope = grant["scope"]
        if scope in {"`mysql`.`proc`", "`mysql`.*", "*.*"} and "SELECT" in rights:
            found.add(_ROUTINES)
        if scope == "*.*" or (scope.endswith(".*") and _is_like(scope[:-2], database)):
            found |= rights
    return found


def _is_like(pattern: str, database: str) -> bool:
    """Tell whether a database is meant by a grant's pattern (`%`, `_`, escaped by a backslash)."""
    plain = pattern.strip("`").replace("``", "`")
    pieces = re.findall(r"\\.|.", plain, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    regex = "".join(wild.get(piece) or re.escape(piece.removeprefix("\\")) for piece in pieces)
    return re.fullmatch(regex, database, re.DOTALL) is not None
