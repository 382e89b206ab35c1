"""What a letter reports, as canonical JSON: the bytes its hash is made over, and what is filed.

Keys sorted, separators without blanks, non-ASCII escaped; instants are ISO 8601 in UTC, days ISO,
spans whole microseconds, decimals their digits as text.  The same values give the same bytes on
every machine, so that `sha256sum` of the file in the library is the hash printed in the letter.
Normative: docs/reports.md, "The hash".
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from baozhang.settings.part import Part
from reports.months import Month


def canonical(kind: str, value: object) -> str:
    """Return the canonical JSON of a letter's value, a dataclass or `Part` of plain values.

    Raises:
        TypeError: something in it has no canonical form, a float for example.
    """
    content = {"kind": kind, "value": _plain(value)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def fingerprint(text: str) -> str:
    """Return the SHA-256 of canonical JSON, as hex."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, Month):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Part):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return _written(value)


def _written(value: object) -> str | int:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | Month | Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    raise TypeError(type(value).__name__)
