"""The monthly letters on a real site: gathered from the catalog, numbered, filed, recorded."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.audit.letters import Judged, judge_all
from baozhang.clock import business_day, system_clock
from baozhang.errors import ClientsUnprotectedError, UnreachableError, UsageError
from baozhang.wiring import open_site
from reports.library import Library
from reports.month import delta
from reports.months import Month, month_of
from tasks.letters import write
from tasks.monthly import (
    Receipt,
    agency_month,
    clients_in_batches,
    conclude_month,
    draft,
    index_library,
    last_month,
    summary,
    write_certificates,
    write_statements,
    write_summary,
)
from tests.flows.site import add_papers
from tests.flows.walking import night, restore_test

NOW = system_clock()
MONTH = month_of(business_day(NOW))
LATER = Month(MONTH.year + 1, MONTH.number)


def shelf(home: Path) -> Library:
    return Library(home / "reports")


def verified(home: Path, *files: Path) -> list[str]:
    return [each.state for each in judged(home, *files)]


def judged(home: Path, *files: Path) -> tuple[Judged, ...]:
    return judge_all(files, home / "state" / "audit")


def test_a_tested_client_gets_a_certificate_and_a_statement_that_are_well(home: Path) -> None:
    night()
    restore_test("c001")
    statements = write_statements.fn(MONTH, ("c001",))
    certificates = write_certificates.fn(MONTH, ("c001",))
    assert statements == Receipt("client-statement", str(MONTH), 1, 0, (), ())
    assert certificates == Receipt("certificate", str(MONTH), 1, 0, (), ())


def test_a_client_never_restored_gets_no_certificate_that_is_well(home: Path) -> None:
    night()
    assert write_certificates.fn(MONTH, ("c002",)).troubled == ("c002",)


def test_a_client_with_a_set_of_bytes_is_not_certified_at_ledger_level(home: Path) -> None:
    add_papers(home, "c001")
    night("c001")
    restore_test("c001")
    assert write_certificates.fn(MONTH, ("c001",)).troubled == ("c001",)
    text = next((home / "reports").glob("certificate/*/*.txt")).read_text("utf-8")
    assert "未做账务核对" in text


def test_the_summary_of_a_month_without_rows_is_inconclusive(home: Path) -> None:
    with open_site() as site:
        assert summary(site, MONTH.previous).status == "inconclusive"


def test_a_month_in_the_future_is_refused(home: Path) -> None:
    with open_site() as site, pytest.raises(UsageError):
        summary(site, LATER)


def test_a_letter_that_says_the_same_again_is_not_written_again(home: Path) -> None:
    night()
    first = write_statements.fn(MONTH.previous, ("c001", "c002"))
    again = write_statements.fn(MONTH.previous, ("c001", "c002"))
    assert (first.written, again.written, again.there) == (2, 0, 2)


def test_numbers_of_a_batch_follow_each_other(home: Path) -> None:
    write_statements.fn(MONTH.previous, ("c001", "c002"))
    with open_site() as site:
        assert [each.number for each in site.catalog.letters("client-statement")] == [1, 2]


def test_each_client_reads_of_itself_alone(home: Path) -> None:
    night()
    write_statements.fn(MONTH, ("c001", "c002"))
    for value in (home / "reports").glob("client-statement/*/*.json"):
        other = "c002" if "c001" in value.name else "c001"
        assert other not in value.read_text("utf-8")


def test_every_file_of_a_letter_is_known_to_the_audit_log(home: Path) -> None:
    night()
    with open_site() as site:
        written = write(site, [draft(site, "certificate", MONTH, "c001", ())])[0]
    files = list((home / "reports" / "certificate").rglob("*.*"))
    assert {path.suffix for path in files} == {".html", ".txt", ".pdf", ".json"}
    assert set(verified(home, *files, *written.messages)) == {"sound"}


def test_an_altered_value_is_found_out(home: Path) -> None:
    night()
    write_certificates.fn(MONTH, ("c001",))
    (value,) = (home / "reports" / "certificate").rglob("*.json")
    value.write_text(value.read_text("utf-8").replace("c001", "c002"), "utf-8")
    assert verified(home, value) == ["altered"]


def test_the_value_in_the_library_has_the_hash_that_is_printed(home: Path) -> None:
    night()
    write_certificates.fn(MONTH, ("c001",))
    (value,) = (home / "reports" / "certificate").rglob("*.json")
    (found,) = judged(home, value)
    text = value.with_name(value.stem + "-zh_CN.txt").read_text("utf-8")
    assert found.sha256 == found.facts["fingerprint"]
    assert found.sha256 in text


def test_a_library_out_of_reach_costs_no_letter(home: Path) -> None:
    (home / "reports").write_text("in the way", "utf-8")
    with open_site() as site:
        written = write(site, [draft(site, "certificate", MONTH, "c001", ())])[0]
    assert written.messages
    assert written.pages == ()


def test_a_damaged_audit_log_costs_no_letter(home: Path) -> None:
    with open_site() as site:
        (home / "state" / "audit" / "head.json").write_text("{}", "utf-8")
        assert write(site, [draft(site, "certificate", MONTH, "c001", ())])[0].messages


def test_an_outbox_out_of_reach_takes_no_number(home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "outbox").write_text("in the way", "utf-8")
    with open_site() as site, pytest.raises(UnreachableError):
        write(site, [draft(site, "certificate", MONTH, "c001", ())])
    with open_site() as site:
        assert site.catalog.letters("certificate") == ()


def test_a_letter_that_is_not_sent_is_numbered_and_filed_all_the_same(home: Path) -> None:
    with open_site() as site:
        written = write(site, [draft(site, "certificate", MONTH, "c001", ())], send=False)[0]
        assert [each.message_id for each in site.catalog.letters("certificate")] == [""]
    assert written.messages == ()
    assert written.pages[0].exists()


def test_a_run_s_letter_is_in_the_library_too(home: Path) -> None:
    with open_site() as site:
        made = draft(site, "certificate", MONTH, "c001", ())
        write(site, [made])
    assert [each.kind for each in shelf(home).reports()] == ["certificate"]
    assert index_library.fn().exists()


def test_clients_are_taken_in_batches(home: Path) -> None:
    assert clients_in_batches.fn(None) == [("c001", "c002")]


def test_a_client_nobody_knows_is_refused(home: Path) -> None:
    with pytest.raises(UsageError):
        clients_in_batches.fn(["c009"])


def test_a_schedule_reports_the_month_before() -> None:
    assert last_month(datetime(2026, 8, 1, 0, 30, tzinfo=UTC)) == Month(2026, 7)
    assert last_month(datetime(2026, 7, 31, 23, 0, tzinfo=UTC)) == Month(2026, 7)


def test_the_summary_s_value_tells_of_every_client(home: Path) -> None:
    night()
    write_summary.fn(MONTH)
    (value,) = (home / "reports" / "monthly").rglob("*.json")
    told = json.loads(value.read_text("utf-8"))["value"]["clients"]
    assert [each["client"] for each in told] == ["c001", "c002"]


def test_a_letter_that_could_not_be_written_ends_the_run_as_failed() -> None:
    lost = Receipt("certificate", "2026-07", 0, 0, (), ("c003",))
    with pytest.raises(ClientsUnprotectedError) as caught:
        conclude_month(Month(2026, 7), [lost])
    assert caught.value.facts["letters"] == "certificate/c003"


def test_a_batch_that_died_ends_the_run_as_failed() -> None:
    with pytest.raises(ClientsUnprotectedError):
        conclude_month(Month(2026, 7), [UsageError("x")])


def test_a_client_whose_file_is_gone_is_missed_in_the_summary(home: Path) -> None:
    night()
    with open_site() as site:
        row = next(each for each in site.catalog.outcomes() if each.client == "c002")
        earlier = MONTH.previous.start + timedelta(days=3)
        for client in ("c001", "c002"):
            told = replace(row, run="backup-before", client=client, started=earlier, ended=earlier)
            site.catalog.append(told)
    (home / "clients" / "c002.yaml").unlink()
    with open_site() as site:
        value = agency_month(site, MONTH)
    assert value.before is not None
    assert delta(value, value.before).absent == ("c002",)


def test_a_mirror_behind_at_the_end_is_no_good_month(home: Path) -> None:
    run = night()
    with open_site() as site:
        lag = replace(run.outcomes[0], client="_agency", set="main-mirror-1", status="failed")
        site.catalog.append(lag)
        assert agency_month(site, MONTH).amiss == (("mirror", "failed"),)
    night("c001")
    with open_site() as site:
        assert agency_month(site, MONTH).amiss == ()
