"""Governance as values: items of the two documents, controls that serve them, evidence, lines.

    item (240, and 12 principles) ──► control (198) ──► tests of our own records ──► evidence
                                              └──────► what people attest ─────────► evidence
    control + evidence ──► Judged (a status) ──► one line per item

Evidence is keyed by control and reported by item.  Nothing here reads anything; `evidence` says how
a status comes about.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from baozhang.clock import SHANGHAI
from baozhang.settings import Owner
from baozhang.settings.part import Part, Text

Status = Literal["proven", "attested", "stale", "overdue", "not evidenced"]
"""`proven`: our own records show it, and what people must add is there; `attested`: people have
shown it, checked by a second person; `stale`: it was so, too long ago; `overdue`: asked for, and
not there in time; `not evidenced`: nothing counts."""
Source = Literal["auto", "attested", "both"]
Result = Literal["pass", "fail", "inconclusive"]
Severity = Literal["high", "medium", "low"]
Cadence = Literal[
    "continuous",
    "monthly",
    "quarterly",
    "half-yearly",
    "yearly",
    "per incident",
    "per drill",
    "per survey",
    "on change",
]
"""How often people attest.  The last four are asked for by an event, and once a year without."""
Fact = str | int

EVERY: dict[Cadence, timedelta] = {
    "continuous": timedelta(days=31),
    "monthly": timedelta(days=31),
    "quarterly": timedelta(days=92),
    "half-yearly": timedelta(days=184),
    "yearly": timedelta(days=366),
    "per incident": timedelta(days=366),
    "per drill": timedelta(days=366),
    "per survey": timedelta(days=366),
    "on change": timedelta(days=366),
}
"""The longest calendar span of each rhythm."""


class Words(Part):
    """The same in both languages."""

    zh: Text
    en: Text


class Item(Part):
    """One of the 240 items of the two documents, or one of their 12 closing principles.

    Attributes:
        id: `A1.1` to `A20.6` (backup), `B1.1` to `B20.6` (recovery), `AP.1` to `BP.6`.
    """

    id: Annotated[str, Field(pattern=r"^[AB]([1-9]|1\d|20)\.[1-6]$|^[AB]P\.[1-6]$")]
    title: Words

    @property
    def section(self) -> str:
        """`A1` to `B20`, `AP`, `BP`."""
        return self.id.partition(".")[0]


class Section(Part):
    """One of the 40 sections, or the principles of a document."""

    id: Annotated[str, Field(pattern=r"^[AB]([1-9]|1\d|20|P)$")]
    title: Words


class Test(Part):
    """How our own records are asked: a kind that `tasks.evidence` knows, and what it needs."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z-]+$")]
    args: dict[str, Fact] = Field({})

    @property
    def name(self) -> str:
        """What evidence calls it: `letters kind=monthly`; arguments by name."""
        return " ".join([self.kind, *(f"{key}={self.args[key]}" for key in sorted(self.args))])


class Control(Part):
    """What the agency does about one or more items.

    Attributes:
        id: `backup.verify`.
        items: which items and principles it serves.
        flows: the flows that do it, by file name: `backup`, `restore_test`.
        owner: who answers for it.
        cadence: how often people attest; for `auto`, how often it is looked at.
        source: where its evidence comes from.
        tests: of our own records; all must pass.  None with source `auto` or `both`: its flow does
            not exist yet, and it is not evidenced.
        fresh: days after which evidence is stale.
        proof: what people hand in.
        remedy: what to do where it is not in order.
        articles: ids of the law register.
        yearly_page: a market, research, brand, staff or social-responsibility matter, shown on the
            yearly register page.
    """

    id: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$")]
    title: Words
    items: Annotated[tuple[str, ...], Field(min_length=1)]
    flows: Annotated[tuple[str, ...], Field(min_length=1)]
    owner: Owner
    cadence: Cadence
    source: Source
    tests: tuple[Test, ...] = ()
    fresh: Annotated[int, Field(ge=1, le=800)]
    severity: Severity
    proof: Words | None = None
    remedy: Words
    articles: tuple[str, ...] = ()
    yearly_page: bool = False

    @model_validator(mode="after")
    def _fits_its_source(self) -> "Control":
        if self.source == "attested" and self.tests:
            raise ValueError("what people attest alone has no tests")
        if (self.source == "auto") == (self.proof is not None):
            raise ValueError("what people hand in is said exactly where people attest")
        return self


@dataclass(frozen=True, slots=True)
class Period:
    """The days that an audit is about, both included, Asia/Shanghai."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, datetime.min.time(), SHANGHAI)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), SHANGHAI)


class Evidence(Part):
    """One thing that speaks for or against a control.  Ids and figures only: it leaves the agency.

    Attributes:
        control: id.
        source: from our own records, or from people.
        test: name of the test that found it (`Test.name`); "" for what people attest.
        result: a fail is a non-conformity; inconclusive counts for nothing.
        effective: the instant it speaks of, aware.
        received: when it came to us; never before `effective` for what people attest.
        says: English template of what was found, a translatable sentence with `{name}` fields.
        facts: that fill it: ids, days, figures; never a name.
        refs: where it stands: `run:backup-2026-…`, `letter:night/000003`, `incident:i-…`,
            `drill:d-…`, `entry:<register>/<id>/<version>`, `audit:<seq>`.
        digest: SHA-256 of the records it was drawn from, 64 hexadecimal digits.
        by: ids of the people who made it.
        checked_by: id of the second person; "" where none has.
        expires: when it ends by its own words; None: by the control's `fresh`.
    """

    control: str
    source: Literal["auto", "attested"]
    test: str = ""
    result: Result
    effective: datetime
    received: datetime
    says: str
    facts: dict[str, Fact] = Field({})
    refs: tuple[str, ...] = ()
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    by: tuple[str, ...] = ()
    checked_by: str = ""
    expires: datetime | None = None

    @property
    def id(self) -> str:
        """Name of this very piece: the first 16 hexadecimal digits of its SHA-256."""
        value = self.model_dump(mode="json")
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
