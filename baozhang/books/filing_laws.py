"""The laws of what was filed: statements (P6) and value-added tax (P5).

    balance table ─► 资产总计, 负债合计, ...   ┐
    vouchers ─► 营业收入, ..., 净利润          ├─ = what was filed
    应交增值税 ─► 销项税额, 进项税额, ...      ┘

Which accounts make an item is the standard's own form: 会小企01表 and 02表 (财会〔2011〕17号), the
general forms of 财会〔2019〕6号.  An item that is not listed here is not judged.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import product

from baozhang.books.beside import runs_with
from baozhang.books.blocks import Passage
from baozhang.books.figures import Figures, highest, lowest
from baozhang.books.findings import Report, Teller, Told
from baozhang.books.model import Filing, Standard
from baozhang.books.standards import AccountingStandard, Control, below
from baozhang.books.subledger_laws import Parties

TEMPLATES = {
    "P5.filed": "{item} filed for {period} differs from account {account} by {difference} "
    "{currency}",
    "P5.left": "account {account} in {period}: VAT of {difference} {currency} was not moved to "
    "未交增值税",
    "P5.moved": "account {account} in {period}: what was moved to 未交增值税 differs from what "
    "arrived there by {difference} {currency}",
    "P5.rate": "voucher {voucher} of {period}: VAT on account {account} is neither 1 % nor 3 % of "
    "the revenue, off by {difference} {currency}",
    "P6": "{item} filed for {period} differs from the books by {difference} {currency}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

SMALL_SCALE = (100, 300, 500)
"""Levy rates (征收率) of small-scale taxpayers in hundredths of a per cent: 1 %, 3 %, and 5 % on
real estate."""

_MOST_LINES = 6  # revenue lines in a voucher whose rates are tried one by one
_OUTPUT, _INPUT, _INPUT_BACK = "销项税额", "进项税额", "进项税额转出"
_MOVED, _UNPAID = "转出未交增值税", "未交增值税"
_VAT = "01"  # 应交增值税 below 应交税费, in both standards

Sides = tuple[tuple[str, ...], tuple[str, ...]]
_INCOME: Mapping[Standard, Mapping[str, Sides]] = {
    "sbe": {
        "营业收入": (("5001", "5051"), ()),
        "营业成本": ((), ("5401", "5402")),
        "税金及附加": ((), ("5403",)),
        "营业税金及附加": ((), ("5403",)),
        "销售费用": ((), ("5601",)),
        "管理费用": ((), ("5602",)),
        "财务费用": ((), ("5603",)),
        "投资收益": (("5111",), ()),
        "营业外收入": (("5301",), ()),
        "营业外支出": ((), ("5711",)),
        "所得税费用": ((), ("5801",)),
    },
    "asbe": {
        "营业收入": (("6001", "6051"), ()),
        "营业成本": ((), ("6401", "6402")),
        "税金及附加": ((), ("6403",)),
        "营业税金及附加": ((), ("6403",)),
        "销售费用": ((), ("6601",)),
        "管理费用": ((), ("6602",)),
        "财务费用": ((), ("6603",)),
        "投资收益": (("6111",), ()),
        "营业外收入": (("6301",), ()),
        "营业外支出": ((), ("6711",)),
        "所得税费用": ((), ("6801",)),
    },
    "other": {},
}
"""Items of an income statement: accounts that earn, accounts that spend."""

_TAX: Mapping[Standard, tuple[str, ...]] = {"sbe": ("5801",), "asbe": ("6801",), "other": ()}
_BEFORE = re.compile(r"^\s*(?:[一二三四五六七八]、|[减加]：|[减加]:|其中：|其中:)\s*")
_BEHIND = re.compile(r"[(（].*?[)）]")
_PAIRS: tuple[tuple[Control, Control], ...] = (
    ("receivable", "advance_received"),
    ("advance_paid", "payable"),
    ("other_receivable", "other_payable"),
)
"""Accounts of which each shows, in a statement, what stands on the wrong side of the other."""


class Filings:
    """P6, and P5 as far as figures were filed."""

    def __init__(self, report: Report, currency: str, standard: AccountingStandard) -> None:
        self.say, self.standard = Teller(report, currency, TEMPLATES), standard
        self.filed: list[Filing] = []
        self.earned: dict[str, dict[str, int]] = {}  # credit less debit, by period and account

    def see(self, filings: Iterable[Filing]) -> None:
        """Take in figures."""
        self.filed += filings

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Take in what closes the month's profit: it is of the movements, and earns nothing."""
        lines, (debits, credits_) = passage.lines, passage.amounts
        for first, after in runs_with(passage, _below(passage, (self.standard.profit,))):
            for row in range(first, after):
                account = lines.account[row]
                if account and not lines.voided[row] and self.standard.is_profit_loss(account):
                    self._earn(lines.period[row], account, debits[row] - credits_[row])
        return ()

    def _earn(self, period: str, account: str, amount: int) -> None:
        sums = self.earned.setdefault(period, {})
        sums[account] = sums.get(account, 0) + amount

    def judge(self, figures: Figures, parties: Parties, names: Mapping[str, str | None]) -> None:
        """Report the figures that the books do not show."""
        for (period, account), (debit, credit) in figures.movements.items() if self.filed else ():
            if self.standard.is_profit_loss(account):
                self._earn(period, account, credit - debit)
        for filing in self.filed if self.standard.profit else ():
            item = item_of(filing.item)
            if filing.form == "balance_sheet":
                found = self._position(figures, parties, filing.period, item)
            elif filing.form == "income":
                found = self._result(filing.period, item)
            elif filing.form == "vat":
                self._tax(figures, names, filing, item)
                continue
            else:
                continue
            if found and filing.amount not in found:
                off = min((filing.amount - one for one in found), key=abs)
                self.say.tell("P6", filing.period, off=off, facts=(("item", item),))

    def _position(
        self, figures: Figures, parties: Parties, period: str, item: str
    ) -> tuple[int, ...]:
        """Return what a balance sheet may say: with wrong sides as they are, or shown apart."""
        if period not in figures.balances:
            return ()
        sums = dict.fromkeys(("asset", "liability", "equity", "cost", "profit_loss", "common"), 0)
        for code in highest(figures.balances[period]):
            kind = self.standard.class_of(code)
            if kind is not None:
                sums[kind] += figures.balances[period][code][3]
        if sums["common"]:
            return ()
        equity = -sums["equity"] - sums["profit_loss"]
        if item in {"所有者权益合计", "股东权益合计"}:
            return (equity,)
        whole = {
            "资产总计": sums["asset"] + sums["cost"],
            "资产合计": sums["asset"] + sums["cost"],
            "负债合计": -sums["liability"],
            "负债和所有者权益总计": equity - sums["liability"],
            "负债和股东权益总计": equity - sums["liability"],
        }
        if item not in whole:
            return ()
        moved = {self._wrong_sides(figures, period, parties if fine else None) for fine in (0, 1)}
        return tuple(whole[item] + amount for amount in sorted({0, *moved}))

    def _wrong_sides(self, figures: Figures, period: str, parties: Parties | None) -> int:
        """Return what 应收 in credit and 应付 in debit add to both sides of a balance sheet."""
        accounts, moved = figures.balances[period], 0
        leaves = lowest(accounts)
        for pair in _PAIRS:
            for sign, control in zip((1, -1), pair, strict=True):
                roots = self.standard.controls_of(control)
                for code in (code for code in leaves if below(code, roots)):
                    fine = parties.wrong_side(code, period, sign) if parties else None
                    moved += max(-sign * accounts[code][3], 0) if fine is None else fine
        return moved

    def _result(self, period: str, item: str) -> tuple[int, ...]:
        """Return what an income statement may say: of the month, the quarter or the year so far."""
        year, month = period[:4], int(period[5:])
        quarter = (month - 1) // 3 * 3 + 1
        spans = [range(first, month + 1) for first in (month, quarter, 1)]
        return tuple(
            amount
            for span in spans
            if (amount := self._earned(item, [f"{year}-{one:02d}" for one in span])) is not None
        )

    def _earned(self, item: str, periods: Iterable[str]) -> int | None:
        accounts: dict[str, int] = {}
        for period in periods:
            for code, net in self.earned.get(period, {}).items():
                accounts[code] = accounts.get(code, 0) + net

        def net_of(roots: tuple[str, ...]) -> int:
            return sum(net for code, net in accounts.items() if below(code, roots))

        items = _INCOME[self.standard.name]
        if item in items:
            earns, spends = items[item]
            return net_of(earns) if earns else -net_of(spends)
        profit = sum(accounts.values()) - net_of(self.standard.prior_years)
        before_tax = profit - net_of(_TAX[self.standard.name])
        if item == "营业利润" and items:
            outside = net_of((*items["营业外收入"][0], *items["营业外支出"][1]))
            return before_tax - outside
        return {"利润总额": before_tax, "净利润": profit}.get(item)

    def _tax(
        self, figures: Figures, names: Mapping[str, str | None], filing: Filing, item: str
    ) -> None:
        if item not in {_OUTPUT, _INPUT, _INPUT_BACK}:
            return
        codes = vat_accounts(self.standard, names, item)
        if not codes:
            return
        debit, credit = figures.moved(filing.period, codes)
        off = filing.amount - (debit if item == _INPUT else credit)
        self.say.unless_zero("P5.filed", filing.period, off, codes[0], (("item", item),))


