"""The systems that are compared: what each is told on its command line, and nothing else.

All encrypt, all compress, all keep their own defaults of safety.  A key or passphrase is given so
that no command waits for a person; deriving keys from it is part of every measured command.
Peers are those of `tools/peers.sh`, else those on the PATH.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from benchmarks.running import Command, said

PEERS = Path(__file__).parent.parent / "out" / "peers" / "bin"
PASSPHRASE = "a benchmark keeps no secrets"
TUNED = ("--chunker-params", "buzhash,14,18,16,4095")
"""Chunks of 64 KiB, which borg's own FAQ advises for databases; its default is 2 MiB."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one system works on one folder."""

    source: Path
    repo: Path
    home: Path  # its keys, caches and temporary files

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment that keeps everything below `home`."""
        base = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
        return base | {"HOME": str(self.home), "TMPDIR": str(self.home)} | more


class System(Protocol):
    """One backup program.  `label` names a snapshot; only the latest is ever restored."""

    @property
    def name(self) -> str:
        """The name in tables, with what is set otherwise than by default."""
        ...

    @property
    def tuned(self) -> bool:
        """Whether it is set otherwise than its makers set it, to suit this corpus."""
        ...

    def version(self) -> str:
        """Return what the program calls itself, and where it is from."""
        ...

    def environment(self, place: Place) -> dict[str, str]:
        """Return the whole environment of its commands."""
        ...

    def create(self, place: Place) -> Command:
        """Make the repository; not measured."""
        ...

    def backup(self, place: Place, label: str) -> Command:
        """Back the source up as one snapshot."""
        ...

    def restore(self, place: Place, label: str, target: Path) -> Command:
        """Bring a snapshot back: its files come to lie in an empty folder."""
        ...

    def verify(self, place: Place) -> Command:
        """Read and authenticate every byte of the repository."""
        ...


@dataclass(frozen=True, slots=True)
class Baozhang:
    """Ours: one client, one set, a key file; no profile, so no proofs are taken."""

    program: str = str(Path(sys.executable).parent / "baozhang")
    name: str = "baozhang"
    tuned: bool = False

    def version(self) -> str:
        """Return the release that this Python has installed, beside which the program lies."""
        return f"baozhang {version('baozhang')}"

    def environment(self, place: Place) -> dict[str, str]:
        """Return an environment with nothing of ours in it."""
        return place.environment()

    def _vault(self, place: Place, verb: str, *words: str) -> Command:
        line = (self.program, "vault", verb, str(place.repo), *words)
        return Command((*line, "--key-file", str(place.home / "key"), "--json"), place.source)

    def create(self, place: Place) -> Command:
        """Make vault and key file."""
        return self._vault(place, "init")

    def backup(self, place: Place, label: str) -> Command:
        """Back up; snapshots are numbered, so the label is not used."""
        del label
        return self._vault(place, "backup", str(place.source), "--client", "bench")

    def restore(self, place: Place, label: str, target: Path) -> Command:
        """Restore the latest."""
        del label
        return self._vault(place, "restore", "--client", "bench", "--to", str(target))

    def rehearse(self, place: Place, target: Path) -> Command:
        """Say what a restore would do."""
        return self._vault(place, "restore", "--client", "bench", "--to", str(target), "--dry-run")

    def verify(self, place: Place) -> Command:
        """Read, hash, open and decompress everything."""
        return self._vault(place, "verify", "--read-data")


@dataclass(frozen=True, slots=True)
class Borg:
    """borg 1.x: repokey, zstd level 3."""

    program: str = "borg"
    name: str = "borg zstd,3"
    chunker: tuple[str, ...] = ()

    @property
    def tuned(self) -> bool:
        """Whether its chunks are of another size than its own."""
        return bool(self.chunker)

    def version(self) -> str:
        """Return the release."""
        return called(self.program, "--version")

    def environment(self, place: Place) -> dict[str, str]:
        """Return an environment with its keys and caches below `home`."""
        return place.environment(BORG_BASE_DIR=str(place.home), BORG_PASSPHRASE=PASSPHRASE)

    def create(self, place: Place) -> Command:
        """Make an encrypted repository."""
        words = (self.program, "init", "--encryption", "repokey", str(place.repo))
        return Command(words, place.source)

    def backup(self, place: Place, label: str) -> Command:
        """Back up from within the source, so that its files come first in the paths."""
        words = (self.program, "create", "--compression", "zstd,3", *self.chunker)
        return Command((*words, f"{place.repo}::{label}", "."), place.source)

    def restore(self, place: Place, label: str, target: Path) -> Command:
        """Extract into the folder it starts in."""
        return Command((self.program, "extract", f"{place.repo}::{label}"), target)

    def verify(self, place: Place) -> Command:
        """Check the repository, and decrypt and authenticate all data."""
        words = (self.program, "check", "--verify-data", str(place.repo))
        return Command(words, place.source)


@dataclass(frozen=True, slots=True)
class Restic:
    """restic: repository format 2, automatic compression."""

    program: str = "restic"
    name: str = "restic"
    tuned: bool = False

    def version(self) -> str:
        """Return the release."""
        return called(self.program, "version")

    def environment(self, place: Place) -> dict[str, str]:
        """Return an environment with its cache below `home`."""
        return place.environment(
            RESTIC_CACHE_DIR=str(place.home / "cache"),
            RESTIC_PASSWORD=PASSPHRASE,
            RESTIC_REPOSITORY=str(place.repo),
        )

    def create(self, place: Place) -> Command:
        """Make a repository of format 2."""
        return Command((self.program, "init", "--repository-version", "2"), place.source)

    def backup(self, place: Place, label: str) -> Command:
        """Back up from within the source; the latest snapshot is the label's."""
        del label
        words = (self.program, "backup", "--quiet", "--host", "bench", ".")
        return Command(words, place.source)

    def restore(self, place: Place, label: str, target: Path) -> Command:
        """Restore the latest."""
        del label
        words = (self.program, "restore", "latest", "--quiet", "--target", str(target))
        return Command(words, place.source)

    def verify(self, place: Place) -> Command:
        """Check the structure and read all data."""
        return Command((self.program, "check", "--quiet", "--read-data"), place.source)


def called(program: str, word: str) -> str:
    """Return what a program calls itself, and where it is from when `tools/peers.sh` wrote that."""
    origin = Path(f"{program}.origin")
    name = said([program, word])
    return f"{name} ({origin.read_text().strip()})" if origin.exists() else name


def present_peers(folder: Path = PEERS) -> tuple[tuple[System, ...], tuple[str, ...]]:
    """Return the peers that can be had, and the names of those that cannot.

    Args:
        folder: is looked into first, then the PATH.
    """
    borg, restic = (_program(folder, name) for name in ("borg", "restic"))
    there: list[System] = []
    if borg:
        there += [Borg(borg), Borg(borg, "borg zstd,3 tuned", TUNED)]
    if restic:
        there.append(Restic(restic))
    missing = tuple(name for name, path in (("borg", borg), ("restic", restic)) if not path)
    return tuple(there), missing


def _program(folder: Path, name: str) -> str | None:
    own = folder / name
    return str(own) if os.access(own, os.X_OK) else shutil.which(name)
