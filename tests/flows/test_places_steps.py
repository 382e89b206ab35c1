"""The share and the inbox, looked at once a night: on a real site and without a server."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Outcome
from baozhang.clock import system_clock
from baozhang.settings import load_agency
from baozhang.sources.account_sets import UNPROTECTED_TEMPLATES, unprotected
from baozhang.sources.opaque import UNPROVEN_TEMPLATES
from baozhang.sources.share import UNCLAIMED_TEMPLATES
from baozhang.sources.site_places import account_sets_of, names_of
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.places import STRANGER_TEMPLATES, survey_places, unproven_sources
from tests.flows.site import ledger
from tests.flows.walking import begun, night, statuses
from tests.windows.simulator import Computer

SHARE = """\
share:
  path: nas
  rules:
    - {client: c001, set: main, folder: 甲公司}
inbox: {path: inbox}
"""
CLIENT = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {name: files, kind: share}
"""


@pytest.fixture
def places(home: Path) -> Path:
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(SHARE)
    (home / "clients" / "c001.yaml").write_text(CLIENT, "utf-8")
    for folder in ("甲公司", "无主"):
        (home / "nas" / folder).mkdir(parents=True)
        (home / "nas" / folder / "合同.txt").write_text("合同", "utf-8")
    (home / "inbox").mkdir()
    return home


def surveyed() -> dict[str, Outcome]:
    return {outcome.set: outcome for outcome in survey_places.fn(begun("backup"))}


def test_a_site_without_share_and_inbox_has_nothing_to_say(home: Path) -> None:
    assert surveyed() == {}


def test_a_file_that_no_rule_claims_is_counted_and_named(places: Path) -> None:
    (finding,) = surveyed()["share"].findings
    facts = dict(finding.facts)
    assert (finding.template, facts["files"]) == (UNCLAIMED_TEMPLATES["unclaimed"], 1)
    assert facts["paths"] == "无主/合同.txt"


def test_a_client_gets_its_own_files_of_the_share_alone(places: Path) -> None:
    assert statuses(night("c001")) == {"c001/main": "ok"}
    with open_site() as site:
        side = site.vault("c001", "main").client("c001")
        paths = side.manifest(side.find("latest")).paths
    assert [os.fsdecode(path) for path in paths] == [
        "files",
        "files/甲公司",
        "files/甲公司/合同.txt",
    ]


def test_a_folder_of_the_inbox_that_nobody_has_is_named(places: Path) -> None:
    (places / "inbox" / "c999" / "main").mkdir(parents=True)
    (finding,) = surveyed()["inbox"].findings
    assert finding.template == STRANGER_TEMPLATES["inbox"]
    assert dict(finding.facts)["folders"] == "c999"


def test_a_share_that_is_not_mounted_is_an_outcome_that_failed(places: Path) -> None:
    (places / "nas").rename(places / "away")
    assert surveyed()["share"].status == "failed"


def test_a_source_of_bytes_alone_is_said_to_be_unproven(home: Path) -> None:
    text = CLIENT.replace("{name: files, kind: share}", "{name: kis, kind: opaque, path: kis}")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    (home / "kis").mkdir()
    (home / "kis" / "c001.AIS").write_bytes(b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(4096))
    (outcome,) = night("c001").outcomes
    assert [each.template for each in outcome.findings] == [UNPROVEN_TEMPLATES["set"]]
    assert outcome.status == "ok"


def test_a_source_with_an_export_beside_it_is_not_said_to_be_unproven(home: Path) -> None:
    text = CLIENT.replace(
        "{name: files, kind: share}",
        "{name: kis, kind: opaque, path: kis, proof_from: export}\n"
        "      - {name: export, kind: tree, path: books/c001, profile: fec}",
    )
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site() as site:
        pair = Pair("c001", "main")
        assert list(unproven_sources(site.client_set(pair.client, pair.set))) == []


# --- what was not looked at, or not taken -------------------------------------------------------


def test_a_place_of_the_share_that_cannot_be_looked_at_is_critical(places: Path) -> None:
    os.mkfifo(places / "nas" / "无主" / "pipe")
    outcome = surveyed()["share"]
    (finding,) = (each for each in outcome.findings if each.severity == "critical")
    assert finding.template == UNCLAIMED_TEMPLATES["troubles"]
    assert dict(finding.facts) == {"places": 1, "paths": "无主/pipe"}
    assert outcome.status == "partial"


def test_a_set_whose_part_of_the_share_could_not_be_looked_at_is_partial(places: Path) -> None:
    text = (places / "agency.yaml").read_text("utf-8")
    rule = "    - {client: c001, set: main, folder: 甲公司}\n"
    gone = "    - {client: c001, set: main, folder: 甲公司旧账}\n"
    (places / "agency.yaml").write_text(text.replace(rule, rule + gone), "utf-8")
    assert statuses(night("c001")) == {"c001/main": "partial"}


def in_inbox(home: Path) -> Computer:
    """Let the client's set be one that an inbox receives."""
    text = CLIENT.replace("{name: files, kind: share}", "{name: kis, kind: inbox}")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    return Computer(home / "inbox", "c001", "main", "kis")


