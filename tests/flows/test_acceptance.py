"""A source is accepted where it runs, and until then every report says so: on a real site."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from baozhang.errors import LedgerFormatError, ProofFailedError, UsageError
from baozhang.sourcing import settings_digest
from baozhang.wiring import open_site
from tasks.acceptance import UNACCEPTED_TEMPLATES, accept_source, accepted_at, unaccepted
from tasks.batches import Pair

MAIN = Pair("c001", "main")
SERVERS = """\
servers:
  t3: {user: baozhang_read, host: t3.example}
  spare: {user: baozhang_restore, host: spare.example}
"""
CLIENT = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - name: t3
        kind: mssql
        server: t3
        restore_to: spare
        database: UFDATA_006_2026
        drop: 'D:\\baozhang'
        path: drop
"""


@pytest.fixture
def server(home: Path) -> Path:
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(SERVERS)
    (home / "clients" / "c001.yaml").write_text(CLIENT, "utf-8")
    return home


def test_a_source_that_restores_equal_is_accepted_with_its_figures(home: Path) -> None:
    with open_site() as site:
        found = accept_source(site, MAIN, "books")
        each = site.client_set("c001", "main").sources[0]
        assert accepted_at(site, MAIN, each) == datetime.fromisoformat(found.at)
    assert (found.files, [book[:2] for book in found.books]) == (1, [("FEC2026.txt", 4)])


def test_the_evidence_holds_figures_and_no_name(home: Path) -> None:
    with open_site() as site:
        accept_source(site, MAIN, "books")
    (file,) = (home / "state" / "acceptance").iterdir()
    text = file.read_text("utf-8")
    assert json.loads(text)["client"] == "c001"
    assert "示例商贸" not in text


def test_a_book_that_cannot_be_read_is_not_accepted(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").write_text("not a ledger\n", "utf-8")
    with open_site() as site, pytest.raises(LedgerFormatError):
        accept_source(site, MAIN, "books")
    assert not (home / "state" / "acceptance").exists()


def test_a_profile_that_finds_no_book_is_not_accepted(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").rename(home / "books" / "c001" / "notes.md")
    with open_site() as site, pytest.raises(ProofFailedError, match="no book was found"):
        accept_source(site, MAIN, "books")
    assert not (home / "state" / "acceptance").exists()


def test_a_source_without_a_profile_is_accepted_as_bytes_and_says_so(home: Path) -> None:
    client = home / "clients" / "c001.yaml"
    client.write_text(client.read_text("utf-8").replace(", profile: fec", ""), "utf-8")
    with open_site() as site:
        accept_source(site, MAIN, "books")
    (file,) = (home / "state" / "acceptance").iterdir()
    assert json.loads(file.read_text("utf-8"))["level"] == "bytes"


def test_a_source_with_a_profile_is_accepted_by_its_books(home: Path) -> None:
    with open_site() as site:
        assert accept_source(site, MAIN, "books").level == "books"


def test_nothing_of_an_acceptance_stays_in_scratch(home: Path) -> None:
    with open_site() as site:
        accept_source(site, MAIN, "books")
        assert list(site.scratch.glob("acceptance-*")) == []


def test_a_source_that_is_not_there_is_refused(home: Path) -> None:
    with open_site() as site, pytest.raises(UsageError, match="no source nowhere"):
        accept_source(site, MAIN, "nowhere")


def test_a_sql_server_that_was_never_tried_is_told_of(server: Path) -> None:
    with open_site() as site:
        (finding,) = unaccepted(site, MAIN)
    assert (finding.template, finding.severity) == (UNACCEPTED_TEMPLATES["source"], "warning")


def test_a_source_of_files_needs_no_acceptance(home: Path) -> None:
    with open_site() as site:
        assert list(unaccepted(site, MAIN)) == []


def evidence(home: Path, settings: str) -> None:
    folder = home / "state" / "acceptance"
    folder.mkdir(parents=True)
    value = {"settings": settings, "at": "2026-07-31T14:00:00+00:00"}
    (folder / "c001-main-t3.json").write_text(json.dumps(value), "utf-8")


def test_evidence_for_other_settings_does_not_count(server: Path) -> None:
    evidence(server, "0" * 16)
    with open_site() as site:
        assert len(list(unaccepted(site, MAIN))) == 1


@pytest.fixture
def accepted(server: Path) -> Path:
    with open_site() as site:
        (each,) = site.client_set("c001", "main").sources
        evidence(server, settings_digest(each, site.agency))
    return server


def warnings() -> int:
    with open_site() as site:
        return len(list(unaccepted(site, MAIN)))


def rewrite(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


def test_evidence_for_these_settings_counts(accepted: Path) -> None:
    assert (accepted / "state" / "acceptance").exists()
    assert warnings() == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [("t3.example", "another.example"), ("spare.example", "another.example"), ("_read", "_other")],
)
def test_evidence_for_another_server_does_not_count(
    accepted: Path, before: str, after: str
) -> None:
    rewrite(accepted / "agency.yaml", before, after)
    assert warnings() == 1


def test_a_new_password_needs_no_new_acceptance(accepted: Path) -> None:
    rewrite(accepted / "agency.yaml", "host: t3.example", "host: t3.example, password: 'env:T3'")
    assert warnings() == 0


def test_evidence_counts_no_more_when_a_profile_is_named(accepted: Path) -> None:
    with (accepted / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write("        profile: yonyou_t3\n")
    assert warnings() == 1
