"""Nothing passes by default."""

from baozhang.books.model import Violation
from checks.context import Evaluation, State
from checks.verdict import Judged, Layer, outcome_of, reconcile, results_of

HARMLESS = Violation(law="L3", severity="info", template="a gap")
DAMAGE = Violation(law="F1", severity="critical", template="a difference")


def one(
    rule: str,
    layer: Layer,
    state: State = "held",
    unexpected: int = 0,
    *,
    inherited: int = 0,
    rows: int = 9,
) -> Judged:
    whole = Evaluation(rule, f"{rule} equal", state, rows, unexpected, whole=False)
    return Judged(layer, whole, inherited)


SOUND = (one("F1", "L0"), one("I1", "L0"), one("C1", "L1"), one("S1", "rows"))


def test_everything_evaluated_and_held_is_a_pass() -> None:
    assert outcome_of(SOUND) == "pass"


def test_no_evaluation_at_all_is_inconclusive() -> None:
    assert outcome_of(()) == "inconclusive"


def test_a_missing_layer_is_inconclusive() -> None:
    assert [outcome_of(SOUND[:at] + SOUND[at + 1 :]) for at in range(3)] == ["inconclusive"] * 3


def test_one_expectation_that_was_not_run_is_inconclusive() -> None:
    assert outcome_of((*SOUND, one("L1", "L2", "not run"))) == "inconclusive"


def test_a_fingerprint_over_no_rows_is_inconclusive() -> None:
    assert outcome_of((*SOUND[1:], one("F1", "L0", rows=0))) == "inconclusive"


def test_a_break_fails_even_if_something_else_was_not_run() -> None:
    assert outcome_of((*SOUND, one("F1", "L0", "broken", 1), one("L1", "L2", "not run"))) == "fail"


def test_what_the_source_had_is_inherited_and_only_informs() -> None:
    judged = (*SOUND, one("S4", "rows", "broken", 3, inherited=3))
    found = results_of(judged)[-1]
    assert (found.severity, found.unexpected, found.inherited) == ("info", 0, 3)
    assert outcome_of(judged) == "pass"


def test_one_more_than_the_source_had_is_critical() -> None:
    judged = (*SOUND, one("S4", "rows", "broken", 4, inherited=3))
    found = results_of(judged)[-1]
    assert (found.severity, found.unexpected, found.inherited) == ("critical", 1, 3)
    assert outcome_of(judged) == "fail"


def test_what_one_period_inherits_does_not_excuse_another() -> None:
    judged = (one("S4", "rows", "held", inherited=3), one("S4", "rows", "broken", 2))
    assert results_of(judged)[0].unexpected == 2


def test_when_both_find_the_ledger_whole_it_passes() -> None:
    assert reconcile("pass", (HARMLESS,)) == ("pass", True)


def test_when_both_find_damage_it_fails() -> None:
    assert reconcile("fail", (DAMAGE,)) == ("fail", True)


def test_damage_that_only_the_comparison_sees_fails_and_is_called_a_disagreement() -> None:
    assert reconcile("pass", (DAMAGE,)) == ("fail", False)


def test_damage_that_only_the_expectations_see_fails_and_is_called_a_disagreement() -> None:
    assert reconcile("fail", (HARMLESS,)) == ("fail", False)


def test_damage_found_by_the_comparison_outranks_an_inconclusive_evaluation() -> None:
    assert reconcile("inconclusive", (DAMAGE,)) == ("fail", True)


def test_a_sound_comparison_does_not_make_an_inconclusive_evaluation_pass() -> None:
    assert reconcile("inconclusive", ()) == ("inconclusive", True)
