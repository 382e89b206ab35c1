"""One-time codes: who approves proves with a device that they are who they say (RFC 6238).

    enrol alone ──► the person's file (secret, last used step) ──► a code counts once
                          │
                          └── its fingerprint stands in the audit log: a file that was put in its
                              place, or taken away, is found out and nothing is approved with it

Nobody can reset another person's codes: who is enrolled renews with a code of the old device, or
with the break-glass code out of the sealed envelope.  Whoever is root on this machine can read the
secrets; what they do with them stands in the audit log and is mailed to the person
(docs/threat-model.md).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyotp

from baozhang import durable
from baozhang.clock import Clock
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.keys.files import read_private

STEP = 30  # seconds (RFC 6238, section 5.2)
DRIFT = 1  # steps that a telephone's clock may be off, each way (section 5.2)
ATTEMPTS = 5  # wrong codes ...
WITHIN = timedelta(minutes=15)  # ... in this span; then nothing counts until it is over
_FORMAT = 1


class WrongCodeError(UsageError):
    """The code is not the one the person's device shows, or it was used before."""


class TooManyCodesError(UsageError):
    """Too many wrong codes; nothing counts for a while."""


class NotEnrolledError(UsageError):
    """The person has no device, or its record is not the one the audit log knows."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person's device; field for field what is stored, as JSON."""

    person: str  # id
    secret: str = field(repr=False)  # base32, 160 bits (RFC 4226, section 4, R6)
    at: str  # ISO instant, UTC
    last_step: int = 0  # no code of this step or an earlier one counts again
    wrong: tuple[str, ...] = ()  # ISO instants of wrong codes
    format: int = _FORMAT

    @property
    def fingerprint(self) -> str:
        """What the audit log knows of it: 32 hexadecimal digits, nothing of the secret."""
        return hashlib.sha256(f"{self.person}\n{self.secret}".encode()).hexdigest()[:32]


def new_secret() -> str:
    """Return a secret for a new device: 160 random bits in base32."""
    return pyotp.random_base32()


def address(person: str, secret: str, *, issuer: str) -> str:
    """Return what a device scans, an `otpauth://` address; whoever sees it has the device."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=issuer)


class Codes:
    """The folder of enrolments, one private file per person."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def enrolled(self, person: str) -> Enrolment | None:
        """Return a person's device, None where there is none.

        Raises:
            CorruptObjectError: its file is damaged.
            UsageError: others can read its file.
        """
        path = self._path(person)
        return _decoded(person, read_private(path)) if path.exists() else None

    def enrol(self, person: str, secret: str, code: str) -> Enrolment:
        """Take a device into use, once it has shown that it has the secret.

        What a person who is enrolled already must prove first, the caller asks (`use`).

        Raises:
            WrongCodeError: the code is not this device's.
        """
        now = self._clock()
        step = _matching(secret, code, now, after=0)
        if step is None:
            raise _wrong(person)
        made = Enrolment(person, secret, now.isoformat(), last_step=step)
        with self._locked():
            self._write(made)
        return made

    def use(self, person: str, code: str, *, known: str | None) -> int:
        """Count one code of a person, once and for all; return its step.

        Args:
            person: id.
            code: six digits.
            known: the fingerprint that the audit log has of the person's device.

        Raises:
            NotEnrolledError: there is no device, or another one than the log knows.
            TooManyCodesError: wait.
            WrongCodeError: wrong, or used before.
        """
        with self._locked():
            found = self.enrolled(person)
            if found is None or found.fingerprint != known:
                raise _not_enrolled(person, tampered=known is not None)
            now = self._clock()
            recent = tuple(at for at in found.wrong if datetime.fromisoformat(at) > now - WITHIN)
            if len(recent) >= ATTEMPTS:
                raise TooManyCodesError(
                    "{person} has typed {count} wrong codes; no code counts for now",
                    hint="Wait {minutes} minutes. Find out who it was if it was not you.",
                    person=person,
                    count=len(recent),
                    minutes=round(WITHIN / timedelta(minutes=1)),
                )
            step = _matching(found.secret, code, now, after=found.last_step)
            if step is None:
                self._write(replace(found, wrong=(*recent, now.isoformat())))
                raise _wrong(person)
            self._write(replace(found, last_step=step, wrong=()))
            return step

    def _path(self, person: str) -> Path:
        return self._folder / f"{person}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time count codes: one code must not count twice."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, enrolment: Enrolment) -> None:
        content = json.dumps(asdict(enrolment), sort_keys=True).encode()
        try:
            durable.replace(self._path(enrolment.person), content)
        except OSError as error:
            raise _unwritable(self._folder, error) from error


def _matching(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """Return the step whose code it is, near now and later than `after`."""
    device, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    near = range(max(here - DRIFT, after + 1), here + DRIFT + 1)
    plain = "".join(code.split())
    return next((s for s in near if pyotp.utils.strings_equal(plain, device.at(s * STEP))), None)


def _decoded(person: str, content: bytes) -> Enrolment:
    try:
        found = json.loads(content)
        made = Enrolment(
            person=str(found["person"]),
            secret=str(found["secret"]),
            at=datetime.fromisoformat(found["at"]).isoformat(),
            last_step=int(found["last_step"]),
            wrong=tuple(datetime.fromisoformat(at).isoformat() for at in found["wrong"]),
            format=int(found["format"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(person) from error
    if made.person != person or made.format != _FORMAT:
        raise _damaged(person)
    return made


def _damaged(person: str) -> CorruptObjectError:
    return CorruptObjectError(
        "the one-time codes of {person} are damaged",
        hint="Enrol again with the break-glass code: `baozhang people enrol {person}`.",
        person=person,
    )


def _wrong(person: str) -> WrongCodeError:
    return WrongCodeError(
        "that is not the code of {person}, or it was used before",
        hint="Wait for the next code and type it within half a minute.",
        person=person,
    )


def _not_enrolled(person: str, *, tampered: bool) -> NotEnrolledError:
    if tampered:
        return NotEnrolledError(
            "the device of {person} is not the one that was enrolled",
            hint="Find out who changed it, then enrol again with the break-glass code.",
            person=person,
        )
    return NotEnrolledError(
        "{person} has no device for one-time codes",
        hint="Let {person} alone run `baozhang people enrol {person}`.",
        person=person,
    )


def _unwritable(folder: Path, error: OSError) -> UnreachableError:
    return UnreachableError(
        "one-time codes in {folder} cannot be kept: {reason}",
        hint="Make the folder writable for the user that runs baozhang.",
        folder=folder,
        reason=error.strerror or type(error).__name__,
    )
