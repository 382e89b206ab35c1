"""What the laws found, kept within bounds, and said in a sentence."""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from baozhang.books.model import Severity, Violation
from baozhang.books.proof import LAWS, MOST_VIOLATIONS, holds
from baozhang.money import format_amount, scale_of
from baozhang.words import say

Facts = tuple[tuple[str, str | int], ...]
Told = tuple[int, Violation]
"""A row of a passage of voucher lines, and what is broken there."""


class Report(Protocol):
    """Takes a violation in."""

    def __call__(self, violation: Violation) -> None:
        """Take it in."""
        ...


class Findings:
    """The first violations of each law, and how many there are of each law and period."""

    def __init__(self, version: int = LAWS) -> None:
        self._version = version  # of the laws that are held
        self._kept: list[Violation] = []
        self._of_law: Counter[str] = Counter()
        self._of_period: Counter[tuple[str, str]] = Counter()

    def report(self, violation: Violation) -> None:
        """Count a violation, and keep it while its law has few; a later law's is passed over."""
        if not holds(violation.law, self._version):
            return
        self._of_law[violation.law] += 1
        self._of_period[violation.law, violation.period or ""] += 1
        if self._of_law[violation.law] <= MOST_VIOLATIONS:
            self._kept.append(violation)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The violations kept, in the order they were found."""
        return tuple(self._kept)

    @property
    def counts(self) -> tuple[tuple[str, str, int], ...]:
        """How many, by law and period, sorted."""
        counted = sorted(self._of_period.items())
        return tuple((law, period, count) for (law, period), count in counted)


def broken(
    law: str,
    template: str,
    *,
    severity: Severity = "critical",
    period: str | None = None,
    voucher: str | None = None,
    account: str | None = None,
    difference: int | None = None,
    currency: str | None = None,
    facts: Facts = (),
) -> Violation:
    """Return a violation whose facts fill its template: those given, and its own fields.

    The difference is in minor units of the currency; in the sentence it is a plain decimal.
    """
    fields: dict[str, str | None] = {
        "period": period,
        "voucher": voucher,
        "account": account,
        "difference": _decimal(difference, currency),
        "currency": currency,
    }
    filled = ((name, text or "") for name, text in fields.items() if f"{{{name}}}" in template)
    return Violation(
        law=law,
        severity=severity,
        template=template,
        period=period,
        voucher=voucher,
        account=account,
        difference=difference,
        currency=None if difference is None else currency,
        facts=(*filled, *facts),
    )


class Teller:
    """Reports what breaks some laws, in the words of their module and a book's currency.

    Args:
        report: takes violations in.
        currency: of every difference.
        templates: the sentences, by a name that is the law's or begins with it (`L5.party`).
    """

    def __init__(self, report: Report, currency: str, templates: Mapping[str, str]) -> None:
        self.report, self.currency, self.templates = report, currency, templates

    def violation(
        self,
        name: str,
        period: str | None = None,
        account: str | None = None,
        *,
        off: int | None = None,
        voucher: str | None = None,
        severity: Severity = "critical",
        facts: Facts = (),
    ) -> Violation:
        """Return what breaks a law; `off` is by how many minor units."""
        return broken(
            name.partition(".")[0],
            self.templates[name],
            severity=severity,
            period=period,
            voucher=voucher,
            account=account,
            difference=off,
            currency=self.currency,
            facts=facts,
        )

    def tell(
        self,
        name: str,
        period: str | None = None,
        account: str | None = None,
        *,
        off: int | None = None,
        voucher: str | None = None,
        severity: Severity = "critical",
        facts: Facts = (),
    ) -> None:
        """Report it."""
        self.report(
            self.violation(
                name,
                period,
                account,
                off=off,
                voucher=voucher,
                severity=severity,
                facts=facts,
            )
        )

    def unless_zero(
        self, name: str, period: str, off: int, account: str | None = None, facts: Facts = ()
    ) -> None:
        """Report a difference, if it is one."""
        if off:
            self.tell(name, period, account, off=off, facts=facts)


def sentence(violation: Violation, *, spoken: str | None = None) -> str:
    """Return the violation in words, in the language spoken (`baozhang.words`)."""
    return say(violation.template, spoken=spoken, **dict(violation.facts))


def difference_text(violation: Violation) -> str | None:
    """Return the difference as a plain decimal, for example `-0.01`; None if there is none."""
    return _decimal(violation.difference, violation.currency)


def _decimal(amount: int | None, currency: str | None) -> str | None:
    return None if amount is None else format_amount(amount, scale=scale_of(currency or ""))
