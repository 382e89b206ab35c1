"""The log keeps what it is given, in order, signed, whatever dies in between."""

import json
import multiprocessing
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from baozhang.audit.log import HEAD, LOG, AuditLog
from baozhang.audit.records import GENESIS, Anchor, Entry, encode_head
from baozhang.audit.signing import PRIVATE_KEY, PUBLIC_KEY, load_signer
from baozhang.errors import BaozhangError, CorruptObjectError, UnreachableError, UsageError
from tests.audit.logs import START, Ticking, entry, faults, lines, made, rechained, records, write


def test_a_new_log_begins_with_a_record_of_its_key(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path, Ticking())
    (first,) = records(tmp_path)
    assert (first.seq, first.prev, first.entry.facts) == (1, GENESIS, (("key", log.fingerprint),))


def test_a_record_holds_who_did_what_to_which_object_and_when(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path, lambda: START)
    log.append(actor="u07", action="key.rotate", subject="c001", epoch=2, forced=False)
    told = json.loads(lines(tmp_path)[-1])
    del told["hash"], told["prev"]
    assert told == {
        "seq": 2,
        "at": "2026-07-31T14:00:00.000000Z",
        "actor": "u07",
        "action": "key.rotate",
        "object": "c001",
        "facts": {"epoch": 2, "forced": False},
    }


def test_each_record_names_the_hash_of_the_one_before(tmp_path: Path) -> None:
    made(tmp_path, 4)
    found = records(tmp_path)
    assert [record.prev for record in found] == [GENESIS, *(r.hash for r in found[:-1])]


def test_append_returns_the_signed_head_of_what_it_wrote(tmp_path: Path) -> None:
    head = made(tmp_path, 3).append(actor="a", action="b", subject="c")
    assert (head.seq, head.hash) == (4, records(tmp_path)[-1].hash)


def test_many_entries_share_one_signature(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path, Ticking())
    assert log.append_many(entry(number) for number in range(50)).seq == 51


def test_a_log_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    made(tmp_path, 3)
    AuditLog.open(tmp_path, Ticking()).append(actor="a", action="b", subject="c")
    assert faults(tmp_path) == []
    assert [record.seq for record in records(tmp_path)] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", [LOG, HEAD, PRIVATE_KEY, PUBLIC_KEY])
