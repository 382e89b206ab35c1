"""The masking gate of a site, for whatever its duties write: letters, alerts, pages, logs.

    gate(site).masked(text)     the text without a client's name or number
    mask_logs()                 from here on, nothing that is logged in this process holds one

A record of the log is masked when it is made, before any handler sees it: handlers are added and
replaced by whoever runs the process, and one that was forgotten would be the one that tells.
"""

import logging
from collections.abc import Callable
from traceback import format_exception

from baozhang.catalog.model import Finding
from baozhang.masking import Gate
from baozhang.settings import Agency
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say

NAMES = frozenset({"path", "file", "files", "first", "place", "url", "folder", "target", "book"})
"""Facts that are names of files or folders: a client's own words, which no gate can know."""


def gate(site: Site) -> Gate:
    """Return the gate that covers the site's clients; the agency itself may be named."""
    return gate_of(site.agency)


def gate_of(agency: Agency) -> Gate:
    """Return the gate of an agency; see `gate`."""
    clients = agency.clients.values()
    people = [each.contact.name for each in clients if each.contact]
    own = filter(None, (agency.name, agency.file.credit_code))
    return Gate([*(each.name for each in clients), *people], own=own)


def told(found: Finding, language: str | None = None) -> str:
    """Return a finding's sentence without names of files: they may be those of clients."""
    facts = {name: "…" if name in NAMES else value for name, value in found.facts}
    return say(found.template, spoken=language, **facts)


def mask_logs() -> None:
    """Mask whatever is logged in this process from now on, with the gate of the site at hand.

    Raises:
        BaozhangError: the site cannot be opened.
    """
    with open_site() as site:
        Masked.install(gate(site))


class Masked:
    """Makes records of the log whose words have been through a gate."""

    def __init__(self, factory: Callable[..., logging.LogRecord], gate: Gate) -> None:
        self.factory = factory
        self.gate = gate

    @classmethod
    def install(cls, gate: Gate) -> None:
        """Let the process log through this gate; a gate that was there before is replaced."""
        current = logging.getLogRecordFactory()
        before = current.factory if isinstance(current, cls) else current
        logging.setLogRecordFactory(cls(before, gate))

    @classmethod
    def remove(cls) -> None:
        """Let the process log as it did before."""
        current = logging.getLogRecordFactory()
        if isinstance(current, cls):
            logging.setLogRecordFactory(current.factory)

    def __call__(self, *given: object, **named: object) -> logging.LogRecord:
        """Make a record; a trace becomes text here, for its last line quotes the error."""
        record = self.factory(*given, **named)
        record.msg = self.gate.masked(_message(record))
        record.args = ()
        if record.exc_info and record.exc_info[1]:
            record.exc_text = self.gate.masked("".join(format_exception(record.exc_info[1])))
        record.exc_info = None
        return record


def _message(record: logging.LogRecord) -> str:
    """Return a record's words; one whose values do not fit its words is logged without them."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)
