"""The postman brings every letter at least once to everyone, and says of whom he could not."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from baozhang.errors import UnreachableError
from baozhang.mail.outbox import Outbox
from baozhang.mail.queued import State
from baozhang.mail.smtp import Account
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
    opened,
    postman,
    put,
)
from tests.servers.postgres import free_port

MINUTES = timedelta(minutes=1)
NOBODY = "550 5.1.1 no such mailbox"
FULL = "452 4.2.2 mailbox full"


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened_:
        yield opened_


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


@pytest.fixture
def watch() -> Watch:
    return Watch()


def names(outbox: Outbox, state: State) -> list[str]:
    return [each.name for each in outbox.letters(state)]


def numbers(office: Office) -> list[int]:
    """Return the numbers of the letters that arrived, in their order."""
    headers = (message_from_bytes(raw, policy=default) for _, raw in office.taken)
    return [int(str(each["X-Baozhang-Letter"])[:6]) for each in headers]


def test_a_letter_reaches_the_server_as_it_was_written(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    path = outbox.put(letter())
    content = path.read_bytes()
    postman(outbox, office.account(), watch).deliver()
    assert office.taken == [(("wang@agency.example",), content)]


def test_a_letter_that_everybody_has_lies_among_the_sent(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter())
    done = postman(outbox, office.account(), watch).deliver()
    assert (done.sent, done.waiting) == (("000001-night-zh_CN",), 0)
    assert (outbox.folder / "sent" / "000001-night-zh_CN.eml").exists()


def test_a_letter_goes_out_once(office: Office, outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    for _ in range(3):
        postman(outbox, office.account(), watch).deliver()
        outbox.put(letter())  # a run that is repeated writes its letter again
    assert len(office.taken) == 1


def test_letters_go_in_the_order_they_were_written(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON - n * MINUTES) for n in (1, 3, 2)])
    postman(outbox, office.account(), watch).deliver()
    assert numbers(office) == [3, 2, 1]


def test_trouble_goes_before_older_letters(office: Office, outbox: Outbox, watch: Watch) -> None:
    put(outbox, [letter(1, at=NOON - MINUTES), letter(2, when="incident")])
    postman(outbox, office.account(), watch).deliver()
    assert numbers(office) == [2, 1]


def test_a_letter_for_the_digest_is_not_sent_by_itself(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(when="digest"))
    done = postman(outbox, office.account(), watch).deliver(hurry=True)
    assert (office.taken, done.waiting) == ([], 1)


def test_quiet_hours_hold_back_all_but_trouble(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(1), letter(2, when="incident")])
    carrier = postman(outbox, office.account(), watch, quiet=read_window("11:00-13:00"))
    carrier.deliver()
    assert numbers(office) == [2]
    watch.pass_(timedelta(hours=1))
    carrier.deliver()
    assert numbers(office) == [2, 1]


def test_a_named_letter_goes_in_quiet_hours_too(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(1), letter(2)])
    carrier = postman(outbox, office.account(), watch, quiet=read_window("11:00-13:00"))
    carrier.deliver(only=["000002-night-zh_CN"])
    assert numbers(office) == [2]


def test_who_is_refused_for_good_is_parked_and_the_others_have_the_letter(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG, LI))
    office.to = {ZHANG.address: NOBODY}
    done = postman(outbox, office.account(), watch).deliver()
    assert office.readers == [("wang", "li")]
    assert done.parked == ("000001-night-zh_CN",)
    states = {each.address: each.state for each in outbox.letters("parked")[0].recipients}
    assert states == {WANG.address: "sent", ZHANG.address: "parked", LI.address: "sent"}


def test_a_parked_letter_is_told_of_once(office: Office, outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    office.to = {WANG.address: NOBODY}
    carrier = postman(outbox, office.account(), watch)
    assert [carrier.deliver().parked for _ in range(2)] == [("000001-night-zh_CN",), ()]
    assert outbox.parked() == ("000001-night-zh_CN",)


def test_a_letter_that_waits_for_one_and_is_parked_for_another_is_named_as_parked(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    office.to = {WANG.address: NOBODY, ZHANG.address: FULL}
    postman(outbox, office.account(), watch).deliver()
    assert names(outbox, "waiting") == ["000001-night-zh_CN"]
    assert outbox.parked() == ("000001-night-zh_CN",)


def test_who_has_the_letter_does_not_get_it_again_with_the_others(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    office.to = {ZHANG.address: FULL}
    carrier = postman(outbox, office.account(), watch)
    carrier.deliver()
    office.to.clear()
    watch.pass_(10 * MINUTES)
    carrier.deliver()
    assert office.readers == [("wang",), ("zhang",)]


def test_who_is_refused_for_now_is_tried_again_ever_later(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter())
    office.to = {WANG.address: FULL}
    carrier, tried = postman(outbox, office.account(), watch), []
    for minute in range(0, 100, 5):
        watch.now = NOON + minute * MINUTES
        before = outbox.letters("waiting")[0].recipients[0].attempts
        carrier.deliver()
        if outbox.letters("waiting")[0].recipients[0].attempts > before:
            tried.append(minute)
    assert tried == [0, 5, 15, 35, 75]


def test_after_five_days_a_letter_is_parked(office: Office, outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    office.to = {WANG.address: FULL}
    carrier = postman(outbox, office.account(), watch)
    carrier.deliver()
    watch.pass_(timedelta(days=5))
    assert carrier.deliver().parked == ("000001-night-zh_CN",)


def test_what_was_answered_is_kept_as_codes_alone(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter())
    office.to = {WANG.address: "452 4.2.2 <wang@agency.example> mailbox of 王总 is full"}
    postman(outbox, office.account(), watch).deliver()
    reply = outbox.letters("waiting")[0].recipients[0].reply
    assert (reply.code, reply.status) == (452, "4.2.2")


def test_nothing_that_is_told_holds_an_address(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    office.to = {WANG.address: NOBODY}
    done = postman(outbox, office.account(), watch).deliver()
    told = repr((done, *outbox.letters("parked")))
    assert not re.search("wang|zhang|backup@|王总|张三", told)


def test_a_letter_refused_as_a_whole_goes_to_each_alone_to_find_whose_fault_it_is(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG, LI))
    office.data = ["552 5.2.2 full", "250 OK", "552 5.2.2 full", "250 OK"]
    postman(outbox, office.account(), watch).deliver()
    assert office.readers == [("wang",), ("li",)]
    states = [each.state for each in outbox.letters("parked")[0].recipients]
    assert states == ["sent", "parked", "sent"]


def test_a_letter_that_is_too_big_is_parked(office: Office, outbox: Outbox, watch: Watch) -> None:
    put(outbox, [letter(1, WANG, ZHANG), letter(2)])
    office.mail = ["552 5.3.4 too big"]
    done = postman(outbox, office.account(), watch).deliver()
    assert (done.parked, done.trouble, numbers(office)) == (("000001-night-zh_CN",), None, [2])


def test_a_sender_who_is_refused_is_not_the_letters_fault(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(1), letter(2)])
    office.mail = ["553 5.7.1 not yours"] * 2
    done = postman(outbox, office.account(), watch).deliver()
    assert (done.parked, done.waiting, done.newly_pressing) == ((), 2, True)
    assert [each.first_tried for each in outbox.letters("waiting")] == [None, None]


def test_a_server_that_is_down_costs_no_letter_an_attempt(outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    nowhere = Account("127.0.0.1", "off", free_port(), timeout=2)
    done = postman(outbox, nowhere, watch).deliver()
    assert done.trouble is not None
    assert done.trouble.facts["server"] == nowhere.place
    assert outbox.letters("waiting")[0].recipients[0].attempts == 0


def test_a_server_that_is_down_does_not_use_up_the_day(outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    office = Office(free_port())
    carrier = postman(outbox, office.account(), watch, per_day=1)
    carrier.deliver()
    with opened(office):
        carrier.deliver(hurry=True)
    assert len(office.taken) == 1


def test_a_server_that_was_down_for_an_hour_takes_all_letters_in_their_order(
    outbox: Outbox, watch: Watch
) -> None:
    office = Office(free_port())
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in range(1, 13)])
    carrier = postman(outbox, office.account(), watch)
    runs = []
    for _ in range(12):
        runs.append(carrier.deliver())
        watch.pass_(5 * MINUTES)
    assert [done.newly_pressing for done in runs].count(True) <= 1
    with opened(office):
        watch.pass_(15 * MINUTES)
        carrier.deliver()
    assert numbers(office) == list(range(1, 13))
    assert outbox.trouble() is None


def test_a_server_that_is_away_for_over_an_hour_is_told_of_once(
    outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter())
    carrier = postman(outbox, Account("127.0.0.1", "off", free_port(), timeout=2), watch)
    pressing = []
    for _ in range(36):
        pressing.append(carrier.deliver().newly_pressing)
        watch.pass_(5 * MINUTES)
    assert pressing.count(True) == 1
    assert 12 <= pressing.index(True) <= 15


def test_one_letter_that_breaks_the_conversation_does_not_keep_the_others(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in (1, 2, 3)])
    office.hang_up = 1
    done = postman(outbox, office.account(), watch).deliver()
    assert (numbers(office), done.waiting, done.trouble) == ([2, 3], 1, None)


def test_two_broken_conversations_in_a_row_are_the_servers_doing(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in (1, 2, 3, 4)])
    office.hang_up = 4
    done = postman(outbox, office.account(), watch).deliver()
    assert done.trouble is not None
    assert office.hang_up == 2


def test_a_server_that_ends_a_conversation_after_some_letters_is_called_again(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in (1, 2, 3)])
    office.mail = ["250 OK", "421 too many messages here"]
    postman(outbox, office.account(), watch).deliver()
    assert (numbers(office), office.sessions) == ([1, 2, 3], 2)


def test_no_more_goes_out_in_a_minute_than_the_provider_allows(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in range(1, 8)])
    done = postman(outbox, office.account(), watch, per_minute=3).deliver()
    assert (len(done.sent), watch.waited) == (7, 120.0)


def test_the_next_run_keeps_the_limit_of_the_last_one(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in (1, 2)])
    for _ in range(2):
        postman(outbox, office.account(), watch, per_minute=1).deliver()
    assert watch.waited == 60.0


def test_a_run_that_would_wait_for_long_leaves_the_rest_to_the_next(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in range(1, 12)])
    done = postman(outbox, office.account(), watch, per_minute=1).deliver()
    assert (len(done.sent), done.waiting, done.limited) == (5, 6, True)


def test_a_day_that_is_used_up_goes_on_tomorrow(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n, at=NOON + n * MINUTES) for n in (1, 2, 3)])
    carrier = postman(outbox, office.account(), watch, per_day=2)
    assert carrier.deliver().limited
    watch.pass_(timedelta(hours=11, minutes=55))
    assert carrier.deliver().sent == ()
    watch.pass_(5 * MINUTES)  # midnight in Shanghai
    assert carrier.deliver().sent == ("000003-night-zh_CN",)


def test_the_last_part_of_a_day_is_kept_for_trouble(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    put(outbox, [letter(n) for n in range(1, 22)])
    carrier = postman(outbox, office.account(), watch, per_day=20)
    carrier.deliver()
    put(outbox, [letter(90, when="incident"), letter(91, when="incident")])
    carrier.deliver()
    assert numbers(office) == [*range(1, 20), 90]


def test_a_letter_whose_state_was_written_but_not_its_place_is_not_sent_again(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    """The process died between writing that everybody has it and moving the file."""
    outbox.put(letter())
    (waiting,) = outbox.letters("waiting")
    done = replace(waiting, recipients=tuple(replace(r, state="sent") for r in waiting.recipients))
    waiting.path.with_suffix(".json").write_text(json.dumps(done.values()))
    postman(outbox, office.account(), watch).deliver()
    assert office.taken == []
    assert names(outbox, "sent") == ["000001-night-zh_CN"]


def test_a_process_that_dies_before_it_moves_a_letter_does_not_send_it_again(
    office: Office, outbox: Outbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """The end of the process."""

    def die(path: Path, to: Path) -> Path:
        if path.suffix == ".eml":
            raise Died
        return Path(os.rename(path, to) or to)

    outbox.put(letter())
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", die)
        with pytest.raises(Died):
            postman(outbox, office.account(), watch).deliver()
    postman(outbox, office.account(), watch).deliver()
    assert len(office.taken) == 1
    assert names(outbox, "sent") == ["000001-night-zh_CN"]


def test_a_damaged_note_beside_a_letter_sends_it_rather_than_losing_it(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    path = outbox.put(letter())
    path.with_suffix(".json").write_text('{"version": 1, "recip')
    postman(outbox, office.account(), watch).deliver()
    assert len(office.taken) == 1


def test_a_note_of_another_letter_does_not_count(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    path = outbox.put(letter())
    values = outbox.letters("waiting")[0].values() | {"message_id": "<other@x>"}
    values["recipients"] = {WANG.address: {"state": "sent"}}
    path.with_suffix(".json").write_text(json.dumps(values))
    postman(outbox, office.account(), watch).deliver()
    assert len(office.taken) == 1


def test_other_files_in_the_outbox_are_left_alone(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.folder.mkdir(parents=True)
    stranger = outbox.folder / "notes.eml"
    stranger.write_text("To: somebody@example.com\r\n\r\nhello")
    (outbox.folder / "000009-night-zh_CN.eml").write_text("no letter at all")
    postman(outbox, office.account(), watch).deliver()
    assert (office.taken, stranger.exists()) == ([], True)


def test_two_processes_do_not_deliver_at_once(office: Office, outbox: Outbox, watch: Watch) -> None:
    outbox.put(letter())
    with outbox.locked(), pytest.raises(UnreachableError):
        postman(Outbox(outbox.folder), office.account(), watch).deliver()
    assert office.taken == []


DELIVER = """
import sys
from pathlib import Path
from baozhang.mail.outbox import Outbox
from baozhang.mail.smtp import Account
from tests.mail.office import Watch, postman

account = Account("127.0.0.1", "off", int(sys.argv[2]), timeout=5)
postman(Outbox(Path(sys.argv[1])), account, Watch()).deliver()
"""


def test_a_process_killed_after_the_server_took_the_letter_sends_it_again_under_its_id(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    words = [sys.executable, "-c", DELIVER, str(outbox.folder), str(office.port)]
    child = subprocess.Popen(words)
    office.on_data = lambda: os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    office.on_data = lambda: None
    postman(outbox, office.account(), watch).deliver()
    identities = {
        str(message_from_bytes(raw, policy=default)["Message-ID"]) for _, raw in office.taken
    }
    assert (len(office.taken), len(identities)) == (2, 1)
    assert names(outbox, "sent") == ["000001-night-zh_CN"]


def test_a_parked_letter_goes_once_more_to_those_who_lack_it(
    office: Office, outbox: Outbox, watch: Watch
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    office.to = {ZHANG.address: NOBODY}
    carrier = postman(outbox, office.account(), watch)
    carrier.deliver()
    outbox.keep(outbox.letters("parked")[0].anew())
    office.to.clear()
    carrier.deliver()
    assert office.readers == [("wang",), ("zhang",)]
    assert outbox.parked() == ()
