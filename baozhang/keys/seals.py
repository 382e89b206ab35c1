"""Sealed break-glass codes: what an approver uses once when their device is lost.

    make ──► a code on paper, in a sealed envelope away from the machine (only its hash stays here)
    open ──► counts once, in place of one one-time code; everybody is told

The code is 256 random bits with a checksum, so its hash needs no slow function; a sheet that was
opened is worth nothing afterwards.
"""

import hashlib
import hmac
import json
from datetime import datetime
from pathlib import Path

from baozhang import durable
from baozhang.clock import Clock
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.keys.files import read_private
from baozhang.keys.slots import new_secret, read_recovery_code, recovery_code


class SealError(UsageError):
    """The code is not the one in the person's envelope, or the envelope was opened before."""


class Seals:
    """The folder of seals, one private file per holder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def make(self, holder: str) -> tuple[str, str]:
        """Return a new code for a holder's envelope, and its fingerprint; an older one ends.

        Raises:
            UnreachableError: it cannot be kept.
        """
        secret = new_secret("recovery")
        digest = _digest(holder, secret.value)
        self._write(holder, {"holder": holder, "digest": digest, "made": self._now(), "opened": ""})
        return recovery_code(secret), digest[:32]

    def open(self, holder: str, code: str, *, known: str | None) -> None:
        """Use up a holder's code.

        Args:
            holder: id of the person whose envelope it is.
            code: as it stands on the paper.
            known: the fingerprint that the audit log has of this seal.

        Raises:
            SealError: another code, an envelope that was opened, or a record that was changed.
            UsageError: the code is mistyped.
        """
        secret = read_recovery_code(code)
        found = self._read(holder)
        given = _digest(holder, secret.value)
        if not hmac.compare_digest(found["digest"], given) or given[:32] != known:
            raise SealError(
                "that is not the code in the envelope of {person}",
                hint="Compare person and date on the envelope.",
                person=holder,
            )
        if found["opened"]:
            raise SealError(
                "the envelope of {person} was opened before",
                hint="Make a new one: `baozhang people seal {person}`.",
                person=holder,
            )
        self._write(holder, {**found, "opened": self._now()})

    def unopened(self, holder: str) -> bool:
        """Tell whether a holder has an envelope that still counts."""
        return self._path(holder).exists() and not self._read(holder)["opened"]

    def _now(self) -> str:
        return self._clock().isoformat()

    def _path(self, holder: str) -> Path:
        return self._folder / f"{holder}.seal.json"

    def _read(self, holder: str) -> dict[str, str]:
        path = self._path(holder)
        if not path.exists():
            raise SealError(
                "{person} has no sealed envelope",
                hint="Ask somebody who has one, or use a device.",
                person=holder,
            )
        try:
            found = json.loads(read_private(path))
            value = {name: str(found[name]) for name in ("holder", "digest", "made", "opened")}
            datetime.fromisoformat(value["made"])
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptObjectError(
                "the seal of {person} is damaged",
                hint="Make a new one: `baozhang people seal {person}`.",
                person=holder,
            ) from error
        return value

    def _write(self, holder: str, value: dict[str, str]) -> None:
        try:
            durable.replace(self._path(holder), json.dumps(value, sort_keys=True).encode())
        except OSError as error:
            raise UnreachableError(
                "the seal of {person} cannot be kept: {reason}",
                hint="Make the site's state folder writable.",
                person=holder,
                reason=error.strerror or type(error).__name__,
            ) from error


def _digest(holder: str, secret: bytes) -> str:
    return hashlib.sha256(b"baozhang seal\n" + holder.encode() + b"\n" + secret).hexdigest()
