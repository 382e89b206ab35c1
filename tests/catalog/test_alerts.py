"""An alert is raised once; what became of it is only added."""

from dataclasses import replace
from datetime import timedelta

import pytest

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Alert, AlertEvent, AlertStage
from baozhang.errors import UsageError
from tests.catalog.values import NIGHT, trouble


@pytest.fixture
def book(catalog: Catalog) -> AlertBook:
    return AlertBook(catalog)


def event(alert: str, what: AlertStage, **fields: str | int) -> AlertEvent:
    return replace(AlertEvent(alert, what, NIGHT), **fields)  # type: ignore[arg-type]


def test_an_alert_has_an_id_of_its_day_that_people_can_type(book: AlertBook) -> None:
    known, new = book.raised(trouble())
    assert (known.alert.id[:5], len(known.alert.id), new) == ("0731-", 9, True)


def test_the_same_trouble_is_one_alert_while_it_is_open(book: AlertBook) -> None:
    first, _ = book.raised(trouble(period="r1"))
    again, new = book.raised(trouble(period="r2", hours=24))
    assert (again.alert.id, new) == (first.alert.id, False)
    assert [each.period for each in book.unmended()] == ["r2"]


def test_another_subject_is_another_alert(book: AlertBook) -> None:
    book.raised(trouble())
    assert book.raised(trouble(subject="validation"))[1]


def test_a_new_occurrence_after_the_acknowledgement_is_a_new_alert(book: AlertBook) -> None:
    known, _ = book.raised(trouble(period="r1"))
    book.add(event(known.alert.id, "acknowledged", who="zhang"))
    assert not book.raised(trouble(period="r1", hours=1))[1]
    assert book.raised(trouble(period="r2", hours=24))[1]


def test_a_trouble_that_comes_back_after_it_was_mended_is_a_new_alert(book: AlertBook) -> None:
    known, _ = book.raised(trouble(period="r1"))
    book.add(event(known.alert.id, "mended"))
    assert book.raised(trouble(period="r1", hours=1))[1]


def test_states_go_from_open_to_acknowledged_to_mended(book: AlertBook) -> None:
    known, _ = book.raised(trouble())
    states = [known.state]
    for stage in ("acknowledged", "mended"):
        book.add(event(known.alert.id, stage))  # type: ignore[arg-type]
        states.append(book.find(known.alert.id).state)
    assert states == ["open", "acknowledged", "mended"]


def test_a_mended_alert_waits_to_be_told_and_then_does_not(book: AlertBook) -> None:
    known, _ = book.raised(trouble())
    book.add(event(known.alert.id, "mended"))
    assert [each.alert.id for each in book.unclosed()] == [known.alert.id]
    book.add(event(known.alert.id, "closed"))
    assert (book.unclosed(), book.unmended()) == ((), ())


def morning(day: str) -> Alert:
    return replace(trouble("morning", "morning", day), alert_class="morning")


def test_a_morning_line_is_no_trouble_that_goes_on(book: AlertBook) -> None:
    book.raised(morning("2026-07-31"))
    assert book.unmended() == ()


def test_a_morning_line_that_nobody_was_told_is_tried_again_and_was_not_heard(
    book: AlertBook,
) -> None:
    first, _ = book.raised(morning("2026-07-31"))
    assert book.newest("morning", "2026-12-31") is None
    assert book.raised(morning("2026-07-31")) == (first, False)
    book.add(event(first.alert.id, "told"))
    assert book.newest("morning", "2026-12-31") == "2026-07-31"
    assert book.raised(morning("2026-07-31"))[1]


def test_the_newest_word_of_each_channel_counts(book: AlertBook) -> None:
    known, _ = book.raised(trouble())
    for what, who in (("refused", "duty"), ("carried", "duty"), ("refused", "boss")):
        book.add(event(known.alert.id, what, who=who))  # type: ignore[arg-type]
    assert [(each.who, each.what) for each in book.deliveries()] == [
        ("boss", "refused"),
        ("duty", "carried"),
    ]


def test_two_alerts_of_one_instant_have_two_ids(book: AlertBook) -> None:
    ids = {book.raised(trouble(subject=f"s{n}"))[0].alert.id for n in range(50)}
    assert len(ids) == 50


def test_an_id_that_is_taken_grows(book: AlertBook) -> None:
    first, _ = book.raised(trouble())
    book.add(event(first.alert.id, "mended"))
    second, new = book.raised(trouble())  # the same words at the same instant: the same digits
    assert new
    assert second.alert.id.startswith(first.alert.id)
    assert len(second.alert.id) == len(first.alert.id) + 1


def test_an_alert_nobody_raised_is_a_usage_error(book: AlertBook) -> None:
    with pytest.raises(UsageError):
        book.find("0731-ffff")


def test_raising_is_part_of_the_transaction_around_it(catalog: Catalog, book: AlertBook) -> None:
    with pytest.raises(UsageError), catalog.transaction():  # noqa: PT012 - both, or neither
        book.raised(trouble())
        book.find("nobody")
    assert book.all() == ()


def test_instants_come_back_in_utc(book: AlertBook) -> None:
    known, _ = book.raised(trouble(hours=3))
    assert book.find(known.alert.id).alert.at == NIGHT + timedelta(hours=3)
