"""A letter arrives in a real mailbox as it was written, whatever happens to the server meanwhile.

Exim takes it, Dovecot keeps it, and it is read back over IMAPS.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from baozhang.mail.message import Attachment, Correspondent
from baozhang.mail.outbox import Outbox
from baozhang.mail.smtp import Tls
from reports.page import Inline
from tests.mail.office import NOON, Watch, postman
from tests.mail.test_message import HTML, PDF, PNG, TEXT, message
from tests.servers.mail import (
    DOMAIN,
    FULL,
    USER,
    MailServer,
    make_certificate,
    new_server,
)

pytestmark = pytest.mark.server

SENDER = Correspondent("保账 备份", USER)
MINUTES = timedelta(minutes=1)
CHARTS = (Inline("chart-1.ab@baozhang", PNG, "一"), Inline("chart-2.ab@baozhang", PNG[::-1], "二"))
FILED = Attachment("恢复测试报告_000017_2026-07-31.pdf", "application/pdf", PDF)


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    made = new_server()
    yield made
    made.end()


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.empty()
    running.start()
    return running


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


@pytest.fixture
def watch() -> Watch:
    return Watch()


def at(*people: str) -> tuple[Correspondent, ...]:
    return tuple(Correspondent("王总", f"{person}@{DOMAIN}") for person in people)


def letter(number: int = 17, *people: str, at_minute: int = 0) -> EmailMessage:
    return message(
        number=number,
        sender=SENDER,
        recipients=at(*(people or ("wang",))),
        pictures=CHARTS,
        attachments=(FILED,),
        at=NOON + at_minute * MINUTES,
    )


def numbers(found: list[EmailMessage]) -> list[int]:
    return [int(str(each["X-Baozhang-Letter"])[:6]) for each in found]


@pytest.fixture(params=["starttls", "implicit"])
def arrived(
    request: pytest.FixtureRequest, server: MailServer, outbox: Outbox, watch: Watch
) -> EmailMessage:
    """Return a letter with two charts and a PDF as it lies in the mailbox."""
    tls: Tls = request.param
    outbox.put(letter())
    done = postman(outbox, server.account(tls), watch).deliver()
    assert done.sent == ("000017-night-zh_CN",)
    (found,) = server.mailbox("wang")
    return found


def test_a_letter_arrives_whole(arrived: EmailMessage) -> None:
    """Subject, names, text, HTML, pictures and PDF, to the byte."""
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    parts = {part["Content-ID"]: part for part in arrived.walk() if part["Content-ID"]}
    (filed,) = arrived.iter_attachments()
    assert arrived["Subject"] == "【正常】夜间备份报告 2026-07-31：4 户全部正常（保账第 000017 号）"
    assert arrived["From"].addresses[0].display_name == "保账 备份"
    assert text.get_content().replace("\r\n", "\n") == TEXT
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == HTML
    assert {cid: part.get_content() for cid, part in parts.items()} == {
        f"<{each.cid}>": each.png for each in CHARTS
    }
    assert (filed.get_filename(), filed.get_content_type()) == (FILED.name, "application/pdf")
    assert filed.get_content() == PDF


def test_a_letter_arrives_as_the_bytes_that_were_written(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    """Below the head, that is: servers add lines to it."""
    content = outbox.put(letter()).read_bytes()
    postman(outbox, server.account(), watch).deliver()
    server.mailbox("wang")
    (raw,) = server.raw("wang")
    head, _, body = content.partition(b"\r\n\r\n")
    assert raw.partition(b"\r\n\r\n")[2] == body
    assert raw.partition(b"\r\n\r\n")[0].endswith(head)


def test_with_a_wrong_password_all_wait_and_one_alarm_is_raised(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    for number in (1, 2):
        outbox.put(letter(number, at_minute=number))
    wrong = postman(outbox, server.account(password="wrong"), watch)
    told = []
    for _ in range(3):
        told.append(wrong.deliver().newly_pressing)
        watch.pass_(90 * MINUTES)
    assert told == [True, False, False]
    assert "refuses user and password" in outbox.trouble().template  # type: ignore[union-attr]
    done = postman(outbox, server.account(), watch).deliver(hurry=True)
    assert (len(done.sent), done.trouble) == (2, None)
    assert numbers(server.mailbox("wang", at_least=2)) == [1, 2]


def test_a_mailbox_that_does_not_exist_is_parked_and_the_others_have_the_letter(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(17, "nobody", "wang", "zhang"))
    done = postman(outbox, server.account(), watch).deliver()
    assert done.parked == ("000017-night-zh_CN",)
    assert [len(server.mailbox(who)) for who in ("wang", "zhang")] == [1, 1]
    replies = [each.reply for each in outbox.letters("parked")[0].recipients]
    assert (replies[0].code, replies[0].status) == (550, "5.1.1")


def test_a_mailbox_that_is_full_is_parked_and_the_others_have_the_letter(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(17, FULL, "wang"))
    done = postman(outbox, server.account(), watch).deliver()
    assert done.parked == ("000017-night-zh_CN",)
    assert len(server.mailbox("wang")) == 1
    replies = [each.reply for each in outbox.letters("parked")[0].recipients]
    assert (replies[0].code, replies[0].status) == (552, "5.2.2")


def test_a_stranger_is_not_relayed_to(server: MailServer, outbox: Outbox, watch: Watch) -> None:
    outbox.put(message(sender=SENDER, recipients=(Correspondent("", "x@elsewhere.test"),)))
    assert postman(outbox, server.account(), watch).deliver().parked


def test_after_an_hour_without_a_server_all_letters_arrive_in_their_order(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    server.stop("exim4")
    carrier = postman(outbox, server.account(), watch)
    for number in range(1, 13):
        outbox.put(letter(number, at_minute=5 * number))
        assert carrier.deliver().sent == ()
        watch.pass_(5 * MINUTES)
    server.start()
    watch.pass_(15 * MINUTES)
    done = carrier.deliver()
    assert (len(done.sent), done.waiting, done.trouble) == (12, 0, None)
    assert sorted(numbers(server.mailbox("wang", at_least=12))) == list(range(1, 13))
    assert list(done.sent) == [f"{number:06d}-night-zh_CN" for number in range(1, 13)]


def test_a_server_whose_certificate_is_not_trusted_gets_no_letter(
    server: MailServer, outbox: Outbox, watch: Watch, tmp_path: Path
) -> None:
    outbox.put(letter())
    account = server.account(ca=make_certificate(tmp_path, "other"))
    done = postman(outbox, account, watch).deliver()
    assert (done.sent, done.waiting, done.newly_pressing) == ((), 1, True)
    assert server.raw("wang") == []


def test_without_a_login_no_letter_is_lost(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter())
    nameless = replace(server.account(), user=None)
    done = postman(outbox, nameless, watch).deliver()
    assert (done.waiting, done.parked, done.newly_pressing) == (1, (), True)


def test_a_sender_that_is_not_the_mailbox_is_a_matter_for_a_person(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    other = Correspondent("", f"other@{DOMAIN}")
    outbox.put(message(sender=other, recipients=at("wang")))
    done = postman(outbox, server.account(), watch).deliver()
    assert (done.waiting, done.parked, done.newly_pressing) == (1, (), True)


def test_letters_go_no_faster_than_the_provider_allows(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    """This one takes five letters in one conversation, and so the postman calls again."""
    for number in range(1, 13):
        outbox.put(letter(number, at_minute=number))
    done = postman(outbox, server.account(), watch, per_minute=7).deliver()
    assert (len(done.sent), watch.waited) == (12, 60.0)
    assert len(server.mailbox("wang", at_least=12)) == 12


def test_a_letter_bigger_than_the_server_takes_is_parked(
    server: MailServer, outbox: Outbox, watch: Watch
) -> None:
    heavy = replace(FILED, content=b"x" * 2**22)
    outbox.put(message(sender=SENDER, recipients=at("wang", "zhang"), attachments=(heavy,)))
    outbox.put(letter(18))
    done = postman(outbox, server.account(), watch).deliver()
    assert (done.parked, done.sent) == (("000017-night-zh_CN",), ("000018-night-zh_CN",))
