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


class Preloaded:
    """Runs commands in processes that are forked from one which has loaded everything.

    Only the loading is shared: the duties take seconds to load, and tests run them often.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: object, lang: str = "en", home: Path) -> Ran:
        """Run one command; whatever it was given, it must not end in a traceback."""
        out, err = self._place / "out", self._place / "err"
        env = {"BAOZHANG_LANG": lang, "BAOZHANG_HOME": str(home), "COLUMNS": "80"}
        assert self._process.stdin
        assert self._process.stdout
        asked = [[str(word) for word in words], env, str(out), str(err)]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        ran = Ran(code, out.read_text("utf-8"), err.read_text("utf-8"))
        assert "Traceback" not in ran.said, ran.said
        return ran

    def close(self) -> None:
        """End the process that everything is forked from."""
        self._process.communicate()


FORKING = """
import gc, json, os, sys
import baozhang.cli.audit, baozhang.cli.catalog, baozhang.cli.client, baozhang.cli.config
import baozhang.cli.duty, baozhang.cli.restore
from baozhang.cli import main

gc.freeze()
for line in sys.stdin:
    words, env, *paths = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.update(env)
        for stream, path in enumerate(paths, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        sys.argv = ["baozhang", *words]
        try:
            main()
        except SystemExit as ended:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended.code)  # tearing down all that was loaded would take longer
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def _word(word: object) -> bytes:
    return os.fsencode(word if isinstance(word, bytes | Path) else str(word))


def refused(
    *words: object,
    code: int,
    names: Collection[str] = (),
    by: Callable[..., Ran] = run,
    **options: Any,
) -> str:
    """Run a command that must fail, and return its message and hint, in Chinese.

    The error is told to programs and to people alike, with what to do, and with no English word
    but those in `names`, in the command line, in file names, options and commands.
    """
    ran = by(*words, "--json", lang="zh_CN", **options)
    told = ran.json
    assert ran.code == code, ran.said
    assert ran.err == f"错误：{told['message']}\n提示：{told['hint']}\n"
    assert told["hint"].endswith("。")
    assert english(ran.err, *names, *(str(word) for word in words)) == []
    return f"{told['message']}\n{told['hint']}"


def english(text: str, *names: str) -> list[str]:
    """Return the English words in a text for Chinese readers that are no names of things."""
    text = re.sub(r"[a-z]+-\d{6}-[0-9a-f]{8}", " ", text)  # a snapshot
    text = re.sub(r"`[^`]*`|--[a-z-]+|\S*[/.\\_]\S*|“[^”]*”", " ", text)
    text = re.sub(r"\S*\d\S*|\b[a-f]{1,8}\b", " ", text)  # hashes, also where a line cuts them
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return [word for word in WORD.findall(text) if word not in NAMES]


def as_nobody() -> None:
    """In the child: give up what lets root read files that are closed to it; others have none."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in OVERRULING:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
