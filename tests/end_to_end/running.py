"""Running `baozhang` as a person would: another process, its exit code and what it said."""

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BAOZHANG = Path(sys.executable).with_name("baozhang")
OVERRULING = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what lets root read anything
PR_CAPBSET_DROP = 24
WORD = re.compile(r"[A-Za-z]{2,}")
NAMES = {"utf", "gb", "cp", "UTF", "YAML", "YYYY", "MM", "DD", "CNY", "EUR", "SQLite", "fec"}
"""Words that are the same in Chinese."""


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


def refused(*words: object, code: int, names: Collection[str] = (), **options: Any) -> str:
    """Run a command that must fail, and return its message and hint, in Chinese.

    The error is told to programs and to people alike, with what to do, and with no English word
    but those in `names`, in the command line, in file names, options and commands.
    """
    ran = run(*words, "--json", lang="zh_CN", **options)
    told = ran.json
    assert ran.code == code, ran.said
    assert ran.err == f"错误：{told['message']}\n提示：{told['hint']}\n"
    assert told["hint"].endswith("。")
    assert english(ran.err, *names, *(str(word) for word in words)) == []
    return f"{told['message']}\n{told['hint']}"


def english(text: str, *names: str) -> list[str]:
    """Return the English words in a text for Chinese readers that are no names of things."""
    text = re.sub(r"`[^`]*`|--[a-z-]+|\S*[/.\\_]\S*|“[^”]*”", " ", text)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return [word for word in WORD.findall(text) if word not in NAMES]


def as_nobody() -> None:
    """In the child: give up what lets root read files that are closed to it; others have none."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in OVERRULING:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
