"""The laws of sub-ledgers: partners, fixed-asset cards, payroll.

    parties ─► L11: sum of partners = account; partner by partner = vouchers
    assets  ─► L11: sum of cards = 固定资产, 累计折旧    P4: each card, and the voucher
    payroll ─► L11: sum of gross pay = 应付职工薪酬      X5: each row adds up

Partners are many and their names are not ours to keep, so that partners and vouchers are held
against each other by a linear fingerprint: amounts weighted with numbers drawn from the partner's
code.  Equal books have equal sums; that two different ones have, is as unlikely as guessing 61
bits.  Memory: sums per period and account, one entry per card.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from baozhang.books.beside import rows_on
from baozhang.books.blocks import Passage
from baozhang.books.figures import NOTHING, Figures
from baozhang.books.findings import Facts, Report, Teller, Told
from baozhang.books.model import Asset, PartyBalance, Pay
from baozhang.books.standards import AccountingStandard, below
from baozhang.books.values import Cell, Memory

TEMPLATES = {
    "L11.opening": "account {account} in {period}: the opening balances of its partners differ "
    "from the account by {difference} {currency}",
    "L11.debit": "account {account} in {period}: the debits of its partners differ from the "
    "account by {difference} {currency}",
    "L11.credit": "account {account} in {period}: the credits of its partners differ from the "
    "account by {difference} {currency}",
    "L11.closing": "account {account} in {period}: the closing balances of its partners differ "
    "from the account by {difference} {currency}",
    "L11.vouchers": "account {account} in {period}: its partners' movements are not those of the "
    "vouchers, partner by partner",
    "L11.cost": "account {account} in {period}: the cost on the asset cards differs from the "
    "account by {difference} {currency}",
    "L11.depreciation": "account {account} in {period}: the accumulated depreciation on the asset "
    "cards differs from the account by {difference} {currency}",
    "L11.wages": "account {account} in {period}: the gross pay of the payroll differs from what "
    "the vouchers credit by {difference} {currency}",
    "P4.voucher": "account {account} in {period}: the vouchers' depreciation differs from the "
    "asset cards by {difference} {currency}",
    "P4.early": "the asset card in row {row} of {period} is depreciated before the month after "
    "it was entered",
    "P4.beyond": "the asset card in row {row} of {period} is depreciated beyond its residual "
    "value by {difference} {currency}",
    "P4.life": "the asset card in row {row} of {period} is depreciated beyond its life",
    "P4.months": "the asset card in row {row} of {period}: the months depreciated do not continue "
    "those of the month before",
    "P4.roll": "the asset card in row {row} of {period}: accumulated depreciation grew by another "
    "amount than the month's, off by {difference} {currency}",
    "X5": "payroll row {row} of {period}: gross pay less deductions and tax differs from net pay "
    "by {difference} {currency}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

ROUNDING = 1  # minor units that one card's rounding may move a sum by: 0.01
_WEIGHT_BITS = 61
_WAGES_NAME = "工资"  # the account below 应付职工薪酬 that pay is accrued on


class _Sums:
    __slots__ = ("closing", "credit", "debit", "in_credit", "opening", "weight")

    def __init__(self) -> None:
        self.opening = self.debit = self.credit = self.closing = self.weight = 0
        self.in_credit = 0


class Parties:
    """L11 over partners (往来单位, 存货, 个人): an account is the sum of its parts."""

    def __init__(self, report: Report, currency: str) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.sums: dict[str, dict[str, _Sums]] = {}  # by account and period
        self.posted: dict[tuple[str, str], int] = {}  # weight by account and period
        self.weights: Memory[tuple[int, int]] = Memory(_weights)

    def see(self, rows: Iterable[PartyBalance]) -> None:
        """Take in partners' rows."""
        for row in rows:
            self._add(row)

    def _add(self, row: PartyBalance) -> None:
        periods = self.sums.setdefault(row.account, {})
        sums = periods.get(row.period)
        if sums is None:
            sums = periods[row.period] = _Sums()
        sums.opening += row.opening
        sums.debit += row.debit
        sums.credit += row.credit
        sums.closing += row.closing
        sums.in_credit -= min(row.closing, 0)
        if row.party:
            for_debit, for_credit = self.weights[row.party]
            sums.weight += row.debit * for_debit + row.credit * for_credit

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Take in what vouchers post to partners."""
        parties, (debits, credits_) = passage.lines.party, passage.amounts
        for account, period, rows in rows_on(passage, self.sums.keys()):
            weight, named = 0, False
            for row in rows:
                if party := parties[row]:
                    for_debit, for_credit = self.weights[party]
                    weight += debits[row] * for_debit + credits_[row] * for_credit
                    named = True
            if named:
                self.posted[account, period] = self.posted.get((account, period), 0) + weight
        return ()

    def wrong_side(self, account: str, period: str, sign: int) -> int | None:
        """Return what stands on the wrong side of an account, partner by partner, not negative.

        None: the account has no partners in that period.  `sign` is 1 for an account that
        should be in debit, -1 for one that should be in credit.
        """
        sums = self.sums.get(account, {}).get(period)
        if sums is None:
            return None
        return sums.in_credit if sign > 0 else sums.in_credit + sums.closing

    def judge(self, figures: Figures) -> None:
        """Report what breaks L11."""
        covered = {period for periods in self.sums.values() for period in periods}
        named = {account for account, _ in self.posted}
        for account, periods in sorted(self.sums.items()):
            begun = min(periods)  # an account may be kept by partner from some month on
            for period in sorted(period for period in covered if period >= begun):
                own = periods.get(period) or _Sums()
                if period in figures.balances:
                    self._against_account(account, period, own, figures)
                if account in named and own.weight != self.posted.get((account, period), 0):
                    self.say.tell("L11.vouchers", period, account)

    def _against_account(self, account: str, period: str, own: _Sums, figures: Figures) -> None:
        row = figures.balances[period].get(account, NOTHING)
        parts = own.opening, own.debit, own.credit, own.closing
        names = ("L11.opening", "L11.debit", "L11.credit", "L11.closing")
        for name, part, whole in zip(names, parts, row, strict=True):
            self.say.unless_zero(name, period, part - whole, account)


def _weights(party: Cell) -> tuple[int, int]:
    """Return the two numbers that a partner's debits and credits are weighted with."""
    digest = hashlib.sha256((party or "").encode("utf-8", "surrogatepass")).digest()
    first, second = (int.from_bytes(digest[at : at + 8]) for at in (0, 8))
    return first >> (64 - _WEIGHT_BITS), second >> (64 - _WEIGHT_BITS)


