"""Values to record, and a vault to rebuild from: plain, real, small."""

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baozhang.catalog.model import Alert, Duty, Finding, Letter, Outcome, Status
from baozhang.errors import CorruptObjectError
from baozhang.vault.model import Snapshot

NIGHT = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai


def snapshot(
    sequence: int, *, client: str = "c001", set_name: str = "main", fork: str = "0"
) -> Snapshot:
    return Snapshot(
        id=f"{set_name}-{sequence:06}-{fork * 8}",
        client=client,
        set=set_name,
        sequence=sequence,
        at=NIGHT + timedelta(days=sequence),
        files=3,
        size=5 * 2**40,
        added=17,
        partial=sequence % 2 == 0,
        books=("账套/凭证.csv",),
    )


def outcome(
    client: str = "c001",
    *,
    run: str = "backup-2026-07-31-8f3a",
    duty: Duty = "backup",
    status: Status = "ok",
    day: int = 0,
) -> Outcome:
    started = NIGHT + timedelta(days=day)
    return Outcome(
        run=run,
        duty=duty,
        client=client,
        set="main",
        status=status,
        started=started,
        ended=started + timedelta(seconds=90, microseconds=5),
        snapshot="main-000001-00000000",
        findings=(
            Finding("voucher {voucher} differs", (("voucher", "记-12"), ("minor", 1)), "Look."),
            Finding("second", severity="info"),
        ),
        figures=(("lines", 2_600_000), ("bytes", 5 * 2**40)),
    )


def letter(number: int, *, kind: str = "night", hash_digit: str = "a") -> Letter:
    message_id = f"<{kind}-{number}@baozhang>"
    return Letter(kind, number, "2026-07-31", ("manager",), message_id, hash_digit * 64, NIGHT)


@dataclass
class Shelf:
    """A vault as a rebuild reads it: snapshots by client, and folders to restore by snapshot id."""

    held: dict[str, list[Snapshot]]
    folders: dict[str, Path] = field(default_factory=dict)

    def clients(self) -> tuple[str, ...]:
        return tuple(sorted(self.held))

    def snapshots(self, client: str) -> tuple[Snapshot, ...]:
        return tuple(self.held[client])

    def restore(self, client: str, snapshot: str, target: Path) -> None:
        if snapshot not in self.folders:
            raise CorruptObjectError("object {name} is damaged", name=snapshot)
        shutil.copytree(self.folders[snapshot], target / "its-source")


def changed(value: Outcome, status: Status) -> Outcome:
    return replace(value, status=status, findings=())


def trouble(
    kind: str = "outcomes", subject: str = "backup", period: str = "r1", *, hours: float = 0
) -> Alert:
    """An alert as whoever raises it hands it over, so many hours after the night began."""
    return Alert(
        id="",
        alert_class="urgent",
        kind=kind,
        subject=subject,
        period=period,
        template="{count} of {total} sets failed",
        facts=(("count", 1), ("total", 3)),
        hint="Open the letter.",
        at=NIGHT + timedelta(hours=hours),
    )
