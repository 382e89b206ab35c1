"""A site's settings: `agency.yaml` and `clients/<id>.yaml`, read whole, checked whole, frozen.

agency = load_agency()          # or one UsageError that lists every problem
agency.clients["c001"].sets     # plain frozen models
"""

from baozhang.settings.governance import Governance, Owner
from baozhang.settings.loading import Inspection, inspect_site, load_agency, site_home
from baozhang.settings.model import (
    Agency,
    AgencyFile,
    ClientFile,
    MirrorFile,
    Person,
    PolicyFile,
    Prices,
    SetFile,
    VaultFile,
)
from baozhang.settings.notices import Authorities, Notices, Party
from baozhang.settings.post import (
    AlertClass,
    Alerts,
    Channel,
    Contact,
    LetterClass,
    LetterKind,
    LetterRule,
    Mail,
    MailServer,
)
from baozhang.settings.problems import Problem, listed
from baozhang.settings.sources import (
    ClientSet,
    InboxFile,
    RuleFile,
    ServerFile,
    ShareFile,
    SourceFile,
)
from baozhang.settings.values import Language, Role, SecretRef, Standard

__all__ = [
    "Agency",
    "AgencyFile",
    "AlertClass",
    "Alerts",
    "Authorities",
    "Channel",
    "ClientFile",
    "ClientSet",
    "Contact",
    "Governance",
    "InboxFile",
    "Inspection",
    "Language",
    "LetterClass",
    "LetterKind",
    "LetterRule",
    "Mail",
    "MailServer",
    "MirrorFile",
    "Notices",
    "Owner",
    "Party",
    "Person",
    "PolicyFile",
    "Prices",
    "Problem",
    "Role",
    "RuleFile",
    "SecretRef",
    "ServerFile",
    "SetFile",
    "ShareFile",
    "SourceFile",
    "Standard",
    "VaultFile",
    "inspect_site",
    "listed",
    "load_agency",
    "site_home",
]
