"""`baozhang source`: where the books lie, whose a file is, and what nobody protects."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import system_clock
from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.settings import Agency, SourceFile, load_agency
from baozhang.sources.account_sets import AccountSet, unprotected
from baozhang.sources.base import shown
from baozhang.sources.claims import Claim
from baozhang.sources.share import Share, Survey
from baozhang.sources.site_places import (
    Delivery,
    account_sets_of,
    deliveries,
    inbox_folder,
    names_of,
    received,
    share_of,
    standings_of,
)
from baozhang.sources.standings import CAUSE_TEMPLATES, STATE_TEMPLATES, Standing, strangers
from baozhang.words import say

KIND_TEMPLATES = {
    "tree": "folder",
    "sqlite": "SQLite database",
    "inbox": "inbox",
    "opaque": "bytes alone",
    "share": "share",
    "postgres": "PostgreSQL",
    "mysql": "MariaDB or MySQL",
    "mssql": "SQL Server",
}
MOST = 20  # paths shown; figures count all


def register(root: typer.Typer) -> None:
    """Add `source` to the command line."""
    source = typer.Typer(help=about("source"), no_args_is_help=True)
    source.command("list", help=say("List every source, what proves it, and what has arrived."))(
        list_sources
    )
    source.command("explain", help=say("Tell whose a file of the share is, and by which rule."))(
        explain
    )
    source.command("unclaimed", help=say("List what nobody protects: files, account sets."))(
        unclaimed
    )
    source.command("accept", help=say("Try a source on its own server, and keep the evidence."))(
        load("source_accept").accept
    )
    root.add_typer(source, name="source")


def list_sources(*, as_json: JsonFlag = False) -> None:
    """Show every source of every client."""
    agency = load_agency()
    rows = list(_rows(agency))
    show({"sources": rows}, as_json=as_json, human=lambda page: _draw(page, rows))


def explain(
    path: Annotated[Path, typer.Argument(help=say("A file on the share."))],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show whose one file is; exit code 1 when it is nobody's or two clients'.

    Raises:
        UsageError: the site has no share, or the path is not on it.
    """
    share = _share(load_agency())
    below = _below(share, path)
    claim = share.explain(below)
    excluded = share.is_excluded(below)
    value = {"path": shown(below), "excluded": excluded, **_claim_value(claim)}
    show(value, as_json=as_json, human=lambda page: _tell_claim(page, claim, excluded=excluded))
    if not excluded and (claim is None or claim.rivals):
        raise typer.Exit(1)


def unclaimed(*, as_json: JsonFlag = False) -> None:
    """Show what no client's sources protect; exit code 1 when there is, or may be, anything."""
    agency = load_agency()
    share = share_of(agency)
    survey = share.unclaimed(MOST) if share else Survey()
    sets = unprotected(account_sets_of(agency), names_of(agency))
    count, places = _strangers(agency)
    value = {
        **_survey_value(survey),
        "account_sets": [_set_value(each) for each in sets],
        "inbox_folders": {"count": count, "first": list(places)},
    }
    show(
        value,
        as_json=as_json,
        human=lambda page: _tell_survey(page, survey, sets, (count, places)),
    )
    if survey.unclaimed or survey.conflicts or survey.troubles or sets or count:
        raise typer.Exit(1)


def _share(agency: Agency) -> Share:
    share = share_of(agency)
    if share is None:
        raise UsageError(
            "the site has no share", hint="Describe it under `share` in agency.yaml first."
        )
    return share


def _below(share: Share, path: Path) -> bytes:
    """Return a path below the share's root, whether it was typed whole or from there."""
    whole = Path(os.path.normpath(share.root / path))
    if not whole.is_relative_to(share.root):
        raise UsageError(
            "{path} is not on the share {share}",
            hint="Name a file below the share.",
            path=shown(os.fsencode(path)),
            share=shown(os.fsencode(share.root)),
        )
    return os.fsencode(whole.relative_to(share.root))


def _strangers(agency: Agency) -> tuple[int, tuple[str, ...]]:
    if agency.file.inbox is None:
        return 0, ()
    return strangers(agency.path(agency.file.inbox.path), received(agency))


# --- values -----------------------------------------------------------------------------------


def _rows(agency: Agency) -> Iterator[dict[str, object]]:
    arrived = {(each.client, each.set, each.source.name): each for each in deliveries(agency)}
    for client in agency.clients.values():
        for name, each in client.sets.items():
            for source in each.sources:
                delivery = arrived.get((client.id, name, source.name))
                yield {
                    "client": client.id,
                    "set": name,
                    "source": source.name,
                    "kind": source.kind,
                    "place": _place(agency, client.id, name, source),
                    "proven_by": source.profile or source.proof_from,
                    "proven": source.proves,
                    "arrivals": _arrivals(agency, delivery) if delivery else None,
                }


