"""`baozhang vault probe` and `lock-extend`: what a store really does, and how long it is locked."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet, the_secret
from baozhang.cli.vault import help_of
from baozhang.clock import SHANGHAI, system_clock
from baozhang.errors import UsageError
from baozhang.words import say

AnyUrl = Annotated[
    str, typer.Argument(metavar="URL", help=say("A folder, or s3+KIND://bucket/folder?..."))
]


def probe(
    url: AnyUrl,
    *,
    record: Annotated[
        Path | None, typer.Option("--record", help=say("Write what was found here, as JSON."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Try out what a store really does."""
    probing = load("vault_store_work")
    report = probing.probe(url)
    if record is not None:
        probing.write_record(record, report)
    value = probing.encode_report(report)
    show(value, as_json=as_json, human=lambda page: load("vault_store_views").probed(page, report))
    if not report.keeps_claims:
        raise typer.Exit(1)


def lock_extend(
    url: AnyUrl,
    *,
    until: Annotated[
        datetime | None,
        typer.Option(help=say("Let no lock end before this time (Asia/Shanghai).")),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help=say("Let no lock end before so many days from now."))
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help=say("A client that is not renewed; may be given more than once.")),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say what would be done."))
    ] = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Extend the locks of keys and of what present snapshots use."""
    now = system_clock()
    end = _end(until, days, now)
    work = load("vault_store_work")
    vault = work.open_vault(work.store_at(url), the_secret(key_file, ask=ask, sheet=sheet))
    with progress(as_json=as_json) as report:
        receipt = work.extend_locks(
            vault, end, now=now, leave_out=leave_out or [], dry_run=dry_run, report=report
        )
    value = work.lock_value(receipt)
    show(
        value, as_json=as_json, human=lambda page: load("vault_store_views").extended(page, receipt)
    )


def _end(until: datetime | None, days: int | None, now: datetime) -> datetime:
    if (until is None) == (days is None):
        raise UsageError(
            "one end of the locks is needed",
            hint="Give --until YYYY-MM-DD, or --days N.",
        )
    if until is not None:
        return until.replace(tzinfo=until.tzinfo or SHANGHAI)
    return now + timedelta(days=days or 0)


COMMANDS = (probe, lock_extend)


def register(group: typer.Typer) -> None:
    """Add these commands to `vault`."""
    for command in COMMANDS:
        name = command.__name__.replace("_", "-")
        group.command(name, help=help_of(name))(command)
