"""Governance: who of the agency answers for which duty, and where clients answer surveys."""

from typing import Literal

from pydantic import Field

from baozhang.settings.part import Part
from baozhang.settings.values import Id, Role, WebPage

Owner = Literal[
    "gm",
    "it_owner",
    "security_officer",
    "backup_owner",
    "compliance_officer",
    "client_manager",
    "marketing_owner",
    "partner_owner",
    "finance_owner",
    "hr_owner",
    "accounting_lead",
    "incident_commander",
    "on_call",
]
"""Who answers for a control (责任人): 总经理, 信息技术, 安全, 备份, 合规, 客户, 市场, 合作,
财务, 人力资源, 会计主管, 事件指挥, 值班."""

USUAL_OWNERS: dict[Owner, Role] = {
    "gm": "approver",
    "it_owner": "operator",
    "security_officer": "operator",
    "backup_owner": "operator",
    "compliance_officer": "approver",
    "client_manager": "manager",
    "marketing_owner": "manager",
    "partner_owner": "manager",
    "finance_owner": "manager",
    "hr_owner": "manager",
    "accounting_lead": "accountant",
    "incident_commander": "on_call",
    "on_call": "on_call",
}
"""The role whose first person answers where `owners` names nobody.  Never the auditor: who audits
answers for nothing that is audited."""


class Governance(Part):
    """Who answers for what beside the machines."""

    owners: dict[Owner, Id] = Field(
        {}, description="People by duty; a duty without one falls to a role."
    )
    survey: WebPage | None = Field(
        None, description="The agency's own survey page; letters to clients show it as a QR code."
    )
