"""What every benchmark does alike: where and when it ran, its two result files, its last word."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.machine import Facts, busy, commit, machine, now
from benchmarks.rounds import Tell
from benchmarks.running import BenchmarkError


def heading(out: Path, size: Mapping[str, object], versions: Mapping[str, str]) -> Facts:
    """Return the facts that a report begins with; asked for before anything is measured.

    Args:
        out: tells the file system.
        size: how much is measured, and how often.
        versions: of what is measured.
    """
    return {
        "date": now(),
        "commit": commit(),
        "size": dict(size),
        "machine": machine(out),
        "versions": dict(versions),
        "warning": busy(),
    }


def keep(out: Path, name: str, value: Mapping[str, object], text: str) -> str:
    """Write `name.json` for programs and `name.md` for people; return the latter's text."""
    (out / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    (out / f"{name}.md").write_text(text)
    return text


def run(measure: Callable[[Tell], str]) -> None:
    """Print what a benchmark reports, and what it tells meanwhile as an error; exit 1 if it fails.

    Args:
        measure: is given whom to tell, and returns the report.
    """
    try:
        text = measure(lambda line: print(line, file=sys.stderr, flush=True))
    except BenchmarkError as error:
        print(f"the benchmark failed: {error}", file=sys.stderr)
        sys.exit(1)
    print(text)
