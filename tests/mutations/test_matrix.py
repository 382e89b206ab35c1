"""Every planted fault is told by the law it was planted for, and by none that has no part in it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from baozhang.books.compare import compare
from baozhang.books.profiles import Profile, load_profile, profile_names
from baozhang.books.taking import take_proof
from baozhang.samples.book import make_book
from tests.mutations.cells import LAWS, breaks, catcher, differs, why_not
from tests.mutations.conftest import Clean, Told, prove, told
from tests.mutations.faults import FAULTS, WISH, Fault
from tests.mutations.matrix import cell

PROFILES = [load_profile(name) for name in profile_names()]
CASES = [
    pytest.param(fault, profile.name, id=f"{fault.id}-{profile.name}")
    for profile in PROFILES
    for fault in FAULTS
    if not why_not(fault, profile)
]


@pytest.mark.parametrize(("fault", "name"), CASES)
def test_the_fault_is_told_by_its_own_laws_and_no_others(
    fault: Fault,
    name: str,
    clean_of: Callable[[str], Clean],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    clean = clean_of(name)
    caught = catcher(fault, clean.profile)
    record_property(*cell(fault.id, name, fault.law, caught=caught))
    export = clean.copy(tmp_path / "spoiled")
    fault.apply(export)
    spoiled = partial(prove, clean.profile, export.root)
    found = told(clean.proof, spoiled, past=fault.past)
    own = breaks(fault, clean.profile), differs(fault, clean.profile)
    assert found == Told(*own, critical=True)
    assert caught in found.breaks | found.differs


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_fault_that_cannot_be_carried_says_why(
    profile: Profile, record_property: Callable[[str, object], None]
) -> None:
    reasons = {fault: why_not(fault, profile) for fault in FAULTS}
    for fault, reason in reasons.items():
        if reason:
            record_property(*cell(fault.id, profile.name, fault.law, reason=reason))
    carried = [fault for fault, reason in reasons.items() if not reason]
    assert {"S1", "S4", "S5", "L1", "L3", "F1"} <= {fault.law for fault in carried}


@pytest.mark.parametrize("name", profile_names())
def test_the_clean_export_breaks_no_law(name: str, clean_of: Callable[[str], Clean]) -> None:
    assert clean_of(name).proof.violation_counts == ()


@pytest.mark.parametrize("law", LAWS)
def test_every_law_has_a_fault_that_it_must_tell_somewhere(law: str) -> None:
    cells = [catcher(f, p) for f in FAULTS if f.law == law for p in PROFILES if not why_not(f, p)]
    assert law in cells


def test_a_book_that_names_its_owner_is_told_from_another_clients() -> None:
    own, other = (take_proof(make_book(replace(WISH, serial=n)), standard="sbe") for n in (1, 2))
    told = [v.law for v in compare(own, other) if v.severity == "critical"]
    assert told[0] == "I1"
