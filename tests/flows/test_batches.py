"""Batches: clients stay whole, and what one of them raises is a value."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.catalog.model import Outcome, Run
from baozhang.errors import SourceUnreadableError, StoreUnreachableError
from tasks.batches import MOST_IN_A_BATCH, Pair, in_batches, settle

RUN = Run("backup-2026-07-31-00000000", "backup", date(2026, 7, 31))
NOW = datetime(2026, 7, 31, 14, tzinfo=UTC)
PAIRS = st.lists(
    st.builds(Pair, st.sampled_from([f"c{n:03d}" for n in range(80)]), st.sampled_from("abc"))
)


def clock() -> datetime:
    return NOW


def outcome(pair: Pair) -> Outcome:
    return Outcome(RUN.id, "backup", pair.client, pair.set, "ok", NOW, NOW)


def fails_for(client: str, error: Exception) -> Callable[[Pair], Outcome]:
    def work(pair: Pair) -> Outcome:
        if pair.client == client:
            raise error
        return outcome(pair)

    return work


@given(PAIRS)
def test_every_pair_is_in_one_batch(pairs: list[Pair]) -> None:
    batches = in_batches(pairs)
    assert sorted(pair for batch in batches for pair in batch) == sorted(set(pairs))


@given(PAIRS)
def test_no_client_is_split_between_batches(pairs: list[Pair]) -> None:
    owners = [{pair.client for pair in batch} for batch in in_batches(pairs)]
    assert sum(map(len, owners)) == len({pair.client for pair in pairs})


@given(PAIRS)
def test_no_batch_is_empty_or_too_long(pairs: list[Pair]) -> None:
    assert all(0 < len(batch) <= MOST_IN_A_BATCH for batch in in_batches(pairs))


def test_a_few_clients_make_batches_of_one() -> None:
    assert [len(batch) for batch in in_batches(Pair(f"c{n}", "main") for n in range(4))] == [1] * 4


def test_many_clients_make_full_batches() -> None:
    batches = in_batches(Pair(f"c{n}", "main") for n in range(1000))
    assert [len(batch) for batch in batches] == [MOST_IN_A_BATCH] * 20


def test_one_dead_client_leaves_the_others_their_outcomes() -> None:
    batch = (Pair("c001", "main"), Pair("dead", "main"), Pair("c002", "main"))
    error = SourceUnreadableError("{path} is gone", hint="Look for {path}.", path="books")
    statuses = [each.status for each in settle(RUN, batch, fails_for("dead", error), clock)]
    assert statuses == ["ok", "failed", "ok"]


def test_an_error_of_ours_becomes_a_finding_with_its_words_and_facts() -> None:
    error = SourceUnreadableError("{path} is gone", hint="Look for {path}.", path="books")
    (failed,) = settle(RUN, (Pair("dead", "main"),), fails_for("dead", error), clock)
    (finding,) = failed.findings
    assert (finding.template, finding.hint) == ("{path} is gone", "Look for {path}.")
    assert finding.facts == (("path", "books"),)


def test_a_fault_of_ours_never_costs_the_others_and_its_text_is_not_kept() -> None:
    batch = (Pair("c001", "main"), Pair("c002", "main"))
    work = fails_for("c001", ValueError("voucher 12 of 张三 says 100.00"))
    first, second = settle(RUN, batch, work, clock)
    assert (first.status, second.status) == ("failed", "ok")
    assert first.findings[0].facts == (("kind", "ValueError"),)


def test_what_could_not_be_read_is_inconclusive_when_it_was_only_to_be_checked() -> None:
    run = Run("validation-2026-07-31-00000000", "validation", RUN.day)
    work = fails_for("c001", StoreUnreachableError("no answer"))
    (found,) = settle(run, (Pair("c001", "*"),), work, clock)
    assert found.status == "inconclusive"


def test_what_could_not_be_stored_has_failed() -> None:
    work = fails_for("c001", StoreUnreachableError("no answer"))
    (found,) = settle(RUN, (Pair("c001", "main"),), work, clock)
    assert found.status == "failed"


def test_ending_the_process_is_no_outcome() -> None:
    def interrupted(_: Pair) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settle(RUN, (Pair("c001", "main"),), interrupted, clock)
