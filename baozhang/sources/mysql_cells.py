"""How the server writes a row's cells: as SQL literals for the dump, as texts for the proof.

The server does the work, a row in one string; the driver, which is plain Python, would need as
long for each cell as so for a whole row.

    dump    CONCAT(QUOTE(`a`), ',', IF(`b` IS NULL, 'NULL', `b`), ...)  ──►  'x',12.50
    proof   JSON_ARRAY(`a`, CAST(`b` AS CHAR), ...)                     ──►  ["x", "12.50"]

What each type needs, so that no bit of it is lost: a FLOAT is shown with six digits unless it is
made a DOUBLE; a text in a charset other than Unicode is written by its bytes where the way to
UTF-8 and back would change it; bytes are hexadecimal.

A result longer than max_allowed_packet becomes NULL, with a warning that nobody sees.  So no NULL
is ever replaced but that of a column itself: any other one makes the whole row NULL, which the
reader refuses.
"""

from collections.abc import Sequence

from baozhang.sources.mysql_schema import Column
from baozhang.sources.mysql_session import literal, quoted

_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_COMMA = ", ',', "
_BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"} | {
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"),
    *("multipolygon", "geometrycollection", "geomcollection", "vector"),
}
_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "double", "float"}
_UNICODE = {"utf8mb4", "utf8mb3", "utf8", "ascii"}
_SORTED_BYTES = 1024  # max_sort_length: what lies behind it is not looked at


def literals(columns: Sequence[Column]) -> str:
    """Return an expression for a row's values in an INSERT; NULL: it is too long."""
    cells = [f"IF({quoted(c.name)} IS NULL, 'NULL', {_literal(c)})" for c in columns]
    return f"CONCAT({_COMMA.join(cells)})"


def texts(columns: Sequence[Column]) -> str:
    """Return an expression for a row as a JSON array of texts and nulls."""
    return f"JSON_ARRAY({', '.join(map(_cell, columns))})"


def ordering(columns: Sequence[Column], first: Sequence[str], key: Sequence[str]) -> str:
    """Return an ORDER BY by the columns `first`, then by the key, or else by the whole row.

    Texts are compared as the bytes of their UTF-8, whatever their collation says.
    """
    by_name = {column.name: column for column in columns}
    rest = key or by_name
    terms = [_sort_key(by_name[name], whole=False) for name in first]
    terms += [_sort_key(by_name[name], whole=not key) for name in rest if name not in first]
    if not key:
        terms += [_sort_key(by_name[name], whole=True) for name in first]
    return f"ORDER BY {', '.join(terms)}"


def is_float(column: Column) -> bool:
    """Tell whether a column's text may have an exponent."""
    return column.type in {"float", "double"}


def _literal(column: Column) -> str:
    """Return an expression for a value that is not NULL."""
    name = quoted(column.name)
    if column.type in _TEXTS:
        return _text_literal(name, column)
    if column.type == "bit":
        return f"CONCAT('b\\'', BIN({name} + 0), '\\'')"
    if column.type in _BYTES:
        return f"CONCAT('x\\'', HEX({name}), '\\'')"
    if column.type in _NUMBERS:
        return f"{name}{_exactly(column)}"
    return f"QUOTE(CAST({name} AS CHAR))"


def _text_literal(name: str, column: Column) -> str:
    plain = f"QUOTE({_utf8(name)})"
    if column.charset in _UNICODE:
        return plain
    back = f"CONVERT({_utf8(name)} USING {column.charset})"
    by_bytes = f"CONCAT({literal(f'_{column.charset} 0x')}, HEX({name}))"
    return f"IF(BINARY {name} = BINARY {back}, {plain}, {by_bytes})"


def _cell(column: Column) -> str:
    name = quoted(column.name)
    if column.type in _TEXTS:
        return _utf8(name)
    if column.type in _BYTES:
        return f"LOWER(HEX({name}))"
    return f"CAST({name}{_exactly(column)} AS CHAR)"


def _exactly(column: Column) -> str:
    """Return what makes a number of a column that does not show all of it."""
    return {"float": " + 0e0", "bit": " + 0"}.get(column.type, "")


def _sort_key(column: Column, *, whole: bool) -> str:
    name = quoted(column.name)
    if column.type in _BYTES or column.type == "json":
        return f"SHA2({name}, 256)"
    if column.type not in _TEXTS:
        return name
    ordered = f"CAST({_utf8(name)} AS BINARY)"
    long = column.octets is not None and column.octets * 2 > _SORTED_BYTES
    return f"SHA2({ordered}, 256)" if whole and long else ordered


def _utf8(name: str) -> str:
    return f"CONVERT({name} USING utf8mb4)"
