"""What can go wrong, said once, in words an on-call bookkeeper can act on.

Three rules hold everywhere below `flows/`:

* An error names its subject in `facts` (ids, names, sizes), never in prose alone,
  so the catalog can store it and a report can group by it.
* An error carries a `hint` when a person can do something; the hint is a sentence
  that starts with a verb.  No hint means: this is our bug.
* `transient` is a property of the *class*: a caller decides to retry by type and
  never by matching a message.

Message and hint are templates: `{name}` is filled from `facts`, so that the catalogues
of `baozhang.words` can translate them.  Secrets and ledger rows never go in `facts`:
they are stored, mailed and shown.
"""

from typing import ClassVar


class BaozhangError(Exception):
    """Root of every error this package raises on purpose; by itself: a problem was found."""

    transient: ClassVar[bool] = False
    """True if the same call may succeed later with nothing changed by a person."""

    def __init__(self, template: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(template)
        self.template = template
        self.hint = hint
        self.facts = facts

    def __str__(self) -> str:
        text = self.template.format(**self.facts)
        return f"{text}\nHint: {self.hint.format(**self.facts)}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling, which Exception's own way would not: facts are keyword-only."""
        return _rebuild, (type(self), self.template, self.hint, self.facts)


def _rebuild(
    kind: type[BaozhangError], template: str, hint: str, facts: dict[str, object]
) -> BaozhangError:
    return kind(template, hint=hint, **facts)


class UsageError(BaozhangError):
    """What was typed or configured cannot be carried out as it stands (exit code 2)."""


class UnreachableError(BaozhangError):
    """Something outside did not answer, is full or is busy (exit code 3)."""

    transient = True


class ObjectMissingError(BaozhangError):
    """No object has this name; the store itself answered."""


class StoreUnreachableError(UnreachableError):
    """The store did not answer, or could not take the bytes; nothing is known of the outcome."""


class StoreFullError(UnreachableError):
    """The store has no room left; writing again will not help until somebody makes room."""

    transient = False


class CorruptObjectError(BaozhangError):
    """Bytes came back, and they are not the bytes that were stored."""


class WrongKeyError(UsageError):
    """The key does not open this vault."""


class NewerFormatError(UsageError):
    """The vault was written by a newer release in a way this one cannot read."""


class SourceUnreadableError(UnreachableError):
    """The source, or a part of it, cannot be read."""

    transient = False


class SourceGoneError(SourceUnreadableError):
    """The source is not there at all: its folder, file or database has vanished."""


class SourceBusyError(UnreachableError):
    """No consistent instant of the source could be had within the limit."""


class LedgerFormatError(BaozhangError):
    """A ledger export is not what its profile says it is."""


class ProofFailedError(BaozhangError):
    """A restored ledger is not the ledger that was backed up."""


class ClientsUnprotectedError(BaozhangError):
    """A run ended with at least one client's set not protected, or not proven; letters are out."""
