"""The site's files as frozen models: `agency.yaml`, and one `clients/<id>.yaml` per client.

Unknown keys are refused, units stand in the values (`1d`), every default has its reason beside
it.  Paths are as written: relative ones are seen from the site's home.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from baozhang.policies.law.filing import Rhythm
from baozhang.policies.model import Policy
from baozhang.policies.pace import Pace
from baozhang.settings.governance import USUAL_OWNERS, Governance, Owner
from baozhang.settings.notices import Notices
from baozhang.settings.part import Part, Text
from baozhang.settings.post import Alerts, Contact, Mail
from baozhang.settings.problems import Problem
from baozhang.settings.sources import ClientSet, InboxFile, ServerFile, ShareFile
from baozhang.settings.values import (
    CreditCode,
    Currency,
    Email,
    Hours,
    Id,
    Language,
    PathText,
    Price,
    Rate,
    Role,
    Secret,
    Span,
    Standard,
    Url,
    is_remote,
    path_of,
)


class Person(Part):
    """Somebody of the agency: what they answer for, and where letters reach them."""

    name: Text
    email: Email
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    language: Language | None = Field(None, description="Of letters to them; else the agency's.")


class MirrorFile(Part):
    """One copy (副本) of a vault; a plain string is its address."""

    url: Url = Field(description="A path, file:///path or s3+KIND://bucket/folder.")
    limit: Rate | None = Field(
        None, description="No faster than this, each way; none: as fast as can be."
    )
    window: Hours | None = Field(
        None, description="Only at these hours, Asia/Shanghai; none: at any time."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe both ways of writing it."""
        return {"anyOf": [{"type": "string"}, handler.resolve_ref_schema(handler(core))]}

    def pace(self) -> Pace:
        """Return how fast and when it may be copied to, as the engine's value."""
        return Pace(self.limit or 0, self.window)


class VaultFile(Part):
    """One vault (备份库) and its copies elsewhere."""

    url: Url = Field(description="A path, file:///path or s3+KIND://bucket/folder.")
    key: Secret = Field(description="file:/path of a key file, or env:NAME of a passphrase.")
    mirrors: tuple[MirrorFile, ...] = Field((), description="Copies of it, in any order.")


class Verify(Part):
    """How stored bytes are read back."""

    every_byte_within: Span = Field(
        timedelta(days=30),
        description="By rotation, every stored byte is read once in this span.",
        json_schema_extra={"default": "30d"},
    )


class RestoreTest(Part):
    """How restores are tried out."""

    every: Span = Field(
        timedelta(days=90),
        description="Each client is restored and proven once in this span.",
        json_schema_extra={"default": "90d"},
    )
    within: Span = Field(
        timedelta(hours=4),
        description="Recovery time objective: a restore should take no longer.",
        json_schema_extra={"default": "4h"},
    )


class PolicyFile(Part):
    """One rhythm that sets can follow."""

    every: Span = Field(
        timedelta(days=1),
        description="At most this long between two backup points.",
        json_schema_extra={"default": "1d"},
    )
    verify: Verify = Verify()
    restore_test: RestoreTest = RestoreTest()

    def policy(self) -> Policy:
        """Return the rhythm as the engine's value."""
        return Policy(self.every, self.verify.every_byte_within, self.restore_test.every)


class SetFile(Part):
    """What one policy protects as one thing, of every client that has it."""

    policy: Id
    vault: Id


class Prices(Part):
    """What keeping and restoring costs, for the cost lines of reports; 0: own disks."""

    currency: Currency = "CNY"
    per_gb_month: Price = Decimal(0)
    per_restore: Price = Decimal(0)


class AgencyFile(Part):
    """`agency.yaml`."""

    name: Text
    credit_code: CreditCode | None = None
    language: Language = Field("zh_CN", description="Of letters and reports.")
    sample: bool = Field(False, description="Invented clients: every letter is marked 样例.")
    people: dict[Id, Person] = Field(min_length=1)
    vaults: dict[Id, VaultFile] = Field(min_length=1)
    policies: dict[Id, PolicyFile] = Field(min_length=1)
    sets: dict[Id, SetFile] = Field(min_length=1)
    mail: Mail
    alerts: Alerts = Alerts()
    notices: Notices = Notices()
    governance: Governance = Governance()
    reports: PathText = Field(
        "reports", description="The library: every report that was written, and an index of them."
    )
    witness: Url = Field(
        "state/witness",
        description="A folder or bucket that remembers each vault's newest backup points.",
    )
    prices: Prices = Prices()
    servers: dict[Id, ServerFile] = Field(
        {}, description="Database servers that clients' sources name."
    )
    inbox: InboxFile | None = Field(None, description="Where Windows machines drop sets.")
    share: ShareFile | None = Field(None, description="A share on which many clients mix.")


class ClientFile(Part):
    """`clients/<id>.yaml`."""

    id: Id = Field(description="Equal to the file's name.")
    name: Text
    credit_code: CreditCode | None = None
    standard: Standard = Field(
        "sbe", description="sbe: 小企业会计准则; asbe: 企业会计准则; other: kept elsewhere."
    )
    filing: Rhythm = Field(
        "monthly", description="Files every month (按月申报) or every quarter (按季申报)."
    )
    lead: Id = Field(description="主办会计, one of people.")
    reviewer: Id | None = Field(None, description="复核, one of people.")
    deputy: Id | None = Field(None, description="代班, one of people.")
    contact: Contact | None = Field(
        None, description="Reads the client's statement; none: the lead hands it over."
    )
    sets: dict[Id, ClientSet] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Agency:
    """A whole site as its files describe it, checked: every name that is used is known."""

    home: Path  # absolute
    file: AgencyFile
    clients: dict[str, ClientFile]  # by id, sorted
    warnings: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The agency's name."""
        return self.file.name

    @property
    def language(self) -> Language:
        """The language of letters and reports."""
        return self.file.language

    @property
    def people(self) -> dict[str, Person]:
        """People by id."""
        return self.file.people

    def with_role(self, role: Role) -> tuple[Person, ...]:
        """Return the people who have the role, in the file's order."""
        return tuple(person for person in self.people.values() if role in person.roles)

    def owner(self, duty: Owner) -> str:
        """Return the id of who answers for a duty; "" when nobody does."""
        named = self.file.governance.owners.get(duty)
        role = USUAL_OWNERS[duty]
        usual = (id_ for id_, each in self.people.items() if role in each.roles)
        return named or next(usual, "")

    def language_of(self, person: Person) -> Language:
        """Return the language to write to a person in."""
        return person.language or self.language

    def policy(self, set_name: str) -> Policy:
        """Return the policy of a set."""
        return self.file.policies[self.file.sets[set_name].policy].policy()

    def sets(self) -> tuple[tuple[str, str], ...]:
        """Return every (client, set) there is, sorted by client."""
        return tuple((client.id, name) for client in self.clients.values() for name in client.sets)

    def place(self, written: str) -> str:
        """Return the address that a path or address in a site's file means."""
        return written if is_remote(written) else str(self.path(written))

    def path(self, written: str) -> Path:
        """Return the absolute path that a path or file:// address in a site's file means."""
        return self.home / path_of(written)
