"""The one-time file of a request (`request-q-001.json`): who hands it in with proofs needs no code.

    {"format": 1, "site": …, "request": "q-001", "obligation": "training.plan", "person": "zhang",
     "due": "2026-12-07", "expires": "2027-02-05", "token": 32 hexadecimal digits, "effective": ""}

The token is 128 random bits; the register keeps its SHA-256 alone.  A file is bound to its site,
its obligation and its person, is used once, and expires.  `effective` is left for the person to
fill in: the day of which the proof speaks.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from baozhang.clock import business_day
from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.governance.attestations import REQUESTS, Request
from baozhang.governance.rhythm import end_of
from baozhang.settings.part import Part
from baozhang.site import Site

OPEN_FOR = timedelta(days=60)
"""After the due day; by then the next step of most rhythms has begun and another file was sent."""
MOST_BYTES = 65_536  # of a request file; ours has 400
_HINT = "Ask for a new one (the next letter brings it), or use a code: `baozhang attest submit`."


class RequestFile(Part):
    """What stands in the file."""

    format: Literal[1] = 1
    site: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    request: Annotated[str, Field(pattern=r"^q-\d{3,9}$")]
    obligation: str
    person: str
    due: date
    expires: date
    token: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    effective: date | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A request file that may be used now, and what it is bound to."""

    id: str
    request: Request
    effective: date | None  # as the person filled it in


class RequestRefusedError(UsageError):
    """A request file that opens nothing."""


def digest_of(token: str) -> str:
    """Return what the register keeps of a token: its SHA-256; 128 random bits need no salt."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def expiry(due: date, today: date) -> datetime:
    """Return when a file sent today expires."""
    return end_of(max(due, today) + OPEN_FOR)


def content(site: Site, id_: str, request: Request, token: str) -> bytes:
    """Return the file of a request."""
    assert request.expires is not None
    value = RequestFile(
        site=site.audit.fingerprint,
        request=id_,
        obligation=request.obligation,
        person=request.person,
        due=request.due,
        expires=business_day(request.expires),
        token=token,
    )
    text = json.dumps(value.model_dump(mode="json"), indent=1, ensure_ascii=True)
    return text.encode("ascii") + b"\n"


def name_of(id_: str) -> str:
    """Return what the file is called."""
    return f"request-{id_}.json"


def read(path: Path) -> RequestFile:
    """Return what stands in a request file; nothing of it is believed yet.

    Raises:
        RequestRefusedError: it is none.
        SourceUnreadableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return RequestFile.model_validate_json(file.read(MOST_BYTES))
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Check that it exists, is mounted and may be read by this account.",
            path=path.name[:80],
            reason=error.strerror or type(error).__name__,
        ) from error
    except ValidationError as error:
        raise RequestRefusedError(
            "{name} is no request file", hint=_HINT, name=path.name[:80]
        ) from error


def opened(site: Site, file: RequestFile) -> Open:
    """Return the request that a file opens.

    Raises:
        RequestRefusedError: of another site, unknown, changed by hand, used, or expired.
    """
    row = REQUESTS.rows(site).get(file.request)
    if file.site != site.audit.fingerprint:
        raise RequestRefusedError(
            "request {request} is of another site", hint=_HINT, request=file.request
        )
    if row is None or row.token is None:
        raise RequestRefusedError("there is no request {request}", hint=_HINT, request=file.request)
    bound = (row.obligation, row.person, row.due) == (file.obligation, file.person, file.due)
    if not bound or not hmac.compare_digest(row.token, digest_of(file.token)):
        raise RequestRefusedError(
            "request {request} was changed: it is bound to one person and one obligation",
            hint=_HINT,
            request=file.request,
        )
    if row.attestation:
        raise RequestRefusedError(
            "request {request} was used already, for {attestation}",
            hint=_HINT,
            request=file.request,
            attestation=row.attestation,
        )
    if row.expires is None or site.clock() > row.expires:
        raise RequestRefusedError("request {request} has expired", hint=_HINT, request=file.request)
    return Open(file.request, row, file.effective or None)
