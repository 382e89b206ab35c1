"""`baozhang vault prune`, `unforget`, `scrub` and `repair`: looking after what is stored."""

from datetime import datetime
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet, the_secret
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import ClientId, DryRun, OneClient, Url
from baozhang.clock import business_day, system_clock
from baozhang.errors import UsageError
from baozhang.words import say

Mirrors = Annotated[
    list[str] | None,
    typer.Option("--mirror", help=say("A mirror of this vault; may be given more than once.")),
]
KeepLast = Annotated[int, typer.Option(min=0, help=say("Days of which every snapshot stays."))]
KeepDaily = Annotated[int, typer.Option(min=0, help=say("Days of which one snapshot stays."))]
KeepWeekly = Annotated[int, typer.Option(min=0, help=say("Weeks of which one snapshot stays."))]
KeepMonthly = Annotated[int, typer.Option(min=0, help=say("Months of which one snapshot stays."))]
KeepYearly = Annotated[int, typer.Option(min=0, help=say("Years of which one snapshot stays."))]
Hold = Annotated[
    list[str] | None,
    typer.Option("--hold", help=say("A snapshot that stays; may be given more than once.")),
]
Forget = Annotated[
    list[str] | None,
    typer.Option("--forget", help=say("A snapshot that goes; may be given more than once.")),
]
Grace = Annotated[int, typer.Option(min=7, help=say("Days between marking and deleting."))]
ApprovedBy = Annotated[
    list[str] | None,
    typer.Option("--approved-by", help=say("Who agreed; two names where much would go.")),
]
Repack = Annotated[
    int, typer.Option(min=0, help=say("Rewrite half-empty packs, so many MiB of them at most."))
]
Recompress = Annotated[
    bool, typer.Option("--recompress", help=say("Compress text harder while repacking."))
]
MIB = 2**20


def register(group: typer.Typer) -> None:
    """Add these commands to `vault`."""
    for command in (prune, unforget, scrub, repair):
        group.command(command.__name__, help=help_of(command.__name__))(command)


def prune(
    url: Url,
    *,
    client: OneClient = None,
    keep_last: KeepLast = 14,
    keep_daily: KeepDaily = 92,
    keep_weekly: KeepWeekly = 53,
    keep_monthly: KeepMonthly = 120,
    keep_yearly: KeepYearly = 30,
    hold: Hold = None,
    forget: Forget = None,
    grace: Grace = 7,
    approved_by: ApprovedBy = None,
    mirrors: Mirrors = None,
    repack: Repack = 0,
    recompress: Recompress = False,
    dry_run: DryRun = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Mark what is not kept any more, and delete what was marked long enough ago."""
    if forget and client is None:
        raise UsageError(
            "--forget names snapshots of one client",
            hint="Give --client with it.",
        )
    work = load("vault_care_work")
    vault = work.open_vault(work.store_at(url), the_secret(key_file, ask=ask, sheet=sheet))
    wish = work.Wish(
        rule=work.Rule(keep_last, keep_daily, keep_weekly, keep_monthly, keep_yearly),
        hold=tuple(hold or ()),
        forget=tuple(forget or ()),
        grace_days=grace,
        approved_by=tuple(approved_by or ()),
        repack=repack * MIB,
        recompress=recompress,
        dry_run=dry_run,
    )
    stores = [work.store_at(mirror) for mirror in mirrors or ()]
    with progress(as_json=as_json) as report:
        done = work.prune(vault, client, wish, stores, now=system_clock(), report=report)
    value = work.pruned_value(done)
    show(value, as_json=as_json, human=lambda page: load("vault_care_views").pruned(page, done))
    if done.problems:
        raise typer.Exit(1)


def unforget(
    url: Url,
    client: ClientId,
    snapshots: Annotated[list[str], typer.Argument(help=say("Ids of snapshots."))],
    *,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep snapshots again that pruning has marked."""
    work = load("vault_care_work")
    vault = work.open_vault(work.store_at(url), the_secret(key_file, ask=ask, sheet=sheet))
    work.unforget(vault, client, snapshots, now=system_clock())
    value = {"client": client, "snapshots": snapshots}
    show(value, as_json=as_json, human=lambda page: load("vault_care_views").back(page, snapshots))


def scrub(
    url: Url,
    *,
    client: OneClient = None,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help=say("Read this day's part; today's without it.")),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help=say("Days in which every byte is read."))] = 30,
    budget: Annotated[
        int | None, typer.Option(min=1, help=say("Read so many MiB of content at most."))
    ] = None,
    minutes: Annotated[
        int | None, typer.Option(min=1, help=say("Begin no further pack after so many minutes."))
    ] = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Read today's part of all bytes."""
    work = load("vault_care_work")
    vault = work.open_vault(work.store_at(url), the_secret(key_file, ask=ask, sheet=sheet))
    with progress(as_json=as_json) as report:
        found = work.scrub(
            vault,
            day=day.date() if day else business_day(system_clock()),
            days=days,
            budget=budget * MIB if budget else None,
            clients=[client] if client else None,
            in_time=work.timer(minutes),
            report=report,
        )
    value = work.scrub_value(found)
    show(value, as_json=as_json, human=lambda page: load("vault_care_views").scrubbed(page, found))
    if found.found.damaged:
        raise typer.Exit(1)


def repair(
    url: Url,
    mirrors: Mirrors = None,
    *,
    client: OneClient = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=say("Do not read all content to find what is damaged."))
    ] = False,
    lost_clients: Annotated[
        bool,
        typer.Option("--lost-clients", help=say("Bring back clients that only a mirror has.")),
    ] = False,
    dry_run: DryRun = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Put sound copies from mirrors in the place of what is damaged or missing."""
    if not mirrors:
        raise UsageError(
            "a repair needs a mirror to take sound copies from",
            hint="Give --mirror URL; to mend a mirror, give its URL first and the vault's here.",
        )
    work = load("vault_care_work")
    secret = the_secret(key_file, ask=ask, sheet=sheet)
    with progress(as_json=as_json) as report:
        entrance, done = work.repair(
            work.store_at(url),
            [work.store_at(mirror) for mirror in mirrors],
            secret,
            client=client,
            every_byte=not quick,
            absent_clients=lost_clients,
            dry_run=dry_run,
            report=report,
        )
    value = work.repair_value(entrance, done, dry_run=dry_run)
    show(
        value,
        as_json=as_json,
        human=lambda page: load("vault_care_views").repaired(page, value, done),
    )
    if done.unrepaired:
        raise typer.Exit(1)
