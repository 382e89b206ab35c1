"""The vault that format 1 was released with, and what it must give back."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors" / "format-v1"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())
SNAPSHOTS: list[dict[str, Any]] = EXPECTED["snapshots"]


def described(root: Path) -> list[list[object]]:
    """Describe a folder as `expected.json` does; a restored file is never setuid."""
    found, base = [], os.fsencode(root)
    for folder, folders, names in os.walk(base):
        for name in (*folders, *names, *([b""] if folder == base else [])):
            path = os.path.join(folder, name) if name else base
            status, content = os.lstat(path), b""
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            kinds = {stat.S_IFLNK: "symlink", stat.S_IFDIR: "dir", stat.S_IFREG: "file"}
            shown = os.path.relpath(path, base).hex() if name else ""
            facts = (status.st_mode & 0o1777, status.st_mtime_ns, len(content))
            kind = kinds[stat.S_IFMT(status.st_mode)]
            found.append([shown, kind, *facts, hashlib.sha256(content).hexdigest()])
    return sorted(found)


def tree_of(snapshot: dict[str, Any]) -> list[list[object]]:
    """Return what a snapshot must give back."""
    tree: list[list[Any]] = EXPECTED["trees"][snapshot["tree"]]
    return [[path, kind, mode & 0o1777, *rest] for path, kind, mode, *rest in tree]
