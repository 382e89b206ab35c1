"""Letters held against a log: what a mail server does to one is nothing, forgery shows."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from baozhang.audit.letters import WRITTEN, judge_all, letter_facts, records_of
from baozhang.audit.log import AuditLog
from baozhang.errors import UsageError
from tests.audit.logs import Ticking

SUBJECT, TEXT, HTML, PDF = (
    "【正常】可恢复性证明",
    "已证实\n第二行\n",
    "<p>已证实</p>\n",
    b"%PDF-1.7 x",
)
VALUE = b'{"kind":"certificate"}'


def message(*, text: str = TEXT, html: str = HTML, pdf: bytes = PDF) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["Subject"], made["X-Baozhang-Letter"] = SUBJECT, "000003-certificate-zh_CN"
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    if pdf:
        made.add_attachment(pdf, maintype="application", subtype="pdf", filename="证明.pdf")
    return made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "audit"
    bodies = {"subject_zh_cn": SUBJECT, "text_zh_cn": TEXT, "html_zh_cn": HTML}
    files = {"pdf_zh_cn": PDF, "eml_zh_cn": message().as_bytes(), "value": VALUE}
    AuditLog.open(folder, Ticking()).append(
        actor="monthly",
        action=WRITTEN,
        subject="certificate/000003",
        kind="certificate",
        number=3,
        period="2026-07",
        **letter_facts(bodies, files),
    )
    return folder


def judged(log: Path, content: bytes, name: str = "letter.eml") -> tuple[str, tuple[str, ...]]:
    file = log.parent / name
    file.write_bytes(content)
    (found,) = judge_all([file], log)
    return found.state, found.parts


def test_a_message_as_it_was_put_out_is_sound(log: Path) -> None:
    assert judged(log, message().as_bytes()) == ("sound", ())


def test_a_message_that_a_server_encoded_and_headed_anew_is_sound(log: Path) -> None:
    relayed = message()
    relayed["Received"] = "from a by b"
    assert judged(log, relayed.as_bytes(policy=SMTP.clone(cte_type="8bit"))) == ("sound", ())


@pytest.mark.parametrize(
    ("forged", "parts"),
    [
        (message(text=TEXT.replace("已", "未")), ("text",)),
        (message(html="<p>未证实</p>\n"), ("html",)),
        (message(pdf=b"%PDF-1.7 y"), ("pdf",)),
        (message(pdf=b""), ("pdf",)),
    ],
    ids=["text", "html", "pdf", "no pdf"],
)
def test_an_altered_part_is_named(log: Path, forged: EmailMessage, parts: tuple[str, ...]) -> None:
    assert judged(log, forged.as_bytes()) == ("altered", parts)


def test_an_altered_subject_is_named(log: Path) -> None:
    forged = message()
    forged.replace_header("Subject", "【失败】可恢复性证明")
    assert judged(log, forged.as_bytes()) == ("altered", ("subject",))


def test_a_second_text_slipped_in_is_named(log: Path) -> None:
    forged = message()
    forged.add_attachment("已证实 100%".encode(), maintype="text", subtype="plain")
    assert judged(log, forged.as_bytes()) == ("altered", ("text",))


def test_a_pdf_alone_is_sound(log: Path) -> None:
    assert judged(log, PDF, "anything.pdf") == ("sound", ())


def test_a_value_is_sound_whatever_its_file_is_called(log: Path) -> None:
    assert judged(log, VALUE, "x.json") == ("sound", ())


def test_an_altered_value_is_known_by_its_file_s_name(log: Path) -> None:
    name = "000003-certificate-2026-07-c001.json"
    assert judged(log, VALUE + b" ", name) == ("altered", (".json",))


def test_what_no_log_knows_is_unknown(log: Path) -> None:
    assert judged(log, b"hello", "000004-certificate-2026-07.json") == ("unknown", ())


def test_a_letter_that_is_not_there_is_told(log: Path) -> None:
    with pytest.raises(UsageError):
        judge_all([log / "none.eml"], log)


def test_hashes_of_bodies_do_not_depend_on_line_ends() -> None:
    assert letter_facts({"a": "x\r\ny\r\n"}, {}) == letter_facts({"a": "x\ny"}, {})


def test_hashes_of_files_are_of_their_bytes() -> None:
    assert letter_facts({}, {"pdf": PDF})["pdf"] == hashlib.sha256(PDF).hexdigest()


def test_records_of_other_actions_are_left_out(log: Path) -> None:
    AuditLog.open(log, Ticking()).append(actor="u01", action="vault.restored", subject="c001/main")
    assert [each.entry.action for each in records_of(log, WRITTEN)] == [WRITTEN]
