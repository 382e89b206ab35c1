"""Tiny sites that have a mail server: one in this process that answers as it is told."""

from pathlib import Path

from tests.flows.site import AGENCY
from tests.mail.office import Office

MAIL = """\
mail:
  sender: zhang@example.cn
  server: {{host: 127.0.0.1, tls: off, port: {port}}}
  letters: {{validation: {{when: digest}}, night: {{to: [manager, operator]}}}}
"""


def with_mail(home: Path, office: Office) -> Path:
    """Let the site hand its letters to the server."""
    told = AGENCY.replace("mail: {sender: zhang@example.cn}\n", MAIL.format(port=office.port))
    assert told != AGENCY
    (home / "agency.yaml").write_text(told, "utf-8")
    return home
