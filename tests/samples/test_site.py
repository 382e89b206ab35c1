"""The site of a sample agency loads as it stands."""

from pathlib import Path

import pytest

from baozhang.samples.site import write_site
from baozhang.settings import Agency, load_agency


@pytest.fixture
def loaded(agency: Path, tmp_path: Path) -> Agency:
    write_site(tmp_path / "home", agency)
    return load_agency(tmp_path / "home")


def test_the_site_has_every_client_and_no_warning(loaded: Agency) -> None:
    assert list(loaded.clients) == ["c001", "c002", "c003", "c004"]
    assert loaded.warnings == ()


def test_every_source_is_there(loaded: Agency) -> None:
    sources = [s for c in loaded.clients.values() for s in c.sets["main"].sources]
    assert all(loaded.path(source.path).exists() for source in sources)


def test_every_client_has_one_source_with_a_profile(loaded: Agency) -> None:
    profiles = [
        [source.profile for source in client.sets["main"].sources if source.profile]
        for client in loaded.clients.values()
    ]
    assert profiles == [["cn_csv"], ["yonyou_t3"], ["cn_csv"], ["fec"]]


def test_a_database_is_a_source_of_its_own_and_left_out_of_the_papers(loaded: Agency) -> None:
    books, papers = loaded.clients["c002"].sets["main"].sources
    assert (books.kind, papers.kind) == ("sqlite", "tree")
    assert papers.exclude == ("账套",)


def test_vault_mirror_and_key_stand_where_they_are_told(agency: Path, tmp_path: Path) -> None:
    write_site(tmp_path, agency, vault="v", mirrors=["m1", "m2"], key="env:KEY")
    vault = load_agency(tmp_path).file.vaults["main"]
    mirrors = [mirror.url for mirror in vault.mirrors]
    assert (vault.url, mirrors, vault.key) == ("v", ["m1", "m2"], "env:KEY")
