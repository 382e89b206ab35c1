"""Neither password nor letter leaves unencrypted, and what goes wrong is named, not quoted."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as Conversation

from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.mail.smtp import Account, MailServerError, Reply, Session, Step, Tls
from tests.mail.office import Office, open_office
from tests.servers.postgres import free_port

PASSWORD = "a secret that nobody may read"
LETTER = b"Subject: x\r\n\r\n.hello\r\n"


class Guarded:
    """A server with TLS and AUTH that repeats, when it refuses, whatever it was told."""

    def __init__(self, folder: Path, tls: Tls, *, refuse: str = "") -> None:
        self.certificate = make_certificate(folder)
        self.office = Office(free_port())
        self.refuse = refuse
        self.seen: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        self.controller = Controller(
            self.office,
            hostname="127.0.0.1",
            port=self.office.port,
            ssl_context=context if tls == "implicit" else None,
            tls_context=context if tls == "starttls" else None,
            authenticator=self.judge,
            auth_required=True,
            auth_require_tls=tls == "starttls",
        )
        self.account = Account(
            "localhost",
            tls,
            self.office.port,
            "backup@agency.example",
            lambda: PASSWORD,
            self.certificate,
            timeout=5,
        )

    def judge(
        self, server: SMTP, session: Conversation, envelope: Envelope, how: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.seen.append(given.password.decode())
        if self.refuse:
            return AuthResult(success=False, handled=False, message=f"{self.refuse} {given}")
        return AuthResult(success=True)


def make_certificate(folder: Path) -> Path:
    words = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-keyout", str(folder / "key.pem"), "-out", str(folder / "own.pem")),
        *("-days", "9", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
    ]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "own.pem"


@pytest.fixture(params=["implicit", "starttls"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path, request.param)
    made.controller.start()
    yield made
    made.controller.stop()


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


def refused(account: Account) -> BaozhangError:
    with pytest.raises(BaozhangError) as caught:
        Session(account)
    return caught.value


def test_a_letter_goes_over_tls_after_a_login(guarded: Guarded) -> None:
    with Session(guarded.account) as session:
        answer = session.send("backup@agency.example", ["wang@agency.example"], LETTER)
    assert answer.replies == {"wang@agency.example": Reply(250)}
    assert guarded.office.taken == [(("wang@agency.example",), LETTER)]
    assert guarded.seen == [PASSWORD]


def test_every_step_is_told_in_its_order(guarded: Guarded) -> None:
    steps: list[Step] = []
    with Session(guarded.account, lambda step, _: steps.append(step)) as session:
        session.send("backup@agency.example", ["wang@agency.example"], LETTER)
    assert steps == ["connect", "tls", "auth", "sender", "recipient", "letter"]


def test_a_wrong_password_is_a_matter_for_a_person(guarded: Guarded) -> None:
    guarded.refuse = "535 5.7.8"
    error = refused(guarded.account)
    assert isinstance(error, MailServerError)
    assert error.facts == {"server": guarded.account.place, "code": 535}


def test_a_password_that_the_server_repeats_is_in_no_error_and_no_trace(guarded: Guarded) -> None:
    guarded.refuse = "535 5.7.8"
    error = refused(guarded.account)
    assert PASSWORD not in "".join(format_exception(error)) + repr(error) + repr(guarded.account)


def test_a_login_that_is_not_possible_now_is_tried_again(guarded: Guarded) -> None:
    guarded.refuse = "454 4.7.0"
    assert refused(guarded.account).transient


def test_a_certificate_that_is_not_trusted_ends_it_before_the_password(guarded: Guarded) -> None:
    account = Account(
        "localhost", guarded.account.tls, guarded.account.port, "u", lambda: PASSWORD, timeout=5
    )
    assert "certificate" in refused(account).template
    assert guarded.seen == []


def test_a_certificate_for_another_name_is_not_trusted(guarded: Guarded) -> None:
    account = Account(
        "127.0.0.1",
        guarded.account.tls,
        guarded.account.port,
        "u",
        lambda: PASSWORD,
        guarded.certificate,
        timeout=5,
    )
    assert "certificate" in refused(account).template


def test_a_password_beyond_ascii_is_refused_without_being_shown(guarded: Guarded) -> None:
    secret = "密码：天地玄黄"
    account = Account(
        "localhost",
        guarded.account.tls,
        guarded.account.port,
        "u",
        lambda: secret,
        guarded.certificate,
        timeout=5,
    )
    error = refused(account)
    assert isinstance(error, UsageError)
    assert secret not in "".join(format_exception(error))


def test_without_starttls_nothing_is_sent(office: Office) -> None:
    account = Account("localhost", "starttls", office.port, "u", lambda: PASSWORD, timeout=5)
    assert "STARTTLS" in refused(account).template
    assert office.sessions == 1  # it said hello and went


def test_a_server_without_tls_at_the_port_for_tls_is_named(office: Office) -> None:
    account = Account("localhost", "implicit", office.port, timeout=5)
    error = refused(account)
    assert isinstance(error, MailServerError)
    assert "465" in error.hint


@pytest.mark.parametrize(
    "host", ["mail.example.com", "127.0.0.1.example.com", "0.0.0.0", "10.0.0.1"]
)
def test_no_letter_goes_in_the_clear_to_another_machine(host: str) -> None:
    assert isinstance(refused(Account(host, "off", 25, timeout=0.1)), UsageError)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_may_take_letters_in_the_clear(office: Office, host: str) -> None:
    with Session(Account(host, "off", office.port, timeout=5)) as session:
        session.send("a@b.example", ["c@d.example"], LETTER)
    assert office.taken == [(("c@d.example",), LETTER)]


def test_a_server_without_logins_is_named(office: Office) -> None:
    account = Account("localhost", "off", office.port, "u", lambda: PASSWORD, timeout=5)
    assert "login" in refused(account).template


def test_a_server_that_does_not_run_is_unreachable_and_named() -> None:
    account = Account("127.0.0.1", "off", free_port(), timeout=2)
    error = refused(account)
    assert isinstance(error, UnreachableError)
    assert (error.transient, error.facts["server"]) == (True, account.place)


def test_a_server_that_has_no_address_is_unreachable() -> None:
    error = refused(Account("mail.nowhere.invalid", timeout=2))
    assert isinstance(error, UnreachableError)


def test_a_server_that_is_too_busy_is_tried_again(office: Office) -> None:
    office.mail = ["421 busy"]
    with Session(office.account()) as session, pytest.raises(UnreachableError) as caught:
        session.send("a@b.example", ["c@d.example"], LETTER)
    assert caught.value.transient


def test_answers_are_told_apart_recipient_by_recipient(office: Office) -> None:
    office.to = {"c@d.example": "552 5.2.2 <c@d.example> is full", "e@f.example": "450 later"}
    with Session(office.account()) as session:
        answer = session.send("a@b.example", ["c@d.example", "e@f.example", "g@h.example"], LETTER)
    assert answer.replies == {
        "c@d.example": Reply(552, "5.2.2"),
        "e@f.example": Reply(450),
        "g@h.example": Reply(250),
    }


def test_after_a_refusal_the_conversation_goes_on(office: Office) -> None:
    office.to = {"c@d.example": "550 no"}
    with Session(office.account()) as session:
        session.send("a@b.example", ["c@d.example"], LETTER)
        answer = session.send("a@b.example", ["e@f.example"], LETTER)
    assert answer.replies["e@f.example"].accepted


def test_a_certificates_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    account = Account("localhost", "starttls", free_port(), ca=tmp_path / "ca.pem", timeout=2)
    with open_office() as office:
        used = Account("localhost", "implicit", office.port, ca=account.ca, timeout=5)
        assert isinstance(refused(used), UsageError)
