"""One-time codes: RFC 6238's own vector, each code once, few attempts, nobody else's device."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.keys.codes import (
    ATTEMPTS,
    WITHIN,
    Codes,
    NotEnrolledError,
    TooManyCodesError,
    WrongCodeError,
    address,
    new_secret,
)

NOW = datetime(2026, 11, 22, 3, 0, 10, tzinfo=UTC)
SECRET = pyotp.random_base32()
OTHER = pyotp.random_base32()


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def codes(tmp_path: Path, watch: Watch) -> Codes:
    return Codes(tmp_path / "people", watch)


@pytest.fixture
def known(codes: Codes, watch: Watch) -> str:
    """The fingerprint of an enrolled owner; a minute later."""
    found = codes.enrol("owner", SECRET, shown(SECRET, watch)).fingerprint
    watch.now += timedelta(minutes=1)
    return found


def shown(secret: str, watch: Watch, *, ago: int = 0) -> str:
    return pyotp.TOTP(secret).at(watch.now - timedelta(seconds=ago))


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: SHA-1, at 59 s, the last six of 94287082
    watch = Watch()
    watch.now = datetime.fromtimestamp(59, UTC)
    assert shown("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", watch) == "287082"


def test_who_is_enrolled_approves_with_the_code_on_the_device(
    codes: Codes, known: str, watch: Watch
) -> None:
    assert codes.use("owner", shown(SECRET, watch), known=known) == int(NOW.timestamp()) // 30 + 2


def test_a_code_may_be_typed_with_a_blank(codes: Codes, known: str, watch: Watch) -> None:
    code = shown(SECRET, watch)
    assert codes.use("owner", f"{code[:3]} {code[3:]}", known=known)


@pytest.mark.parametrize("ago", [-30, 30])
def test_a_clock_may_be_half_a_minute_off(codes: Codes, known: str, watch: Watch, ago: int) -> None:
    assert codes.use("owner", shown(SECRET, watch, ago=ago), known=known)


@pytest.mark.parametrize("ago", [-90, 90])
def test_older_and_later_codes_do_not_count(
    codes: Codes, known: str, watch: Watch, ago: int
) -> None:
    with pytest.raises(WrongCodeError):
        codes.use("owner", shown(SECRET, watch, ago=ago), known=known)


def test_a_code_counts_once(codes: Codes, known: str, watch: Watch) -> None:
    code = shown(SECRET, watch)
    codes.use("owner", code, known=known)
    with pytest.raises(WrongCodeError, match="used before"):
        codes.use("owner", code, known=known)


def test_an_earlier_code_does_not_count_after_a_later_one(
    codes: Codes, known: str, watch: Watch
) -> None:
    earlier = shown(SECRET, watch, ago=30)
    codes.use("owner", shown(SECRET, watch), known=known)
    with pytest.raises(WrongCodeError):
        codes.use("owner", earlier, known=known)


def test_the_code_that_enrolled_approves_nothing(codes: Codes, watch: Watch) -> None:
    code = shown(SECRET, watch)
    known = codes.enrol("owner", SECRET, code).fingerprint
    with pytest.raises(WrongCodeError):
        codes.use("owner", code, known=known)


def test_two_who_type_one_code_at_once_approve_once(codes: Codes, known: str, watch: Watch) -> None:
    code, done, refused = shown(SECRET, watch), [], []

    def approve() -> None:
        try:
            done.append(codes.use("owner", code, known=known))
        except UsageError as error:
            refused.append(error)

    threads = [threading.Thread(target=approve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(refused)) == (1, 3)


def test_wrong_codes_run_out(codes: Codes, known: str, watch: Watch) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(WrongCodeError):
            codes.use("owner", "not it", known=known)
    with pytest.raises(TooManyCodesError):
        codes.use("owner", shown(SECRET, watch), known=known)


def test_after_a_while_codes_count_again(codes: Codes, known: str, watch: Watch) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(WrongCodeError):
            codes.use("owner", "not it", known=known)
    watch.now += WITHIN
    assert codes.use("owner", shown(SECRET, watch), known=known)


def test_a_right_code_forgives_the_wrong_ones(codes: Codes, known: str, watch: Watch) -> None:
    for _ in range(ATTEMPTS - 1):
        with pytest.raises(WrongCodeError):
            codes.use("owner", "not it", known=known)
    codes.use("owner", shown(SECRET, watch), known=known)
    assert codes.enrolled("owner").wrong == ()  # type: ignore[union-attr]


def test_a_device_that_shows_another_code_is_not_taken_into_use(codes: Codes, watch: Watch) -> None:
    with pytest.raises(WrongCodeError):
        codes.enrol("owner", SECRET, shown(OTHER, watch))
    assert codes.enrolled("owner") is None


def test_a_device_put_in_its_place_is_found_out(codes: Codes, known: str, watch: Watch) -> None:
    codes.enrol("owner", OTHER, shown(OTHER, watch))
    watch.now += timedelta(minutes=1)
    with pytest.raises(NotEnrolledError, match="not the one that was enrolled"):
        codes.use("owner", shown(OTHER, watch), known=known)


def test_a_record_that_was_taken_away_is_found_out(
    codes: Codes, known: str, watch: Watch, tmp_path: Path
) -> None:
    (tmp_path / "people" / "owner.json").unlink()
    with pytest.raises(NotEnrolledError, match="not the one that was enrolled"):
        codes.use("owner", shown(SECRET, watch), known=known)


def test_one_persons_record_under_anothers_name_is_damage(
    codes: Codes, known: str, watch: Watch, tmp_path: Path
) -> None:
    (tmp_path / "people" / "owner.json").rename(tmp_path / "people" / "clerk.json")
    with pytest.raises(CorruptObjectError):
        codes.use("clerk", shown(SECRET, watch), known=known)


def test_who_never_enrolled_is_told_how(codes: Codes) -> None:
    with pytest.raises(NotEnrolledError, match="has no device"):
        codes.use("owner", "000000", known=None)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"person": "owner"}'])
def test_a_damaged_record_is_damage(
    codes: Codes, known: str, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "people" / "owner.json").write_bytes(content)
    with pytest.raises(CorruptObjectError):
        codes.use("owner", "000000", known=known)


def test_a_record_that_others_can_read_is_refused(codes: Codes, known: str, tmp_path: Path) -> None:
    (tmp_path / "people" / "owner.json").chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        codes.use("owner", "000000", known=known)


def test_records_are_private_and_the_secret_is_in_no_text(
    codes: Codes, known: str, tmp_path: Path
) -> None:
    path = tmp_path / "people" / "owner.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert SECRET not in repr(codes.enrolled("owner"))
    assert json.loads(path.read_text())["secret"] == SECRET
    assert SECRET not in known


def test_a_device_scans_the_agency_and_the_person() -> None:
    found = address("owner", SECRET, issuer="样例代账")
    assert found.startswith("otpauth://totp/")
    assert pyotp.parse_uri(found).secret == SECRET


def test_secrets_are_of_160_bits_and_never_the_same() -> None:
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()
