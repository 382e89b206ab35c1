"""The month's look at all risks: drawn up, kept, signed, written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.audit.letters import records_of
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance.risk.loss import annual_loss
from baozhang.governance.risk.model import READINGS, RISKS
from baozhang.governance.risk.review import digest_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gate import gate
from tasks.risk_register import (
    Decision,
    Scores,
    risk_of,
    score,
    treat,
)
from tasks.risk_review import (
    Drawn,
    draft,
    draw_up,
    kept,
    measure,
    newest,
    publish,
    reviewed,
    series_of,
    sign_review,
)
from tasks.signing import Word
from tests.flows.approving import Devices, Hand, four_people
from tests.flows.risking import outcome, scored, struck


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=clock) as opened_site:
        yield opened_site


def test_measuring_twice_the_same_leaves_one_reading(site: Site) -> None:
    measure(site, by="system")
    measure(site, by="system")
    assert len(READINGS.history(site, "growth")) == 1


def test_a_series_has_the_last_reading_of_each_month(site: Site, clock: Hand) -> None:
    outcome(site, "restore_test")
    measure(site, by="system")
    outcome(site, "restore_test", client="c002")
    measure(site, by="system")
    clock.move(days=20)
    measure(site, by="system")
    assert [each.value for each in series_of(site)["failed-proofs"]] == [2, 2]


def test_the_yearly_loss_is_that_of_the_review(site: Site) -> None:
    scored(site)
    assert annual_loss(site) == reviewed(site).loss
    assert annual_loss(site, seed=1) != reviewed(site).loss


def test_estimates_that_contradict_the_score_are_told(site: Site) -> None:
    scored(site)
    assert reviewed(site).risks[0].estimate_grades == (3, 3)


def test_the_next_review_tells_what_happened_since(site: Site, clock: Hand) -> None:
    draw_up(site)
    clock.move(days=10)
    made = struck(site)
    run = outcome(site, "restore_test")
    told = reviewed(site)
    assert told.before == "2026-11"
    assert {each.ref for each in told.since} == {f"incident:{made.id}", f"run:{run}"}


def test_the_next_review_tells_the_level_before(site: Site, clock: Hand) -> None:
    id_ = scored(site)
    draw_up(site)
    clock.move(days=10)
    score(site, id_, Scores(residual=(5, 5)), by="zhang")
    (told,) = reviewed(site).risks
    assert (told.level_before, told.level) == ("medium", "extreme")


def test_a_run_that_was_suspended_finds_what_it_drew_up(site: Site, clock: Hand) -> None:
    first = draw_up(site, run="run-1")
    clock.move(hours=5)
    assert draw_up(site, run="run-1") == first
    assert draw_up(site, run="run-2") != first


def test_what_people_draw_up_meanwhile_is_what_the_run_goes_on_with(
    site: Site, clock: Hand
) -> None:
    draw_up(site, run="run-1")
    clock.move(hours=5)
    again = draw_up(site)
    assert draw_up(site, run="run-1") == again


def test_a_review_that_was_changed_by_hand_is_found_out(site: Site) -> None:
    drawn = draw_up(site)
    file = site.home / "state" / "risk" / drawn.period / f"{drawn.digest}.json"
    file.write_text(file.read_text().replace('"sample":false', '"sample":true'))
    with pytest.raises(CorruptObjectError, match="2026-11"):
        kept(site, drawn)


def test_reviews_are_for_the_agencys_eyes(site: Site) -> None:
    drawn = draw_up(site)
    assert (site.home / "state" / "risk" / drawn.period).stat().st_mode & 0o77 == 0


def test_no_letter_goes_out_unsigned(site: Site) -> None:
    with pytest.raises(UsageError, match="not signed"):
        publish(site, draw_up(site), actor="test")


def signed_review(site: Site, clock: Hand, word: Word = "sign") -> Drawn:
    scored(site)
    drawn = draw_up(site)
    sign_review(
        site, drawn, person="li", code=Devices(site.home, clock, "li").code("li"), word=word
    )
    return drawn


def test_a_signed_review_is_written_once(site: Site, clock: Hand) -> None:
    drawn = signed_review(site, clock)
    written = publish(site, drawn, actor="li")
    assert written is not None
    assert written.filed.fingerprint == drawn.digest == digest_of(kept(site, drawn))
    assert publish(site, drawn, actor="li") is None


def test_a_refused_review_is_not_written(site: Site, clock: Hand) -> None:
    drawn = signed_review(site, clock, "refuse")
    with pytest.raises(UsageError, match="not signed"):
        publish(site, drawn, actor="li")


def test_a_signature_is_for_one_review_alone(site: Site, clock: Hand) -> None:
    signed_review(site, clock)
    clock.move(minutes=1)
    again = draw_up(site)
    assert again == newest(site, "2026-11")
    with pytest.raises(UsageError, match="not signed"):
        publish(site, again, actor="li")


@pytest.mark.parametrize("deed", ["scored", "decided"])
def test_nobody_signs_what_they_scored_or_decided(site: Site, clock: Hand, deed: str) -> None:
    id_ = scored(site)
    if deed == "scored":
        score(site, id_, Scores((3, 3)), by="li")
    else:
        treat(site, id_, Decision("avoid"), by="li")
    devices = Devices(site.home, clock, "li", "wang")
    drawn = draw_up(site)
    with pytest.raises(UsageError, match="may not sign"):
        sign_review(site, drawn, person="li", code=devices.code("li"))
    assert sign_review(site, drawn, person="wang", code=devices.code("wang")).word == "sign"


def test_where_only_its_makers_are_left_one_signs_and_the_letter_says_so(
    site: Site, clock: Hand
) -> None:
    id_ = scored(site)
    score(site, id_, Scores((3, 3)), by="wang")
    treat(site, id_, Decision("avoid"), by="li")
    drawn = draw_up(site)
    code = Devices(site.home, clock, "wang").code("wang")
    word = sign_review(site, drawn, person="wang", code=code)
    letter = draft(site, drawn, (word,), actor="wang").render(
        number=1, language="en", gate=gate(site), pdf=False
    )
    assert "nobody else of the agency could sign" in " ".join(letter.text.split())


def test_an_accountant_does_not_sign_for_the_agency(site: Site, clock: Hand) -> None:
    code = Devices(site.home, clock, "zhao").code("zhao")
    with pytest.raises(UsageError, match="may not sign"):
        sign_review(site, draw_up(site), person="zhao", code=code)


def test_names_of_clients_in_a_title_are_covered_in_the_letter(site: Site, clock: Hand) -> None:
    id_ = scored(site)
    own = risk_of(site, id_).model_copy(update={"title": "示例商贸有限公司的硬盘老化"})
    RISKS.put(site, {id_: own}, by="zhang")
    letter = draft(site, draw_up(site), (), actor="test").render(
        number=1, language="zh_CN", gate=gate(site), pdf=False
    )
    assert "硬盘老化" in letter.text
    assert "示例商贸有限公司" not in letter.text


def test_the_audit_log_knows_every_change(site: Site) -> None:
    id_ = scored(site)
    changes = records_of(site.home / "state" / "audit", "register.changed")
    subjects = [each.entry.subject for each in changes]
    assert subjects.count(f"risks/{id_}") == 3
