"""Running `baozhang` as a person would: another process, its exit code and what it said."""

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BAOZHANG = Path(sys.executable).with_name("baozhang")
OVERRULING = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what lets root read anything
PR_CAPBSET_DROP = 24
WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def said(self) -> str:
        """All that it said."""
        return self.out + self.err


def run(
    *words: object,
    lang: str = "en",
    home: Path | None = None,
    stdin: str = "",
    before: Callable[[], object] | None = None,
    **env: str,
) -> Ran:
    """Run one command; whatever it was given, it must not end in a traceback."""
    place = {"BAOZHANG_HOME": str(home)} if home else {}
    done = subprocess.run(
        [BAOZHANG, *map(_word, words)],
        input=stdin.encode(),
        capture_output=True,
        check=False,
        preexec_fn=before,
        env={**os.environ, "BAOZHANG_LANG": lang, "COLUMNS": "80", **place, **env},
    )
    ran = Ran(done.returncode, *(text.decode("utf-8") for text in (done.stdout, done.stderr)))
    assert "Traceback" not in ran.said, ran.said
    return ran


def _word(word: object) -> bytes:
    return os.fsencode(word if isinstance(word, bytes | Path) else str(word))


def refused(*words: object, code: int, **options: Any) -> str:
    """Run a command that must fail, and return the error's one sentence, in English.

    Wherever an error is told, it names what is wrong, says what to do, says the same as JSON, and
    says it in Chinese without an English word but names, options and commands.
    """
    ran = run(*words, "--json", **options)
    assert ran.code == code, ran.said
    told = ran.json
    assert ran.err.startswith(f"error: {told['message']}\nhint: {told['hint']}\n")
    assert told["hint"][0].isupper()
    assert told["hint"].endswith(".")
    chinese = run(*words, lang="zh_CN", **options)
    assert chinese.code == code
    assert chinese.out == ""
    assert chinese.err.startswith("错误：")
    assert "\n提示：" in chinese.err
    assert english(chinese.err, *map(str, words)) == []
    return f"{told['message']}\n{told['hint']}"


def english(text: str, *names: str) -> list[str]:
    """Return the English words in a text for Chinese readers that are no names of things."""
    text = re.sub(r"`[^`]*`|--[a-z-]+|\S*[/.\\_]\S*|‘[^’]*’|“[^”]*”", " ", text)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    known = {"utf", "gb", "cp", "UTF", "YAML", "CNY", "EUR", "SQLite", "file", "TAB", "fec"}
    return [word for word in WORD.findall(text) if word not in known]


def as_nobody() -> None:
    """In the child: give up what lets root read files that are closed to it; others have none."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in OVERRULING:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
