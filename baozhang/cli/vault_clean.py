"""The last clean points of a vault, as the vault itself knows them.

Every night the journal is stored in every vault, under the agency's own name, and with it how each
backup point was judged and which ones a person accepted.  So pruning needs no site to keep the
point that the next recovery would begin with.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from baozhang.catalog.clean import clean_point, is_word
from baozhang.catalog.journal import outcomes_in
from baozhang.catalog.model import Outcome
from baozhang.catalog.rebuilding import AGENCY, JOURNAL_SET
from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.vault.reader import restore
from baozhang.vault.vault import Vault

_FILE = "outcomes.jsonl"


def clean_points(vault: Vault) -> Mapping[str, Collection[str]]:
    """Return by client the last clean point of each set that the vault's journal knows.

    Raises:
        CorruptObjectError: the newest journal cannot be read.
    """
    clients = frozenset(vault.clients())
    words: dict[tuple[str, str], list[Outcome]] = {}
    try:
        for each in _outcomes(vault) if AGENCY in clients else ():
            if is_word(each) and each.client in clients:
                words.setdefault((each.client, each.set), []).append(each)
    except (CorruptObjectError, ObjectMissingError) as error:
        raise CorruptObjectError(
            "the journal in the vault cannot be read: which backup points are clean is not known",
            hint="Run `baozhang vault repair` with a mirror; nothing was marked or deleted.",
        ) from error
    found: dict[str, set[str]] = {}
    for (client, name), said in words.items():
        points = [snapshot.id for snapshot in vault.client(client).snapshots(name)]
        if clean := clean_point(points, said):
            found.setdefault(client, set()).add(clean)
    return found


def _outcomes(vault: Vault) -> Iterator[Outcome]:
    """Yield the outcomes of the newest journal, which holds all of the older ones."""
    side = vault.client(AGENCY)
    for snapshot in side.snapshots(JOURNAL_SET)[-1:]:
        with tempfile.TemporaryDirectory(prefix="journal-") as scratch:
            target = Path(scratch) / "restored"
            paths = [path for path in side.manifest(snapshot).paths if _is_file(path)]
            restore(side, snapshot, target, path=paths[0] if paths else _FILE.encode())
            for file in target.rglob(_FILE):
                yield from outcomes_in(file)


def _is_file(path: bytes) -> bool:
    return path.rpartition(b"/")[2] == _FILE.encode()
