"""Running one command and what it cost: the clock outside, the kernel's account of it inside.

A command that fails ends the benchmark.  A figure that is missing would be read as a figure that
was not asked for.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

TAIL = 2000  # characters of a failed command's output that are shown


class BenchmarkError(Exception):
    """The benchmark cannot go on, and no figures of it are to be trusted."""


@dataclass(frozen=True, slots=True)
class Command:
    """A process from the command line, and the folder it starts in."""

    words: tuple[str, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and the children it waited for took."""

    wall: float  # seconds from start to end
    cpu: float  # seconds of all threads, user and system
    peak: int  # bytes: the largest resident set of any one process


def run(command: Command, env: Mapping[str, str], log: Path) -> Cost:
    """Run a command to its end and return its cost.

    Linux gives the peak in KiB (getrusage(2)), and never less than the parent's own peak at the
    time of the fork: so the harness stays small, and makes corpora in processes of their own.

    Args:
        command: what to run; its standard input is empty.
        env: the whole environment of the process.
        log: gets standard output and standard error.

    Raises:
        BenchmarkError: it ended with another code than 0, or cannot be started.
    """
    with log.open("wb") as out:
        began = perf_counter()
        try:
            process = subprocess.Popen(
                command.words,
                cwd=command.folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise BenchmarkError(f"{command.words[0]} cannot be started: {error}") from error
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        heard = log.read_text(encoding="utf-8", errors="replace")[-TAIL:].strip()
        line = " ".join(command.words)
        raise BenchmarkError(f"ended with code {process.returncode}: {line}\n{heard}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def said(words: Sequence[str], folder: Path | None = None) -> str:
    """Return the standard output of a command that is not measured.

    Raises:
        BenchmarkError: it failed, or cannot be started.
    """
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchmarkError(f"{words[0]} cannot be started: {error}") from error
    if done.returncode:
        heard = f"{done.stdout}{done.stderr}"[-TAIL:].strip()
        raise BenchmarkError(f"ended with code {done.returncode}: {' '.join(words)}\n{heard}")
    return done.stdout.strip()
