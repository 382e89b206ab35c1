"""The post's promise: what can go goes, and who looks at the page sees what could not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.artifacts import Artifact

from baozhang.errors import BaozhangError, UsageError
from baozhang.wiring import open_site
from flows.post import deliver_post
from tests.flows.postal import with_mail
from tests.flows.test_post_steps import WANG, ZHANG, put
from tests.mail.office import Office, open_office

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with open_office() as opened:
        with_mail(home, opened)
        yield opened


def test_letters_go_and_the_page_shows_them(office: Office) -> None:
    put(1, ago=put.__kwdefaults__["ago"] / 48)
    assert deliver_post().sent == ("000001-validation-zh_CN",)
    table = Artifact.get("post-letters")
    assert table is not None
    assert "000001-validation-zh_CN" in str(table.data)


def test_a_digest_that_cannot_be_written_holds_back_no_other_letter(office: Office) -> None:
    put(1, when="digest")
    with open_site() as site:
        (odd,) = site.outbox.letters("waiting")
    odd.path.write_bytes(odd.path.read_bytes().replace(b"Message-ID: <bz1.", b"Message-ID: bz1."))
    put(2)
    with pytest.raises(UsageError, match="not a part of a letter"):
        deliver_post()
    assert len(office.taken) == 1


def test_a_refused_reader_ends_the_run_as_failed_after_the_others_have_their_letters(
    office: Office,
) -> None:
    put(1, WANG)
    put(2, ZHANG)
    office.to = {WANG.address: "550 5.1.1 <wang@example.cn> unknown"}
    with pytest.raises(BaozhangError):
        deliver_post()
    assert office.readers == [("zhang",)]
    table = Artifact.get("post-letters")
    assert table is not None
    assert "000001-validation-zh_CN" in str(table.data)
    assert "@example.cn" not in str(table.data)
