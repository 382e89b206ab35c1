"""A throw-away mail server of its own: Exim takes letters, Dovecot keeps the mailboxes.

    STARTTLS + AUTH ─┐
                     ├─► Exim ──LMTP──► Dovecot ──IMAPS──► mailbox(...)
    implicit TLS ────┘

Two daemons on free ports of this machine, with files in a temporary folder; no configuration of
the system is touched.  They begin as root, as mail servers do, and give that up by themselves.
Exim asks Dovecot about every recipient before it accepts the letter, so that a mailbox that does
not exist, or is full, is refused while the sender listens.
"""

import atexit
import imaplib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from time import monotonic, sleep

from baozhang.mail.smtp import Account, Tls
from tests.servers.postgres import free_port

HOST = "localhost"
DOMAIN = "agency.test"
USER, PASSWORD = f"backup@{DOMAIN}", "app: p\\ss"
MAILBOX_PASSWORD = "read it"
PEOPLE = ("wang", "zhang", "li")
FULL = "full"  # whose mailbox has no room
READY = 20.0  # seconds; daemons start in a tenth of one


class MailServer:
    """Exim and Dovecot with mailboxes of their own."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            raise RuntimeError("the mail servers of the tests must be started by root")
        self.folder = Path(tempfile.mkdtemp(prefix="bz-mail-"))
        self.starttls, self.implicit, self.lmtp, self.imaps = (free_port() for _ in range(4))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._make()
            self.start()
        except BaseException:
            self.end()
            raise

    @property
    def certificate(self) -> Path:
        """What the servers prove their name by; it is its own issuer."""
        return self.folder / "certificate.pem"

    def account(
        self, tls: Tls = "starttls", *, password: str = PASSWORD, ca: Path | None = None
    ) -> Account:
        """Return how a site hands its letters to this server."""
        port = self.implicit if tls == "implicit" else self.starttls
        return Account(
            HOST, tls, port, USER, lambda: password, ca=ca or self.certificate, timeout=20
        )

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        here = self.folder
        self._start("dovecot", "-c", str(here / "dovecot.conf"), "-F")
        self._start("exim4", "-C", str(here / "exim.conf"), "-bdf")
        for port in (self.starttls, self.implicit, self.lmtp, self.imaps):
            self._await(port)

    def stop(self, name: str = "exim4") -> None:
        """End one daemon with its children, as a machine that is switched off does."""
        daemon = self._running.pop(name)
        os.killpg(daemon.pid, signal.SIGKILL if name == "exim4" else signal.SIGTERM)
        daemon.wait()

    def end(self) -> None:
        """End both daemons by their ids, and leave nothing behind; ended twice is ended once."""
        for name in list(self._running):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def mailbox(self, person: str, *, at_least: int = 1) -> list[EmailMessage]:
        """Return the letters in somebody's mailbox as IMAP gives them, once so many are there."""
        until = monotonic() + READY
        while len(found := self._letters(person)) < at_least and monotonic() < until:
            sleep(0.05)  # Exim answers before it delivers
        return found

    def raw(self, person: str) -> list[bytes]:
        """Return the letters in somebody's mailbox, byte for byte."""
        context = ssl.create_default_context(cafile=self.certificate)
        with imaplib.IMAP4_SSL(HOST, self.imaps, ssl_context=context) as box:
            box.login(person, MAILBOX_PASSWORD)
            box.select(readonly=True)
            _, (numbers,) = box.search(None, "ALL")
            return [self._fetched(box, number) for number in numbers.decode().split()]

    def empty(self) -> None:
        """Throw every letter away."""
        for person in PEOPLE:
            shutil.rmtree(self.folder / "mail" / person, ignore_errors=True)

    def _letters(self, person: str) -> list[EmailMessage]:
        made = (message_from_bytes(raw, policy=default) for raw in self.raw(person))
        return [each for each in made if isinstance(each, EmailMessage)]

    def _fetched(self, box: imaplib.IMAP4_SSL, number: str) -> bytes:
        _, ((_, content), *_rest) = box.fetch(number, "(RFC822)")
        assert isinstance(content, bytes)
        return content

    def _make(self) -> None:
        self.folder.chmod(0o711)  # both daemons work under users of their own
        for name, user in (("mail", "dovecot"), ("run", "root"), ("spool", "Debian-exim"),
                           ("log", "Debian-exim")):  # fmt: skip
            (self.folder / name).mkdir(mode=0o755)
            shutil.chown(self.folder / name, user)
        make_certificate(self.folder, "certificate")
        key = self.folder / "certificate.key"
        shutil.chown(key, "root", "Debian-exim")
        key.chmod(0o640)
        lines = [f"{person}:{{PLAIN}}{MAILBOX_PASSWORD}::::::" for person in PEOPLE]
        lines.append(f"{FULL}:{{PLAIN}}{MAILBOX_PASSWORD}::::::userdb_quota_rule=*:storage=1K")
        (self.folder / "users").write_text("\n".join(lines) + "\n")
        self._fill(self.folder / "mail" / FULL)
        self._write("dovecot.conf", DOVECOT)
        self._write("exim.conf", EXIM)

    def _fill(self, box: Path) -> None:
        """Lay a letter into a mailbox that is bigger than the mailbox may be."""
        for folder in (box, *(box / name for name in ("new", "cur", "tmp"))):
            folder.mkdir()
            shutil.chown(folder, "dovecot")
        letter = box / "new" / "1.old"
        letter.write_bytes(b"Subject: old\r\n\r\n" + b"x" * 4096)
        shutil.chown(letter, "dovecot")

    def _write(self, name: str, template: str) -> None:
        ports = {"starttls": self.starttls, "implicit": self.implicit}
        told = {"lmtp": self.lmtp, "imaps": self.imaps, "folder": self.folder, "domain": DOMAIN}
        secrets = {"user": USER, "password": PASSWORD.replace("\\", "\\\\")}
        for key, value in {**ports, **told, **secrets}.items():
            template = template.replace(f"@{key}@", str(value))
        (self.folder / name).write_text(template)
        (self.folder / name).chmod(0o644)

    def _start(self, program: str, *words: str) -> None:
        if program in self._running:
            return
        with (self.folder / f"{program}.out").open("ab") as told:
            path = f"/usr/sbin/{program}"
            self._running[program] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", path, *words],  # it ends with the test run
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
            )

    def _await(self, port: int) -> None:
        until = monotonic() + READY
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if monotonic() > until:
                    raise RuntimeError(self._told()) from None
                sleep(0.02)

    def _told(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.out"))


def make_certificate(folder: Path, name: str) -> Path:
    """Make a key and a certificate for this machine that is its own issuer; return the latter."""
    made = folder / f"{name}.pem"
    words = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-keyout", str(folder / f"{name}.key"), "-out", str(made), "-days", "30"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
    ]
    subprocess.run(words, check=True, capture_output=True)
    return made


