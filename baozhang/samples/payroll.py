"""The pay of a sample company: a few employees, tax withheld as the law rolls it up.

A month's pay sheet follows from the company and the month alone, so that nothing needs to be
remembered between two days.  Amounts are integers of fen.
"""

from functools import cache

from baozhang.books.model import Pay

ALLOWANCE = 500_000  # 减除费用, a month: 个人所得税法 art. 6
BRACKETS = (
    (3_600_000, 3, 0),
    (14_400_000, 10, 252_000),
    (30_000_000, 20, 1_692_000),
    (42_000_000, 25, 3_192_000),
    (66_000_000, 30, 5_292_000),
    (96_000_000, 35, 8_592_000),
)
TOP_BRACKET = (45, 18_192_000)
"""Up to (fen of the year), percent, quick deduction: 国家税务总局公告 2018 年第 61 号, annex 2."""
DEDUCTED_PER_MILLE = 155  # 社保 10.5 %, 公积金 5 %
USUAL_PAY = 700_000  # fen a month
MOST_EMPLOYEES = 12


@cache
def pay_sheet(serial: int, wages: int, year: int, month: int) -> tuple[Pay, ...]:
    """Return a company's pay sheet of one month.

    Args:
        serial: of the client within the agency; makes its people differ from another's.
        wages: what all of them earn in a usual month, in fen.
        year: the year that the pay is earned in.
        month: likewise, from 1.
    """
    count = max(1, min(MOST_EMPLOYEES, wages // USUAL_PAY))
    return tuple(
        _pay(serial, number, wages // count // 100 * 100, year, month)
        for number in range(1, count + 1)
    )


def _pay(serial: int, number: int, base: int, year: int, month: int) -> Pay:
    gross = _gross(serial, number, base, year, month)
    deductions = gross * DEDUCTED_PER_MILLE // 1000
    tax = _withheld_until(serial, number, base, year, month)
    tax -= _withheld_until(serial, number, base, year, month - 1)
    return Pay(
        period=f"{year}-{month:02d}",
        employee=f"Y{number:03d}",
        gross=gross,
        deductions=deductions,
        tax=tax,
        net=gross - deductions - tax,
        other=(),
    )


def _gross(serial: int, number: int, base: int, year: int, month: int) -> int:
    """Return one month's pay: the base, spread over the people, and some overtime."""
    spread = 70 + (serial * 7 + number * 23) % 61  # percent of the base
    overtime = (serial * 31 + number * 17 + year * 12 + month) * 7919 % 40
    return base * spread // 10_000 * 100 + overtime * 1_000


def _withheld_until(serial: int, number: int, base: int, year: int, month: int) -> int:
    """Return what was withheld up to a month: what turns out too much waits for the year's end.

    余额为负值时，暂不退税: 国家税务总局公告 2018 年第 61 号, art. 6.
    """
    return max(_tax_until(serial, number, base, year, m) for m in range(month + 1))


@cache
def _tax_until(serial: int, number: int, base: int, year: int, month: int) -> int:
    """Return the tax of a year up to a month, by the method of cumulative withholding."""
    earned = [_gross(serial, number, base, year, m) for m in range(1, month + 1)]
    deducted = sum(gross * DEDUCTED_PER_MILLE // 1000 for gross in earned)
    taxable = max(0, sum(earned) - deducted - ALLOWANCE * month)
    for limit, percent, quick in BRACKETS:
        if taxable <= limit:
            return taxable * percent // 100 - quick
    return taxable * TOP_BRACKET[0] // 100 - TOP_BRACKET[1]
