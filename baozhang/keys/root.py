"""What every slot of a vault locks: its master key, and the two keys that outlive it.

    first generation    master                                    names and head key derived from it
    after a rotation    new master │ names key │ head key │ earlier masters …

Pseudonyms and the head were made under the first master and are written once, so a new master must
bring those two keys along.  Earlier masters stay readable to whoever holds the present one; nothing
is sealed under them any more once a rotation has ended.  Normative: docs/format.md, "Key slots".
"""

from dataclasses import dataclass, field

from baozhang.errors import CorruptObjectError
from baozhang.keys.slots import KEY_BYTES, derive


@dataclass(frozen=True, slots=True)
class Root:
    """The keys of a vault; each of 32 bytes, never shown by repr."""

    master: bytes = field(repr=False)
    names: bytes = field(repr=False)
    """Key of all pseudonyms."""
    head: bytes = field(repr=False)
    """Key that vouches for the head."""
    earlier: tuple[bytes, ...] = field(default=(), repr=False)
    """Masters before this one, newest first."""

    @property
    def masters(self) -> tuple[bytes, ...]:
        """Every master under which a client's key may be sealed, newest first."""
        return (self.master, *self.earlier)


def first_root(master: bytes) -> Root:
    """Return the root of a vault that was never given another master."""
    return Root(
        master,
        names=derive(master, salt=b"", info=b"baozhang/1 names", length=KEY_BYTES),
        head=derive(master, salt=b"", info=b"baozhang/1 head", length=KEY_BYTES),
    )


def next_root(root: Root, master: bytes) -> Root:
    """Return the root after a rotation to this new master."""
    return Root(master, root.names, root.head, root.masters)


def payload_of(root: Root) -> bytes:
    """Return the bytes that a slot locks."""
    if not root.earlier:
        return root.master
    return b"".join((root.master, root.names, root.head, *root.earlier))


def root_of(payload: bytes) -> Root:
    """Return the root that a slot locked.

    Raises:
        CorruptObjectError: of a length that no writer has made.
    """
    keys = [payload[at : at + KEY_BYTES] for at in range(0, len(payload), KEY_BYTES)]
    if len(keys) == 1 and len(payload) == KEY_BYTES:
        return first_root(payload)
    if len(payload) % KEY_BYTES or len(keys) < 4:
        raise CorruptObjectError("a key slot holds no key of a vault")
    return Root(keys[0], keys[1], keys[2], tuple(keys[3:]))
