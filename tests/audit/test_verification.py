"""Every way of changing a log is found, and called by its name."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baozhang.audit.log import HEAD, LOG, AuditLog
from baozhang.audit.records import Anchor, encode_head, parse_anchor
from baozhang.audit.signing import PRIVATE_KEY, load_signer
from baozhang.audit.verification import last_records, verify_log
from baozhang.errors import UsageError
from tests.audit.logs import (
    START,
    Ticking,
    entry,
    faults,
    head_bytes,
    key,
    lines,
    made,
    rechained,
    records,
    verified,
    write,
)

LENGTH = 6


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made(tmp_path, LENGTH)
    return tmp_path


def anchor_of(folder: Path, seq: int) -> Anchor:
    return Anchor(seq, records(folder)[seq - 1].hash)


def test_a_log_that_nobody_touched_holds(log: Path) -> None:
    report = verified(log, anchor_of(log, 3))
    assert (report.holds, report.records, report.last) == (True, LENGTH, records(log)[-1])


def test_the_log_file_itself_may_be_named(log: Path) -> None:
    assert verify_log(log / LOG, key(log)).holds


def test_an_edited_record_is_named(log: Path) -> None:
    changed = lines(log)
    changed[2] = changed[2].replace(b"c003/main", b"c004/main")
    write(log, changed)
    assert faults(log) == [("edited", 3)]


def test_an_edited_record_with_a_new_hash_is_named(log: Path) -> None:
    changed, found = lines(log), records(log)
    changed[2] = changed[2].replace(b"c003/main", b"c004/main")
    write(log, changed)
    changed[2:3] = rechained(records(log)[2:3], found[1].hash)
    write(log, changed)
    assert faults(log) == [("replaced", 3)]


def test_a_removed_record_is_named(log: Path) -> None:
    changed = lines(log)
    del changed[2]
    write(log, changed)
    assert faults(log) == [("removed", 3)]


def test_a_removed_beginning_is_named(log: Path) -> None:
    write(log, lines(log)[2:])
    assert faults(log) == [("removed", 1)]


def test_records_removed_with_the_rest_renumbered_are_found(log: Path) -> None:
    kept = [record for record in records(log) if record.seq != 3]
    again = [
        record
        if record.seq < 3
        else type(record)(record.seq - 1, record.prev, record.at, record.entry, record.hash)
        for record in kept
    ]
    write(log, rechained(again, "0" * 64))
    assert faults(log) == [("truncated", 6)]


def test_reordered_records_are_named(log: Path) -> None:
    changed = lines(log)
    changed[2], changed[3] = changed[3], changed[2]
    write(log, changed)
    assert faults(log) == [("reordered", 4)]


def test_a_repeated_record_is_named(log: Path) -> None:
    changed = lines(log)
    changed.insert(3, changed[2])
    write(log, changed)
    assert faults(log) == [("repeated", 3)]


def test_two_writers_that_went_on_from_one_record_are_named(log: Path, tmp_path: Path) -> None:
    whole, head = lines(log), head_bytes(log)
    writer = AuditLog.open(log, Ticking())
    writer.append_many((entry(70),))
    mine = lines(log)[-1]
    write(log, whole)
    (log / HEAD).write_bytes(head)
    writer.append_many((entry(71),))
    write(log, [*whole, mine, lines(log)[-1]])
    assert faults(log) == [("forked", LENGTH + 1)]


def test_a_tail_cut_off_is_seen_against_the_head(log: Path) -> None:
    write(log, lines(log)[:4])
    assert faults(log) == [("truncated", 5)]


def test_a_log_that_was_deleted_is_seen_against_the_head(log: Path) -> None:
    (log / LOG).unlink()
    assert faults(log) == [("truncated", 1)]


def test_a_tail_cut_off_with_an_older_head_put_back_is_seen_against_the_anchor(log: Path) -> None:
    noted = anchor_of(log, 6)
    older = load_signer(log).sign(records(log)[3], START)
    write(log, lines(log)[:4])
    (log / HEAD).write_bytes(encode_head(older))
    assert faults(log) == []
    assert faults(log, noted) == [("short of anchor", 5)]


def test_a_log_rewritten_without_the_key_is_seen_against_the_head(log: Path) -> None:
    changed = records(log)
    first = lines(log)[:1]
    write(log, first + rechained(changed[2:3], changed[0].hash))
    kept = [type(r)(r.seq, r.prev, r.at, changed[1].entry, r.hash) for r in changed[1:]]
    write(log, first + rechained(kept, changed[0].hash))
    assert faults(log) == [("rewritten", LENGTH)]


def test_a_log_rewritten_with_the_key_is_seen_against_the_anchor(log: Path) -> None:
    noted = anchor_of(log, 4)
    found = records(log)
    kept = [type(r)(r.seq, r.prev, r.at, found[1].entry, r.hash) for r in found[1:]]
    write(log, lines(log)[:1] + rechained(kept, found[0].hash))
    (log / HEAD).write_bytes(encode_head(load_signer(log).sign(records(log)[-1], START)))
    assert faults(log) == []
    assert faults(log, noted) == [("not the anchor", 4)]


def test_a_head_signed_with_another_key_is_named(log: Path, tmp_path: Path) -> None:
    made(tmp_path / "forger", 1)
    forged = load_signer(tmp_path / "forger").sign(records(log)[-1], START)
    (log / HEAD).write_bytes(encode_head(forged))
    assert faults(log) == [("signature", LENGTH)]


def test_a_head_that_names_another_key_than_it_is_signed_with_is_named(log: Path) -> None:
    signer = load_signer(log)
    signer.fingerprint = "0" * 64
    (log / HEAD).write_bytes(encode_head(signer.sign(records(log)[-1], START)))
    assert faults(log) == [("signature", LENGTH)]


def test_the_head_of_another_log_is_named(log: Path, tmp_path: Path) -> None:
    made(tmp_path / "other", LENGTH)
    (log / HEAD).write_bytes(head_bytes(tmp_path / "other"))
    assert faults(log) == [("signature", LENGTH)]


def test_a_log_without_a_head_proves_nothing(log: Path) -> None:
    (log / HEAD).unlink()
    assert faults(log) == [("headless", 0)]


def test_an_emptied_log_without_a_head_does_not_pass(log: Path) -> None:
    (log / HEAD).unlink()
    write(log, [])
    assert faults(log) == [("headless", 0)]


def test_records_after_the_head_are_named_as_unsigned(log: Path) -> None:
    head = head_bytes(log)
    AuditLog.open(log, Ticking()).append_many((entry(7),))
    (log / HEAD).write_bytes(head)
    assert faults(log) == [("unsigned", LENGTH + 1)]


def test_a_line_that_was_not_written_to_its_end_is_named(log: Path) -> None:
    write(log, [*lines(log), b'{"act'])
    assert faults(log) == [("torn", LENGTH + 1)]


@pytest.mark.parametrize("junk", [b"\n", b"{}\n", b"[" * 9000 + b"\n", b"x" * 40_000 + b"\n"])
def test_a_line_that_is_no_record_is_named(log: Path, junk: bytes) -> None:
    changed = lines(log)
    changed[2] = junk
    write(log, changed)
    assert faults(log) == [("unreadable", 3)]


def test_a_record_spelled_in_another_way_is_named(log: Path) -> None:
    changed = lines(log)
    changed[2] = changed[2].replace(b'{"action"', b'{ "action"')
    write(log, changed)
    assert faults(log) == [("unreadable", 3)]


def test_a_record_with_a_key_written_twice_is_named(log: Path) -> None:
    changed = lines(log)
    changed[2] = changed[2].replace(b'{"action"', b'{"action":"x","action"')
    write(log, changed)
    assert faults(log) == [("unreadable", 3)]


def test_a_folder_without_a_log_is_a_usage_error(tmp_path: Path) -> None:
    made(tmp_path / "log", 1)
    with pytest.raises(UsageError):
        verify_log(tmp_path, key(tmp_path / "log"))


def test_verifying_needs_no_private_key(log: Path) -> None:
    (log / PRIVATE_KEY).unlink()
    assert verified(log).holds


def test_the_last_records_are_shown_in_order(log: Path) -> None:
    assert [record.seq for record in last_records(log, 3)] == [4, 5, 6]


@pytest.mark.parametrize(
    "text", ["", "5", "5:", "x:" + "0" * 64, "5:" + "0" * 63, "５:" + "0" * 64]
)
def test_an_anchor_that_is_written_wrongly_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_anchor(text)


# --- any byte ----------------------------------------------------------------------------------

settled = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@settled
@given(data=st.data(), name=st.sampled_from([LOG, HEAD]), flip=st.integers(1, 255))
def test_any_byte_changed_in_log_or_head_is_found(
    log: Path, data: st.DataObject, name: str, flip: int
) -> None:
    path = log / name
    sound = path.read_bytes()
    place = data.draw(st.integers(0, len(sound) - 1))
    try:
        path.write_bytes(sound[:place] + bytes([sound[place] ^ flip]) + sound[place + 1 :])
        assert not verified(log).holds
    finally:
        path.write_bytes(sound)


@settled
@given(data=st.data(), name=st.sampled_from([LOG, HEAD]), junk=st.binary(max_size=40))
def test_any_piece_cut_out_or_put_in_is_found(
    log: Path, data: st.DataObject, name: str, junk: bytes
) -> None:
    path = log / name
    sound = path.read_bytes()
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, len(sound)))
    changed = sound[:start] + junk + sound[end:]
    try:
        path.write_bytes(changed)
        assert verified(log).holds is (changed == sound)
    finally:
        path.write_bytes(sound)
