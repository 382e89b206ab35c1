"""What the scripts of `kit/windows` leave in an inbox, byte for byte, made without Windows.

The formats stand in the scripts themselves; `tests/windows/test_scripts.py` holds these to them.
"""

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from baozhang.clock import SHANGHAI

NAME = "{0}-{1:yyyyMMdd-HHmmss}"
HEAD = "# files={0} bytes={1}"
LINE = "{0} *{1}/{2}"
STATUS = '{{"state": "{0}", "at": "{1}", "reason": "{2}"}}'


class Computer:
    """A computer in the office that delivers one label of one set.

    Args:
        inbox: the shared folder.
        client: whose book.
        set_name: of which set.
        label: what is delivered again and again.
    """

    def __init__(self, inbox: Path, client: str, set_name: str, label: str) -> None:
        self.folder = inbox / client / set_name
        self.label = label

    def delivers(self, files: Mapping[str, bytes], at: datetime) -> Path:
        """Lay a whole drop into the inbox; return its folder."""
        place = self.begins(files, at)
        self.lists(files, at)
        place = place.rename(place.with_name(place.name.removesuffix(".part")))
        self.says("ok", at)
        return place

    def begins(self, files: Mapping[str, bytes], at: datetime) -> Path:
        """Write the data under its working name, as when the computer is switched off then."""
        place = self.folder / f"{self.name(at)}.part"
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
            os.utime(place / name, (at.timestamp(), at.timestamp()))
        return place

    def lists(self, files: Mapping[str, bytes], at: datetime) -> Path:
        """Write the hash list."""
        name = self.name(at)
        lines = [HEAD.format(len(files), sum(map(len, files.values())))]
        lines += [
            LINE.format(hashlib.sha256(content).hexdigest(), name, file)
            for file, content in files.items()
        ]
        path = self.folder / f"{name}.sha256"
        path.write_bytes(os.fsencode("\n".join(lines) + "\n"))
        return path

    def says(self, state: str, at: datetime, reason: str = "") -> None:
        """Write the status file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        when = at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S") + "+08:00"
        text = STATUS.format(state, when, reason) + "\n"
        (self.folder / f"{self.label}.status").write_bytes(text.encode())

    def finds_it_open(self, at: datetime) -> None:
        """Meet a book that somebody has open."""
        self.says("busy", at, "open")

    def fails(self, at: datetime, reason: str = "backup") -> None:
        """Meet an error."""
        self.says("failed", at, reason)

    def name(self, at: datetime) -> str:
        """Return the name of a drop made at an instant."""
        stamp = at.astimezone(SHANGHAI).strftime("%Y%m%d-%H%M%S")
        return NAME.replace("{1:yyyyMMdd-HHmmss}", stamp).format(self.label)
