"""What tests of the risk register share: risks taken up and scored, things that happen."""

from datetime import timedelta

from baozhang.catalog.model import Duty, Outcome, Status
from baozhang.governance.risk.model import RISKS
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Kind
from baozhang.site import Site
from tasks.risk_register import (
    Scores,
    accept,
    score,
    start,
)

LOSS = "20000,80000,600000"


def opened(site: Site, name: str = "ransomware") -> str:
    """Take a risk of the library up; return its id."""
    start(site, by="zhang")
    id_ = next(id_ for id_, each in RISKS.rows(site).items() if each.library == name)
    accept(site, id_, by="li")
    return id_


def scored(site: Site, name: str = "ransomware") -> str:
    id_ = opened(site, name)
    score(site, id_, Scores((4, 4), (2, 3), "0.1,0.3,1", LOSS), by="zhang")
    return id_


def outcome(
    site: Site,
    duty: Duty,
    status: Status = "failed",
    *,
    client: str = "c001",
    set_: str = "main",
    hours: float = 0,
    **figures: int,
) -> str:
    """Record an outcome that began so many hours ago; return its run."""
    started = site.clock() - timedelta(hours=hours)
    run = f"{duty}-{client}-{set_}-{started:%Y%m%d%H%M}"
    site.catalog.append(
        Outcome(run, duty, client, set_, status, started, started + timedelta(minutes=30),
                figures=tuple(figures.items()))
    )  # fmt: skip
    return run


def struck(site: Site, kind: Kind = "ransomware", *, drill: str = "") -> Incident:
    made, _ = incidents_of(site).open(
        kind, [("c001", "main")], noticed_by="zhang", discovered=site.clock(), drill=drill
    )
    made.journal.append("closed", actor="test")
    return made