class ValueAddedTax:
    """P5: 应交增值税 rolls on to 未交增值税; small-scale revenue is taxed at a levy rate."""

    def __init__(
        self,
        report: Report,
        currency: str,
        standard: AccountingStandard,
        names: Mapping[str, str | None],
    ) -> None:
        self.say, self.standard, self.names = Teller(report, currency, TEMPLATES), standard, names
        self.roots = vat_roots(standard)
        self.general = bool(vat_accounts(standard, names, _OUTPUT))
        known = bool(self.roots) and any(below(code, self.roots) for code in names)
        self.small_scale = known and not self.general

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Judge the vouchers of a small-scale taxpayer that have revenue and tax."""
        lines, (debits, credits_) = passage.lines, passage.amounts
        taxed, sold = (_below(passage, codes) for codes in (self.roots, self.standard.revenue))
        for first, after in runs_with(passage, taxed) if sold else ():
            accounts = lines.account[first:after]
            if True in lines.voided[first:after]:
                continue
            nets = [credits_[row] - debits[row] for row in range(first, after)]
            by_account = list(zip(accounts, nets, strict=True))
            tax = sum(net for account, net in by_account if account in taxed)
            revenue = [net for account, net in by_account if account in sold]
            if tax and revenue and (off := _off_rates(tax, revenue)):
                name = passage.voucher(first)
                yield (
                    first,
                    self.say.violation(
                        "P5.rate",
                        lines.period[first],
                        self.roots[0],
                        off=off,
                        voucher=name,
                        severity="warning",
                    ),
                )

    def judge(self, figures: Figures, closed: Iterable[str]) -> None:
        """Report tax that did not roll on, in closed periods of a general taxpayer."""
        if not self.general:
            return
        moved = vat_accounts(self.standard, self.names, _MOVED)
        unpaid = _named(self.names, self.standard.controls_of("taxes"), _UNPAID)
        for period in sorted(closed):
            if period not in figures.balances:
                continue
            left = -figures.row(period, self.roots)[3]
            if left > 0:
                self.say.tell("P5.left", period, self.roots[0], off=left, severity="warning")
            if moved and unpaid:
                off = figures.moved(period, moved)[0] - figures.moved(period, unpaid)[1]
                self.say.unless_zero("P5.moved", period, off, self.roots[0])


def _below(passage: Passage, roots: tuple[str, ...]) -> frozenset[str]:
    """Return the accounts that a passage has lines on, as far as they lie below these."""
    met = passage.distinct(passage.lines.account)
    return frozenset(code for code in met if code and below(code, roots))


def vat_roots(standard: AccountingStandard) -> tuple[str, ...]:
    """Return 应交增值税."""
    return tuple(root + _VAT for root in standard.controls_of("taxes"))


def vat_accounts(
    standard: AccountingStandard, names: Mapping[str, str | None], name: str
) -> tuple[str, ...]:
    """Return the accounts below 应交增值税 of this name."""
    return _named(names, vat_roots(standard), name)


def _named(names: Mapping[str, str | None], roots: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(
        code for code, own in sorted(names.items()) if below(code, roots) and _plain(own) == name
    )


def _plain(name: str | None) -> str:
    """Return an account's own name; some products write those above it in front."""
    return re.split(r"[-_/\\—]", name or "")[-1].strip()


def item_of(text: str) -> str:
    """Return an item's own name: 加：投资收益 is 投资收益, 三、利润总额（亏损…） is 利润总额."""
    return _BEHIND.sub("", _BEFORE.sub("", _BEFORE.sub("", text))).strip()


def _off_rates(tax: int, revenue: list[int]) -> int:
    """Return how far a tax is from what levy rates make of these revenues; 0: a rate explains it.

    Each line may have a rate of its own (the 3 %/1 % split), and is rounded by itself.
    """
    if len(revenue) > _MOST_LINES:
        bounds = [sum(revenue) * rate for rate in (SMALL_SCALE[0], SMALL_SCALE[-1])]
        room = len(revenue) * 10_000
        if min(bounds) - room <= tax * 10_000 <= max(bounds) + room:
            return 0
        return min((tax - bound // 10_000 for bound in bounds), key=abs)
    offs = [
        tax * 10_000 - sum(part * rate for part, rate in zip(revenue, rates, strict=True))
        for rates in product(SMALL_SCALE, repeat=len(revenue))
    ]
    nearest_off = min(offs, key=abs)
    return 0 if abs(nearest_off) <= len(revenue) * 10_000 else round(nearest_off / 10_000)
