"""Signatures: one person, one code, one content; and when a site became real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.governance.genuine import SITE, genuine_since, note_kind
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.signing import Signature, Word, sign, signed, signers
from tests.flows.approving import Devices, four_people
from tests.flows.site import make_site

SUBJECT, DIGEST, OTHER = "audit:a-2026-11", "a" * 64, "b" * 64
ROLES: tuple[Role, ...] = ("approver", "manager")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    home = make_site(tmp_path / "site")
    four_people(home)
    with open_site(home) as opened:
        yield opened


@pytest.fixture
def devices(site: Site) -> Devices:
    return Devices(site.home, site.clock, "wang", "li", "zhao")


def word(
    site: Site, devices: Devices, person: str, *, not_by: tuple[str, ...] = (), said: Word = "sign"
) -> Signature:
    code = devices.code(person)
    return sign(
        site, SUBJECT, DIGEST, person=person, code=code, roles=ROLES, not_by=not_by, word=said
    )


def test_who_signs_has_signed_this_content_and_no_other(site: Site, devices: Devices) -> None:
    made = word(site, devices, "wang")
    assert signed(site, SUBJECT, DIGEST) == (made,)
    assert (made.person, made.word, made.means) == ("wang", "sign", "code")
    assert signed(site, SUBJECT, OTHER) == ()
    assert signed(site, "risk:2026-11", DIGEST) == ()


def test_a_wrong_code_signs_nothing(site: Site, devices: Devices) -> None:
    code = devices.wrong("wang")
    with pytest.raises(UsageError):
        sign(site, SUBJECT, DIGEST, person="wang", code=code, roles=ROLES)
    assert signed(site, SUBJECT, DIGEST) == ()


def test_who_has_not_the_role_may_not_sign_and_keeps_the_code(site: Site, devices: Devices) -> None:
    with pytest.raises(UsageError):
        word(site, devices, "zhao")
    log = (site.home / "state" / "audit" / "log.jsonl").read_text("utf-8")
    assert "code.counted" not in log


def test_who_made_it_may_not_sign_while_somebody_else_can(site: Site, devices: Devices) -> None:
    with pytest.raises(UsageError) as caught:
        word(site, devices, "wang", not_by=("wang",))
    assert caught.value.facts["able"] == "li"
    assert word(site, devices, "li", not_by=("wang",)).person == "li"


def test_where_only_they_are_left_they_may(site: Site) -> None:
    assert signers(site, ROLES, ("wang",)) == ("li",)
    assert signers(site, ROLES, ("wang", "li")) == ("wang", "li")


def test_nobody_signs_twice(site: Site, devices: Devices) -> None:
    word(site, devices, "wang")
    with pytest.raises(UsageError):
        word(site, devices, "wang", said="refuse")
    assert [each.word for each in signed(site, SUBJECT, DIGEST)] == ["sign"]


def test_a_refusal_is_kept_as_one(site: Site, devices: Devices) -> None:
    word(site, devices, "wang", said="refuse")
    word(site, devices, "li")
    assert [each.word for each in signed(site, SUBJECT, DIGEST)] == ["refuse", "sign"]


def _sample(home: Path, *, sample: bool) -> None:
    file = home / "agency.yaml"
    text = file.read_text("utf-8").replace("sample: true\n", "")
    file.write_text("sample: true\n" * sample + text, "utf-8")


def test_a_site_that_always_was_real_has_no_beginning(site: Site) -> None:
    assert genuine_since(site) is None
    assert SITE.history(site) == ()


def test_a_sample_counts_its_own_evidence(tmp_path: Path) -> None:
    home = make_site(tmp_path / "sample")
    _sample(home, sample=True)
    with open_site(home) as site:
        assert genuine_since(site) is None


def test_a_site_that_was_a_sample_is_real_from_when_that_was_seen(tmp_path: Path) -> None:
    home = make_site(tmp_path / "sample")
    _sample(home, sample=True)
    with open_site(home) as site:
        note_kind(site)
    _sample(home, sample=False)
    with open_site(home) as site:
        before = site.clock()
        since = genuine_since(site)
        assert since is not None
        assert before <= since
        assert genuine_since(site) == since
