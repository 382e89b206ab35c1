"""`baozhang catalog`: make the catalog again from the vaults.

The catalog is never needed to restore; it is needed to answer quickly.  When it is lost or not
believed any more, the vaults say again what they hold.
"""

from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from baozhang.catalog.rebuilding import Rebuilt, keep_aside, rebuild
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.settings import load_agency
from baozhang.vault.model import Snapshot
from baozhang.vault.reader import restore
from baozhang.vault.vault import Vault
from baozhang.wiring import STATE, open_site
from baozhang.words import say

CATALOG = "catalog.db"  # below a site's state, where `wiring` puts it


@dataclass(frozen=True, slots=True)
class _View:
    """An opened vault as the catalog's rebuild reads it."""

    vault: Vault

    def clients(self) -> tuple[str, ...]:
        return self.vault.clients()

    def snapshots(self, client: str) -> tuple[Snapshot, ...]:
        return self.vault.client(client).snapshots()

    def restore(self, client: str, snapshot: str, target: Path) -> None:
        part = self.vault.client(client)
        found = next(each for each in part.snapshots() if each.id == snapshot)
        restore(part, found, target)


def register(root: typer.Typer) -> None:
    """Add the `catalog` commands."""
    group = typer.Typer(name="catalog", help=about("catalog"), no_args_is_help=True)
    group.callback()(_group)
    group.command("rebuild", help=say("Make the catalog again from the vaults alone."))(rebuild_all)
    root.add_typer(group)


def _group() -> None:
    """Keep `rebuild` a word of its own: typer drops the name of an only command."""


def rebuild_all(*, as_json: JsonFlag = False) -> None:
    """Keep the old file aside, then fill the catalog from every vault of the site."""
    home = load_agency().home
    aside = keep_aside(home / STATE / CATALOG)
    with open_site(home) as site:
        vaults = [_View(site.vault_named(name)) for name in site.agency.file.vaults]
        rebuilt = rebuild(site.catalog, vaults)
        site.audit.append(
            actor="system",
            action="catalog.rebuilt",
            subject="catalog",
            snapshots=rebuilt.snapshots,
            rows=rebuilt.rows,
        )
    told = {
        "clients": rebuilt.clients,
        "snapshots": rebuilt.snapshots,
        "journal": rebuilt.journal,
        "rows": rebuilt.rows,
        "aside": str(aside or ""),
    }
    show(told, as_json=as_json, human=lambda console: _draw(console, rebuilt, aside))


def _draw(console: Console, rebuilt: Rebuilt, aside: Path | None) -> None:
    console.print(
        say(
            "{snapshots} snapshots of {clients} clients are in the catalog again",
            snapshots=rebuilt.snapshots,
            clients=rebuilt.clients,
        )
    )
    if rebuilt.journal:
        console.print(
            say(
                "{rows} rows of the journal came from snapshot {snapshot}",
                rows=rebuilt.rows,
                snapshot=rebuilt.journal,
            )
        )
    else:
        console.print(say("no vault holds a journal yet"))
    if aside:
        console.print(say("the old catalog is kept as {path}", path=aside), markup=False)
