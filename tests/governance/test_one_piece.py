"""Removing any one piece of evidence turns exactly the lines of the controls that rest on it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from baozhang.governance.controls import catalogue, controls
from baozhang.governance.judging import Judged, judge, lines
from baozhang.governance.model import Evidence, Status
from tasks.evidence import BY_CODE, gather
from tests.governance.evidence_office import NOVEMBER
from tests.governance.proven_office import RESTS, build, rests_on

UNPROVEN = {"law.register"}
"""Counsel has to look at the law register in the tree: no record of a site can show that."""
Standings = Mapping[str, Status]


def handed_in() -> list[Evidence]:
    """Return a checked proof of every control that people attest, but where codes show it."""
    return [
        Evidence(
            control=each.id,
            source="attested",
            result="pass",
            effective=NOVEMBER.begin,
            received=NOVEMBER.begin,
            says="handed in",
            digest="0" * 64,
            by=("zhang",),
            checked_by="wang",
        )
        for each in controls()
        if each.source != "auto" and each.id not in BY_CODE
    ]


def judged(evidence: Iterable[Evidence]) -> dict[str, Judged]:
    found = tuple(evidence)
    return {
        each.id: judge(each, (e for e in found if e.control == each.id), at=NOVEMBER.end)
        for each in controls()
    }


def standings(found: Mapping[str, Judged]) -> Standings:
    return {id_: each.status for id_, each in found.items()}


def drawn(found: Mapping[str, Judged]) -> Standings:
    """Return the status of each of the 252 lines."""
    pairs = [(each, found[each.id]) for each in controls()]
    return {line.item.id: line.status for line in lines(catalogue().items, pairs)}


def turned(before: Mapping[str, Judged], ids: set[str]) -> Standings:
    """Return the lines as they are when these controls, and no others, are not evidenced."""
    changed = {id_: Judged(id_, "not evidenced") for id_ in ids}
    return drawn({**before, **changed})


def november(home: Path, without: str = "") -> list[Evidence]:
    with build(home, without) as site:
        return [*gather(site, NOVEMBER, controls()), *handed_in()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Evidence]:
    """The evidence of the November in which everything happened."""
    return november(tmp_path_factory.mktemp("whole") / "site")


def test_a_whole_november_proves_every_control_that_records_can_show(whole: list[Evidence]) -> None:
    found, green = standings(judged(whole)), {True: "proven", False: "attested"}
    for each in controls():
        shown = (each.tests or each.source == "attested") and each.id not in UNPROVEN
        wanted = green[each.source != "attested"] if shown else "not evidenced"
        assert found[each.id] == wanted, each.id


@pytest.mark.slow
@pytest.mark.parametrize("piece", RESTS)
def test_what_never_happened_turns_exactly_its_lines(
    tmp_path: Path, whole: list[Evidence], piece: str
) -> None:
    before = judged(whole)
    resting = {
        each.id
        for each in controls()
        if before[each.id].status == "proven"
        and (
            any(rests_on(piece, test.name) for test in each.tests)
            or f"people:{each.id}" in RESTS[piece]
        )
    }
    after = drawn(judged(november(tmp_path / "site", piece)))
    assert resting
    assert after == turned(before, resting)
    assert after != drawn(before)


def test_each_piece_of_evidence_carries_its_own_control_and_no_other(whole: list[Evidence]) -> None:
    before = judged(whole)
    counted = {id_ for each in before.values() for id_ in each.counted}
    assert counted
    for each in whole:
        rest = [other for other in whole if other.control == each.control and other is not each]
        control = next(one for one in controls() if one.id == each.control)
        alone = judge(control, rest, at=NOVEMBER.end)
        assert (alone.status != before[each.control].status) == (
            before[each.control].status in ("proven", "attested")
        ), each


def test_every_kind_of_test_that_a_control_uses_rests_on_a_piece() -> None:
    used = {test.name for each in controls() for test in each.tests} - {"law"}
    lost = {name for name in used if not any(rests_on(piece, name) for piece in RESTS)}
    assert lost == {"drill scenario=any", "incident event=opened", "incident event=step.done"}
