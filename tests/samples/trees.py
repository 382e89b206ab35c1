"""What a folder holds, as one value: names, bytes, times and modes."""

import hashlib
from pathlib import Path


def tree(folder: Path) -> dict[str, tuple[str, int, int]]:
    return {str(path.relative_to(folder)): _state(path) for path in [folder, *folder.rglob("*")]}


def _state(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return content, status.st_mtime_ns, status.st_mode
