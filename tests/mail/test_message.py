"""A message carries its letter whole, and nothing can speak through its headers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import UsageError
from baozhang.mail.message import (
    Attachment,
    Correspondent,
    InlinePicture,
    Urgency,
    build_message,
    file_name,
    letter_name,
    one_line,
)
from reports.page import Inline

AT = datetime(2026, 7, 31, 16, 5, tzinfo=UTC)
OFFICE = Correspondent("保账 备份", "backup@agency.example")
OWNER = Correspondent("王总", "owner@agency.example")
TEXT = "全部 4 户客户备份完成。\n\n" + "一行很长的文字" * 60 + "\n.\nFrom here\n"
HTML = "<!DOCTYPE html><p>全部 4 户客户备份完成。</p>" + "<b>长</b>" * 2_000


def message(
    *,
    number: int = 17,
    kind: str = "night",
    language: str = "zh_CN",
    subject: str = "【正常】夜间备份报告 2026-07-31：4 户全部正常（保账第 000017 号）",
    fingerprint: str = "ab" * 32,
    sender: Correspondent = OFFICE,
    recipients: tuple[Correspondent, ...] = (OWNER,),
    at: datetime = AT,
    pictures: Sequence[InlinePicture] = (),
    attachments: Sequence[Attachment] = (),
    when: Urgency = "immediate",
    contains: Sequence[str] = (),
) -> EmailMessage:
    return build_message(
        number=number,
        kind=kind,
        language=language,
        subject=subject,
        text=TEXT,
        html=HTML,
        fingerprint=fingerprint,
        sender=sender,
        recipients=recipients,
        at=at,
        pictures=pictures,
        attachments=attachments,
        when=when,
        contains=contains,
    )


def read_back(built: EmailMessage) -> EmailMessage:
    read = message_from_bytes(built.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    assert read.defects == []
    return read


def body(read: EmailMessage, kind: str) -> str:
    part = read.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")  # text travels with CRLF (RFC 2046, section 4.1.1)


def test_a_chinese_subject_comes_back() -> None:
    subject = read_back(message())["Subject"]
    assert subject == "【正常】夜间备份报告 2026-07-31：4 户全部正常（保账第 000017 号）"


def test_the_text_comes_back_to_the_letter() -> None:
    assert body(read_back(message()), "plain") == TEXT


def test_the_html_comes_back_to_the_letter() -> None:
    assert body(read_back(message()), "html").rstrip("\n") == HTML


def test_people_come_back_with_their_chinese_names() -> None:
    read = read_back(message())
    assert read["From"].addresses[0].display_name == "保账 备份"
    assert read["To"].addresses[0].addr_spec == "owner@agency.example"


def test_the_language_is_named_in_a_header() -> None:
    assert read_back(message())["Content-Language"] == "zh-CN"


def test_the_letter_is_named_in_a_header() -> None:
    assert read_back(message())["X-Baozhang-Letter"] == "000017-night-zh_CN"


def test_the_date_is_the_instant_given() -> None:
    assert read_back(message())["Date"].datetime == AT


def test_a_message_passes_servers_that_know_ascii_only() -> None:
    assert message().as_bytes().isascii()


def test_no_line_is_longer_than_a_server_takes() -> None:
    assert max(len(line) for line in message().as_bytes().split(b"\r\n")) <= 998


def test_a_letter_sent_again_is_recognised_by_its_message_id() -> None:
    later = datetime(2026, 8, 1, 1, 0, tzinfo=UTC)
    assert message()["Message-ID"] == message(at=later)["Message-ID"]


def test_a_letter_built_twice_has_the_same_bytes() -> None:
    assert message().as_bytes() == message().as_bytes()


@pytest.mark.parametrize(
    "other",
    [
        message(number=18),
        message(kind="validation"),
        message(language="en"),
        message(fingerprint="cd" * 32),
        message(sender=Correspondent("", "backup@other.example")),
    ],
)
def test_another_letter_has_another_message_id(other: EmailMessage) -> None:
    assert other["Message-ID"] != message()["Message-ID"]


def test_a_line_end_in_a_subject_makes_no_header() -> None:
    read = read_back(message(subject="x\r\nBcc: thief@example.com\n\nhello"))
    assert read["Bcc"] is None
    assert read["Subject"] == "x Bcc: thief@example.com hello"


def test_a_line_end_in_a_name_makes_no_header() -> None:
    sly = Correspondent("王\r\nBcc: thief@example.com", "owner@agency.example")
    read = read_back(message(recipients=(sly,), sender=sly))
    assert read["Bcc"] is None
    assert [a.addr_spec for a in read["To"].addresses] == ["owner@agency.example"]


def test_a_name_that_looks_like_an_address_stays_a_name() -> None:
    sly = Correspondent('"x" <thief@example.com>, y', "owner@agency.example")
    read = read_back(message(recipients=(sly,)))
    assert [a.addr_spec for a in read["To"].addresses] == ["owner@agency.example"]


@pytest.mark.parametrize(
    "address",
    ["", "owner", "@", "a@", "@b", "a@b\r\nBcc: c@d", "a@b, c@d", "a b@c", "王@agency.example",
     "a@机构.example",
     "a@b>", "a@b\x00"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        message(recipients=(Correspondent("王总", address),))


def test_a_letter_to_nobody_is_refused() -> None:
    with pytest.raises(UsageError):
        message(recipients=())


@pytest.mark.parametrize(
    ("number", "kind", "language"),
    [(0, "night", "en"), (-3, "night", "en"), (1, "../night", "en"), (1, "night", "en\r\n"),
     (1, "", "en"), (1, "night\n", "en")],
)  # fmt: skip
def test_a_letter_without_a_proper_name_is_refused(number: int, kind: str, language: str) -> None:
    with pytest.raises(UsageError):
        letter_name(number, kind, language)


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_no_subject_can_add_a_header(subject: str) -> None:
    read = read_back(message(subject=subject))
    assert read.keys() == message().keys()


@given(st.text())
def test_one_line_is_one_line(words: str) -> None:
    assert len(one_line(words).splitlines()) <= 1


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PDF = b"%PDF-1.7\r\n" + bytes(range(256)) * 90 + b"\n%%EOF"
CHART = Inline("chart-1.abc@baozhang", PNG, "一张图")
FILED = Attachment("夜间备份报告_000017_2026-07-31.pdf", "application/pdf", PDF)


def whole(**named: object) -> EmailMessage:
    return read_back(message(pictures=(CHART,), attachments=(FILED,), **named))  # type: ignore[arg-type]


def types(part: EmailMessage) -> object:
    """Return how the parts of a message are nested."""
    if not part.is_multipart():
        return part.get_content_type()
    return (part.get_content_subtype(), *map(types, part.iter_parts()))


def test_text_html_pictures_and_files_are_nested_as_mail_programs_expect() -> None:
    html = ("related", "text/html", "image/png")
    assert types(whole()) == ("mixed", ("alternative", "text/plain", html), "application/pdf")


def test_a_letter_without_files_is_the_alternative_alone() -> None:
    assert types(read_back(message())) == ("alternative", "text/plain", "text/html")


def test_a_picture_comes_back_to_the_byte_under_its_content_id() -> None:
    picture = next(part for part in whole().walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<chart-1.abc@baozhang>"
    assert picture.get_content() == PNG


def test_a_file_comes_back_to_the_byte_under_its_chinese_name() -> None:
    (filed,) = whole().iter_attachments()
    assert filed.get_filename() == FILED.name
    assert filed.get_content() == PDF


def test_a_whole_letter_built_twice_has_the_same_bytes() -> None:
    twice = [message(pictures=(CHART,), attachments=(FILED,)).as_bytes() for _ in range(2)]
    assert twice[0] == twice[1]


def test_no_boundary_is_the_beginning_of_another() -> None:
    made = [part.get_boundary() or "" for part in whole().walk() if part.is_multipart()]
    assert len(made) == 3
    assert not [a for a in made for b in made if a != b and b.startswith(a)]


def test_a_whole_letter_passes_servers_that_know_short_ascii_lines_only() -> None:
    content = message(pictures=(CHART,), attachments=(FILED,)).as_bytes()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("when", ["immediate", "digest", "incident"])
def test_a_letter_says_how_soon_it_goes_out(when: Urgency) -> None:
    assert read_back(message(when=when))["X-Baozhang-Class"] == when


def test_a_letter_that_stands_for_others_refers_to_them() -> None:
    made = [f"<bz{n}.{'ab' * 12}@agency.example>" for n in range(300)]
    assert str(read_back(message(contains=made))["References"]).split() == made


@pytest.mark.parametrize(
    ("named", "safe"),
    [
        ("a\r\nBcc: thief@example.com.pdf", "a Bcc_ thief@example.com.pdf"),
        ("../../etc/cron.d/报告.pdf", "_.._etc_cron.d_报告.pdf"),
        ('a"; filename="evil.exe', "a_; filename=_evil.exe"),
        ("C:\\报告\x00.pdf", "C__报告 .pdf"),
        ("", "_"),
        ("..", "_"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_of_a_file_holds_nothing_that_a_system_could_misread(named: str, safe: str) -> None:
    assert file_name(named) == safe


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_no_name_of_a_file_can_add_a_header(named: str) -> None:
    made = message(attachments=(Attachment(named, "application/pdf", PDF),))
    (filed,) = read_back(made).iter_attachments()
    assert set(filed.keys()) == {
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "MIME-Version",
    }
    assert filed.get_content() == PDF


@pytest.mark.parametrize("cid", ["", "a b", "a>\r\nX: y", "图", "a@b@c"])
def test_a_picture_without_a_proper_name_is_refused(cid: str) -> None:
    with pytest.raises(UsageError):
        message(pictures=(Inline(cid, PNG, ""),))


@pytest.mark.parametrize("mime", ["", "pdf", "multipart/mixed", "message/rfc822", "a/b\r\nX: y"])
def test_a_file_without_a_proper_kind_is_refused(mime: str) -> None:
    with pytest.raises(UsageError):
        message(attachments=(Attachment("a.pdf", mime, PDF),))


@pytest.mark.parametrize("contained", ["x", "<a>\r\nBcc: c@d", "<a b>"])
def test_what_is_no_message_id_is_refused(contained: str) -> None:
    with pytest.raises(UsageError):
        message(contains=(contained,))
