"""What a small company does in a day, as vouchers: sales, purchases, pay, rent, tax, the close.

    day ── fixed duties of that day ──► trade of the day ──► on the last day: accruals, close

A month is its days, and a later day's change is one more day, so that both come from one code.
Every amount depends on the balances reached so far: nothing is paid that is not there, no more
goods are sold than lie in stock, and a close empties every 损益 account whatever is in it.
"""

import calendar
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from baozhang.books.model import Pay
from baozhang.samples.assets import BUYING_DAY, Card, asset_rows, bought_card, cards, old_cards
from baozhang.samples.chart import chart, names, profit_and_loss
from baozhang.samples.identity import Party, invoice_number
from baozhang.samples.journal import BalanceRow, Entry, SampleInvoice, Standing, Voucher
from baozhang.samples.payroll import pay_sheet
from baozhang.samples.seeds import chance

CASH, BANK, SECOND_BANK = "1001", "100201", "100202"
RECEIVABLE, PAYABLE, STOCK = "1122", "2202", "140501"
FIXED_ASSETS, DEPRECIATION = "1601", "1602"
WAGES, SOCIAL, WITHHELD, LOAN = "221101", "221102", "224101", "224102"
VAT, VAT_DUE, CITY_TAX, EDUCATION_FEE = "222101", "222102", "222103", "222104"
INPUT_VAT, MOVED_VAT, OUTPUT_VAT = "22210101", "22210104", "22210107"  # general taxpayers
INCOME_TAX_STAFF, INCOME_TAX = "222105", "222106"
PROFIT, RETAINED, CAPITAL = "3103", "310401", "3001"

EXPENSES = (
    ("560202", "报销办公用品费"),
    ("560205", "报销差旅费"),
    ("560206", "报销业务招待费"),
    ("560208", "支付水电费"),
    ("560103", "支付运输费"),
    ("560102", "支付广告宣传费"),
)
AVERAGE_SALE = 1_000_000  # fen, before tax
SALES_SHARE = 0.28  # of a day's trade; receipts as many, so that receivables stay level