class _Cards:
    __slots__ = ("accumulated", "cards", "cost", "monthly")

    def __init__(self) -> None:
        self.cost = self.accumulated = self.monthly = self.cards = 0


class Assets:
    """L11 and P4 over fixed-asset cards (固定资产卡片)."""

    def __init__(self, report: Report, currency: str, standard: AccountingStandard) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.cost = standard.controls_of("fixed_assets")
        self.depreciation = standard.controls_of("depreciation")
        self.periods: dict[str, _Cards] = {}
        self.last: dict[str, Asset] = {}  # by card
        self.row = 0

    def see(self, cards: Iterable[Asset]) -> None:
        """Judge cards, and take them in."""
        for card in cards:
            self._add(card)

    def _add(self, card: Asset) -> None:
        self.row += 1
        self._judge_card(card)
        if card.account and not below(card.account, self.cost):
            return  # 无形资产 and the like have cards too
        cards = self.periods.get(card.period)
        if cards is None:
            cards = self.periods[card.period] = _Cards()
        cards.cost += card.cost
        cards.accumulated += card.accumulated
        cards.monthly += card.monthly
        cards.cards += 1

    def _judge_card(self, card: Asset) -> None:
        where: Facts = (("row", self.row),)
        if card.monthly and card.acquired[:7] >= card.period:
            self.say.tell("P4.early", card.period, facts=where)
        beyond = card.accumulated - (card.cost - card.salvage)
        if beyond > ROUNDING:
            self.say.tell("P4.beyond", card.period, facts=where, off=beyond)
        if card.monthly and card.used > card.life:
            self.say.tell("P4.life", card.period, facts=where)
        before = self.last.get(card.number)
        if before is not None and _next(before.period) == card.period:
            off = card.accumulated - before.accumulated - card.monthly
            if abs(off) > ROUNDING:
                self.say.tell("P4.roll", card.period, facts=where, off=off)
            months = card.used - before.used
            if months not in ((1,) if card.monthly else (0, 1)):
                self.say.tell("P4.months", card.period, facts=where)
        self.last[card.number] = card

    def judge(self, figures: Figures, closed: Collection[str]) -> None:
        """Report how the cards differ from the accounts and from the depreciation vouchers."""
        cost, depreciation = self.cost, self.depreciation
        if not cost or not depreciation:
            return
        gone = self._last_months()
        for period in _span(self.periods, figures, closed):
            cards = self.periods.get(period) or _Cards()
            if period in figures.balances:
                held, worn = figures.row(period, cost)[3], -figures.row(period, depreciation)[3]
                self.say.unless_zero("L11.cost", period, cards.cost - held, cost[0])
                off = cards.accumulated - worn
                self.say.unless_zero("L11.depreciation", period, off, depreciation[0])
            off = figures.moved(period, depreciation)[1] - cards.monthly
            room = cards.cards * ROUNDING
            if not -room <= off <= room + gone.get(period, 0):
                self.say.tell("P4.voucher", period, depreciation[0], off=off)

    def _last_months(self) -> dict[str, int]:
        """Return what cards no longer there were last depreciated by, by the month they left in.

        An asset is still depreciated in the month of its disposal, when its card may be gone.
        """
        gone: dict[str, int] = {}
        for card in self.last.values():
            if not card.account or below(card.account, self.cost):
                left = _next(card.period)
                gone[left] = gone.get(left, 0) + card.monthly
        return gone


