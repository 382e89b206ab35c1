"""The steps of the monthly letters: gather what is known of a month, write, file, judge.

What is gathered comes from the catalog and the audit log alone; no vault is opened.  A client is
gathered by itself, so that a letter to one client has only ever seen that client's rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from logging import getLogger
from pathlib import Path

from prefect.runtime import flow_run

from baozhang.audit.letters import records_of
from baozhang.catalog.model import KnownSnapshot, Outcome, Status
from baozhang.catalog.rebuilding import AGENCY
from baozhang.clock import business_day
from baozhang.errors import BaozhangError, ClientsUnprotectedError
from baozhang.mail.readers import readers
from baozhang.policies.model import Policy
from baozhang.settings import ClientFile, LetterKind
from baozhang.site import Site
from baozhang.wiring import STATE, open_site
from baozhang.words import say
from reports import canonical, certificate, monthly, statement
from reports.certificate import render_certificate
from reports.library import Filed
from reports.month import AgencyMonth, Rates, amiss, before_of
from reports.monthly import render_monthly
from reports.months import Month, cut, midnight, month_of, parse_month
from reports.owner import ClientLetter, Owner
from reports.standing import ClientMonth, client_month, exceptions
from reports.statement import render_statement
from tasks.gate import mask_logs
from tasks.letters import Draft, library, refresh, write
from tasks.options import effect
from tasks.points import evidence_of

TARGET = timedelta(hours=4)
"""Within which a client's data is to be back: half a working day of an accountant."""
IN_A_BATCH = 50  # clients; their letters take less than a minute
RESTORED = "vault.restored"  # what `baozhang restore` leaves in the audit log

LOG = getLogger(__name__)

Ids = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch of letters; ids only."""

    kind: LetterKind
    month: str
    written: int  # letters
    there: int  # letters that said the same already and were not written again
    troubled: Ids  # clients whose letter tells of trouble
    failed: Ids  # clients whose letter could not be written


def begin_month(period: str | None) -> Month:
    """Return the month that was asked for, else the one before the scheduled start; mask the log.

    Raises:
        UsageError: not a month, or one that has not begun.
    """
    mask_logs()
    if period is None:
        return last_month(flow_run.scheduled_start_time)
    month = parse_month(period)
    with open_site() as site:
        cut(month, site.clock())
    return month


def last_month(now: datetime) -> Month:
    """Return the month before the one that an instant lies in."""
    return month_of(business_day(now)).previous


def named_month() -> str:
    """Return what a run of Prefect is called, e.g. `monthly 2026-07`."""
    asked = flow_run.parameters.get("period")
    return f"monthly {asked or last_month(flow_run.scheduled_start_time)}"


@effect("write the summary of {month}")
def write_summary(month: Month) -> Receipt:
    """Write the managers' letter on a month."""
    with open_site() as site:
        return receipt(site, monthly.KIND, month, [(AGENCY, summary(site, month))])


@effect("choose the clients")
def clients_in_batches(clients: list[str] | None) -> list[Ids]:
    """Return all clients, or those asked for, in batches.

    Raises:
        UsageError: one of them is not known.
    """
    with open_site() as site:
        ids = list(site.agency.clients) if clients is None else _known(site, clients)
    return [tuple(ids[first : first + IN_A_BATCH]) for first in range(0, len(ids), IN_A_BATCH)]


def _known(site: Site, clients: Iterable[str]) -> list[str]:
    return [site.client(client).id for client in dict.fromkeys(clients)]


@effect("write statements of {month}")
def write_statements(month: Month, clients: Ids) -> Receipt:
    """Write the statement of each client of a batch."""
    with open_site() as site:
        return receipt(site, statement.KIND, month, drafts(site, statement.KIND, month, clients))


@effect("write certificates of {month}")
def write_certificates(month: Month, clients: Ids) -> Receipt:
    """Write the certificate of each client of a batch."""
    with open_site() as site:
        found = drafts(site, certificate.KIND, month, clients)
        return receipt(site, certificate.KIND, month, found)


@effect("bring the library up to date")
def index_library() -> Path:
    """Write the library's index anew and return it."""
    with open_site() as site:
        return refresh(site)


