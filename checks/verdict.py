"""From evaluations to a verdict in our words; the place where nothing passes by default.

A ledger passes only if every planned expectation was evaluated over all of its rows, every frame
was among them, nothing critical was broken anew, and `baozhang.books.compare`, which knows nothing
of Great Expectations, agrees.  An evaluation that is missing makes it `inconclusive`.

A verdict holds counts, rule ids and findings (voucher, account, period, difference): no cell text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from baozhang.books.model import Severity, Violation
from checks.context import Evaluation
from checks.rules import FINGERPRINT, IDENTITY, TOTALS, Layer, rule_of

Outcome = Literal["pass", "fail", "inconclusive"]

MOST_FINDINGS = 200
"""A letter that names more than this is not read; the counts stay whole."""

INDISPENSABLE = frozenset({("L0", FINGERPRINT), ("L0", IDENTITY), ("L1", TOTALS)})
"""Without an evaluation of each of these nothing is proven."""

NEVER_EMPTY = frozenset({("L0", FINGERPRINT), ("L0", IDENTITY)})
"""A book without vouchers has no totals; a book without a fingerprint is no evidence."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule fared in one layer.

    The unit is what the layer looks at: chunks, columns and parts of the identity in L0, totals
    in L1, periods in L2, lines in `rows`; a rule of several expectations counts what each of them
    looked at.
    """

    rule: str
    layer: Layer
    severity: Severity  # info unless something is broken that the source had whole
    evaluated: int
    unexpected: int  # broken anew: other than in the source
    inherited: int  # broken exactly as the source had it (L2: violations, not periods)


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """Whether one restored book is the book that was backed up."""

    book: str
    outcome: Outcome
    rules: tuple[RuleResult, ...]
    findings: tuple[Violation, ...]  # at most MOST_FINDINGS
    planned: int  # expectations
    evaluated: int
    lines: int  # of the restored book, as all figures; zeros where it could not be read
    vouchers: int
    debit: int  # minor units
    credit: int
    currency: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One evaluation in its layer, with what its rule inherits from the source."""

    layer: Layer
    evaluation: Evaluation
    inherited: int = 0  # how much of `unexpected`, at most, the source had too
    source_had: int = 0  # L2: violations that source and restored ledger share


def results_of(judged: Iterable[Judged]) -> tuple[RuleResult, ...]:
    """Return one result per layer and rule, in the order in which they first appear."""
    found: dict[tuple[Layer, str], list[Judged]] = {}
    for one in judged:
        found.setdefault((one.layer, one.evaluation.rule), []).append(one)
    return tuple(_result(layer, rule, group) for (layer, rule), group in found.items())


def _result(layer: Layer, rule: str, group: list[Judged]) -> RuleResult:
    evaluated = sum(one.evaluation.rows for one in group if one.evaluation.state != "not run")
    shared = [min(one.evaluation.unexpected, one.inherited) for one in group]
    unexpected = sum(one.evaluation.unexpected for one in group) - sum(shared)
    inherited = sum(shared) + sum(one.source_had for one in group)
    severity = rule_of(rule).severity if unexpected else "info"
    return RuleResult(rule, layer, severity, evaluated, unexpected, inherited)


def outcome_of(judged: tuple[Judged, ...]) -> Outcome:
    """Return the outcome that the evaluations leave open.

    Broken outranks unknown: a difference that was found does not go away because something else
    could not be evaluated.  Unknown outranks held.
    """
    if any(rule.severity == "critical" for rule in results_of(judged)):
        return "fail"
    complete = all(one.evaluation.state != "not run" for one in judged)
    present = {(one.layer, one.evaluation.rule) for one in judged}
    filled = {(one.layer, one.evaluation.rule) for one in judged if one.evaluation.rows}
    proven = complete and present >= INDISPENSABLE and filled >= NEVER_EMPTY
    return "pass" if proven else "inconclusive"


def reconcile(outcome: Outcome, differences: tuple[Violation, ...]) -> tuple[Outcome, bool]:
    """Return the outcome after hearing `books.compare`, and whether the two agree.

    They are two ways to the same answer.  When one finds the ledger broken and the other finds it
    whole, one of them is wrong, and a ledger of which that can be said has not passed.
    """
    differs = any(difference.severity == "critical" for difference in differences)
    if outcome == "inconclusive":
        return ("fail" if differs else "inconclusive"), True
    return ("fail" if differs else outcome), differs == (outcome == "fail")