def new_server() -> MailServer:
    """Return a server that goes when the test run ends, however it ends."""
    server = MailServer()
    atexit.register(server.end)
    return server


DOVECOT = """\
base_dir = @folder@/run
state_dir = @folder@/run
log_path = @folder@/dovecot.out
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <@folder@/certificate.pem
ssl_key = <@folder@/certificate.key
mail_location = maildir:@folder@/mail/%n
mail_uid = dovecot
mail_gid = dovecot
first_valid_uid = 1
first_valid_gid = 1
auth_username_format = %Ln
mail_plugins = quota
lmtp_rcpt_check_quota = yes
plugin {
  quota = count:mailbox
  quota_vsizes = yes
  quota_rule = *:storage=200M
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN @folder@/users
}
userdb {
  driver = passwd-file
  args = @folder@/users
  default_fields = uid=dovecot gid=dovecot home=@folder@/mail/%n
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = @imaps@
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = @lmtp@
  }
}
"""

EXIM = """\
primary_hostname = mx.@domain@
spool_directory = @folder@/spool
log_file_path = @folder@/log/%slog
pid_file_path = @folder@/exim.pid
daemon_smtp_ports = @starttls@ : @implicit@
tls_on_connect_ports = @implicit@
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = @folder@/certificate.pem
tls_privatekey = @folder@/certificate.key
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_mail = sender
acl_smtp_rcpt = recipient
acl_smtp_data = content
message_size_limit = 4M
smtp_accept_max_per_connection = 5
keep_environment =
begin acl
sender:
  deny message = Must issue STARTTLS and AUTH first
    !authenticated = *
  deny message = 553 5.7.1 You are not the owner of <$sender_address>
    !senders = @user@
  accept
recipient:
  deny message = relay not permitted
    !domains = @domain@
  deny message = ${sg{$acl_verify_message}{\\N^[^\\n]*\\n\\N}{}}
    !verify = recipient/callout=10s,no_cache
  accept
content:
  accept
begin routers
boxes:
  driver = manualroute
  domains = @domain@
  transport = lmtp
  route_list = * 127.0.0.1
  self = send
begin transports
lmtp:
  driver = smtp
  protocol = lmtp
  port = @lmtp@
  allow_localhost
  hosts_avoid_tls = *
begin retry
* * F,2h,15s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{@user@}}{eq{$auth3}{@password@}}}}
  server_set_id = $auth2
"""
