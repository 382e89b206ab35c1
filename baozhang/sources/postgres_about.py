"""What a dump of one database leaves out: its locale, settings and grants, and its roles.

database.json   for us: what CREATE and ALTER DATABASE need to make another one like it
roles.sql       for anybody: makes the roles that are missing, with no password and no power
                over the server, and their memberships among each other
"""

import json
from dataclasses import asdict, dataclass

from psycopg import sql

from baozhang.errors import SourceUnreadableError
from baozhang.sources.postgres_instant import Instant
from baozhang.sources.postgres_session import Connection, errors_about

_VERSION = 1
_LOCALES = {
    "i": sql.SQL(" LOCALE_PROVIDER icu ICU_LOCALE {}"),
    "b": sql.SQL(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}"),
}
_PRIVILEGES = {each: sql.SQL(each) for each in ("CONNECT", "CREATE", "TEMPORARY")}
_PLAIN = "C"  # the locale that every server has, and that goes with every encoding


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a database, or of a role in it."""

    role: str | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege on a database; no role: everybody."""

    role: str | None
    privilege: str
    grantable: bool


@dataclass(frozen=True, slots=True)
class About:
    """A database as the server knows it."""

    database: str
    owner: str
    encoding: str
    collate: str
    ctype: str
    provider: str  # as pg_database.datlocprovider
    locale: str | None  # of a provider other than libc
    connections: int  # -1: any number
    comment: str | None
    settings: tuple[Setting, ...]
    grants: tuple[Grant, ...] | None  # None: as a new database has them
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """A role that something in a database belongs to, or that may use it."""

    name: str
    login: bool
    inherit: bool
    member_of: tuple[str, ...]  # of these roles


# --- at the source ------------------------------------------------------------------------------


def described(instant: Instant) -> About:
    """Return what is known of the database that is held."""
    with errors_about(instant.login, instant.database):
        ask = instant.connection.execute
        rows = ask(_ABOUT).fetchall()
        settings = [Setting(_maybe(r), str(n), str(v)) for r, n, v in ask(_SETTINGS).fetchall()]
        grants = [Grant(_maybe(r), str(p), bool(g)) for r, p, g in ask(_GRANTS).fetchall()]
    database, owner, encoding, collate, ctype, provider, locale, most, comment, own = rows[0]
    return About(
        database=str(database),
        owner=str(owner),
        encoding=str(encoding),
        collate=str(collate),
        ctype=str(ctype),
        provider=str(provider),
        locale=_maybe(locale),
        connections=int(str(most)),
        comment=_maybe(comment),
        settings=tuple(settings),
        grants=tuple(grants) if own else None,
        roles=tuple(role.name for role in _roles(instant)),
    )


_ABOUT = """
    SELECT d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate,
        d.datctype, coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
        coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
        d.datconnlimit, shobj_description(d.oid, 'pg_database'), d.datacl IS NOT NULL
    FROM pg_database d WHERE d.datname = current_database()
"""
_SETTINGS = """
    SELECT r.rolname, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN unnest(s.setconfig) c LEFT JOIN pg_roles r ON r.oid = s.setrole
    WHERE d.datname = current_database() ORDER BY r.rolname COLLATE "C" NULLS FIRST, c COLLATE "C"
"""
_GRANTS = """
    SELECT r.rolname, a.privilege_type, a.is_grantable
    FROM pg_database d CROSS JOIN aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.datname = current_database()
    ORDER BY r.rolname COLLATE "C" NULLS FIRST, a.privilege_type COLLATE "C"
"""


def roles_sql(instant: Instant) -> str:
    """Return SQL that makes the roles of a database where they are missing."""
    roles = _roles(instant)
    parts = [_create_role(role) for role in roles]
    grant = sql.SQL("GRANT {} TO {};\n")
    for role in roles:
        for above in role.member_of:
            parts.append(grant.format(sql.Identifier(above), sql.Identifier(role.name)))
    return sql.Composed(parts).as_string(instant.connection)


def _roles(instant: Instant) -> list[Role]:
    """Return every role that the database refers to, but the server's own, by name."""
    with errors_about(instant.login, instant.database):
        rows = instant.connection.execute(_ROLES).fetchall()
    members: dict[str, list[str]] = {str(name): [] for name, _, _, _ in rows}
    for name, _, _, above in rows:
        if above is not None and str(above) in members:
            members[str(name)].append(str(above))
    kinds = {str(name): (bool(login), bool(inherit)) for name, login, inherit, _ in rows}
    return [Role(name, *kinds[name], tuple(above)) for name, above in members.items()]


