"""A conversation with the server that takes our letters: encrypted, authenticated, answered.

    connect ──► TLS ──► AUTH ──► sender ──► each recipient ──► letter

TLS is implicit (RFC 8314) or begun by STARTTLS (RFC 3207); the certificate is always verified.
Without TLS neither password nor letter is sent, but to this machine itself.  What the server says
of a single recipient is an answer (`Reply`); what keeps it from taking any letter is an error.

Nothing that is raised or told here holds a password or an address.
"""

import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from baozhang.errors import UnreachableError, UsageError

Tls = Literal["implicit", "starttls", "off"]
Step = Literal["connect", "tls", "auth", "sender", "recipient", "letter"]
Told = Callable[[Step, str], None]
"""Is told of each step that went well, and a fact of it: a protocol, a reply's code."""

PORTS: dict[Tls, int] = {"implicit": 465, "starttls": 587, "off": 25}
"""RFC 8314, section 3.3; RFC 6409, section 3.1; RFC 5321, section 4.5.4.2."""
LOGINS = frozenset({"CRAM-MD5", "PLAIN", "LOGIN"})
"""What the library speaks."""
TIMEOUT = 60.0  # seconds for each answer; RFC 5321 (4.5.3.2) allows minutes
TAKING = 10  # times as long for the answer to a letter, which is looked through for viruses first:
# who hangs up meanwhile sends it once more (RFC 5321, 4.5.3.2.6: ten minutes)
OURSELVES = "[127.0.0.1]"  # the name of this machine is nobody's business (RFC 5321, 4.1.3)
CLOSING = 421  # the server ends the conversation, whatever was asked
TOO_BIG = 552  # at MAIL: more than the server takes (RFC 1870, section 6.1)
PERMANENT = 500  # from here on, the same command will be refused again
_STATUS = re.compile(rb"(?:^|\s)([245]\.\d{1,3}\.\d{1,3})(?![.\d])")


class MailServerError(UnreachableError):
    """The mail server answers and will not take letters from us; a person must look."""

    transient = False


@dataclass(frozen=True, slots=True)
class Account:
    """Where letters are handed over, and as whom."""

    host: str
    tls: Tls = "implicit"
    port: int | None = None  # None: the usual one
    user: str | None = field(default=None, repr=False)  # None: no AUTH
    password: Callable[[], str] | None = field(default=None, repr=False)  # read when it is needed
    ca: Path | None = None  # certificates to verify by; None: the system's
    timeout: float = TIMEOUT

    @property
    def place(self) -> str:
        """The server as people write it."""
        return f"{self.host}:{self.port or PORTS[self.tls]}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered; its words are left out, for they may repeat an address."""

    code: int  # RFC 5321, section 4.2; 0: no answer came
    status: str = ""  # RFC 3463, e.g. "5.2.2": the mailbox is full

    @property
    def accepted(self) -> bool:
        """The server has taken the letter for this recipient."""
        return 200 <= self.code < 400

    @property
    def permanent(self) -> bool:
        """Sending the same again is of no use."""
        return self.code >= PERMANENT


