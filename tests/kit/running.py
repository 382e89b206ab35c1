"""Runs the kit as a person would: in a process of its own that cannot see the product."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
KIT = HERE.parent.parent / "kit"
VECTORS = HERE.parent / "vectors"
REPORT = "_RESTORE_REPORT.txt"

# Isolated from the environment (-I), and blind to the product, which the same environment holds.
BLIND = """
import runpy, sys
class Blind:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"baozhang", "flows", "tasks", "checks", "reports", "tests"}:
            raise ImportError(f"the kit asked for {name}")
sys.meta_path.insert(0, Blind())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def kit(
    *words: object, typed: str = "", program: str = BLIND, folder: Path = KIT
) -> subprocess.CompletedProcess[str]:
    """Run the kit; `typed` is what a person types."""
    command = [sys.executable, "-I", "-c", program, str(folder / "restore_kit.py")]
    return subprocess.run(
        [*command, *map(str, words)],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def loaded(name: str = "restore_kit") -> ModuleType:
    """Load a file of the kit as a module."""
    spec = importlib.util.spec_from_file_location(name, KIT / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report_of(folder: Path) -> str:
    """Return the report in a restored folder."""
    return (folder / REPORT).read_text(encoding="utf-8-sig")
