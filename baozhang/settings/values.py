"""The kinds of values in a site's files: ids, time spans, addresses, references to secrets.

Each is one annotated type: a validator that refuses by naming a kind of problem (`problems.py`
holds the sentence), and the JSON Schema that editors complete from.
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, NewType, cast
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from baozhang.policies.pace import (
    RATE_PATTERN,
    WINDOW_PATTERN,
    Window,
    read_rate,
    read_window,
)
from baozhang.settings.credit_code import checked, well_formed

SecretRef = NewType("SecretRef", str)
"""Where a secret is kept, never the secret: `env:NAME` or `file:/path`."""

Role = Literal["operator", "on_call", "approver", "accountant", "manager", "auditor"]
Language = Literal["zh_CN", "en"]
Standard = Literal["sbe", "asbe", "other"]
"""小企业会计准则 (财会〔2011〕17号), 企业会计准则 (财政部令第33号), or books kept elsewhere."""

ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
SECRET_PATTERN = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"  # noqa: S105 - a pattern, no secret
SPAN_PATTERN = r"^\s*(\d+)\s*(w|d|h|min)\s*$"
SPANS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1)} | {
    "min": timedelta(minutes=1)
}
REMOTE = re.compile(r"s3(\+[a-z0-9]+)?")
"""Schemes of places that are no folder; what stands behind them, the store itself judges."""
_LONGEST = 5  # digits of a span's number: beyond it, timedelta overflows


def refusal(kind: str, value: str = "", **facts: str) -> PydanticCustomError:
    """Return the error that makes pydantic report a problem of this kind."""
    context = dict(facts)
    if value:
        context["value"] = value
    return PydanticCustomError(cast("Literal['refused']", kind), "{kind}", {"kind": kind} | context)


def _identifier(value: str) -> str:
    if not re.match(ID_PATTERN, value):
        raise refusal("id", shown(value))
    return value


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = re.match(SPAN_PATTERN, value)
    if not found or len(found[1]) > _LONGEST:
        raise refusal("duration", shown(value))
    span = int(found[1]) * SPANS[found[2]]
    if not span:
        raise refusal("duration_zero")
    return span


def _email(value: str) -> str:
    if not re.match(r"^[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+$", value):
        raise refusal("email")
    return value


def _web(value: str) -> str:
    if not re.match(r"^https?://[^\s<>\"]+$", value):
        raise refusal("web")
    return value


def _credit_code(value: str) -> str:
    if not well_formed(value):
        raise refusal("credit_code_form")
    if not checked(value):
        raise refusal("credit_code_check")
    return value


def _secret(value: str) -> SecretRef:
    if not re.match(SECRET_PATTERN, value) or "\0" in value:
        raise refusal("secret_literal")
    return SecretRef(value)


def _url(value: str) -> str:
    scheme, colon, rest = value.partition("://")
    if is_remote(value):
        if not rest.strip("/") or "@" in rest.partition("/")[0]:
            raise refusal("url_bucket")
        return value
    if colon and scheme != "file":
        raise refusal("url_scheme", scheme=shown(scheme))
    if colon and not urlsplit(value).path.startswith("/"):
        raise refusal("url_relative")
    return _path(value)


def _path(value: str) -> str:
    if not value.strip():
        raise refusal("path_empty")
    if "\0" in value:
        raise refusal("path_nul")
    return value


def _currency(value: str) -> str:
    if not re.match(r"^[A-Z]{3}$", value):
        raise refusal("currency", shown(value))
    return value


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return read_rate(value)
    except ValueError as error:
        raise refusal("rate", shown(value)) from error


def _window(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return read_window(value)
    except ValueError as error:
        raise refusal("window", shown(value)) from error


def is_remote(url: str) -> bool:
    """Tell whether an address means a bucket, not a folder."""
    scheme, colon, _ = url.partition("://")
    return bool(colon) and REMOTE.fullmatch(scheme) is not None


def shown(value: object) -> str:
    """Return a value short enough to stand in a sentence."""
    return str(value)[:40]


def path_of(url: str) -> str:
    """Return the path that a path or a file:// address means."""
    return unquote(urlsplit(url).path) if url.startswith("file://") else url


Id = Annotated[
    str, AfterValidator(_identifier), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})
]
Span = Annotated[
    timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": SPAN_PATTERN})
]
Email = Annotated[
    str, AfterValidator(_email), WithJsonSchema({"type": "string", "format": "email"})
]
CreditCode = Annotated[
    str,
    AfterValidator(_credit_code),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9A-Y]{18}$"}),
]
Secret = Annotated[
    SecretRef,
    AfterValidator(_secret),
    WithJsonSchema({"type": "string", "pattern": SECRET_PATTERN}),
]
Rate = Annotated[
    int, BeforeValidator(_rate), WithJsonSchema({"type": "string", "pattern": RATE_PATTERN})
]
Hours = Annotated[
    Window, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": WINDOW_PATTERN})
]
Url = Annotated[str, AfterValidator(_url)]
WebPage = Annotated[
    str,
    AfterValidator(_web),
    WithJsonSchema({"type": "string", "pattern": "^https?://"}),
]
PathText = Annotated[str, AfterValidator(_path)]
Currency = Annotated[
    str, AfterValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