def _place(agency: Agency, client: str, set_name: str, source: SourceFile) -> str:
    match source.kind:
        case "inbox":
            place = str(inbox_folder(agency, client, set_name, source))
        case "share":
            place = str(agency.path(agency.file.share.path)) if agency.file.share else ""
        case _:
            place = str(agency.path(source.path)) if source.path else source.database or ""
    return shown(os.fsencode(place))


def _arrivals(agency: Agency, each: Delivery) -> list[dict[str, object]]:
    try:
        found = standings_of(agency, each, system_clock())
    except SourceUnreadableError as error:
        return [{"label": "", "state": "failed", "error": say(error.template, **error.facts)}]
    return [_standing_value(one) for one in found]


def _standing_value(one: Standing) -> dict[str, object]:
    return {
        "label": one.label,
        "state": one.arrival.state,
        "cause": one.arrival.cause,
        "days_overdue": one.arrival.days,
        "newest": one.newest.isoformat() if one.newest else None,
    }


def _claim_value(claim: Claim | None) -> dict[str, object]:
    if claim is None:
        return {"client": None, "set": None, "rule": None, "rivals": []}
    rivals = [{"client": client, "rule": rule} for client, rule in claim.rivals]
    return {"client": claim.client, "set": claim.set, "rule": claim.rule, "rivals": rivals}


def _survey_value(survey: Survey) -> dict[str, object]:
    return {
        "files": survey.files,
        "claimed": survey.claimed,
        "unclaimed": survey.unclaimed,
        "unclaimed_bytes": survey.unclaimed_bytes,
        "first": survey.first,
        "folders": dict(survey.folders.most_common(MOST)),
        "conflicts": survey.conflicts,
        "conflict_paths": survey.conflict_paths,
        "troubles": survey.troubles,
        "trouble_paths": survey.trouble_paths,
    }


def _set_value(each: AccountSet) -> dict[str, object]:
    return {
        "product": each.product,
        "number": each.number,
        "year": each.year,
        "client": each.client,
    }


# --- for people -------------------------------------------------------------------------------


def _draw(page: Console, rows: list[dict[str, object]]) -> None:
    table = Table()
    for header in (
        *(say("client id"), say("set"), say("source"), say("kind of source")),
        *(say("place"), say("proven by"), say("arrived")),
    ):
        table.add_column(header, overflow="fold")
    for row in rows:
        proven = row["proven_by"] or (say("not proven") if not row["proven"] else "")
        cells = (
            *(row["client"], row["set"], row["source"], say(KIND_TEMPLATES[str(row["kind"])])),
            *(row["place"], proven, _arrived(row["arrivals"])),
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    page.print(table, markup=False)
    page.print(say("sources: {count}", count=len(rows)), markup=False)


def _arrived(arrivals: object) -> str:
    if not isinstance(arrivals, list):
        return "—"
    return "\n".join(f"{each['label']} {_state(each)}".strip() for each in arrivals)


def _state(each: dict[str, object]) -> str:
    if "error" in each:
        return str(each["error"])
    text = say(STATE_TEMPLATES[each["state"]], days=each["days_overdue"])  # type: ignore[index]
    if each["state"] == "overdue":
        return say("{state} ({reason})", state=text, reason=CAUSE_TEMPLATES[each["cause"]])  # type: ignore[index]
    return text


def _tell_claim(page: Console, claim: Claim | None, *, excluded: bool) -> None:
    if excluded:
        page.print(say("left out by `exclude`"), markup=False)
        return
    if claim is None:
        page.print(f"✗ {say('no rule claims it')}", style="red", markup=False)
        return
    text = say(
        "client {client}, set {set}, by rule {rule}",
        client=claim.client,
        set=claim.set,
        rule=claim.rule,
    )
    page.print(text, markup=False)
    for client, rule in claim.rivals:
        also = say("rule {rule} would give it to client {client}", rule=rule, client=client)
        page.print(f"! {also}", style="yellow", markup=False)


def _tell_survey(
    page: Console,
    survey: Survey,
    sets: tuple[AccountSet, ...],
    folders: tuple[int, tuple[str, ...]],
) -> None:
    text = say("files on the share: {files}, claimed: {claimed}", **_counts(survey))
    page.print(text, markup=False)
    for heading, count, names in (
        (say("files that no rule claims"), survey.unclaimed, survey.first),
        (say("files that two clients claim"), survey.conflicts, survey.conflict_paths),
        (say("places that could not be looked at"), survey.troubles, survey.trouble_paths),
        (say("account sets that nobody protects"), len(sets), [_named(each) for each in sets]),
        (say("folders of the inbox that belong to nobody"), *folders),
    ):
        mark, style = ("✗", "red") if count else ("✓", "green")
        page.print(f"{mark} {heading}: {count}", style=style, markup=False)
        for name in names[:MOST]:
            page.print(f"    {name}", markup=False)


def _counts(survey: Survey) -> dict[str, int]:
    return {"files": survey.files, "claimed": survey.claimed}


def _named(each: AccountSet) -> str:
    owner = f" ({each.client})" if each.client else ""
    return f"{each.product} {each.shown}{owner}"
