"""Strike the vault with every fault there is; write down how often, on what, and what that proves.

    python -m tools.faults [--size small|full|full/N] [--out DIR] [what pytest is to run instead]

Writes `results.json` and `results.md` in DIR and ends as the tests did.  docs/reliability.md says
what the suites are; `tests/faults/sizes.py` says how large.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from benchmarks.machine import ROOT, commit, libraries, machine, now
from tests.faults.sizes import SAMPLED, SEED, bound

SUITES = ("tests/faults", "tests/crash")
LIBRARIES = ("blake3", "cryptography", "pyfastcdc", "zstandard", "hypothesis")


def main() -> int:
    """Run, collect, write; return pytest's exit code."""
    options = _options()
    out: Path = options.out.resolve()
    notes = out / "notes"
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir(parents=True)
    begun = {"began": now(), "commit": commit(), "size": options.size, "seed": SEED}
    code = _strike(options, out, notes)
    result = {
        **begun,
        "ended": now(),
        "machine": machine(out),
        "versions": libraries(*LIBRARIES),
        "suites": list(_suites(notes)),
        "not_passed": list(_not_passed(out / "junit.xml")),
    }
    (out / "results.json").write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    (out / "results.md").write_text("\n".join(_page(result)) + "\n")
    print((out / "results.md").read_text())
    return code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", default="full", help="small, full, or full/N")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "faults")
    parser.add_argument("--jobs", default="2", help="processes at a time")
    parser.add_argument("what", nargs="*", default=list(SUITES))
    return parser.parse_args()


def _strike(options: argparse.Namespace, out: Path, notes: Path) -> int:
    words = ["-n", options.jobs, "--dist", "worksteal", "-rs", f"--junitxml={out / 'junit.xml'}"]
    environment = {"BAOZHANG_FAULTS": options.size, "BAOZHANG_FAULTS_NOTES": str(notes)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words, *options.what],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    ).returncode


def _suites(notes: Path) -> Iterator[dict[str, Any]]:
    """Yield each suite with the sum of what its tests noted down once they had passed."""
    found = [json.loads(path.read_text()) for path in notes.iterdir()]
    found.sort(key=lambda note: (note["suite"], note["test"]))
    for suite, group in groupby(found, key=lambda note: note["suite"]):
        tests = list(group)
        fired = sum(note["n"] for note in tests)
        excludes = bound(fired) if suite in SAMPLED else None  # a sweep is not a sample
        yield {"suite": suite, "n": fired, "excludes": excludes, "tests": tests}


def _not_passed(junit: Path) -> Iterator[str]:
    """Yield every test that failed, or did not run, with its reason's first line."""
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 - pytest's own
        for kind in ("failure", "error", "skipped"):
            for node in case.findall(kind):
                reason = (node.get("message") or "").partition("\n")[0]
                yield f"{kind}: {case.get('classname')}.{case.get('name')}: {reason}"


def _page(result: dict[str, Any]) -> Iterator[str]:
    about = result["machine"]
    yield f"Size {result['size']}, seed {result['seed']}, commit `{result['commit']}`,"
    yield f"{result['began']} to {result['ended']}, {about['cpu']} ({about['cores']} cores),"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    yield f"{about['kernel']}, {about['file_system']}, {versions}."
    yield ""
    yield "| suite | faults that fired | failures | rate of failures excluded at 95 % |"
    yield "|---|---|---|---|"
    for suite in result["suites"]:
        proves = f"> {suite['excludes']:.3%}" if suite["excludes"] else "every one was tried"
        yield f"| {suite['suite']} | {suite['n']:,} | 0 | {proves} |"
    yield ""
    yield from result["not_passed"] or ["Every suite ran and passed."]


if __name__ == "__main__":
    sys.exit(main())
