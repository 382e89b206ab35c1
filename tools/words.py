"""The twins of all words for people: compile them, and tell which are missing.

    python tools/words.py            compile baozhang/locale/zh_CN/*.po into one .mo
    python tools/words.py --check    exit 1 when the .mo is stale, or a template has no twin

Templates are found by reading the code: constant strings handed to `say`, to an error, a finding
or a violation, and the values of module-level dicts whose name ends in `TEMPLATES`.
"""

import ast
import builtins
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
CHINESE = ROOT / "baozhang" / "locale" / "zh_CN"
COMPILED = CHINESE / "LC_MESSAGES" / "baozhang.mo"
PACKAGES = ("baozhang", "checks", "flows", "tasks", "reports")
FACT = re.compile(r"\{([a-z_]+)")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a .mo carries a date; ours never changes by itself
POSITION = {"say": 0, "Finding": 0, "Violation": 2, "Progress": 0, "Register": 2}
"""Which positional argument of a call is the template; an error's is the first."""


def catalogue() -> Catalog:
    """Return all areas' twins as one catalogue."""
    whole = Catalog("zh_CN", charset="utf-8", fuzzy=False, creation_date=EPOCH, revision_date=EPOCH)
    for area in sorted(CHINESE.glob("*.po")):
        for message in read_po(io.BytesIO(area.read_bytes()), locale="zh_CN"):
            if message.id and message.string:
                whole.add(message.id, message.string)
    return whole


def compiled(whole: Catalog) -> bytes:
    """Return the catalogue as gettext reads it; equal twins give equal bytes."""
    out = io.BytesIO()
    write_mo(out, whole)
    return out.getvalue()


def templates(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every template in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _called(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id.endswith("TEMPLATES") for t in targets):
                yield from ((v.lineno, t) for v in node.value.values for t in _constants(v))


def _called(call: ast.Call) -> Iterator[tuple[int, str]]:
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    ours = name.endswith("Error") and not hasattr(builtins, name)
    place = 0 if ours else POSITION.get(name)
    if place is None:
        return
    named = {"template", "hint", "step"}
    said = [*call.args[place : place + 1], *(k.value for k in call.keywords if k.arg in named)]
    yield from ((call.lineno, text) for value in said for text in _constants(value))


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def unlike(whole: Catalog) -> Iterator[str]:
    """Yield every twin that fills in other facts than its template."""
    for message in whole:
        template, twin = str(message.id), str(message.string)
        if set(FACT.findall(template)) != set(FACT.findall(twin)):
            yield f"the twin of {template!r} has other facts: {twin!r}"


def missing(whole: Catalog) -> Iterator[str]:
    """Yield `file:line: template` for every template without a Chinese twin."""
    for package in PACKAGES:
        for module in sorted((ROOT / package).rglob("*.py")):
            for line, text in templates(ast.parse(module.read_text("utf-8"))):
                if text not in whole:
                    yield f"{module.relative_to(ROOT)}:{line}: {text!r}"


def main() -> int:
    """Compile, or check."""
    whole = catalogue()
    fresh = compiled(whole)
    if "--check" not in sys.argv:
        COMPILED.parent.mkdir(parents=True, exist_ok=True)
        COMPILED.write_bytes(fresh)
        return 0
    problems = [*missing(whole), *unlike(whole)]
    if not COMPILED.exists() or COMPILED.read_bytes() != fresh:
        problems.append(f"{COMPILED.relative_to(ROOT)} is stale: run `python tools/words.py`")
    print("\n".join(problems) or "every template has its Chinese twin")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
