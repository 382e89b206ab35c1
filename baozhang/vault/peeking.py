"""The first bytes of stored files, without restoring them."""

from baozhang.vault.client import ClientVault
from baozhang.vault.moves import followed
from baozhang.vault.packs import PackReader
from baozhang.vault.snapshot import Manifest


class Peek:
    """Reads beginnings of one snapshot's files.

    Args:
        side: the client's part of the vault.
        manifest: the snapshot's.
    """

    def __init__(self, side: ClientVault, manifest: Manifest) -> None:
        self._packs, self._manifest = PackReader(side), followed(manifest, side.moves)

    def head(self, row: int, size: int) -> bytes:
        """Return the first bytes of a file, at most `size` and no more than its first piece.

        Raises:
            CorruptObjectError, ObjectMissingError: what was stored is damaged or gone.
        """
        if not self._manifest.counts[row]:
            return b""
        pack, segment, offset, length = self._manifest.pieces(row)[0]
        plain = memoryview(self._packs.segment(self._manifest.packs[pack], segment))
        return bytes(plain[offset : offset + min(size, length)])