def test_nobody_else_may_read_the_files(tmp_path: Path, name: str) -> None:
    made(tmp_path / "audit", 2)
    assert stat.S_IMODE((tmp_path / "audit" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "bad",
    [
        Entry("王芳", "a", "b"),
        Entry("", "a", "b"),
        Entry("a", "a\nb", "b"),
        Entry("a", "b", "c" * 201),
        Entry("a", "b", "c", (("name", "某某公司"),)),
        Entry("a", "b", "c", (("text", "x" * 201),)),
        Entry("a", "b", "c", (("Big", 1),)),
        Entry("a", "b", "c", (("huge", 2**53),)),
        Entry("a", "b", "c", tuple((f"f{number}", number) for number in range(21))),
    ],
)
def test_what_may_hide_a_name_or_a_ledger_is_refused(tmp_path: Path, bad: Entry) -> None:
    log = AuditLog.open(tmp_path, Ticking())
    with pytest.raises(BaozhangError):
        log.append_many((bad,))
    assert len(lines(tmp_path)) == 1


def test_a_float_is_no_fact(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path, Ticking())
    with pytest.raises(BaozhangError) as caught:
        log.append(actor="a", action="b", subject="c", amount=0.1)  # type: ignore[arg-type]
    assert caught.value.facts == {"name": "amount"}


def test_the_largest_record_that_is_allowed_can_be_read_again(tmp_path: Path) -> None:
    facts = tuple((f"{'n' * 38}{number:02}", '"' * 200) for number in range(20))
    log = AuditLog.open(tmp_path, Ticking())
    log.append_many((Entry('"' * 200, '"' * 200, '"' * 200, facts),) * 2)
    assert faults(tmp_path) == []


# --- crashes ---------------------------------------------------------------------------------


def test_a_torn_last_line_is_put_aside_and_recorded(tmp_path: Path) -> None:
    log = made(tmp_path, 3)
    torn = b'{"action":"vault.re\r"'
    write(tmp_path, [*lines(tmp_path), torn])
    log.append(actor="a", action="b", subject="c")

    event, own = records(tmp_path)[-2:]
    facts = dict(event.entry.facts)
    assert (event.entry.action, facts["bytes"], own.entry.action) == ("log.torn", len(torn), "b")
    assert (tmp_path / str(facts["file"])).read_bytes() == torn
    assert faults(tmp_path) == []


def test_a_line_torn_anywhere_heals(tmp_path: Path) -> None:
    made(tmp_path, 2)
    whole, head = lines(tmp_path), (tmp_path / HEAD).read_bytes()
    next_line = rechained([records(tmp_path)[-1]], records(tmp_path)[-1].hash)[0]
    for cut in range(1, len(next_line), 7):
        write(tmp_path, [*whole, next_line[:cut]])
        (tmp_path / HEAD).write_bytes(head)
        AuditLog.open(tmp_path, Ticking()).append(actor="a", action="b", subject="c")
        assert faults(tmp_path) == []


def test_a_crash_between_putting_aside_and_recording_still_ends_in_a_record(tmp_path: Path) -> None:
    log = made(tmp_path, 2)
    (tmp_path / "torn-99-0123456789abcdef.pending").write_bytes(b"half a li")
    log.append(actor="a", action="b", subject="c")
    assert [record.entry.action for record in records(tmp_path)][-2:] == ["log.torn", "b"]
    assert (tmp_path / "torn-99-0123456789abcdef.bin").read_bytes() == b"half a li"


def test_records_that_a_crash_left_unsigned_are_signed_with_a_record_that_says_so(
    tmp_path: Path,
) -> None:
    log = made(tmp_path, 3)
    head = (tmp_path / HEAD).read_bytes()
    log.append_many((entry(4), entry(5)))
    (tmp_path / HEAD).write_bytes(head)
    log.append(actor="a", action="b", subject="c")
    event = records(tmp_path)[-2].entry
    assert (event.action, dict(event.facts)) == ("log.recovered", {"first": 4, "records": 2})
    assert faults(tmp_path) == []


def test_a_crash_that_left_both_unsigned_records_and_a_torn_line_heals(tmp_path: Path) -> None:
    log = made(tmp_path, 3)
    head = (tmp_path / HEAD).read_bytes()
    log.append_many((entry(4), entry(5)))
    (tmp_path / HEAD).write_bytes(head)
    write(tmp_path, [*lines(tmp_path)[:-1], lines(tmp_path)[-1][:-9]])
    log.append(actor="a", action="b", subject="c")
    actions = [record.entry.action for record in records(tmp_path)]
    assert actions[-3:] == ["log.recovered", "log.torn", "b"]
    assert faults(tmp_path) == []


def test_a_first_record_torn_by_a_crash_heals(tmp_path: Path) -> None:
    made(tmp_path, 1)
    (tmp_path / HEAD).unlink()
    write(tmp_path, [lines(tmp_path)[0][:40]])
    AuditLog.open(tmp_path, Ticking()).append(actor="a", action="b", subject="c")
    actions = [record.entry.action for record in records(tmp_path)]
    assert actions == ["log.started", "log.torn", "b"]
    assert faults(tmp_path) == []


def test_a_crash_before_the_very_first_head_heals(tmp_path: Path) -> None:
    made(tmp_path, 1)
    (tmp_path / HEAD).unlink()
    AuditLog.open(tmp_path, Ticking()).append(actor="a", action="b", subject="c")
    assert faults(tmp_path) == []


# --- damage is not written over ----------------------------------------------------------------


def test_a_log_cut_off_before_its_head_is_not_added_to(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    write(tmp_path, lines(tmp_path)[:-1])
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")
    assert len(lines(tmp_path)) == 3


def test_a_log_that_does_not_fit_keeps_its_torn_line_as_evidence(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    write(tmp_path, [*lines(tmp_path)[:-1], lines(tmp_path)[-1][:-1]])
    before = (tmp_path / LOG).read_bytes()
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")
    assert (tmp_path / LOG).read_bytes() == before


def test_a_log_whose_last_record_was_edited_is_not_added_to(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    write(tmp_path, [line.replace(b"c004", b"c005") for line in lines(tmp_path)])
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_a_head_that_was_edited_is_not_replaced(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    (tmp_path / HEAD).write_bytes(b"{}\n")
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")
    assert (tmp_path / HEAD).read_bytes() == b"{}\n"


def test_an_emptied_log_is_not_begun_anew(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    write(tmp_path, [])
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_a_log_whose_head_is_gone_is_not_added_to(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    (tmp_path / HEAD).unlink()
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_a_rewritten_log_is_not_signed(tmp_path: Path) -> None:
    log = made(tmp_path, 4)
    write(tmp_path, rechained(records(tmp_path), "f" * 64))
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_unsigned_records_that_do_not_follow_the_head_are_not_signed(tmp_path: Path) -> None:
    log = made(tmp_path / "one", 3)
    made(tmp_path / "two", 5)
    write(tmp_path / "one", [*lines(tmp_path / "one"), *lines(tmp_path / "two")[3:]])
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_a_head_signed_with_another_key_is_not_gone_on_from(tmp_path: Path) -> None:
    log = made(tmp_path / "one", 3)
    made(tmp_path / "two", 1)
    forged = load_signer(tmp_path / "two").sign(records(tmp_path / "one")[-1], START)
    (tmp_path / "one" / HEAD).write_bytes(encode_head(forged))
    with pytest.raises(CorruptObjectError):
        log.append(actor="a", action="b", subject="c")


def test_a_damaged_log_opens_so_that_the_days_duties_go_on(tmp_path: Path) -> None:
    made(tmp_path, 4)
    write(tmp_path, [])
    AuditLog.open(tmp_path, Ticking())
    assert lines(tmp_path) == []


def test_a_lost_signing_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    log = made(tmp_path, 2)
    (tmp_path / PRIVATE_KEY).unlink()
    with pytest.raises(UsageError):
        log.append(actor="a", action="b", subject="c")
    assert not (tmp_path / PRIVATE_KEY).exists()


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnreachableError):
        AuditLog.open(tmp_path / "file" / "audit", Ticking())


# --- several writers ----------------------------------------------------------------------------


def _append(folder: Path, name: str, count: int, together: Barrier) -> None:
    together.wait()  # so that they open the new log, and append, at the same time
    log = AuditLog.open(folder, Ticking())
    for number in range(count):
        log.append(actor=name, action="test.append", subject="x", number=number)


def test_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    writers = [
        context.Process(target=_append, args=(tmp_path / "audit", f"p{n}", 25, together))
        for n in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert faults(tmp_path / "audit") == []
    assert len(lines(tmp_path / "audit")) == 51


def test_the_head_is_an_anchor_for_later(tmp_path: Path) -> None:
    log = made(tmp_path, 3)
    noted = Anchor(log.head.seq, log.head.hash)
    log.append(actor="a", action="b", subject="c")
    assert faults(tmp_path, noted) == []