_ROLES = """
    WITH wanted AS (
        SELECT s.refobjid AS oid FROM pg_shdepend s
        JOIN pg_database d ON d.datname = current_database()
        WHERE s.refclassid = 'pg_authid'::regclass AND (s.dbid = d.oid
            OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid))
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
        UNION SELECT s.setrole FROM pg_db_role_setting s
        JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()
    )
    SELECT r.rolname, r.rolcanlogin, r.rolinherit, g.rolname
    FROM pg_roles r JOIN wanted USING (oid) LEFT JOIN pg_auth_members m ON m.member = r.oid
    LEFT JOIN pg_roles g ON g.oid = m.roleid
    WHERE left(r.rolname, 3) <> 'pg_' ORDER BY r.rolname COLLATE "C", g.rolname COLLATE "C"
"""


def _create_role(role: Role) -> sql.Composed:
    login = sql.SQL("LOGIN") if role.login else sql.SQL("NOLOGIN")
    inherit = sql.SQL("INHERIT") if role.inherit else sql.SQL("NOINHERIT")
    create = sql.SQL("CREATE ROLE {} {} {}").format(sql.Identifier(role.name), login, inherit)
    safely = f"BEGIN {create.as_string()}; EXCEPTION WHEN duplicate_object THEN NULL; END"
    return sql.SQL("DO {};\n").format(sql.Literal(safely))


def _maybe(value: object) -> str | None:
    return None if value is None else str(value)


# --- as a file ----------------------------------------------------------------------------------


def encode(about: About) -> str:
    """Return the content of `database.json`."""
    value = {"version": _VERSION, **asdict(about)}
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def decode(text: str) -> About:
    """Return what `database.json` says.

    Raises:
        SourceUnreadableError: it is not one, or of a newer release.
    """
    try:
        value = json.loads(text)
        version = value.pop("version")
        settings = tuple(Setting(**each) for each in value.pop("settings"))
        grants = value.pop("grants")
        granted = None if grants is None else tuple(Grant(**each) for each in grants)
        roles = tuple(value.pop("roles"))
        about = About(**value, settings=settings, grants=granted, roles=roles)
    except (ValueError, TypeError, KeyError, AttributeError):
        version, about = None, None
    if about is None or version != _VERSION:
        raise SourceUnreadableError(
            "database.json in the restored folder cannot be read",
            hint="Restore the backup point again, with the release that made it or a newer one.",
        )
    return about


# --- where it is restored -----------------------------------------------------------------------


def create(connection: Connection, about: About, name: str, *, plain: bool) -> None:
    """Make an empty database of the same encoding.

    Args:
        connection: to another database of the server, outside a transaction.
        about: what it is to be like.
        name: its name, not taken.
        plain: with the locale that every server has, instead of its own.
    """
    words = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}")
    collate, ctype = (_PLAIN, _PLAIN) if plain else (about.collate, about.ctype)
    parts = [sql.Literal(each) for each in (about.encoding, collate, ctype)]
    made = words.format(sql.Identifier(name), *parts)
    if not plain and about.locale and about.provider in _LOCALES:
        made += _LOCALES[about.provider].format(sql.Literal(about.locale))
    connection.execute(made)


def apply(connection: Connection, about: About, name: str) -> None:
    """Give a database the owner, settings and grants that it had.

    Args:
        connection: of an administrator or a member of the roles, outside a transaction.
        about: what it was like.
        name: what it is called now.
    """
    database = sql.Identifier(name)
    run = connection.execute
    with connection.transaction():
        most = sql.Literal(about.connections)
        run(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(database, most))
        if about.comment is not None:
            said = sql.Literal(about.comment)
            run(sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, said))
        for setting in about.settings:
            _apply_setting(connection, setting, database)
        run(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(about.owner)))
        if about.grants is not None:
            for one in ("PUBLIC", about.owner):
                role = sql.SQL("PUBLIC") if one == "PUBLIC" else sql.Identifier(one)
                run(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, role))
            for grant in about.grants:
                run(_grant(grant, database))


def _apply_setting(connection: Connection, setting: Setting, database: sql.Identifier) -> None:
    """Set it here first: FROM CURRENT needs no knowledge of how each setting is quoted."""
    connection.execute("SELECT set_config(%s, %s, true)", (setting.name, setting.value))
    name = sql.Identifier(*setting.name.split("."))
    if setting.role is None:
        words = sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT").format(database, name)
    else:
        role = sql.Identifier(setting.role)
        words = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} FROM CURRENT").format(
            role, database, name
        )
    connection.execute(words)


def _grant(grant: Grant, database: sql.Identifier) -> sql.Composed:
    return sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(
        _PRIVILEGES[grant.privilege],
        database,
        sql.SQL("PUBLIC") if grant.role is None else sql.Identifier(grant.role),
        sql.SQL(" WITH GRANT OPTION" if grant.grantable else ""),
    )
