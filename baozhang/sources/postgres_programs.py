"""`pg_dump`, `pg_restore` and `psql`: which release of them, and how they are run.

They are the ones of the server's own release, else the next newer: an older `pg_dump` refuses a
newer server, and a much newer one writes settings that an older server does not know.  A program
gets an environment of its own: no password is in it, and none on its command line.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from baozhang.errors import UsageError

_DEBIAN = Path("/usr/lib/postgresql")  # one folder per release; pg_dump on the PATH only chooses
_RELEASE = re.compile(r"\(PostgreSQL\) (\d+)")
_NEEDED = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one release."""

    folder: Path
    release: int  # major

    def run(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run one of them to its end, and return its code and what it said."""
        return subprocess.run(  # noqa: S603 - no shell, and nothing of a ledger
            [self.folder / program, *words],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    @contextmanager
    def reading(
        self, program: str, *words: str, script: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run one of them on a script, to be read from; it is ended when the `with` ends."""
        with subprocess.Popen(  # noqa: S603 - as above
            [self.folder / program, *words],
            env={**_environment(), "PGCLIENTENCODING": "UTF8"},  # of the script
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                assert process.stdin is not None
                process.stdin.write(script.encode())
                process.stdin.close()
                yield process
            finally:
                process.kill()


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


def programs_for(release: int, folder: Path | None = None) -> Programs:
    """Return the programs for a server of this major release.

    Args:
        release: the server's.
        folder: holds the programs; None: they are looked for where Debian puts them, then on
            the PATH.

    Raises:
        UsageError: there are none, or only older ones.
    """
    found = sorted(_present(folder), key=lambda each: each.release)
    for each in found:
        if each.release >= release:
            return each
    if found:
        raise UsageError(
            "pg_dump is of release {found} and the server of release {release}",
            hint="Install postgresql-client-{release}, or a newer one, on this machine.",
            found=found[-1].release,
            release=release,
        )
    raise UsageError(
        "pg_dump, pg_restore and psql are not on this machine",
        hint="Install postgresql-client-{release}.",
        release=release,
    )


def _present(folder: Path | None) -> Iterator[Programs]:
    folders = [folder] if folder else [*_DEBIAN.glob("*/bin")]
    if not folders and (on_path := shutil.which(_NEEDED[0])):
        folders = [Path(on_path).parent]
    for place in folders:
        if all(os.access(place / name, os.X_OK) for name in _NEEDED):
            said = subprocess.run(  # noqa: S603 - as above
                [place / _NEEDED[0], "--version"], capture_output=True, text=True, check=False
            )
            if release := _RELEASE.search(said.stdout):
                yield Programs(place, int(release[1]))
