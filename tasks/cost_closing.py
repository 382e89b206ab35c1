"""Closing a month: from what was counted to all that is told of it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from baozhang.catalog.usage import stored
from baozhang.costs import bills
from baozhang.costs.benefit import Loss, Ran, benefit, event_costs
from baozhang.costs.charges import Charge
from baozhang.costs.closing import Close, Kept, SkuCost
from baozhang.costs.footprint import footprint
from baozhang.costs.guards import Place
from baozhang.costs.model import MINUTES_A_DAY, Days, Group, divisor, month_days
from baozhang.costs.registers import BUDGETS, FEES, MediumRow
from baozhang.costs.savings import Known, Proposal, Rhythm, nature, proposals
from baozhang.costs.trends import Unusual, forecast, unusual, variances
from baozhang.errors import BaozhangError
from baozhang.governance.risk.loss import annual_loss
from baozhang.incidents.holds import standing_holds
from baozhang.incidents.incidents import incidents_of
from baozhang.policies.law.register import load_register
from baozhang.site import Site
from reports.months import Month
from tasks.cost_metering import Counted, closes_of, count, reconciled, remote_places, vaults_of
from tasks.drill_troubles import drills_of

MOST_UNUSUAL = 20  # clients named
A_YEAR = timedelta(days=365)


def close(site: Site, month: Month) -> Close:
    """Return all that is told of a month; nothing is written.

    Raises:
        UsageError: no day of it is over, the price book has faults, or two fees or budgets stand
            for the same.
        CorruptObjectError: a register or a kept close was changed by hand.
    """
    counted = count(site, month)
    charges = counted.charged.charges
    groups = bills.by_group(charges)
    clients = bills.clients(charges, bills.fee_of(FEES.rows(site).values(), counted.days))
    closes = closes_of(site)
    past, asked = closes.before(str(month)), closes.held(str(month))
    line = unbroken(past, month)
    total = counted.charged.fen
    return Close(
        month=str(month),
        days=counted.days,
        whole=counted.whole,
        at=min(site.clock(), counted.days.end),
        sample=site.agency.file.sample,
        from_settings=counted.book.from_settings,
        fen=total,
        billed=counted.charged.billed,
        groups=tuple(groups.items()),
        skus=tuple(_skus(counted)),
        gaps=counted.charged.gaps,
        unseen=counted.metered.unseen,
        clients=clients,
        tiers=bills.tiers(clients),
        asked=asked.at if asked else None,
        places=reconciled(site, counted, asked),
        variances=variances(BUDGETS.rows(site).values(), month.year, month.number, groups),
        past=tuple((each.month, each.fen) for each in past[-12:]),
        expected=forecast([*(each.fen for each in line), total]) if counted.whole else (),
        unusual=tuple(_unusual(line, groups, clients)) if counted.whole else (),
        proposals=_savings(site, counted),
        benefit=benefit(total, _loss(site, month)) if counted.whole else None,
        events=event_costs(ran(site, counted.days), counted.hours, counted.book, counted.days),
        footprint=footprint(counted.metered.usages),
    )


def unbroken(past: Sequence[Kept], month: Month) -> list[Kept]:
    """Return the closes that follow each other up to the month before, oldest first."""
    by_month, found, wanted = {each.month: each for each in past}, list[Kept](), month.previous
    while str(wanted) in by_month:
        found.append(by_month[str(wanted)])
        wanted = wanted.previous
    return found[::-1]


def _skus(counted: Counted) -> Iterator[SkuCost]:
    month = month_days(counted.month.year, counted.month.number)
    groups: dict[str, Group] = {each.sku: each.group for each in counted.charged.charges}
    for sku, (raw, fen) in sorted(bills.by_sku(counted.charged.charges).items()):
        group = groups[sku]
        bought = group in ("licences", "media")
        yield SkuCost(sku, group, "" if bought else amount(raw, group, month), fen)


def amount(raw: int, group: Group, month: Days) -> str:
    """Return raw usage in priced units, to three places."""
    return f"{Decimal(raw) / divisor(group, month):.3f}"


def _unusual(
    past: Sequence[Kept], groups: dict[Group, int], clients: Sequence[bills.ClientCost]
) -> Iterator[Unusual]:
    for group, fen in groups.items():
        if found := unusual(group, fen, [dict(each.groups).get(group, 0) for each in past]):
            yield found
    costs = [dict(each.clients) for each in past]
    odd = []
    for client in clients:
        before = [each[client.client] for each in costs if client.client in each]
        if found := unusual(f"client:{client.client}", client.cost, before):
            odd.append(found)
    yield from sorted(odd, key=lambda each: -abs(each.value - each.usual))[:MOST_UNUSUAL]


def _loss(site: Site, month: Month) -> Loss | None:
    """Return the year's loss, drawn by the month's seed: closed again, it says the same."""
    found = annual_loss(site, seed=month.year * 100 + month.number)
    return Loss(found.low, found.middle, found.high) if found.estimated else None


def ran(site: Site, days: Days) -> Iterator[Ran]:
    """Yield the incidents and drills that began in some days, with the seconds machines worked."""
    for incident in incidents_of(site).all():
        opening = incident.opening()
        if days.begin <= opening.opened < days.end and not opening.drill:
            yield Ran(incident.id, "incident", _worked(site, incident.id))
    for drill in drills_of(site).all():
        if days.begin <= drill.start < days.end:
            yield Ran(drill.id, "drill", round(drill.duration))


def _worked(site: Site, incident: str) -> int:
    """Return the seconds of the incident's own outcomes, which bear its id as their run."""
    return round(sum(each.seconds for each in site.catalog.outcomes(run=incident)))


