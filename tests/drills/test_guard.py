"""The blast radius: nothing but what a drill made itself can be touched."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.drills.guard import (
    MARKER,
    BlastRadiusError,
    Fence,
    make_fence,
    mounts_below,
    real_places,
)
from baozhang.settings.loading import load_agency
from tests.flows.site import make_site

TOKEN = "f" * 32


@pytest.fixture
def fence(tmp_path: Path) -> Fence:
    made = make_fence(tmp_path / "sandbox", TOKEN, [tmp_path / "real"])
    (made.root / "data").mkdir()
    (made.root / "data" / "book.csv").write_text("x")
    return made


def refused(fence: Fence, target: object) -> bool:
    try:
        fence.require(target)  # type: ignore[arg-type]
    except BlastRadiusError:
        return True
    return False


def test_what_lies_in_the_sandbox_may_be_touched(fence: Fence) -> None:
    assert fence.require(fence.root / "data") == fence.root / "data"
    assert fence.require(f"file://{fence.root}/data") == fence.root / "data"


def test_what_is_not_there_yet_may_be_made(fence: Fence) -> None:
    assert not refused(fence, fence.root / "new" / "folder")


@pytest.mark.parametrize(
    "address",
    [
        "s3+aws://bucket/folder",
        "s3://bucket",
        "postgresql://server/books",
        "mysql://server/books",
        "postgres://",
        "mssql://",
        "inbox://",
    ],
)
def test_an_address_is_refused(fence: Fence, address: str) -> None:
    assert refused(fence, address)


def test_the_sandbox_itself_is_refused(fence: Fence) -> None:
    assert refused(fence, fence.root)


def test_the_marker_is_refused(fence: Fence) -> None:
    assert refused(fence, fence.root / MARKER)


@pytest.mark.parametrize("target", ["data", "./data", "", "../sandbox/data"])
def test_a_path_that_is_not_whole_is_refused(fence: Fence, target: str) -> None:
    assert refused(fence, target)


def test_a_path_with_steps_upwards_is_refused_even_where_it_stays_inside(fence: Fence) -> None:
    assert refused(fence, f"{fence.root}/data/../data")


@settings(deadline=None)  # it asks the disk, and disks take their time
@given(st.lists(st.sampled_from(["..", "data", "real", "x", "."]), min_size=1, max_size=6))
def test_no_way_of_writing_a_path_leads_out(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    top = tmp_path_factory.getbasetemp() / "written"
    top.mkdir(exist_ok=True)
    root = top / "sandbox"
    made = Fence(root, TOKEN) if root.exists() else make_fence(root, TOKEN)
    text = os.path.join(root, *parts)
    if not refused(made, text):
        assert os.path.realpath(text).startswith(f"{os.path.realpath(root)}/")


def test_a_sibling_with_the_same_beginning_is_refused(fence: Fence) -> None:
    (fence.root.parent / "sandbox-2").mkdir()
    assert refused(fence, fence.root.parent / "sandbox-2")


def test_a_link_in_the_way_is_refused(fence: Fence) -> None:
    (fence.root / "link").symlink_to(fence.root / "data")
    assert refused(fence, fence.root / "link" / "book.csv")


def test_a_link_below_that_leads_out_is_refused(fence: Fence, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (fence.root / "data" / "out").symlink_to(tmp_path / "victim")
    assert refused(fence, fence.root / "data")


def test_a_link_below_that_stays_inside_is_no_danger(fence: Fence) -> None:
    (fence.root / "data" / "in").symlink_to(fence.root / "data" / "book.csv")
    assert not refused(fence, fence.root / "data")


def test_a_file_with_a_second_name_outside_is_refused(fence: Fence, tmp_path: Path) -> None:
    os.link(fence.root / "data" / "book.csv", tmp_path / "second")
    assert refused(fence, fence.root / "data")


def test_a_file_with_both_names_inside_is_no_danger(fence: Fence) -> None:
    os.link(fence.root / "data" / "book.csv", fence.root / "data" / "second.csv")
    assert not refused(fence, fence.root / "data" / "second.csv")


def test_a_sandbox_reached_through_a_link_is_refused(fence: Fence, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(fence.root)
    assert refused(Fence(tmp_path / "alias", TOKEN), tmp_path / "alias" / "data")


def test_another_token_is_refused(fence: Fence) -> None:
    assert refused(Fence(fence.root, "0" * 32), fence.root / "data")


def test_an_empty_token_is_refused(fence: Fence) -> None:
    (fence.root / MARKER).write_text("")
    assert refused(Fence(fence.root, ""), fence.root / "data")


def test_a_folder_without_marker_is_refused(fence: Fence) -> None:
    (fence.root / MARKER).unlink()
    assert refused(fence, fence.root / "data")


def test_a_marker_that_is_a_link_is_refused(fence: Fence, tmp_path: Path) -> None:
    (fence.root / MARKER).rename(tmp_path / "marker")
    (fence.root / MARKER).symlink_to(tmp_path / "marker")
    assert refused(fence, fence.root / "data")


def test_a_real_site_that_lies_in_the_sandbox_is_refused(fence: Fence) -> None:
    inner = Fence(fence.root, TOKEN, (fence.root / "data" / "site",))
    assert refused(inner, fence.root / "data")


def test_a_sandbox_that_lies_in_the_real_site_is_refused(fence: Fence) -> None:
    assert refused(Fence(fence.root, TOKEN, (fence.root.parent,)), fence.root / "data")


def test_no_sandbox_is_made_in_the_real_site(tmp_path: Path) -> None:
    with pytest.raises(BlastRadiusError, match="overlaps"):
        make_fence(tmp_path / "sandbox", TOKEN, [tmp_path])
    assert list(tmp_path.iterdir()) == []


def test_no_sandbox_is_made_where_something_is(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    with pytest.raises(BlastRadiusError, match="there already"):
        make_fence(tmp_path / "sandbox", TOKEN)


def test_no_sandbox_is_made_through_a_dead_link(tmp_path: Path) -> None:
    (tmp_path / "sandbox").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BlastRadiusError):
        make_fence(tmp_path / "sandbox", TOKEN)


def test_a_fresh_sandbox_is_private(fence: Fence) -> None:
    assert os.stat(fence.root).st_mode & 0o777 == 0o700
    assert os.stat(fence.root / MARKER).st_mode & 0o777 == 0o600


def test_mounts_below_a_folder_are_seen() -> None:
    assert Path("/proc") in mounts_below(Path("/"))


def site_in(fence: Fence, extra: str = "") -> Path:
    home = make_site(fence.root / "home", "c001")
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(extra)
    return home


def test_a_site_in_the_sandbox_is_accepted(fence: Fence) -> None:
    fence.require_site(load_agency(site_in(fence)))


@pytest.mark.parametrize(
    "extra",
    [
        "witness: /tmp/elsewhere\n",
        "reports: /tmp/elsewhere\n",
        "witness: s3+aws://bucket/witness\n",
        "inbox: {path: /tmp/elsewhere}\n",
        "alerts: {heartbeat: 'env:URL'}\n",
        "alerts: {channels: {bot: {kind: wecom, url: 'env:URL'}}}\n",
        "servers: {db: {host: db, user: u, password: 'env:P'}}\n",
    ],
)
def test_a_site_that_names_anything_outside_is_refused(fence: Fence, extra: str) -> None:
    with pytest.raises(BlastRadiusError):
        fence.require_site(load_agency(site_in(fence, extra)))


@pytest.mark.parametrize("key", ["url: vault", "mirrors: [mirror]", "path: books/c001"])
def test_a_site_whose_vault_mirror_or_books_lie_outside_is_refused(fence: Fence, key: str) -> None:
    home = site_in(fence)
    name, _, value = key.partition(": ")
    outside = f"{name}: [/tmp/out]" if value.startswith("[") else f"{name}: /tmp/out"
    for file in (home / "agency.yaml", home / "clients" / "c001.yaml"):
        file.write_text(file.read_text("utf-8").replace(key, outside), "utf-8")
    with pytest.raises(BlastRadiusError):
        fence.require_site(load_agency(home))


def test_every_place_of_a_real_site_is_kept_away_from(tmp_path: Path) -> None:
    home = make_site(tmp_path / "real", "c001")
    places = set(real_places(load_agency(home)))
    assert {home, home / "vault", home / "mirror", home / "books" / "c001"} <= places
    assert {home / "state" / "outbox", home / "reports", home / "state" / "witness"} <= places