class Payroll:
    """X5 and L11 over payroll rows (工资表); a row is named by its place, never by its employee."""

    def __init__(self, report: Report, currency: str) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.gross: dict[str, int] = {}
        self.row = 0

    def see(self, rows: Iterable[Pay]) -> None:
        """Judge rows, and take them in."""
        for pay in rows:
            self.row += 1
            self.gross[pay.period] = self.gross.get(pay.period, 0) + pay.gross
            off = pay.gross - pay.deductions - pay.tax - pay.net
            self.say.unless_zero("X5", pay.period, off, facts=(("row", self.row),))

    def judge(
        self, figures: Figures, closed: Collection[str], names: Mapping[str, str | None]
    ) -> None:
        """Report how gross pay differs from what the vouchers credit to wages.

        Where 应付职工薪酬 has accounts called 工资, theirs are the wages; the other ones hold
        insurance and funds.  `names` are the chart's, by code; without a chart nothing tells wages
        from insurance, and nothing is said.
        """
        roots = figures.standard.controls_of("wages")
        if not roots or not names:
            return
        own = tuple(
            code
            for code, name in sorted(names.items())
            if below(code, roots) and name and _WAGES_NAME in name
        )
        for period in _span(self.gross, figures, closed):
            credit = figures.moved(period, own or roots)[1]
            off = self.gross.get(period, 0) - credit
            self.say.unless_zero("L11.wages", period, off, (own or roots)[0])


def _next(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + 1}-01" if month >= 12 else f"{year}-{month + 1:02d}"


def _span(covered: Collection[str], figures: Figures, closed: Collection[str]) -> list[str]:
    """Return the periods that a month's end table must cover, once it has begun to.

    Those it names, and the book's own from the first of them to the last closed one: cards and
    payroll of a period that is still open may not be made yet.
    """
    if not covered:
        return []
    first, last = min(covered), max((*covered, *closed))
    known = {*figures.balances, *(period for period, _ in figures.movements)}
    return sorted({*covered, *(period for period in known if first <= period <= last)})
