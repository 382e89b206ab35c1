"""One program under the profiler, with all its threads.

    python -m benchmarks.profiled STATS PROGRAM [WORD…]

Runs a Python program as the command line would and leaves its profile in the file STATS.  Each
thread's clock is its own CPU time: waiting costs nothing, and no work is counted twice.  Little is
imported here, so that what the program imports counts as its own.
"""

import contextlib
import runpy
import sys
import threading
from cProfile import Profile
from time import thread_time


class _Threads:
    """A profile for every thread that begins."""

    def __init__(self) -> None:
        self.profiles = [Profile(thread_time)]

    def begin(self, *_event: object) -> None:
        profile = Profile(thread_time)
        self.profiles.append(profile)
        profile.enable()


def main() -> None:
    """Profile what the command line names; its exit code is this one's."""
    stats, program, *words = sys.argv[1:]
    sys.argv = [program, *words]
    threads = _Threads()
    threading.setprofile(threads.begin)
    code: object = 0
    try:
        threads.profiles[0].runcall(runpy.run_path, program, run_name="__main__")
    except SystemExit as end:
        code = end.code
    _write(threads.profiles, stats)
    sys.exit(code if isinstance(code, int | str | None) else 1)


def _write(profiles: list[Profile], stats: str) -> None:
    import pstats  # noqa: PLC0415 - after the program, whose imports are profiled

    total = pstats.Stats(profiles[0])
    for profile in profiles[1:]:
        with contextlib.suppress(TypeError):  # a thread that called nothing has no profile
            total.add(profile)
    total.dump_stats(stats)


if __name__ == "__main__":
    main()
