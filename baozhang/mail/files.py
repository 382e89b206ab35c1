"""What the post remembers in small files, each a JSON object; a damaged one is no obstacle."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from baozhang import durable


def write_values(path: Path, values: Mapping[str, object]) -> None:
    """Write values as JSON, durably."""
    durable.replace(path, json.dumps(values, ensure_ascii=False, indent=1).encode())


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
