"""Reviews of risks made by hand: figures and instants are always the same."""

from datetime import UTC, date, datetime
from decimal import Decimal

from baozhang.governance.model import Status
from baozhang.governance.risk.coverage import coverage
from baozhang.governance.risk.loss import loss_of
from baozhang.governance.risk.model import Risk
from baozhang.governance.risk.review import Event, Measured, Proposed, Review, Spread, Told
from baozhang.governance.risk.standard import indicators, library, scale
from baozhang.governance.risk.treatment import Contract, check

AT = datetime(2026, 11, 3, 23, 10, tzinfo=UTC)
TODAY = date(2026, 11, 4)
STATUSES: dict[str, Status] = {
    "restore.test": "proven",
    "copies.redundancy": "proven",
    "copies.sync_lag": "stale",
    "crypto.key_mgmt": "attested",
}
CONTRACTS = {"cyber-2026": Contract(date(2027, 5, 31), ("restore.test", "training.security"))}


def risk(name: str, **said: object) -> Risk:
    """Return an open risk of the library, with what is said of it."""
    row = library()[name].proposed("library").model_dump()
    return Risk.model_validate({**row, "state": "open", **said})


def register() -> dict[str, Risk]:
    """Return a register with every kind of treatment, and a risk that nobody scored."""
    scored = {"scored_by": "zhang", "scored_on": date(2026, 10, 1)}
    return {
        "r-001": risk(
            "ransomware", likelihood=4, impact=5, residual_likelihood=3, residual_impact=4,
            events_low="0.1", events_likely="0.4", events_high="1.2",
            loss_low=8_000_000, loss_likely=20_000_000, loss_high=95_000_000,
            treatment="transfer", insurance="cyber-2026", review_on=date(2026, 10, 31), **scored,
        ),
        "r-002": risk(
            "single-copy", likelihood=3, impact=4, residual_likelihood=1, residual_impact=4,
            events_low="0.01", events_likely="0.05", events_high="0.2",
            loss_low=10_000_000, loss_likely=25_000_000, loss_high=60_000_000,
            treatment="reduce", treated_on=date(2026, 9, 1), **scored,
        ),
        "r-003": risk(
            "usb-lost", likelihood=2, impact=2, events_low="0.1", events_likely="0.2",
            events_high="0.5", loss_low=50_000, loss_likely=200_000, loss_high=900_000,
            treatment="accept", accept_until=date(2026, 10, 31), controls=(),
            reason="移动硬盘已加密", **scored,
        ),
        "r-004": risk("key-person", likelihood=4, impact=4, **scored),
        "r-005": risk("mail-leak"),
        "r-006": risk("slow-restore", likelihood=2, impact=1, controls=("restore.test",), **scored),
    }  # fmt: skip


def told(id_: str, row: Risk) -> Told:
    """Return a risk as a review tells it."""
    checked = check(row, today=TODAY, scale=scale(), statuses=STATUSES, contracts=CONTRACTS)
    pair = (row.likelihood, row.impact) if row.likelihood and row.impact else None
    found = loss_of({id_: row}, seed=202611)
    known = library()[row.library]
    return Told(
        id=id_,
        title=known.title,
        cause=row.cause,
        asset=row.asset,
        owner=row.owner,
        person="zhang",
        inherent=pair,
        now=row.now(),
        level=checked.level,
        level_before="medium" if id_ == "r-001" else None,
        check=checked,
        spread=Spread(low=found.low, middle=found.middle, high=found.high, mean=found.mean)
        if row.estimated
        else None,
        estimate_grades=(1, 3) if id_ == "r-002" else None,
        drill=row.drill,
        ready="ready" if row.drill == "cloud-lost" else "never" if row.drill else "",
        review_on=row.review_on,
        review_late=row.review_on is not None and row.review_on < TODAY,
        accepted_because=row.reason if row.treatment == "accept" else "",
    )


def measured(
    id_: str, value: str | None, *before: str | None, refs: tuple[str, ...] = ()
) -> Measured:
    """Return an indicator with its value and the months before."""
    known = indicators()[id_]
    now = None if value is None else Decimal(value)
    series = tuple(None if each is None else Decimal(each) for each in (*before, value))
    return Measured(
        id=id_,
        title=known.title,
        unit=known.unit,
        value=now,
        band=known.band(now),
        amber=known.amber,
        red=known.red,
        series=series,
        refs=refs,
    )


def review(*, sample: bool = False) -> Review:
    """Return a review in which everything occurs."""
    rows = register()
    values = {
        "failed-proofs": measured("failed-proofs", "3", "0", "1", None, "0", "1",
                                  refs=("run:restore-test-2026-11-01-1a2b",)),
        "single-copy": measured("single-copy", "1", "4", "3", "2", refs=("set:c002/main",)),
        "failed-nights": measured("failed-nights", "0.4", "0.0", "1.2", "0.8"),
        "night-length": measured("night-length", "38.5", "31.0", "33.4"),
        "restorers": measured("restorers", "1", refs=("drill:d-20261005-01",)),
    }  # fmt: skip
    return Review(
        period="2026-11",
        at=AT,
        before="2026-10",
        made_by=("zhang",),
        since=(
            Event(ref="run:restore-test-2026-11-01-1a2b", day=date(2026, 11, 1),
                  what="restore-test-failed"),
            Event(ref="incident:i-20261020-01", day=date(2026, 10, 22), what="incident-closed"),
        ),
        risks=tuple(told(id_, row) for id_, row in rows.items()),
        waiting=(
            Proposed(id="r-007", risk="r-007", title=library()["disk-failure"].title, change=None,
                     ref="indicator:failed-proofs"),
            Proposed(id="p-001", risk="r-001", title=library()["ransomware"].title,
                     change="rescore", ref="incident:i-20261020-01", likelihood=4),
        ),
        indicators=tuple(values.get(id_) or measured(id_, None) for id_ in indicators()),
        loss=loss_of(rows, seed=202611),
        coverage=coverage(rows, ["malware", "loss"], STATUSES),
        audited="a-2026-10",
        sample=sample,
    )  # fmt: skip


def empty() -> Review:
    """Return the review of a register that nobody has begun."""
    return Review(
        period="2026-11", at=AT, before="", made_by=(), since=(), risks=(), waiting=(),
        indicators=tuple(measured(id_, None) for id_ in indicators()),
        loss=loss_of({}, seed=202611), coverage=(), audited="", sample=False,
    )  # fmt: skip