# --- savings ------------------------------------------------------------------------------------


def _savings(site: Site, counted: Counted) -> tuple[Proposal, ...]:
    return proposals(
        Known(
            month=month_days(counted.month.year, counted.month.number),
            book=counted.book,
            media=_standing(counted),
            places=tuple(_places(site, counted)),
            rhythms=tuple(_rhythms(site, counted.charged.charges)),
            old=_old(site, counted.days),
            terms=load_register().retention,
            errors=sum(each.damaged for each in site.catalog.verified()),
            held=lambda vault: held(site, vault),
        )
    )


def _standing(counted: Counted) -> dict[str, MediumRow]:
    """Return the media that hold at the end of the counted days."""
    last = counted.days.last
    rows = counted.media.items()
    return {id_: row for id_, row in rows if row.valid_from <= last <= row.valid_to}


def _places(site: Site, counted: Counted) -> Iterator[Place]:
    fen, raw = dict[str, int](), dict[str, int]()
    for each in counted.charged.charges:
        if each.group == "storage":
            fen[each.what] = fen.get(each.what, 0) + each.fen
            raw[each.what] = raw.get(each.what, 0) + each.raw
    media, remote = _standing(counted).values(), remote_places(site)
    for vault, places in vaults_of(site).items():
        for name in places:
            what = nature(media, name, remote=remote[name])
            cost, size = fen.get(name, 0), raw.get(name, 0)
            yield Place(name, vault, what.kind, what.offsite, what.offline, cost, size)


def _rhythms(site: Site, charges: Sequence[Charge]) -> Iterator[Rhythm]:
    fen: dict[tuple[str, str], int] = {}
    for each in charges:
        if each.set and each.what in ("backup", "restore_test"):
            fen[each.set, each.what] = fen.get((each.set, each.what), 0) + each.fen
    for name, policy in site.agency.file.policies.items():
        sets = [each for each, of in site.agency.file.sets.items() if of.policy == name]
        yield Rhythm(
            name,
            policy.every,
            policy.restore_test.every,
            sum(fen.get((each, "backup"), 0) for each in sets),
            sum(fen.get((each, "restore_test"), 0) for each in sets),
        )


def _old(site: Site, days: Days) -> dict[str, tuple[int, int]]:
    """Return by vault the byte-minutes of what was there a year before, and of how many clients."""
    then = days.begin - A_YEAR
    sets = site.agency.file.sets
    size, clients = dict[str, int](), dict[str, set[str]]()
    for each in stored(site.catalog, then, then):
        if each.before and each.set in sets:
            vault = sets[each.set].vault
            size[vault] = size.get(vault, 0) + each.before
            clients.setdefault(vault, set()).add(each.client)
    minutes = days.count * MINUTES_A_DAY
    return {vault: (sum_ * minutes, len(clients[vault])) for vault, sum_ in size.items()}


def held(site: Site, vault: str) -> tuple[str, ...]:
    """Return the clients of a vault on which a hold stands, or of whom that cannot be told."""
    sets = {name for name, each in site.agency.file.sets.items() if each.vault == vault}
    found = []
    for client in site.agency.clients.values():
        if sets & client.sets.keys() and _is_held(site, client.id):
            found.append(client.id)
    return tuple(found)


def _is_held(site: Site, client: str) -> bool:
    try:
        return bool(standing_holds(site, client))
    except BaozhangError:  # what cannot be told is treated as held: nothing is given up on a guess
        return True
