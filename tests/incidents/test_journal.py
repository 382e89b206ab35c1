"""An incident's journal: durable, chained, each step once, and a crash leaves it readable."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.incidents.journal import FILE, Begun, Facts, Journal

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.open(tmp_path / "i-1", lambda: NOW)


def lines(tmp_path: Path) -> list[bytes]:
    return (tmp_path / "i-1" / FILE).read_bytes().splitlines()


def test_events_come_back_in_their_order(journal: Journal) -> None:
    journal.append("noticed", actor="zhang", clients="c001")
    journal.append("acknowledged", actor="li")
    assert [(e.seq, e.kind, e.actor) for e in journal.events()] == [
        (1, "noticed", "zhang"),
        (2, "acknowledged", "li"),
    ]


def test_a_journal_that_nobody_wrote_is_empty(journal: Journal) -> None:
    assert journal.events() == ()


@pytest.mark.parametrize("damage", ["change", "remove", "swap", "insert"])
def test_a_journal_that_was_changed_is_found_out(
    journal: Journal, tmp_path: Path, damage: str
) -> None:
    for number in range(4):
        journal.append("noted", actor="zhang", number=number)
    found = lines(tmp_path)
    changed = {
        "change": [found[0], found[1].replace(b'"number":1', b'"number":7'), *found[2:]],
        "remove": [found[0], *found[2:]],
        "swap": [found[1], found[0], *found[2:]],
        "insert": [*found, found[-1]],
    }[damage]
    (tmp_path / "i-1" / FILE).write_bytes(b"\n".join(changed) + b"\n")
    with pytest.raises(CorruptObjectError, match="changed at line"):
        journal.events()
    with pytest.raises(CorruptObjectError):
        journal.append("noted", actor="zhang")


def test_one_that_was_read_before_is_read_again_and_found_out(
    journal: Journal, tmp_path: Path
) -> None:
    journal.append("noted", actor="zhang", number=1)
    journal.append("noted", actor="zhang", number=2)
    assert len(journal.events()) == 2
    path = tmp_path / "i-1" / FILE
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":7'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CorruptObjectError, match="changed at line 2"):
        journal.events()


def test_what_another_process_adds_is_seen_and_what_it_takes_away_is_gone(
    journal: Journal, tmp_path: Path
) -> None:
    journal.append("noted", actor="zhang")
    Journal.open(tmp_path / "i-1", lambda: NOW).append("step.done", actor="li", step="s", size=1)
    assert journal.done("s") == {"size": 1}
    (tmp_path / "i-1" / FILE).write_bytes(lines(tmp_path)[0] + b"\n")
    assert journal.done("s") is None
    assert len(journal.events()) == 1


def test_a_torn_line_did_not_happen_and_is_written_over(journal: Journal, tmp_path: Path) -> None:
    journal.append("noticed", actor="zhang")
    with (tmp_path / "i-1" / FILE).open("ab") as file:
        file.write(b'{"actor":"zh')
    assert len(journal.events()) == 1
    journal.append("noted", actor="zhang")
    assert [e.kind for e in journal.events()] == ["noticed", "noted"]


def test_a_step_is_done_once(journal: Journal) -> None:
    runs: list[int] = []

    def work(_: Begun) -> Facts:
        runs.append(1)
        return {"rows": 7}

    assert journal.once("scope", work, actor="system") == {"rows": 7}
    assert journal.once("scope", work, actor="system") == {"rows": 7}
    assert len(runs) == 1


def test_a_step_that_failed_is_done_again_and_knows_it(journal: Journal) -> None:
    seen: list[bool] = []

    def work(begun: Begun) -> Facts:
        seen.append(begun.again)
        if not begun.again:
            raise OSError("the disk")
        return {}

    with pytest.raises(OSError, match="the disk"):
        journal.once("restore", work, actor="system")
    assert journal.done("restore") is None
    journal.once("restore", work, actor="system")
    assert seen == [False, True]


def test_a_step_that_is_killed_was_begun_and_is_not_done(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from baozhang.incidents.journal import Journal\n"
        "j = Journal.open(Path(sys.argv[1]), lambda: datetime.now(UTC))\n"
        "j.once('restore', lambda _: os.kill(os.getpid(), signal.SIGKILL), actor='system')\n"
    )
    folder = tmp_path / "i-1"
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    journal = Journal.open(folder, lambda: NOW)
    assert [e.kind for e in journal.events()] == ["step.begun"]
    assert journal.done("restore") is None
    seen: list[bool] = []
    journal.once("restore", lambda begun: seen.append(begun.again) or {}, actor="system")  # type: ignore[func-returns-value]
    assert seen == [True]


def test_one_run_at_a_time_works_on_an_incident(journal: Journal, tmp_path: Path) -> None:
    other = Journal.open(tmp_path / "i-1", lambda: NOW)
    with journal.alone(), pytest.raises(UsageError, match="another run"), other.alone():
        pass
    with other.alone():
        assert other.append("noted", actor="zhang")


def test_events_of_other_processes_are_in_one_chain(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from baozhang.incidents.journal import Journal\n"
        "j = Journal.open(Path(sys.argv[1]), lambda: datetime.now(UTC))\n"
        "for n in range(20): j.append('noted', actor='run', number=n)\n"
    )
    folder = tmp_path / "i-1"
    command = [sys.executable, "-c", program, str(folder)]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert len(Journal.open(folder, lambda: NOW).events()) == 60


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("Noted", {}),
        ("", {}),
        ("noted", {"text": "two\nlines"}),
        ("noted", {"text": "x" * 401}),
        ("noted", {"amount": 1.5}),
    ],
)
def test_what_is_no_event_is_refused(journal: Journal, kind: str, facts: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no event"):
        journal.append(kind, actor="zhang", **facts)
    assert journal.events() == ()


def test_a_journal_is_private(journal: Journal, tmp_path: Path) -> None:
    journal.append("noticed", actor="zhang")
    assert (tmp_path / "i-1").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "i-1" / FILE).stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["i-1"]
