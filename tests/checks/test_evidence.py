"""Two proofs beside each other: at once where they agree, pair by pair where they do not."""

import subprocess
import sys
from dataclasses import replace

import pytest

from baozhang.books.proof import Closed, Proof
from checks.evidence import judge_proofs
from checks.frames import identity_of
from checks.rules import LAWS
from checks.verdict import results_of
from tests.books.closing import firm

BOOK = firm(closed=3)
PROOF = BOOK.proof()
CODE = "91330106MA2CF1L35X"


def broken(expected: Proof, found: Proof) -> set[tuple[str, str]]:
    results = results_of(judge_proofs(expected, found))
    return {(one.layer, one.rule) for one in results if one.unexpected}


def owned(code: str | None) -> Proof:
    return replace(PROOF, book=replace(PROOF.book, owner=code))


def test_proofs_that_agree_are_judged_by_five_expectations_for_every_rule() -> None:
    judged = [*judge_proofs(PROOF, PROOF)]
    checks = {one.evaluation.check for one in judged}
    assert len(checks) == 5
    results = results_of(judged)
    assert {one.rule for one in results} == {"I1", "F1", "C1", *LAWS}
    assert all(one.evaluated for one in results if one.rule != "P3")


def test_every_rule_says_how_much_was_looked_at() -> None:
    looked = {one.rule: one.evaluated // 5 for one in results_of(judge_proofs(PROOF, PROOF))}
    columns = sum(map(len, PROOF.book.columns.values()))
    assert looked["C1"] == len(PROOF.totals)
    assert looked["F1"] == len(PROOF.chunks) + 1 + columns
    assert looked["L1"] == len({one.period for one in PROOF.chunks})


def test_what_both_sides_break_is_inherited_at_once() -> None:
    proof = firm(closed=3).changed(0, posted=False).proof()
    found = {one.rule: one.inherited for one in results_of(judge_proofs(proof, proof))}
    assert found["P1"] == 1
    assert broken(proof, proof) == set()


@pytest.mark.parametrize("root", ["", "0" * 64])
def test_a_root_of_another_fingerprint_is_found(root: str) -> None:
    assert broken(PROOF, replace(PROOF, root=root)) == {("L0", "F1")}


def test_a_total_that_is_lost_is_found() -> None:
    assert broken(PROOF, replace(PROOF, totals=PROOF.totals[1:])) == {("L1", "C1")}


def test_a_total_that_is_new_is_found() -> None:
    assert broken(replace(PROOF, totals=PROOF.totals[1:]), PROOF) == {("L1", "C1")}


def test_a_law_broken_anew_is_found() -> None:
    worse = replace(PROOF, violation_counts=(("L12", "2026-01", 1),))
    assert broken(PROOF, worse) == {("L2", "L12")}


def test_a_reopened_period_is_found() -> None:
    opened = replace(PROOF, closed=PROOF.closed[:-1])
    assert broken(PROOF, opened) == {("L2", "P3")}


def test_a_period_that_is_closed_since_is_no_difference() -> None:
    assert broken(PROOF, replace(PROOF, closed=(*PROOF.closed, Closed("2026-04", True)))) == set()


def test_another_client_s_book_is_found() -> None:
    assert broken(owned(CODE), owned(CODE.replace("X", "Y"))) == {("L0", "I1")}
    assert broken(owned(CODE), owned(None)) == {("L0", "I1")}


def test_the_same_owner_in_other_letters_is_the_same() -> None:
    assert broken(owned(CODE), owned(f" {CODE.lower()}")) == set()


def test_no_frame_holds_a_credit_code() -> None:
    assert CODE not in repr(identity_of(owned(CODE)))


STRESS = """
import threading
from contextlib import suppress
import checks
from great_expectations.core.suite_parameters import parse_suite_parameter
from great_expectations.exceptions import SuiteParameterError
from tests.checks.test_evidence import PROOF, broken

def work():
    start.wait()
    with suppress(SuiteParameterError):  # its stack is global too, which passes; poison stays
        parse_suite_parameter("1 + -1")
    assert broken(PROOF, PROOF) == set()
    done.append(1)

start, done = threading.Barrier(8), []
threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
parse_suite_parameter("2 - -1")
print(len(done))
"""


def test_eight_threads_that_begin_at_once_do_not_poison_the_parser() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STRESS], capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "8", ran.stderr[-2000:]
