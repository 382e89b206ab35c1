"""The last clean point stays in the vault, which knows it without a site."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from baozhang.catalog.rebuilding import AGENCY
from baozhang.cli.vault_care_work import Pruned, Wish, prune
from baozhang.cli.vault_clean import clean_points
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.vault.model import silent
from baozhang.vault.retention import Rule
from baozhang.wiring import open_site
from tasks.backup import store_journal
from tasks.batches import Pair
from tasks.points import accept_point
from tests.flows.site import add_papers
from tests.flows.walking import night

LATER = datetime(2100, 1, 1, tzinfo=UTC)
PAPERS = Pair("c001", "papers")


@pytest.fixture
def folder(home: Path) -> Path:
    add_papers(home, "c001")
    folder = home / "papers" / "c001"
    for number in range(30):
        (folder / f"{number:02d}.csv").write_text(f"合同,{number}\r\n" * 300, "utf-8")
    return folder


def backed_up(*, journal: bool = True) -> str:
    """Back up, store the journal as a night does, and return the papers' point."""
    run = night("c001")
    if journal:
        with open_site() as site:
            store_journal(site, run)
    (outcome,) = (each for each in run.outcomes if each.set == "papers")
    return outcome.snapshot


def attacked(folder: Path, *, journal: bool = True) -> tuple[str, list[str]]:
    """Return the last clean point, and the nights after files were encrypted."""
    first = backed_up(journal=journal)
    for path in folder.glob("*.csv"):
        path.write_bytes(Random(path.name).randbytes(3000))
    nights = []
    for number in range(2):
        (folder / f"new-{number}.csv").write_text(f"{number}")
        nights.append(backed_up(journal=journal))
    return first, nights


def pruned(*, forget: Sequence[str] = (), client: str | None = None) -> Pruned:
    """Show what would go where nothing is kept but what must be."""
    wish = Wish(Rule(0, 0, 0, 0, 0), (), tuple(forget), 7, (), 0, recompress=False, dry_run=True)
    with open_site() as site:
        return prune(site.vault_named("main"), client, wish, [], now=LATER, report=silent)


def forgotten(done: Pruned) -> set[str]:
    ids = {snapshot.id for plan in done.plans if plan.client == "c001" for snapshot in plan.forget}
    return {one for one in ids if one.startswith("papers")}


def test_the_last_clean_point_stays_and_what_came_after_it_goes(folder: Path) -> None:
    first, (second, _) = attacked(folder)
    assert forgotten(pruned()) == {second}
    with open_site() as site:
        assert first in clean_points(site.vault_named("main"))["c001"]


def test_a_point_that_a_person_accepted_stays(folder: Path) -> None:
    first, (second, _) = attacked(folder)
    with open_site() as site:
        accept_point(site, PAPERS, second, by="zhang", reason="年度清理")
    (folder / "another.csv").write_bytes(Random(7).randbytes(9000))
    for path in folder.glob("0*.csv"):
        path.unlink()
    backed_up()
    assert first in forgotten(pruned())
    assert second not in forgotten(pruned())


def test_a_vault_without_a_journal_knows_no_clean_point(folder: Path) -> None:
    first, (second, _) = attacked(folder, journal=False)
    assert forgotten(pruned()) == {first, second}


def test_a_clean_point_cannot_be_forgotten_by_name(folder: Path) -> None:
    first, _ = attacked(folder)
    with pytest.raises(UsageError, match="last clean point"):
        pruned(forget=[first], client="c001")


def test_with_a_journal_that_cannot_be_read_nothing_goes(home: Path, folder: Path) -> None:
    attacked(folder)
    with open_site() as site:
        packs = home / "vault" / site.vault_named("main").client(AGENCY).space.prefix / "packs"
    for pack in [path for path in packs.rglob("*") if path.is_file()]:
        pack.chmod(0o600)
        pack.write_bytes(bytes(pack.stat().st_size))
    with pytest.raises(CorruptObjectError, match="which backup points are clean is not known"):
        pruned()
