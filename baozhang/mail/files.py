"""Small files that are old or new and never between, readable by their owner alone."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Give a file this content; a crash leaves the old file or the new one.

    The file's name is durable once its folder is: see `settle`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(unfinished, "wb", opener=_private) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def settle(folder: Path) -> None:
    """Make a folder's names durable, those too whose writer died just before it could."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_values(path: Path, values: Mapping[str, object]) -> None:
    """Write values as JSON, durably."""
    write_durably(path, json.dumps(values, ensure_ascii=False, indent=1).encode())
    settle(path.parent)


def read_values(path: Path) -> dict[str, object]:
    """Return the values of a file; nothing where there is none, or where it is no JSON object.

    What stands in these files can be learned again: by sending once more, under the same
    Message-ID.  So a damaged one is no obstacle.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_instant(text: object) -> datetime | None:
    """Return the instant that a file names; None where it names none, or one of no time zone."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def read_count(value: object) -> int:
    """Return a count that a file names, 0 where it names none."""
    return max(value, 0) if isinstance(value, int) else 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