def test_a_drop_encrypted_after_it_was_delivered_makes_the_backup_partial(places: Path) -> None:
    computer, now = in_inbox(places), system_clock()
    computer.delivers({"note.txt": b"older"}, now - timedelta(days=1))
    place = computer.delivers({"note.txt": b"newer"}, now - timedelta(hours=1))
    (place / "note.txt").write_bytes(b"\x8f\x11\x02\xa0\x77")
    (outcome,) = night("c001").outcomes
    paths = [dict(each.facts).get("path") for each in outcome.findings]
    assert outcome.status == "partial"
    assert f"kis/{place.name}" in paths


def test_a_drop_for_a_set_that_takes_nothing_from_the_inbox_is_a_stranger(places: Path) -> None:
    (places / "inbox" / "c001" / "main").mkdir(parents=True)
    (finding,) = surveyed()["inbox"].findings
    assert dict(finding.facts)["folders"] == "c001"


def test_a_source_that_names_its_folder_of_the_inbox_has_no_stranger(places: Path) -> None:
    text = CLIENT.replace(
        "{name: files, kind: share}", "{name: kis, kind: inbox, path: inbox/c001/export}"
    )
    (places / "clients" / "c001.yaml").write_text(text, "utf-8")
    (places / "inbox" / "c001" / "export").mkdir(parents=True)
    assert "inbox" not in surveyed()


# --- account sets -------------------------------------------------------------------------------


def lacking(home: Path) -> list[str]:
    agency = load_agency()
    return [each.shown for each in unprotected(account_sets_of(agency), names_of(agency))]


@pytest.fixture
def year_sets(places: Path) -> Path:
    """A site whose product keeps account set 006 in two years, on another disk."""
    for year in (2025, 2026):
        (places / "u8" / "ZT006" / str(year)).mkdir(parents=True)
    text = (places / "agency.yaml").read_text("utf-8")
    text = text.replace("  path: nas\n", "  path: nas\n  account_sets: u8\n")
    (places / "agency.yaml").write_text(text, "utf-8")
    return places


def test_a_drop_of_last_years_database_does_not_protect_this_years(year_sets: Path) -> None:
    computer = in_inbox(year_sets)
    label = Computer(computer.folder.parent.parent, "c001", "main", "t3-006")
    label.delivers({"UFDATA_006_2025.bak": b"TAPE"}, datetime(2026, 1, 5, 4, tzinfo=UTC))
    assert lacking(year_sets) == ["006 (2026)"]
    assert UNPROTECTED_TEMPLATES["sets"] in [each.template for each in surveyed()["share"].findings]


def test_a_drop_of_both_years_protects_them(year_sets: Path) -> None:
    computer = in_inbox(year_sets)
    label = Computer(computer.folder.parent.parent, "c001", "main", "t3-006")
    files = {f"UFDATA_006_{year}.bak": b"TAPE" for year in (2025, 2026)}
    label.delivers(files, datetime(2026, 1, 5, 4, tzinfo=UTC))
    assert lacking(year_sets) == []


@pytest.mark.parametrize(
    ("more", "found"),
    [("", []), (", code_in: path", ["006 (2026)"]), (", glob: x", ["006 (2026)"])],
)
def test_only_a_rule_for_a_whole_folder_protects_what_lies_in_it(
    year_sets: Path, more: str, found: list[str]
) -> None:
    text = (year_sets / "agency.yaml").read_text("utf-8")
    text = text.replace("account_sets: u8", "account_sets: nas").replace(
        "甲公司}", f"甲公司{more}}}"
    )
    (year_sets / "agency.yaml").write_text(text, "utf-8")
    (year_sets / "u8" / "ZT006").rename(year_sets / "nas" / "甲公司" / "ZT006")
    assert lacking(year_sets) == found


# --- exports that prove -------------------------------------------------------------------------

DAY = 86_400


@pytest.fixture
def proven(home: Path) -> Callable[[int], Outcome]:
    """Return what backs up bytes and an export that is some days older than they are."""
    text = CLIENT.replace(
        "{name: files, kind: share}",
        "{name: kis, kind: opaque, path: kis, proof_from: export}\n"
        "      - {name: export, kind: tree, path: books/c001, profile: fec}",
    )
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    (home / "kis").mkdir()
    book, export = home / "kis" / "c001.AIS", home / "books" / "c001" / "FEC2026.txt"
    book.write_bytes(b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(4096))
    export.write_text(ledger("1,00"), "utf-8")

    def work(days: int) -> Outcome:
        now = int(book.stat().st_mtime)
        os.utime(export, (now - days * DAY, now - days * DAY))
        (outcome,) = night("c001").outcomes
        return outcome

    return work


def test_an_export_older_than_the_bytes_it_proves_is_told(
    proven: Callable[[int], Outcome],
) -> None:
    outcome = proven(8)
    (finding,) = outcome.findings
    assert (finding.template, finding.severity) == (UNPROVEN_TEMPLATES["stale"], "warning")
    assert dict(finding.facts) == {"source": "kis", "days": 8}
    assert outcome.status == "ok"


@pytest.mark.parametrize("days", [7, 0, -30])
def test_an_export_as_new_as_the_bytes_or_of_the_same_week_is_fine(
    proven: Callable[[int], Outcome], days: int
) -> None:
    assert proven(days).findings == ()
