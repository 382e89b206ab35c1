"""A client full of secrets leaves nothing in logs, alerts, letters, subjects or names of files."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.catalog.model import Finding
from tasks.artifacts import row
from tasks.gate import Masked, gate, mask_logs, told
from tasks.morning import line_of, tell_morning
from tasks.watch import watch
from tests.flows.alerting import Office, with_bots
from tests.notify.server import messenger

NAME = "绿源净水设备有限公司"
CONTACT = "欧阳翠花"
SECRETS = {
    "name": NAME,
    "short name": "绿源净水设备",
    "contact": CONTACT,
    "credit code": "91110000MA01ABCD5X",
    "bank account": "6222021234567890123",
    "phone": "13812345678",
    "identity number": "110101199003078515",
}
FULL = " ".join(SECRETS.values())
CONTACT_YAML = f"contact: {{name: {CONTACT}, email: c@example.cn}}\n"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with messenger() as bots:
        with_bots(home, bots)
        file = home / "clients" / "c001.yaml"
        text = file.read_text("utf-8").replace("示例商贸有限公司", NAME)
        file.write_text(CONTACT_YAML + text, "utf-8")
        made = Office(home, bots)
        bots.now = made.seconds
        yield made


@pytest.fixture
def masked(office: Office) -> Iterator[None]:
    mask_logs()
    yield
    Masked.remove()


def leaks(text: str) -> list[str]:
    """Return which secrets a text holds."""
    return [kind for kind, secret in SECRETS.items() if secret in text]


FINDINGS = (
    Finding("the operating system refused: {reason}", (("reason", FULL),), hint="Look: {reason}"),
    Finding("{path} could not be read and is not in the backup", (("path", f"账/{FULL}.xls"),)),
)


def test_alerts_mails_and_the_morning_line_hold_none(office: Office) -> None:
    office.ran(c001="failed", findings=FINDINGS)
    office.ran("validation", run=f"v {FULL}", c001="failed", findings=FINDINGS)
    with office.open() as site:
        watch(site, wait=office.wait)
        tell_morning(site, line_of(site, office.now.date()), wait=office.wait)
        names = "".join(path.name for path in site.outbox.folder.rglob("*"))
    assert len(office.bots.texts) > 4
    mails = [str(mail) + str(mail["Subject"]) + _bodies(mail) for mail in office.mails()]
    for text in (*office.bots.texts, *mails, names):
        assert leaks(text) == []


def _bodies(mail: object) -> str:
    return "".join(
        str(part.get_content())
        for part in mail.walk()  # type: ignore[attr-defined]
        if part.get_content_maintype() == "text"
    )


def test_the_rows_of_a_runs_page_hold_none(office: Office) -> None:
    office.ran(c001="failed", findings=FINDINGS)
    with office.open() as site:
        (outcome,) = site.catalog.outcomes()
        assert leaks(str(row(outcome, gate(site).masked))) == []


def test_names_of_files_are_no_part_of_a_told_finding() -> None:
    assert leaks(told(FINDINGS[1], "zh_CN")) == []


@pytest.mark.usefixtures("masked")
def test_no_record_of_the_log_holds_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("any.library")
    log.info("plain %s", FULL)
    log.info("named %(it)s", {"it": FULL})
    log.warning(FULL)
    assert len(caplog.records) == 3
    assert leaks(caplog.text + "".join(str(vars(record)) for record in caplog.records)) == []


@pytest.mark.usefixtures("masked")
def test_no_trace_in_the_log_holds_one(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(FULL)
    except ValueError:
        logging.getLogger("any").exception("failed: %s", FULL)
    assert "ValueError" in caplog.text
    assert leaks(caplog.text + str(vars(caplog.records[0]))) == []


@pytest.mark.usefixtures("masked")
def test_a_handler_that_is_added_later_sees_none() -> None:
    seen: list[str] = []

    class Late(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(self.format(record))

    logger, late = logging.getLogger("late"), Late()
    logger.addHandler(late)
    logger.error("again %s", NAME)
    logger.removeHandler(late)
    assert seen == ["again 绿＊＊＊＊＊＊＊＊＊"]


@pytest.mark.usefixtures("masked")
def test_a_broken_call_of_the_log_neither_stops_the_work_nor_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = "%d of %s"
    logging.getLogger("any").error(words, NAME)
    assert len(caplog.records) == 1
    assert NAME not in caplog.text


@pytest.mark.usefixtures("masked")
def test_the_agency_may_be_named(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").warning("示例代理记账有限公司")
    assert "示例代理记账有限公司" in caplog.text


def test_masking_twice_is_masking_once(office: Office) -> None:
    before = logging.getLogRecordFactory()
    with office.open() as site:
        Masked.install(gate(site))
        Masked.install(gate(site))
    Masked.remove()
    assert logging.getLogRecordFactory() is before
