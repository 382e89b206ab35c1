"""The share and the inbox, looked at once a night: on a real site and without a server."""

import os
from pathlib import Path

import pytest

from baozhang.catalog.model import Outcome
from baozhang.sources.opaque import UNPROVEN_TEMPLATES
from baozhang.sources.share import UNCLAIMED_TEMPLATES
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.places import STRANGER_TEMPLATES, survey_places, unproven_sources
from tests.flows.walking import begun, night, statuses

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