def conclude_month(month: Month, ended: Iterable[Receipt | Exception]) -> list[Receipt]:
    """Return the receipts when every letter is written.

    Raises:
        ClientsUnprotectedError: a letter, or a whole batch of them, could not be written.
    """
    receipts, lost = [], []
    for each in ended:
        receipts.append(each) if isinstance(each, Receipt) else lost.append(type(each).__name__)
    failed = [f"{each.kind}/{client}" for each in receipts for client in each.failed] + lost
    if failed:
        raise ClientsUnprotectedError(
            "{count} letters of {month} could not be written: {letters}",
            hint="Read the log of this run, then follow docs/runbooks/monthly.md.",
            count=len(failed),
            month=month,
            letters=", ".join(failed[:20]),
        )
    return receipts


# --- what is known -----------------------------------------------------------------------------


def promises(site: Site, client: ClientFile) -> dict[str, Policy]:
    """Return the policy of each set of a client."""
    return {name: site.agency.policy(name) for name in client.sets}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the catalog knows of a client, for a month and the one before."""

    month: Month
    at: datetime
    client: ClientFile
    outcomes: tuple[Outcome, ...]


def known_of(site: Site, client: ClientFile, month: Month, at: datetime) -> _Known:
    """Return the rows of one client: backups of two months, and every test and reading."""
    since = month.previous.start
    outcomes = (
        *site.catalog.outcomes(client=client.id, duty="backup", since=since),
        *site.catalog.outcomes(client=client.id, duty="validation"),
        *site.catalog.outcomes(client=client.id, duty="restore_test"),
        *site.catalog.outcomes(client=client.id, duty="acceptance"),
    )
    return _Known(month, at, client, tuple(sorted(outcomes, key=lambda each: each.started)))


def told_of(
    site: Site, known: _Known, month: Month, at: datetime, restored: Iterable[datetime]
) -> ClientMonth:
    """Return a client's month, or the month before, from its rows."""
    return client_month(
        known.client.id,
        month,
        at,
        promises(site, known.client),
        backups(site, known.client.id),
        known.outcomes,
        restored=restored,
    )


def backups(site: Site, client: str) -> tuple[KnownSnapshot, ...]:
    """Return a client's backup points but for what incidents kept as evidence."""
    evidence = evidence_of(site, client)
    return tuple(each for each in site.catalog.snapshots(client) if each.id not in evidence)


def restores(site: Site, month: Month) -> Mapping[str, list[datetime]]:
    """Return when data was brought back on request, by client; months before are left out."""
    found: dict[str, list[datetime]] = {}
    for record in records_of(site.home / STATE / "audit", RESTORED):
        if month.start <= record.at < month.end:
            found.setdefault(record.entry.subject.partition("/")[0], []).append(record.at)
    return found


def agency_month(site: Site, month: Month) -> AgencyMonth:
    """Return the whole agency's month.

    Raises:
        UsageError: it has not begun.
    """
    at = cut(month, site.clock())
    restored = restores(site, month)
    clients, earlier, days = [], [], set[date]()
    own = [each for each in site.catalog.outcomes(client=AGENCY) if each.started < at]
    last = list(own)
    for client in site.agency.clients.values():
        known = known_of(site, client, month, at)
        clients.append(told_of(site, known, month, at, restored.get(client.id, ())))
        earlier.append(told_of(site, known, month.previous, month.start, ()))
        days |= _days(known.outcomes, month, at)
        last += _last(known.outcomes, at)
    prices = site.agency.file.prices
    return AgencyMonth(
        month=month,
        at=at,
        clients=tuple(clients),
        before=before_of(month.previous, earlier, _gone(site, month)),
        own=exceptions(each for each in own if each.started >= month.start),
        amiss=amiss(last),
        copies=tuple(_copies(site, day, own) if day in days else None for day in month.days),
        places=_places(site),
        target=TARGET,
        prices=Rates(prices.currency, prices.per_gb_month, prices.per_restore),
        sample=site.agency.file.sample,
    )


def _last(outcomes: Iterable[Outcome], at: datetime) -> Iterable[Outcome]:
    """Return the newest outcome of each duty before an instant; outcomes come by their start."""
    return {each.duty: each for each in outcomes if each.started < at}.values()


def _gone(site: Site, month: Month) -> list[str]:
    """Return who was backed up since the month before and has no file below `clients/` now."""
    backed_up = site.catalog.clients("backup", month.previous.start)
    return [each for each in backed_up if each != AGENCY and each not in site.agency.clients]


