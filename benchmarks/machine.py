"""On what it was measured: machine, versions, commit and date, as facts of a result file."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.running import BenchmarkError, said

ROOT = Path(__file__).parent.parent


Facts = dict[str, object]


def machine(folder: Path) -> Facts:
    """Return what the figures depend on; `folder` tells the file system they were taken on."""
    one, five, fifteen = os.getloadavg()
    return {
        "cpu": _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": f"{os.uname().sysname} {os.uname().release}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "file_system": said(["df", "--output=fstype", str(folder)]).split()[-1],
        "load_before": [round(load, 2) for load in (one, five, fifteen)],
    }


def busy() -> str:
    """Return a warning if the machine had other work to do at this moment, else nothing."""
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load <= cores / 2:
        return ""
    return (
        f"The machine was busy when this began (load {load:.1f} on {cores} cores): CPU seconds and "
        "bytes mean something, wall seconds little."
    )


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def libraries(*names: str) -> dict[str, str]:
    """Return the versions of Python and of libraries that do the work."""
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def commit() -> str:
    """Return the commit that was measured, `-dirty` when the tree differs from it."""
    try:
        name = said(["git", "rev-parse", "HEAD"], ROOT)
        return f"{name}-dirty" if said(["git", "status", "--porcelain"], ROOT) else name
    except BenchmarkError:  # an archive without its history
        return "unknown"


def now() -> str:
    """Return the present instant in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
