"""A sample agency: a folder per client, books that obey every law, papers around them.

    make_agency ──► c001/账套  发票  合同  表格  SYNTHETIC.md
                    c002/…                                      sample.json, SYNTHETIC.md
    next_day    ──► vouchers appended, rows updated in place, a few new invoices

Everything is decided by the seed: bytes, names and times.  `sample.json` keeps what the next day
must know.  Nothing here is a real company; `SYNTHETIC.md` says so in Chinese and English.
"""

import calendar
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from baozhang.books.model import Attachment, PartyBalance, SideRow, SideTable
from baozhang.errors import UsageError
from baozhang.samples.business import (
    AVERAGE_SALE,
    SALES_SHARE,
    Bookkeeper,
    Company,
    opened,
)
from baozhang.samples.chart import DATA
from baozhang.samples.exports import CsvExport, Export, T3Export
from baozhang.samples.identity import TRADES, company_name, credit_code, parties, staff
from baozhang.samples.journal import BalanceRow, PartySums, SampleInvoice, Standing, Voucher
from baozhang.samples.papers import pdf, xlsx
from baozhang.samples.seeds import chance, rng_for, stamp
from baozhang.samples.sides import WORD, Sides

Kind = Literal["cn_csv", "yonyou_t3", "fec"]
MEMORY = "sample.json"
NOTICE = "SYNTHETIC.md"
NOTICE_TEXT = """# 样例数据 / Synthetic data

本文件夹由程序按种子生成，全部为虚构的样例：企业名称均含“样例”，
统一社会信用代码和发票号码使用不存在的地区代码，金额、往来单位、人员均非真实。
不得用于记账、报税或证明任何事实。

Everything in this folder was generated from a seed. The companies do not exist: their names
carry 样例 (sample), their credit codes and invoice numbers use a region that does not exist,
amounts and people are invented. It proves nothing about anybody and never counts as evidence.
"""
BUSINESSES = (("goods", 13), ("services", 6), ("goods", 3), ("services", 3))
PARTIES = 8  # customers, and as many suppliers, per client


@dataclass(frozen=True, slots=True)
class Shape:
    """How much a client has; sizes are bytes, drawn evenly between two bounds."""

    trades: int = 28  # vouchers of daily trade per month, beside some 15 of fixed duties
    invoices: int = 6  # per month, at most; each a PDF
    invoice_bytes: tuple[int, int] = (5_000, 80_000)
    contracts: int = 2  # per client
    contract_bytes: tuple[int, int] = (20_000, 120_000)
    workbooks: int = 2  # per month
    workbook_bytes: tuple[int, int] = (6_000, 30_000)


SMALL = Shape()
BIG = Shape(
    trades=3_700,
    invoices=14,
    contracts=10,
    contract_bytes=(60_000, 240_000),
    workbook_bytes=(40_000, 220_000),
)
"""With 36 clients and 12 months: about 1 GB in 7,400 files."""


@dataclass(frozen=True, slots=True)
class SampleClient:
    """One client of a sample agency."""

    id: str  # "c001"
    name: str
    credit_code: str
    kind: Kind
    trade: str  # "goods" or "services"
    vat_percent: int
    staff: tuple[str, str, str]  # 主办, 复核, 代班