def _days(outcomes: Iterable[Outcome], month: Month, at: datetime) -> set[date]:
    """Return the days of a month on which a backup ran."""
    return {
        business_day(each.started)
        for each in outcomes
        if each.duty == "backup" and month.start <= each.started < at
    }


def _places(site: Site) -> int:
    """Return in how many places everything should lie: the vault with the fewest copies counts."""
    return min(1 + len(each.mirrors) for each in site.agency.file.vaults.values())


def _copies(site: Site, day: date, own: Iterable[Outcome]) -> int:
    """Return in how many places everything lay at the end of a day's runs.

    A mirror counts unless a backup of that day said that it is behind.
    """
    end = midnight(day + timedelta(days=1))
    behind = {
        each.set
        for each in own
        if each.duty == "backup" and midnight(day) <= each.started < end and each.status != "ok"
    }
    return min(
        1 + sum(f"{name}-mirror-{n}" not in behind for n in range(1, len(vault.mirrors) + 1))
        for name, vault in site.agency.file.vaults.items()
    )


def client_letter(
    site: Site, client: ClientFile, month: Month, restored: Iterable[datetime]
) -> ClientLetter:
    """Return what statement and certificate of a client report.

    Raises:
        UsageError: the month has not begun.
    """
    at = cut(month, site.clock())
    agency = site.agency
    lead = agency.people[client.lead].name
    owner = Owner(client.id, client.name, client.credit_code or "", agency.name, lead)
    known = known_of(site, client, month, at)
    return ClientLetter(
        month, at, owner, told_of(site, known, month, at, restored), agency.file.sample
    )


# --- drafts ------------------------------------------------------------------------------------


def summary(site: Site, month: Month, actor: str = "system") -> Draft:
    """Return the managers' letter on a month, ready to be numbered.

    Raises:
        UsageError: the month has not begun, or nobody reads such letters.
    """
    value = agency_month(site, month)
    return Draft(
        kind=monthly.KIND,
        period=str(month),
        status=value.status,
        value=canonical.canonical(monthly.KIND, value),
        render=partial(render_monthly, value),
        copies=readers(site.agency, monthly.KIND),
        actor=actor,
    )


def drafts(
    site: Site, kind: LetterKind, month: Month, clients: Iterable[str], actor: str = "system"
) -> Iterator[tuple[str, Draft | BaozhangError]]:
    """Yield each client's letter, ready to be numbered, or why there is none."""
    restored = restores(site, month)
    for id_ in clients:
        try:
            yield id_, draft(site, kind, month, id_, restored.get(id_, ()), actor)
        except BaozhangError as error:
            yield id_, error


def draft(
    site: Site,
    kind: LetterKind,
    month: Month,
    id_: str,
    restored: Iterable[datetime],
    actor: str = "system",
) -> Draft:
    """Return one client's statement or certificate, ready to be numbered.

    Raises:
        UsageError: no such client, a month that has not begun, or nobody to read it.
    """
    client = site.client(id_)
    value = client_letter(site, client, month, restored)
    is_statement = kind == statement.KIND
    return Draft(
        kind=kind,
        period=str(month),
        status=_status(value) if is_statement else certificate.status(value),
        value=canonical.canonical(kind, value),
        render=partial(render_statement if is_statement else render_certificate, value),
        copies=readers(site.agency, kind, client=client),
        client=id_,
        names=value.owner.names,
        actor=actor,
    )


def _status(value: ClientLetter) -> Status:
    return value.client.status if value.client.seen else "inconclusive"


def receipt(
    site: Site,
    kind: LetterKind,
    month: Month,
    found: Iterable[tuple[str, Draft | BaozhangError]],
) -> Receipt:
    """Write drafts of one kind that are not in the library yet, and return what became of them."""
    shelved = {_key(each) for each in library(site).reports() if each.kind == kind}
    wanted, failed, troubled, there = [], [], [], 0
    for client, each in found:
        if isinstance(each, BaozhangError):
            LOG.warning("%s/%s: %s", kind, client, say(each.template, **each.facts))
            failed.append(client)
            continue
        if each.status != "ok":
            troubled.append(client)
        if (each.client, each.period, canonical.fingerprint(each.value)) in shelved:
            there += 1
        else:
            wanted.append(each)
    written = write(site, wanted) if wanted else ()
    return Receipt(kind, str(month), len(written), there, tuple(troubled), tuple(failed))


def _key(filed: Filed) -> tuple[str, str, str]:
    return filed.client, filed.period, filed.fingerprint
