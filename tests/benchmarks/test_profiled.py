"""One program under the profiler."""

import pstats
import subprocess
import sys
from pathlib import Path

from benchmarks.profiling import ROOT

THREADED = """
import sys, threading, time
def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
def in_a_thread(): spin(0.2)
worker = threading.Thread(target=in_a_thread)
worker.start(); worker.join(); time.sleep(0.3)
print(sys.argv[1]); sys.exit(3)
"""


def profile(folder: Path) -> tuple[subprocess.CompletedProcess[str], pstats.Stats]:
    (folder / "program").write_text(THREADED)
    words = [sys.executable, "-m", "benchmarks.profiled", str(folder / "stats")]
    done = subprocess.run(
        [*words, str(folder / "program"), "word"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, pstats.Stats(str(folder / "stats"))


def test_a_program_sees_its_words_and_its_exit_code_is_kept(tmp_path: Path) -> None:
    done, _ = profile(tmp_path)
    assert (done.stdout, done.returncode) == ("word\n", 3)


def test_what_a_thread_does_is_in_the_profile_and_waiting_is_not(tmp_path: Path) -> None:
    _, stats = profile(tmp_path)
    table = stats.stats  # type: ignore[attr-defined]
    by_name = {name: all_seconds for (_, _, name), (_, _, _, all_seconds, _) in table.items()}
    assert by_name["in_a_thread"] >= 0.2
    assert by_name["<built-in method time.sleep>"] < 0.2