@dataclass(frozen=True, slots=True)
class SampleAgency:
    """What a sample agency was made from, and how many days were added since."""

    seed: int
    first: date  # first day covered
    months: int
    shape: Shape
    clients: tuple[SampleClient, ...]
    days: int = 0
    partners: dict[str, list[tuple[str, str, int, int, int]]] = field(default_factory=dict)
    """By client: account, partner, and in the last period opening, debit and credit in fen."""

    @property
    def last(self) -> date:
        """The last day of the covered, closed months."""
        months = self.first.month - 1 + self.months
        first_open = date(self.first.year + months // 12, months % 12 + 1, 1)
        return first_open - timedelta(days=1)

    @property
    def today(self) -> date:
        """The day it has become."""
        return self.last + timedelta(days=self.days)


Tell = Callable[[int, int], None]
"""Is told clients done and clients to do."""


def quiet(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def make_agency(
    folder: Path,
    *,
    clients: int,
    months: int,
    seed: int,
    first: date = date(2026, 1, 1),
    shape: Shape = SMALL,
    fec: bool = False,
    tell: Tell = quiet,
) -> SampleAgency:
    """Make an agency in a new or empty folder; the same arguments make the same bytes and times.

    Args:
        folder: gets one folder per client, `sample.json` and `SYNTHETIC.md`.
        clients: how many to generate; they export `cn_csv` and `yonyou_t3` in turn.
        months: closed periods to cover, from the month of `first`.
        seed: decides everything.
        first: first day of the first period.
        shape: how much each client has.
        fec: add one more client with the real French ledger that ships with the product.
        tell: is told how far it is.

    Raises:
        UsageError: the folder holds something already, or a count is below one.
    """
    if clients < 1 or months < 1:
        raise UsageError(
            "a sample agency needs at least one client and one month",
            hint="Give --clients and --months numbers from 1.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(
            "the folder {folder} is not empty",
            hint="Name a new folder for the sample.",
            folder=folder.name,
        )
    members = [_client(seed, number) for number in range(1, clients + 1)]
    if fec:
        members.append(_french_client(clients + 1))
    agency = SampleAgency(seed, first.replace(day=1), months, shape, tuple(members))
    for done, client in enumerate(agency.clients):
        tell(done, len(agency.clients))
        agency.partners[client.id] = _make_client(folder / client.id, agency, client)
    _remember(folder, agency)
    tell(len(agency.clients), len(agency.clients))
    return agency


def recall(folder: Path) -> SampleAgency:
    """Return what `make_agency` made in the folder.

    Raises:
        UsageError: the folder holds no sample agency.
    """
    try:
        return TypeAdapter(SampleAgency).validate_json((folder / MEMORY).read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(
            "no sample agency in {folder}",
            hint="Make one first with: baozhang sample make.",
            folder=folder.name,
        ) from error


def next_day(folder: Path, day: int, seed: int | None = None) -> SampleAgency:
    """Let the `day`-th day after the covered months pass in every generated client.

    Vouchers are appended, balances follow, scattered rows of databases change in place, a few
    invoices arrive.  The last day of a month closes it.  The French ledger does not change.

    Args:
        folder: of `make_agency`.
        day: from 1, one after the other.
        seed: decides the day; None takes the agency's.

    Raises:
        UsageError: no sample agency there, or `day` is not the next one.
    """
    agency = recall(folder)
    if day != agency.days + 1:
        raise UsageError(
            "day {day} cannot come now, the next one is day {due}",
            hint="Pass the days one after the other, from 1.",
            day=day,
            due=agency.days + 1,
        )
    partners = dict(agency.partners)
    for client in agency.clients:
        if client.kind != "fec":
            decided = agency.seed if seed is None else seed
            partners[client.id] = _pass_day(folder / client.id, agency, client, day, decided)
    after = replace(agency, days=day, partners=partners)
    _remember(folder, after)
    return after


def _remember(folder: Path, agency: SampleAgency) -> None:
    (folder / MEMORY).write_bytes(TypeAdapter(SampleAgency).dump_json(agency, indent=2) + b"\n")
    (folder / NOTICE).write_text(NOTICE_TEXT, encoding="utf-8")
    for path in (folder / MEMORY, folder / NOTICE, folder):
        stamp(path, agency.today, 0)


def _client(seed: int, number: int) -> SampleClient:
    rng = rng_for(seed, "client", number)
    trade, vat_percent = BUSINESSES[(number - 1) % len(BUSINESSES)]
    kind: Kind = "cn_csv" if (number - 1) % 9 % 2 == 0 else "yonyou_t3"  # five of nine: bytes
    name, code = company_name(rng, trade), credit_code(number)
    return SampleClient(f"c{number:03d}", name, code, kind, trade, vat_percent, staff(rng))


def _french_client(number: int) -> SampleClient:
    people = ("赵样例", "钱样例", "孙样例")
    name = "样例法国账套（FEC）"
    return SampleClient(f"c{number:03d}", name, credit_code(number), "fec", "services", 6, people)


def _company(agency: SampleAgency, client: SampleClient) -> Company:
    number = int(client.id[1:])
    rng = rng_for(agency.seed, "parties", number)
    return Company(
        number,
        client.trade,
        client.vat_percent,
        client.credit_code,
        parties(rng, "K", tuple(TRADES), PARTIES, 100_000 + 100 * number),
        parties(rng, "G", (client.trade,), PARTIES, 100_050 + 100 * number),
        int(agency.shape.trades * SALES_SHARE * AVERAGE_SALE),
        agency.first,
    )


def _export(folder: Path, agency: SampleAgency, client: SampleClient) -> Export:
    maker, reviewer, _ = client.staff
    if client.kind == "cn_csv":
        return CsvExport(folder, company=client.name, maker=maker, reviewer=reviewer)
    return T3Export(folder, first_year=agency.first.year, maker=maker, reviewer=reviewer)


Partners = list[tuple[str, str, int, int, int]]


def _make_client(folder: Path, agency: SampleAgency, client: SampleClient) -> Partners:
    folder.mkdir()
    partners: Partners = []
    if client.kind == "fec":
        _copy_french(folder, agency.last)
    else:
        partners = _noted(_generate(folder, agency, client).parties)
    _stamp_folders(folder, agency.last)
    return partners


def _noted(parties: PartySums) -> Partners:
    return [
        (account, party, row.opening, row.debit, row.credit)
        for (account, party), row in parties.items()
    ]


def _recalled(partners: Partners) -> PartySums:
    return {
        (account, party): BalanceRow(account, *figures) for account, party, *figures in partners
    }


def _copy_french(folder: Path, day: date) -> None:
    (folder / "账套").mkdir()
    for source in sorted((DATA / "fec_fr").iterdir()):
        below = folder / "账套" if source.suffix == ".txt" else folder
        stamp(Path(shutil.copyfile(source, below / source.name)), day, 0)


def _generate(folder: Path, agency: SampleAgency, client: SampleClient) -> Standing:
    company, rng = _company(agency, client), rng_for(agency.seed, "books", client.id)
    export, papers = _export(folder, agency, client), rng_for(agency.seed, "papers", client.id)
    keeper = Bookkeeper(company, opened(company), rng)
    for month in range(agency.months):
        if month:
            keeper.standing = keeper.standing.next_period()
        keeper.invoices_left = agency.shape.invoices
        period_end = _month_end(keeper.standing)
        _book(folder, export, keeper, keeper.month(agency.shape.trades), agency.shape, papers)
        for written in export.files():
            stamp(written, period_end, 36_000 - 60)
        _workbooks(folder / "表格", agency.shape, papers, period_end)
    _contracts(folder / "合同", agency, papers)
    (folder / NOTICE).write_text(NOTICE_TEXT, encoding="utf-8")
    stamp(folder / NOTICE, agency.first, 0)
    return keeper.standing


def _book(
    folder: Path,
    export: Export,
    keeper: Bookkeeper,
    vouchers: Iterator[Voucher],
    shape: Shape,
    papers: Random,
    *,
    closed: bool = True,
) -> None:
    """Write vouchers, their balances, what stands beside them, and the invoices that came."""
    invoices: list[SampleInvoice] = []
    sides = Sides(keeper)

    def noted() -> Iterator[Voucher]:
        for voucher in vouchers:
            sides.see(voucher)
            if voucher.invoice:
                invoices.append(voucher.invoice)
            yield voucher

    export.add(keeper.standing, noted(), invoices)
    attached: list[SideRow] = []
    for voucher, invoice in sides.invoices:
        text = ("SAMPLE - NOT AN INVOICE", f"No. {invoice.number}", invoice.day.isoformat())
        path = folder / "发票" / f"{invoice.number}.pdf"
        body = pdf(papers, text, _size(papers, shape.invoice_bytes))
        _paper(path, body, invoice.day, papers)
        place, digest = f"{WORD}-{voucher.number}", hashlib.sha256(body).hexdigest()
        period = keeper.standing.period
        attached.append(Attachment(period, place, path.name, len(body), digest, ()))
    rows = sides.rows(closed=closed)
    export.beside(keeper.standing, {**_called(export, keeper, rows), "attachments": attached})


def _called(
    export: Export, keeper: Bookkeeper, rows: dict[SideTable, list[SideRow]]
) -> dict[SideTable, list[SideRow]]:
    """Return the rows with the partners called as the export's vouchers call them."""
    if not export.by_name:
        return rows
    company = keeper.company
    called = {party.code: party.name for party in (*company.customers, *company.suppliers)}
    partners = [
        row._replace(party=called[row.party])
        for row in rows["parties"]
        if isinstance(row, PartyBalance)
    ]
    return {**rows, "parties": [*partners]}


def _contracts(folder: Path, agency: SampleAgency, papers: Random) -> None:
    days = (agency.last - agency.first).days
    for number in range(1, agency.shape.contracts + 1):
        day = agency.first + timedelta(days=chance(papers, days))
        text = ("SAMPLE - NOT A CONTRACT", f"No. {number:03d}", day.isoformat())
        body = pdf(papers, text, _size(papers, agency.shape.contract_bytes))
        _paper(folder / f"样例合同_{number:03d}.pdf", body, day, papers)


def _workbooks(folder: Path, shape: Shape, papers: Random, day: date) -> None:
    for number in range(shape.workbooks):
        title = ("工资表", "银行对账单", "固定资产清单", "往来核对表")[number % 4]
        rows = [["样例", title, day.strftime("%Y-%m")]]
        rows += [[f"样例{n:03d}", f"{chance(papers, 2_000_000) / 100:.2f}"] for n in range(40)]
        copy = f"_{number // 4 + 1}" if number >= 4 else ""
        path = folder / f"{title}_{day:%Y-%m}{copy}.xlsx"
        _paper(path, xlsx(papers, rows, _size(papers, shape.workbook_bytes), day), day, papers)


def _paper(path: Path, body: bytes, day: date, papers: Random) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    stamp(path, day, chance(papers, 36_000))


def _size(rng: Random, bounds: tuple[int, int]) -> int:
    return bounds[0] + chance(rng, bounds[1] - bounds[0] + 1)


def _month_end(standing: Standing) -> date:
    days = calendar.monthrange(standing.year, standing.month)[1]
    return date(standing.year, standing.month, days)


def _stamp_folders(folder: Path, day: date) -> None:
    for below, _, _ in os.walk(folder, topdown=False):
        stamp(Path(below), day, 36_000 - 1)


def _pass_day(
    folder: Path, agency: SampleAgency, client: SampleClient, day: int, seed: int
) -> Partners:
    today = agency.last + timedelta(days=day)
    rng = rng_for(seed, "day", day, client.id)
    export = _export(folder, agency, client)
    standing = export.standing()
    standing.parties = _recalled(agency.partners[client.id])
    if (standing.year, standing.month) != (today.year, today.month):
        standing = standing.next_period()
    keeper = Bookkeeper(_company(agency, client), standing, rng)
    keeper.serial = _last_serial(folder / "发票")
    keeper.invoices_left = 1 + chance(rng, 3)
    trades = max(1, agency.shape.trades // 30)
    closed = today == _month_end(keeper.standing)
    vouchers = keeper.day(today, trades)
    _book(folder, export, keeper, vouchers, agency.shape, rng, closed=closed)
    changed = export.files()
    export.touch(rng)
    for path in changed:
        stamp(path, today, 36_000 - 60)
    _stamp_folders(folder, today)
    return _noted(keeper.standing.parties)


def _last_serial(folder: Path) -> int:
    """Return the serial of the newest invoice: the last nine digits of its number."""
    return max((int(path.stem[-9:]) for path in folder.glob("*.pdf")), default=0)