@dataclass(frozen=True, slots=True)
class Company:
    """What decides a client's business."""

    serial: int  # of the client within the agency, from 1
    kind: str  # "goods" or "services"
    vat_percent: int  # 13, 6 or 3; 3 is a 小规模纳税人, who deducts no input tax
    credit_code: str
    customers: tuple[Party, ...]
    suppliers: tuple[Party, ...]
    turnover: int  # fen a month, expected
    first: date  # first day of the first covered month

    @property
    def deducts(self) -> bool:
        """Whether it is a 一般纳税人."""
        return self.vat_percent != 3

    @property
    def paid_for(self) -> tuple[str, str]:
        """What its customers and what it pays for, in summaries."""
        return ("货款", "货款") if self.kind == "goods" else ("服务款", "服务费")

    @property
    def revenue(self) -> str:
        """Account of its sales."""
        return "500101" if self.kind == "goods" else "500102"

    @property
    def output_vat(self) -> str:
        """Account of the VAT on its sales."""
        return OUTPUT_VAT if self.deducts else VAT

    @property
    def unit(self) -> int:
        """About a percent of its turnover, in fen."""
        return max(self.turnover, 5_000_000) // 100_000 * 1000

    @property
    def assets(self) -> tuple[Card, ...]:
        """The fixed assets it has before its first covered month."""
        return old_cards(self.serial, self.unit * 120, self.first)

    def held(self, year: int, month: int) -> list[Card]:
        """Return its fixed assets at the end of a period."""
        return cards(self.assets, self.serial, self.first, year, month)

    def pay(self, year: int, month: int) -> tuple[Pay, ...]:
        """Return its pay sheet of a period."""
        wages = max(self.turnover * 12 // 100, 600_000) // 100 * 100
        return pay_sheet(self.serial, wages, year, month)


def opened(company: Company) -> Standing:
    """Return the books of a going concern at the start of its first covered month."""
    balances = _opening_balances(company)
    parties = {
        (account, party.code): BalanceRow(account, amount, 0, 0)
        for account, those in ((RECEIVABLE, company.customers), (PAYABLE, company.suppliers))
        for party, amount in _shared(balances[account], those)
    }
    accounts = chart(deducts=company.deducts)
    first = company.first
    return Standing(first.year, first.month, balances, accounts, parties=parties)


def _shared(amount: int, parties: tuple[Party, ...]) -> Iterator[tuple[Party, int]]:
    """Share an amount out among some of the partners, more to the first."""
    some = parties[:3]
    for number, party in enumerate(some, start=1):
        part = amount // 2 if number < len(some) else amount
        amount -= part
        yield party, part


def _opening_balances(company: Company) -> dict[str, int]:
    """Return the leaves' balances; they sum to zero."""
    unit, year, month = company.unit, *_month_before(company.first)
    earned = company.pay(year, month)
    worn = asset_rows(list(company.assets), year, month, FIXED_ASSETS)
    balances = {
        CASH: unit,
        BANK: unit * 150,
        SECOND_BANK: unit * 40,
        RECEIVABLE: unit * 60,
        "122102": unit * 5,
        STOCK: unit * 80 if company.kind == "goods" else 0,
        FIXED_ASSETS: unit * 120,
        DEPRECIATION: -sum(asset.accumulated for asset in worn),
        PAYABLE: -unit * 45,
        WAGES: -sum(pay.gross for pay in earned),
        SOCIAL: -unit * 2,
        VAT_DUE: -unit * 2,
        INCOME_TAX: -unit,
        CAPITAL: -unit * 300,
    }
    if company.first.month > 1:
        balances[PROFIT] = -unit * company.first.month
    balances[RETAINED] = -sum(balances.values())
    return balances


def _month_before(day: date) -> tuple[int, int]:
    return (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)


@dataclass(slots=True)
class Bookkeeper:
    """Keeps one company's books, day by day."""

    company: Company
    standing: Standing
    rng: Random
    invoices_left: int = 0  # how many more sales and purchases of this period get an invoice
    serial: int = 0  # of the last invoice
    receivables: deque[tuple[Party, int]] = field(default_factory=deque)
    payables: deque[tuple[Party, int]] = field(default_factory=deque)
    sold: list[tuple[Party, int, SampleInvoice | None]] = field(default_factory=list)
    earned: dict[str, int] = field(default_factory=dict)
    """损益 balances of the period as they stood when its close emptied them."""

    def __post_init__(self) -> None:
        """Let what partners owed before be the first to be settled."""
        for account, those, open_ in (
            (RECEIVABLE, self.company.customers, self.receivables),
            (PAYABLE, self.company.suppliers, self.payables),
        ):
            for party in those:
                row = self.standing.parties.get((account, party.code))
                if row and row.closing:
                    open_.append((party, abs(row.closing)))

    def day(self, day: date, trades: int) -> Iterator[Voucher]:
        """Yield the day's vouchers, posted and numbered."""
        last = calendar.monthrange(day.year, day.month)[1]
        yield from self._post(self._duties(day))
        for _ in range(trades):
            yield self.standing.post(self._trade(day))
        if day.day == last:
            yield from self._post(self._accruals(day))
            yield from self._post(self._close(day))

    def month(self, trades: int) -> Iterator[Voucher]:
        """Yield a whole period's vouchers, posted and numbered."""
        year, month = self.standing.year, self.standing.month
        days = calendar.monthrange(year, month)[1]
        counts = [0] * days
        for _ in range(trades):
            counts[chance(self.rng, days)] += 1
        for number, count in enumerate(counts, start=1):
            yield from self.day(date(year, month, number), count)

    def _post(self, vouchers: Iterable[Voucher]) -> Iterator[Voucher]:
        for voucher in vouchers:
            yield self.standing.post(voucher)

    # -- the day's trade --------------------------------------------------------------------

    def _trade(self, day: date) -> Voucher:  # noqa: PLR0911 - one return per kind of trade
        dice = self.rng.random()
        if self.standing.balance(BANK) < self.company.turnover // 10:
            return self._from_shareholder(day)
        if dice < SALES_SHARE:
            return self._sale(day)
        if dice < 2 * SALES_SHARE:
            return self._receipt(day) or self._sale(day)
        if dice < 0.70:
            return self._purchase(day)
        if dice < 0.84:
            return self._payment(day) or self._purchase(day)
        if dice < 0.86:
            return self._sales_return(day) or self._expense(day)
        return self._expense(day)

    def _amount(self, average: int) -> int:
        return average // 10 + chance(self.rng, average * 9 // 5)

    def _party(self, parties: tuple[Party, ...]) -> Party:
        return parties[chance(self.rng, len(parties))]

    def _sale(self, day: date) -> Voucher:
        company, party = self.company, self._party(self.company.customers)
        net = self._amount(AVERAGE_SALE)
        tax = (net * company.vat_percent + 50) // 100
        parts = net, tax, company.vat_percent
        invoice = self._invoice(day, company.credit_code, party.credit_code, *parts)
        self.receivables.append((party, net + tax))
        self.sold.append((party, net + tax, invoice))
        goods = "商品" if company.kind == "goods" else "技术服务"
        return Voucher(
            day,
            f"销售{goods}给{party.name}",
            (
                Entry(RECEIVABLE, net + tax, 0, party),
                Entry(company.revenue, 0, net),
                Entry(company.output_vat, 0, tax),
            ),
            2,
            invoice,
        )

    def _sales_return(self, day: date) -> Voucher | None:
        """Book the return of the last sale that is not paid yet in red, with a red invoice."""
        if not self.sold or not self.receivables or self.receivables[-1] != self.sold[-1][:2]:
            return None
        company, (party, gross, blue) = self.company, self.sold.pop()
        self.receivables.pop()
        net = blue.amount if blue else _without_tax(gross, company.vat_percent)
        entries = (
            Entry(RECEIVABLE, -gross, 0, party),
            Entry(company.revenue, 0, -net),
            Entry(company.output_vat, 0, net - gross),
        )
        red = blue and self._numbered(
            blue._replace(day=day, amount=-net, tax=net - gross, blue=blue.number)
        )
        return Voucher(day, f"红字冲销{party.name}销售退回", entries, 1, red)

    def _receipt(self, day: date) -> Voucher | None:
        if not self.receivables:
            return None
        party, gross = self.receivables.popleft()
        bank = BANK if self.rng.random() < 0.9 else SECOND_BANK
        entries = Entry(bank, gross, 0), Entry(RECEIVABLE, 0, gross, party)
        return Voucher(day, f"收到{party.name}{self.company.paid_for[0]}", entries)

    def _purchase(self, day: date) -> Voucher:
        party = self._party(self.company.suppliers)
        goods = self.company.kind == "goods"
        net = self._amount(AVERAGE_SALE * 14 // 10 if goods else AVERAGE_SALE // 4)
        percent = 13 if goods else 6
        tax = (net * percent + 50) // 100
        account = STOCK if goods else "540102"
        gross = net + tax
        self.payables.append((party, gross))
        cost = (Entry(account, net, 0), Entry(INPUT_VAT, tax, 0))
        return Voucher(
            day,
            f"向{party.name}采购{'商品入库' if goods else '外协服务'}",
            (
                *(cost if self.company.deducts else (Entry(account, gross, 0),)),
                Entry(PAYABLE, 0, gross, party),
            ),
            3,
            self._invoice(day, party.credit_code, self.company.credit_code, net, tax, percent),
        )

    def _payment(self, day: date) -> Voucher | None:
        if not self.payables or self.payables[0][1] > self.standing.balance(BANK):
            return None
        party, gross = self.payables.popleft()
        entries = Entry(PAYABLE, gross, 0, party), Entry(BANK, 0, gross)
        return Voucher(day, f"支付{party.name}{self.company.paid_for[1]}", entries)

    def _expense(self, day: date) -> Voucher:
        account, summary = EXPENSES[chance(self.rng, len(EXPENSES))]
        amount = self._amount(30_000)
        cash = self.standing.balance(CASH)
        if cash < 200_000:
            return Voucher(day, "提取备用金", (Entry(CASH, 500_000, 0), Entry(BANK, 0, 500_000)))
        source = CASH if amount <= cash and self.rng.random() < 0.6 else BANK
        return Voucher(day, summary, (Entry(account, amount, 0), Entry(source, 0, amount)), 2)

    def _from_shareholder(self, day: date) -> Voucher:
        amount = max(self.company.turnover // 4, 5_000_000) // 100 * 100
        return Voucher(day, "收到股东借款", (Entry(BANK, amount, 0), Entry(LOAN, 0, amount)))

    def _invoice(
        self, day: date, seller: str, buyer: str, amount: int, tax: int, percent: int
    ) -> SampleInvoice | None:
        if self.invoices_left <= 0:
            return None
        self.invoices_left -= 1
        kind = "增值税专用发票" if self.company.deducts else "普通发票"
        return self._numbered(
            SampleInvoice("", day, f"数电票（{kind}）", seller, buyer, amount, tax, percent)
        )

    def _numbered(self, invoice: SampleInvoice) -> SampleInvoice:
        self.serial += 1
        number = invoice_number(invoice.day.year, self.company.serial, self.serial)
        return invoice._replace(number=number)

    # -- duties of fixed days ---------------------------------------------------------------

    def _duties(self, day: date) -> Iterator[Voucher]:
        if day.day == 5:
            rent = self.company.turnover * 3 // 10_000 * 100
            if rent:
                yield Voucher(day, "支付本月房租", (Entry("560203", rent, 0), Entry(BANK, 0, rent)))
        elif day.day == 10:
            yield from self._pay(day)
        elif day.day == 12:
            yield from self._settle(day, "缴纳社会保险费", (SOCIAL, WITHHELD))
        elif day.day == 13:
            yield from self._settle(day, "缴纳上月增值税", (VAT_DUE,))
            taxes = (CITY_TAX, EDUCATION_FEE, INCOME_TAX_STAFF, INCOME_TAX)
            yield from self._settle(day, "缴纳上月附加税及所得税", taxes)
        elif card := self._card_bought(day):
            yield self._asset(day, card)
        elif day.day == 21:
            fee = 1_000 + chance(self.rng, 9_000)
            yield Voucher(day, "支付银行手续费", (Entry("560301", fee, 0), Entry(BANK, 0, fee)))
            if day.month % 3 == 0:
                interest = 100 + max(0, self.standing.balance(BANK)) // 4000
                paid = Entry(BANK, interest, 0), Entry("560302", 0, interest)
                yield Voucher(day, "收到银行存款利息", paid)

    def _card_bought(self, day: date) -> Card | None:
        if day.day != BUYING_DAY:
            return None
        return bought_card(self.company.serial, self.company.first, day.year, day.month)

    def _asset(self, day: date, card: Card) -> Voucher:
        """Buy a fixed asset; a general taxpayer deducts its VAT, for another it is cost."""
        tax = (card.cost * 13 + 50) // 100 if self.company.deducts else 0
        entries = (
            Entry(FIXED_ASSETS, card.cost, 0),
            *((Entry(INPUT_VAT, tax, 0),) if tax else ()),
            Entry(BANK, 0, card.cost + tax),
        )
        return Voucher(day, f"购入固定资产，卡片{card.number}", entries, 2)

    def _pay(self, day: date) -> Iterator[Voucher]:
        """Pay out last month's pay sheet."""
        sheet = self.company.pay(*_month_before(day))
        tax = sum(pay.tax for pay in sheet)
        entries = (
            Entry(WAGES, sum(pay.gross for pay in sheet), 0),
            Entry(WITHHELD, 0, sum(pay.deductions for pay in sheet)),
            *((Entry(INCOME_TAX_STAFF, 0, tax),) if tax else ()),
            Entry(BANK, 0, sum(pay.net for pay in sheet)),
        )
        yield Voucher(day, "发放上月工资", entries, 2)

    def _settle(self, day: date, summary: str, accounts: tuple[str, ...]) -> Iterator[Voucher]:
        owed = tuple(
            Entry(a, -self.standing.balance(a), 0) for a in accounts if self.standing.balance(a) < 0
        )
        if owed:
            yield Voucher(day, summary, (*owed, Entry(BANK, 0, sum(e.debit for e in owed))))

    # -- the end of a month -----------------------------------------------------------------

    def _accruals(self, day: date) -> Iterator[Voucher]:
        """Yield what a month's end accrues; each looks at the balances the last one left."""
        yield self._wages(day)
        balance = self.standing.balance
        held = self.company.held(day.year, day.month)
        worn = sum(row.monthly for row in asset_rows(held, day.year, day.month, FIXED_ASSETS))
        if worn:
            entries = Entry("560204", worn, 0), Entry(DEPRECIATION, 0, worn)
            yield Voucher(day, "计提本月固定资产折旧", entries)
        cost = min(-balance("500101") * (66 + chance(self.rng, 10)) // 100, balance(STOCK))
        if cost > 0:
            yield Voucher(
                day, "结转本月销售成本", (Entry("540101", cost, 0), Entry(STOCK, 0, cost))
            )
        yield from self._taxes(day)

    def _wages(self, day: date) -> Voucher:
        wages = sum(pay.gross for pay in self.company.pay(day.year, day.month))
        sales, social = wages * 4 // 10, wages * 16 // 100
        entries = (
            Entry("560101", sales, 0),
            Entry("560201", wages - sales, 0),
            Entry("560207", social, 0),
            Entry(WAGES, 0, wages),
            Entry(SOCIAL, 0, social),
        )
        return Voucher(day, "计提本月工资及社会保险费", entries, 2)

    def _taxes(self, day: date) -> Iterator[Voucher]:
        vat = -self.standing.below(VAT)
        if vat > 0:
            moved = MOVED_VAT if self.company.deducts else VAT
            entries = Entry(moved, vat, 0), Entry(VAT_DUE, 0, vat)
            yield Voucher(day, "转出本月未交增值税", entries, 0)
        city, education = max(vat, 0) * 7 // 100, max(vat, 0) * 3 // 100
        if city and education:
            taxes = Entry(CITY_TAX, 0, city), Entry(EDUCATION_FEE, 0, education)
            yield Voucher(day, "计提本月税金及附加", (Entry("5403", city + education, 0), *taxes))
        profit = -sum(self.standing.balance(code) for code in profit_and_loss())
        income_tax = profit // 20  # 小型微利企业: 5 %
        if income_tax > 0:
            entries = Entry("5801", income_tax, 0), Entry(INCOME_TAX, 0, income_tax)
            yield Voucher(day, "计提本月企业所得税", entries)

    def _close(self, day: date) -> Iterator[Voucher]:
        """Yield 结转损益, and in December the year's profit to 3104."""
        self.earned = {code: self.standing.balance(code) for code in profit_and_loss()}
        for summary, first_digits in (
            ("结转本期损益（收入）", ("50", "51", "53")),
            ("结转本期损益（成本费用）", ("54", "56", "57", "58")),
        ):
            codes = [code for code in profit_and_loss() if code[:2] in first_digits]
            entries = [_emptied(code, self.standing.balance(code)) for code in codes]
            moved = tuple(entry for entry in entries if entry.debit or entry.credit)
            if moved:
                net = sum(entry.debit - entry.credit for entry in moved)
                yield Voucher(day, summary, (*moved, *_signed(PROFIT, -net)), 0)
        if day.month == 12 and (profit := self.standing.balance(PROFIT)):
            year = _emptied(PROFIT, profit), *_signed(RETAINED, profit)
            yield Voucher(day, f"结转本年利润至{names()[RETAINED]}", year, 0)


def _without_tax(gross: int, percent: int) -> int:
    """Return the net amount whose tax, rounded to the fen, makes it the gross one."""
    net = gross * 100 // (100 + percent)
    return net if net + (net * percent + 50) // 100 == gross else net + 1


def _emptied(account: str, balance: int) -> Entry:
    """Return the line that brings the balance to zero."""
    return Entry(account, max(-balance, 0), max(balance, 0))


def _signed(account: str, amount: int) -> tuple[Entry, ...]:
    """Return a line of a signed amount, debit positive; none for nothing."""
    return (Entry(account, max(amount, 0), max(-amount, 0)),) if amount else ()
