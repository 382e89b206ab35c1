"""A closed month to report on: small, fixed, and with figures a reader can add up."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from baozhang.costs.benefit import EventCost, Loss, benefit
from baozhang.costs.bills import ClientCost, tiers
from baozhang.costs.charges import Gap
from baozhang.costs.closing import Close, PlaceHeld, SkuCost
from baozhang.costs.footprint import footprint
from baozhang.costs.guards import Check
from baozhang.costs.model import Days, Usage, month_days
from baozhang.costs.savings import Proposal
from baozhang.costs.trends import Unusual, Variance, forecast

NOVEMBER = month_days(2026, 11)
PAST = (118_000, 121_500, 119_200, 124_800, 126_100, 125_400)
MINUTES = 30 * 1440


def full() -> Close:
    """Return a month in which everything was found that can be found."""
    clients = (
        ClientCost("c001", 40_000, 12_000, 60_000, "gold"),
        ClientCost("c002", 21_500, 9_000, 20_000, "basic"),
        ClientCost("c003", 8_200, 4_300, 20_000, "basic"),
        ClientCost("c004", 38_800, 10_200, None, ""),
    )
    gap = Gap("requests:backup", NOVEMBER, 43_200, 4)
    usages = (
        Usage(NOVEMBER, "c001", "main", "storage", "main", 800 * 10**9 * MINUTES),
        Usage(NOVEMBER, "c001", "main", "compute", "backup", 54_000),
    )
    return Close(
        month="2026-11",
        days=NOVEMBER,
        whole=True,
        at=datetime(2026, 11, 30, 16, tzinfo=UTC),
        sample=True,
        from_settings=False,
        fen=144_000,
        billed=260_000,
        groups=(
            ("storage", 60_000), ("requests", 0), ("egress", 3_500), ("compute", 15_000),
            ("restores", 0), ("hours", 45_500), ("licences", 12_000), ("media", 8_000),
        ),
        skus=(
            SkuCost("compute:backup", "compute", "15.000", 15_000),
            SkuCost("egress:restore_test", "egress", "70.000", 3_500),
            SkuCost("hours:zhang", "hours", "9.100", 45_500),
            SkuCost("licences:l-001", "licences", "", 12_000),
            SkuCost("media:m-001", "media", "", 8_000),
            SkuCost("storage:main", "storage", "800.000", 40_000),
            SkuCost("storage:main-mirror-1", "storage", "800.000", 20_000),
        ),
        gaps=(gap,),
        unseen=(("requests", ()), ("origin", ()), ("own", ())),
        clients=clients,
        tiers=tiers(clients),
        asked=datetime(2026, 12, 1, 23, 5, tzinfo=UTC),
        places=(
            PlaceHeld("main", 800_000_000_000, 806_400_000_000, (("c001", 4_000_000_000),), 320),
            PlaceHeld("main-mirror-1", 800_000_000_000, 790_000_000_000,
                      (("c002", -10_000_000_000),), -250),
            PlaceHeld("main-mirror-2", 800_000_000_000, None),
        ),
        variances=(
            Variance("all", 140_000, 144_000), Variance("storage", 65_000, 60_000),
            Variance("hours", None, 45_500),
        ),
        past=tuple((f"2026-{month:02d}", fen) for month, fen in enumerate(PAST, start=5)),
        expected=forecast([*PAST, 144_000]),
        unusual=(Unusual("hours", 45_500, 22_000, 41), Unusual("client:c004", 49_000, 30_000, 0)),
        proposals=(
            Proposal("unused-medium", "m-002", 2_500, (Check("copies", True, "no-copy"),)),
            Proposal("drop-copy", "main-mirror-1", 20_000,
                     (Check("copies", False, "copies",
                            (("copies", "2"), ("kinds", "1"), ("errors", "0"))),)),
            Proposal("keep-a-year", "main", 9_000,
                     (Check("law", False, "law",
                            (("article", "KJDA 附表一"), ("years", "30"), ("clients", "4"))),)),
        ),
        benefit=benefit(144_000, Loss(0, 4_500_000, 38_000_000)),
        events=(
            EventCost("i-20261109-01", "incident", 312, 1_840, 26_000, 51, unpriced=False),
            EventCost("d-20261122-01", "drill", 0, 96, 0, 0, unpriced=True),
        ),
        footprint=footprint(usages),
    )  # fmt: skip


def sound() -> Close:
    """Return a month in order: all priced, within the budget, everybody pays."""
    value = full()
    clients = tuple(replace(each, fee=90_000, tier="basic") for each in value.clients)
    return replace(
        value,
        sample=False,
        gaps=(),
        clients=clients,
        tiers=tiers(clients),
        variances=(Variance("all", 150_000, 144_000),),
        past=(),
        expected=(),
        unusual=(),
        benefit=None,
        events=(),
        proposals=(),
        asked=None,
        places=(PlaceHeld("main", 800_000_000_000, None),),
    )


def unknown() -> Close:
    """Return a month of which nothing is known."""
    value = sound()
    return replace(
        value,
        fen=0, billed=0, groups=(), skus=(), clients=(), tiers=(), places=(),
        variances=(Variance("all", None, 0),), footprint=footprint(()),
    )  # fmt: skip


def price(text: str) -> Decimal:
    """Return an exact price."""
    return Decimal(text)


def days(first: int, last: int) -> Days:
    """Return days of November."""
    return Days(date(2026, 11, first), date(2026, 11, last))
