"""Holds of a site: in every vault of the client, once, and in the audit log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.audit.verification import lines_of
from baozhang.errors import UsageError
from baozhang.incidents.holds import hold_client, release_client, standing_holds
from baozhang.site import Site
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tests.flows.site import add_papers, make_site

WHY = "i-20261122-01"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    home = make_site(tmp_path / "site", "c001", "c002")
    add_papers(home, "c001")
    with open_site(home) as opened:
        side = opened.vault("c001", "main").client("c001", create=True)
        with opened.source("c001", "main").freeze() as frozen:
            back_up(side, frozen, set_name="main", at=opened.clock())
        yield opened


def actions(site: Site) -> list[bytes]:
    lines = [line for _, line in lines_of(site.home / "state" / "audit")]
    return [line for line in lines if b'"hold.' in line]


def test_two_sets_of_one_vault_are_held_by_one_hold(site: Site) -> None:
    assert hold_client(site, "c001", WHY, by="zhang") == 1
    assert [one.reason for one in standing_holds(site, "c001")] == [WHY]


def test_holding_again_changes_nothing_and_logs_nothing(site: Site) -> None:
    hold_client(site, "c001", WHY, by="zhang")
    assert hold_client(site, "c001", WHY, by="zhang") == 0
    assert len(actions(site)) == 1


def test_a_hold_that_is_lifted_stands_no_more(site: Site) -> None:
    hold_client(site, "c001", WHY, by="zhang")
    assert release_client(site, "c001", WHY, by="wang") == 1
    assert standing_holds(site, "c001") == ()
    assert len(actions(site)) == 2


def test_a_client_without_backups_has_nothing_to_hold(site: Site) -> None:
    assert hold_client(site, "c002", WHY, by="zhang") == 0


def test_nobody_unknown_is_held(site: Site) -> None:
    with pytest.raises(UsageError):
        hold_client(site, "c009", WHY, by="zhang")
