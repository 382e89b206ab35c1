"""Figures are exact, and silence is never counted as health."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.catalog.model import Run, Status
from reports import figures
from tests.reports import runs

STATUS = st.sampled_from(["ok", "partial", "failed", "inconclusive"])


def test_an_empty_run_is_inconclusive() -> None:
    assert figures.verdict(runs.night()) == "inconclusive"


@pytest.mark.parametrize(
    ("found", "worst"),
    [
        (("ok", "partial"), "partial"),
        (("partial", "inconclusive"), "inconclusive"),
        (("inconclusive", "failed"), "failed"),
        (("ok", "ok"), "ok"),
    ],
)
def test_the_worst_outcome_is_the_verdict(found: tuple[Status, ...], worst: Status) -> None:
    run = runs.night(*(runs.outcome(f"c{i}", status) for i, status in enumerate(found)))
    assert figures.verdict(run) == worst


def test_a_client_fares_as_its_worst_set() -> None:
    run = runs.night(runs.outcome("c001"), runs.outcome("c001", "failed", set_name="contracts"))
    assert figures.clients(run) == {"c001": "failed"}


@given(st.lists(st.tuples(st.integers(1, 5), STATUS), max_size=12))
def test_counts_add_up_to_the_clients(found: list[tuple[int, Status]]) -> None:
    run = runs.night(*(runs.outcome(f"c{client}", status) for client, status in found))
    assert sum(figures.counts(run).values()) == len({client for client, _ in found})


@given(st.lists(st.integers(-(10**30), 10**30), min_size=1, max_size=8))
def test_totals_are_exact_at_any_size(values: list[int]) -> None:
    run = runs.night(*(runs.outcome(f"c{i}", bytes=v) for i, v in enumerate(values)))
    assert figures.total(run, "bytes") == sum(values)


def test_a_figure_nobody_reported_is_not_zero() -> None:
    assert figures.total(runs.night(runs.outcome("c001")), "lines") is None


def test_currencies_are_never_added_together() -> None:
    found = figures.money(runs.failed_restore_test().outcomes)
    assert [(m.currency, m.debit, m.credit) for m in found] == [
        ("CNY", 1_292_638_834, 1_292_638_833),
        ("EUR", 825_808_373, 825_808_373),
    ]


def test_one_minor_unit_unbalances() -> None:
    assert not figures.Money("CNY", 10**18 + 1, 10**18).balanced


def test_the_names_of_money_are_read_back() -> None:
    debit, credit = figures.money_names("JPY")
    outcome = replace(runs.outcome("c001"), figures=((debit, 5), (credit, 7)))
    assert figures.money([outcome]) == (figures.Money("JPY", 5, 7),)


def test_changes_are_told_apart() -> None:
    before = runs.night(runs.outcome("a"), runs.outcome("b", "failed"), runs.outcome("c", "failed"),
                        runs.outcome("d"))  # fmt: skip
    now = runs.night(runs.outcome("a", "inconclusive"), runs.outcome("b"),
                     runs.outcome("c", "partial"), runs.outcome("e"))  # fmt: skip
    assert figures.changes(now, before) == figures.Changes(
        broke=("a/main",),
        mended=("b/main",),
        still=("c/main",),
        appeared=("e/main",),
        absent=("d/main",),
        bytes=None,
    )


def test_a_run_compared_with_itself_shows_no_change() -> None:
    run = runs.perfect_night()
    assert figures.changes(run, run) == figures.Changes((), (), (), (), (), 0)


def test_the_slowest_is_found_by_measured_time() -> None:
    slow = figures.slowest(runs.failed_restore_test())
    assert slow is not None
    assert slow.client == "c001"


def test_the_fingerprint_ignores_the_order_of_outcomes() -> None:
    run = runs.perfect_night()
    turned = replace(run, outcomes=run.outcomes[::-1])
    assert figures.fingerprint(run) == figures.fingerprint(turned)


def test_the_fingerprint_ignores_the_time_zone_of_instants() -> None:
    run = runs.night(runs.outcome("c001"))
    shanghai = timezone(timedelta(hours=8))
    moved = replace(run.outcomes[0], started=run.outcomes[0].started.astimezone(shanghai))
    assert figures.fingerprint(runs.night(moved)) == figures.fingerprint(run)


def changed() -> list[Run]:
    run = runs.troubled_night()
    first, *others = run.outcomes
    return [
        replace(run, id="other"),
        replace(run, outcomes=tuple(others)),
        *(
            replace(run, outcomes=(changed_first, *others))
            for changed_first in (
                replace(first, status="partial"),
                replace(first, snapshot="main-000031-1a2b3c4e"),
                replace(first, figures=(*first.figures[:-1], ("lines", 6_204))),
                replace(first, ended=first.ended + timedelta(microseconds=1)),
                replace(first, findings=run.outcomes[1].findings),
            )
        ),
    ]


@pytest.mark.parametrize("other", changed())
def test_the_fingerprint_notices(other: Run) -> None:
    assert figures.fingerprint(other) != figures.fingerprint(runs.troubled_night())


def test_the_fingerprint_is_the_same_on_every_machine() -> None:
    """A constant of this release; docs/reports.md says how anybody computes it."""
    assert figures.fingerprint(runs.night()) == (
        "c0ff2a10cf3b327fb479f1c9eab51a63b5403259b1cfcc32435b57df91e4d909"
    )
