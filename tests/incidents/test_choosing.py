"""A backup point is looked at before it is offered: whole while time allows, named by its parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.incidents.choosing import look_at
from baozhang.site import Site
from baozhang.wiring import open_site
from tests.flows.scoping import TEN, flip, own_packs, points, remove, save
from tests.flows.site import make_site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return make_site(tmp_path / "site", "c001")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    save(home, *TEN)
    save(home, *TEN, "1,00")
    with open_site(home) as opened:
        yield opened


def looked(site: Site, *, time: bool = True, number: int = -1) -> tuple[str, bool]:
    side = site.vault("c001", "main").client("c001")
    found = look_at(side, points(site)[number], in_time=lambda: time)
    return found.checked, found.sound


def test_a_sound_point_is_read_whole(site: Site) -> None:
    assert looked(site) == ("every-byte", True)


def test_without_time_only_its_parts_are_looked_for_and_it_says_so(site: Site, home: Path) -> None:
    flip(own_packs(site, home, points(site)[-1]))
    assert looked(site, time=False) == ("named", True)
    assert looked(site) == ("every-byte", False)


def test_a_part_that_is_gone_is_missed_without_time_too(site: Site, home: Path) -> None:
    remove(own_packs(site, home, points(site)[-1]))
    assert looked(site, time=False) == ("named", False)


def test_damage_of_a_newer_point_is_none_of_an_older_one(site: Site, home: Path) -> None:
    flip(own_packs(site, home, points(site)[-1]))
    assert looked(site, number=0) == ("every-byte", True)


@pytest.mark.parametrize("harm", [flip, remove])
def test_a_point_whose_manifest_is_not_what_it_was_is_not_sound(
    site: Site, home: Path, harm: object
) -> None:
    assert callable(harm)
    side = site.vault("c001", "main").client("c001")
    harm([home / "vault" / side.commit_of(points(site)[-1]).manifest])
    assert looked(site) == ("", False)