NO_REPLY = Reply(0)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answers for one letter, recipient by recipient."""

    replies: dict[str, Reply]
    together: tuple[str, ...] = ()
    """Whom the server would have accepted before it refused the letter itself, for all of them."""


def unheard(_step: Step, _fact: str) -> None:
    """Tell nobody."""


class Session:
    """An open conversation; use it in a `with` block."""

    def __init__(self, account: Account, told: Told = unheard) -> None:
        """Connect, encrypt and log in.

        Raises:
            UsageError: letters would go over the network in the clear, or the password has
                characters that AUTH does not carry.
            MailServerError: no TLS, a certificate that is not trusted, a refused login.
            UnreachableError: the server does not answer, or is too busy to.
        """
        _refuse_clear_text(account)
        self._account = account
        self._told = told
        with _translated(account):
            self._smtp = self._connected()
            try:
                self._encrypt()
                self._log_in()
            except BaseException:
                self._smtp.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave, where somebody still listens."""
        with suppress(smtplib.SMTPException, OSError):
            self._smtp.quit()
        self._smtp.close()

    def send(self, sender: str, recipients: Sequence[str], letter: bytes) -> Answer:
        """Hand over one letter, and return the server's answer for every recipient.

        Raises:
            MailServerError: the server does not take letters of this sender at all.
            UnreachableError: the conversation broke; whether the letter was taken is not known.
        """
        with _translated(self._account):
            reply = self._begin(sender, letter)
            if not reply.accepted:
                return Answer(dict.fromkeys(recipients, reply))
            self._told("sender", str(reply.code))
            replies = {each: self._reply(*self._smtp.rcpt(each)) for each in recipients}
            accepted = [each for each, its in replies.items() if its.accepted]
            if not accepted:
                self._smtp.rset()
                return Answer(replies)
            self._told("recipient", str(replies[accepted[0]].code))
            taken = self._data(letter)
            answer = replies | dict.fromkeys(accepted, taken)
            if taken.accepted:
                self._told("letter", str(taken.code))
                return Answer(answer)
            with suppress(smtplib.SMTPException, OSError):  # the answer is known already
                self._smtp.rset()  # else a server that refused DATA itself goes on with it
            return Answer(answer, tuple(accepted))

    def _connected(self) -> smtplib.SMTP:
        account = self._account
        port = account.port or PORTS[account.tls]
        if account.tls == "implicit":
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                account.host,
                port,
                local_hostname=OURSELVES,
                timeout=account.timeout,
                context=_context(account),
            )
        else:
            made = smtplib.SMTP(
                account.host, port, local_hostname=OURSELVES, timeout=account.timeout
            )
        self._told("connect", account.place)
        return made

    def _encrypt(self) -> None:
        if self._account.tls == "starttls":
            self._begin_tls()
        self._smtp.ehlo_or_helo_if_needed()
        if isinstance(self._smtp.sock, ssl.SSLSocket):
            self._told("tls", self._smtp.sock.version() or "")

    def _begin_tls(self) -> None:
        try:
            self._smtp.starttls(context=_context(self._account))
        except smtplib.SMTPNotSupportedError as error:
            raise MailServerError(
                "the mail server {server} offers no encryption (STARTTLS)",
                hint="Check port and tls: 465 and 994 are implicit, 587 is starttls.",
                server=self._account.place,
            ) from error

    def _log_in(self) -> None:
        account = self._account
        if not account.user:
            return
        password = account.password() if account.password else ""
        if not (account.user + password).isascii():
            raise UsageError(
                "user or password of the mail server has characters beyond ASCII",
                hint="Give the mailbox a password of ASCII letters, digits and signs.",
            )
        if not LOGINS & set(self._smtp.esmtp_features.get("auth", "").upper().split()):
            raise MailServerError(
                "the mail server {server} offers no login",
                hint="Check port and tls; without a login leave out `mail.server.user`.",
                server=account.place,
            )
        try:
            code, _ = self._smtp.login(account.user, password)
        except smtplib.SMTPAuthenticationError as error:
            # A server may repeat what it was sent; the chain would be shown with it.
            raise self._refused_login(error.smtp_code) from None
        self._told("auth", str(code))

    def _refused_login(self, code: int) -> UnreachableError:
        if code < PERMANENT:
            return _busy(self._account, code)
        return MailServerError(
            "the mail server {server} refuses user and password ({code})",
            hint="Check `mail.server` in agency.yaml; some providers want a password of its own"
            " for mail programs.",
            server=self._account.place,
            code=code,
        )

    def _begin(self, sender: str, letter: bytes) -> Reply:
        """Name the sender; only a letter that is too big is the letter's own fault."""
        options = [f"size={len(letter)}"] if self._smtp.has_extn("size") else []
        reply = self._reply(*self._smtp.mail(sender, options))
        if reply.accepted or reply.code == TOO_BIG or reply.status in {"5.3.4", "5.2.3"}:
            return reply
        if not reply.permanent:
            raise _busy(self._account, reply.code)
        raise MailServerError(
            "the mail server {server} takes no letters from the agency's address ({code})",
            hint="Write the address of the mailbox that logs in as `mail.sender`.",
            server=self._account.place,
            code=reply.code,
        )

    def _data(self, letter: bytes) -> Reply:
        assert self._smtp.sock
        self._smtp.sock.settimeout(self._account.timeout * TAKING)
        try:
            reply = self._reply(*self._smtp.data(letter))
            self._smtp.sock.settimeout(self._account.timeout)
            return reply
        except smtplib.SMTPDataError as error:  # refused before it was sent
            words = error.smtp_error
            return self._reply(error.smtp_code, words if isinstance(words, bytes) else b"")

    def _reply(self, code: int, words: bytes) -> Reply:
        if code == CLOSING or code < 0:
            raise _busy(self._account, code)
        found = _STATUS.search(words)
        return Reply(code, found[1].decode() if found else "")


def _refuse_clear_text(account: Account) -> None:
    if account.tls == "off" and not _is_this_machine(account.host):
        raise UsageError(
            "letters to {server} would go over the network for everybody to read",
            hint="Set `tls` of mail.server to implicit or starttls.",
            server=account.place,
        )


def _is_this_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere tomorrow


def _context(account: Account) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=account.ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            "the certificates {path} cannot be read: {reason}",
            hint="Name a PEM file of certificates as `mail.server.ca`, or leave it out.",
            path=account.ca,
            reason=error.strerror or type(error).__name__,
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _translated(account: Account) -> Iterator[None]:
    """Turn what the library raises into our words, the nearest cause first."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailServerError(
            "the certificate of the mail server {server} is not trusted: {reason}",
            hint="Check `host`; for a server of your own, name its issuer's certificate as"
            " `mail.server.ca`.",
            server=account.place,
            reason=error.verify_message,
        ) from error
    except ssl.SSLError as error:
        raise MailServerError(
            "no encrypted connection with the mail server {server}: {reason}",
            hint="Check port and tls: 465 and 994 are implicit, 587 is starttls.",
            server=account.place,
            reason=error.reason or type(error).__name__,
        ) from error
    except smtplib.SMTPResponseException as error:
        raise _busy(account, error.smtp_code) from error
    except smtplib.SMTPException as error:
        raise UnreachableError(
            "the mail server {server} broke off the conversation",
            hint="Nothing needs doing: it is tried again; if it stays so, check port and tls.",
            server=account.place,
        ) from error
    except socket.gaierror as error:
        raise _silent(account, error.strerror or "") from error
    except OSError as error:
        raise _silent(account, error.strerror or type(error).__name__) from error


def _busy(account: Account, code: int) -> UnreachableError:
    """Return the error of a server that speaks, but takes nothing now."""
    if code >= PERMANENT:
        return MailServerError(
            "the mail server {server} does not serve us ({code})",
            hint="Ask the provider whether this machine's address is blocked.",
            server=account.place,
            code=code,
        )
    return UnreachableError(
        "the mail server {server} takes nothing at the moment ({code})",
        hint="Nothing needs doing: it is tried again.",
        server=account.place,
        code=code,
    )


def _silent(account: Account, reason: str) -> UnreachableError:
    return UnreachableError(
        "the mail server {server} cannot be reached: {reason}",
        hint="Check `mail.server` in agency.yaml, and this machine's way to the network.",
        server=account.place,
        reason=reason,
    )
