"""Conversations that break, wear out or take their time cost neither order nor a second copy."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from baozhang.errors import UnreachableError
from baozhang.mail.outbox import Outbox
from baozhang.mail.trouble import after
from baozhang.policies.pace import read_window
from tests.mail.office import (
    LI,
    NOON,
    WANG,
    ZHANG,
    Office,
    Watch,
    letter,
    open_office,
    postman,
    put,
)
from tests.servers.postgres import free_port

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    made = Outbox(tmp_path / "outbox")
    put(made, [letter(number, at=NOON + number * MINUTE) for number in (1, 2, 3, 4)])
    return made


def test_breaks_that_do_not_follow_each_other_are_those_of_their_letters(
    office: Office, outbox: Outbox
) -> None:
    office.hang_up = 1

    def break_the_third() -> None:
        if len(office.taken) == 1:
            office.hang_up = 2  # it is tried once more in a new conversation

    office.on_data = break_the_third
    done = postman(outbox, office.account(), Watch()).deliver()
    assert (done.sent, done.trouble) == (("000002-night-zh_CN", "000004-night-zh_CN"), None)


def test_a_server_that_goes_away_in_between_costs_the_next_letter_no_attempt(
    outbox: Outbox,
) -> None:
    office = Office(free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()

    def go_away() -> None:
        assert controller.server
        controller.server.close()
        office.hang_up = 1

    office.on_data = go_away
    try:
        done = postman(outbox, office.account(), Watch()).deliver()
    finally:
        controller.stop()
    assert (len(done.sent), done.trouble is not None) == (1, True)
    assert [each.recipients[0].attempts for each in outbox.letters("waiting")] == [0, 0, 0]


def test_a_letter_that_breaks_the_conversation_says_nothing_good_of_the_server(
    office: Office, outbox: Outbox
) -> None:
    error = UnreachableError("the mail server cannot be reached")
    known = after(error, None, NOON - timedelta(hours=3), lambda: 0.5)
    outbox.keep_trouble(known)
    office.hang_up = 1
    done = postman(outbox, office.account(), Watch()).deliver(only=["000001-night-zh_CN"])
    assert done.trouble == known


def test_a_letter_that_was_taken_ends_the_trouble(office: Office, outbox: Outbox) -> None:
    error = UnreachableError("the mail server cannot be reached")
    outbox.keep_trouble(after(error, None, NOON - timedelta(hours=3), lambda: 0.5))
    done = postman(outbox, office.account(), Watch()).deliver(only=["000001-night-zh_CN"])
    assert (done.trouble, outbox.trouble()) == (None, None)


def test_no_conversation_is_held_open_while_a_limit_is_waited_for(
    office: Office, outbox: Outbox
) -> None:
    postman(outbox, office.account(), Watch(), per_minute=2).deliver()
    assert office.sessions == 2


def test_a_letter_parked_for_two_is_named_once(office: Office, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "other")
    outbox.put(letter(1, WANG, ZHANG, LI))
    office.data = ["554 5.7.1 rules"] * 4
    done = postman(outbox, office.account(), Watch()).deliver()
    assert done.parked == ("000001-night-zh_CN",)


def test_a_server_that_looks_a_letter_through_gets_it_once(office: Office, tmp_path: Path) -> None:
    """Longer than any other answer takes: who hangs up then sends it again and again."""
    outbox = Outbox(tmp_path / "other")
    outbox.put(letter())
    office.slow = 2.5
    account = replace(office.account(), timeout=2)
    assert postman(outbox, account, Watch()).deliver().sent == ("000001-night-zh_CN",)
    assert len(office.taken) == 1


def test_a_sender_who_is_refused_is_not_tried_in_another_conversation(
    office: Office, outbox: Outbox
) -> None:
    office.mail = ["250 OK", "550 5.7.1 not you"]
    done = postman(outbox, office.account(), Watch()).deliver()
    assert done.trouble
    assert (done.trouble.lasting, office.sessions) == (True, 1)


def test_a_new_conversation_that_breaks_at_once_is_not_opened_again(
    office: Office, outbox: Outbox
) -> None:
    def break_from_now_on() -> None:
        office.hang_up = 9

    office.on_data = break_from_now_on
    done = postman(outbox, office.account(), Watch()).deliver()
    assert (len(done.sent), office.hang_up) == (1, 9 - 3)  # the second letter twice, the third once


def test_a_named_letter_goes_to_those_whose_turn_has_not_come(
    office: Office, tmp_path: Path
) -> None:
    outbox = Outbox(tmp_path / "other")
    outbox.put(letter())
    office.to = {WANG.address: "452 4.2.2 mailbox full"}
    carrier = postman(outbox, office.account(), Watch())
    carrier.deliver()
    office.to.clear()
    assert carrier.deliver(only=["000001-night-zh_CN"]).sent == ("000001-night-zh_CN",)


def test_hurry_wakes_nobody_in_quiet_hours(office: Office, outbox: Outbox) -> None:
    carrier = postman(outbox, office.account(), Watch(), quiet=read_window("11:00-13:00"))
    assert carrier.deliver(hurry=True).sent == ()
