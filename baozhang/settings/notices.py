"""Notices after an incident: what the agency is in law, whom it must reach, and what it promises.

Addresses and numbers stand here because nobody has time to look for them on the day; who has no
e-mail address is told by a person, who records it.
"""

from datetime import timedelta

from pydantic import Field

from baozhang.policies.law.register import Role as LegalRole
from baozhang.settings.part import Part, Text
from baozhang.settings.values import Email, Span


class Party(Part):
    """Somebody outside who is told: an insurer, a vendor."""

    name: Text
    reference: Text | None = Field(None, description="Number of the policy or of the contract.")
    email: Email | None = Field(None, description="None: a person hands the notice over.")


class Authorities(Part):
    """What the competent authorities are called where the agency is registered."""

    cyberspace: Text | None = Field(None, description="属地省级网信部门.")
    privacy: Text | None = Field(None, description="履行个人信息保护职责的部门.")
    police: Text | None = Field(None, description="公安机关.")
    tax: Text | None = Field(None, description="主管税务机关.")


class Notices(Part):
    """Who is told of an incident beside the agency's own people."""

    role: LegalRole = Field(
        "entrusted", description="For clients' data: entrusted (受托人) or processor (处理者)."
    )
    critical_infrastructure: bool = Field(
        False, description="Its operators have been told so by their authority."
    )
    central_organ: bool = Field(False, description="A central party or state organ.")
    every: Span = Field(
        timedelta(hours=2),
        description="Clients that are hit hear of the progress at least this often.",
        json_schema_extra={"default": "2h"},
    )
    follow_up: Span = Field(
        timedelta(days=3),
        description="So long after the recovery clients are asked whether all is well.",
        json_schema_extra={"default": "3d"},
    )
    public_line: Text | None = Field(
        None, description="Whom anybody may call or write to; stands in every notice."
    )
    insurer: Party | None = Field(None, description="None: nobody insures it.")
    vendor: Party | None = Field(None, description="Who supports the accounting product.")
    authorities: Authorities = Authorities()
