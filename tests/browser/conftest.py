"""A site that is served as in the office: Prefect's server and worker, a mail server, a browser."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from baozhang.clock import system_clock
from tests.flows.approving import Devices, four_people
from tests.flows.site import make_site
from tests.flows.walking import night
from tests.servers.mail import DOMAIN, PASSWORD, USER, MailServer, new_server
from tools.deployments import FILE
from tools.serve import CODE

CHROMIUM = "/usr/bin/chromium"
SHOTS = "BAOZHANG_TEST_SCREENSHOTS"
"""Names the folder that keeps a picture of every page; without it they are thrown away."""
NEEDED = {"incident", "monthly"}
"""What is served: the recovery, and something with a schedule, which serving waits for."""
PATIENCE = 300_000  # milliseconds; a run starts in half a minute, on shared machines later
MAIL = """\
mail:
  sender: {user}
  server:
    {{host: localhost, port: {port}, tls: starttls, user: {user}, password: "file:keys/mail",
     ca: {ca}}}
"""


@dataclass(frozen=True)
class Office:
    """An agency at work: its site, where its pages are, its people's devices and mailboxes."""

    home: Path
    pages: str
    devices: Devices
    mail: MailServer

    @property
    def api(self) -> str:
        """Return the address of the server's interface."""
        return f"{self.pages}/api"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a site whose client was backed up last night."""
    home = make_site(tmp_path_factory.mktemp("office") / "site", "c001")
    mail = new_server()
    try:
        _settle(home, mail)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BAOZHANG_HOME", str(home))
            night("c001")
        devices = Devices(home, system_clock, "zhang", "wang", "li")
        yield from _served(home, devices, mail)
    finally:
        mail.end()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Open Debian's Chromium as somebody in the office has it.

    Closed with the module: as long as it is open an event loop runs here, and flows would join it.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = {"width": 1400, "height": 1000}
        opened = browser.new_page(
            viewport={"width": view["width"], "height": view["height"]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        opened.set_default_timeout(PATIENCE)
        yield opened
        browser.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for pictures of the pages."""
    folder = Path(os.environ.get(SHOTS) or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _settle(home: Path, mail: MailServer) -> None:
    """Give the site its people and its mail server."""
    four_people(home)
    agency = home / "agency.yaml"
    text = agency.read_text("utf-8").replace("@example.cn", f"@{DOMAIN}")
    told_mail = MAIL.format(user=USER, port=mail.starttls, ca=mail.certificate)
    agency.write_text(text[: text.index("mail: {")] + told_mail, "utf-8")
    password = home / "keys" / "mail"
    password.write_text(PASSWORD, "utf-8")
    password.chmod(0o600)


def _served(home: Path, devices: Devices, mail: MailServer) -> Iterator[Office]:
    file = home.parent / "prefect.yaml"
    words = [sys.executable, "-m", "tools.serve", "--home", str(home), "--port", "0"]
    words += ["--file", str(_few(file))]
    env = {**os.environ, "BAOZHANG_LANG": "zh_CN"}
    with subprocess.Popen(words, cwd=CODE, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Office(home, _pages(process), devices, mail)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def _few(file: Path) -> Path:
    """Write the deployments that are needed: the others' runs would only take the worker's time."""
    whole = yaml.safe_load(FILE.read_text("utf-8"))
    whole["deployments"] = [each for each in whole["deployments"] if each["name"] in NEEDED]
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    return file


def _pages(process: "subprocess.Popen[str]") -> str:
    """Read what serving says until all is up; return where its pages are."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("pages: "):
            return line.removeprefix("pages: ").strip()
    pytest.fail("".join(said))
