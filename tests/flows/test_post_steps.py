"""The post's steps on a real tiny site: letters go, digests stand for those that can wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError
from baozhang.mail.message import Correspondent, Urgency
from baozhang.mail.smtp import Reply
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.digests import last_moment, write_digests
from tasks.post import conclude_post, deliver_letters, digest_letters, row
from tasks.standings import standing, who, why, words_of
from tests.flows.postal import with_mail
from tests.mail.office import Office, open_office
from tests.mail.test_message import message

DAY = timedelta(days=1)
OFFICE = Correspondent("", "zhang@example.cn")
ZHANG = Correspondent("张三", "zhang@example.cn")
WANG = Correspondent("Wang", "wang@example.cn")


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def postal(home: Path, office: Office) -> Path:
    return with_mail(home, office)


def put(
    number: int = 1,
    *to: Correspondent,
    when: Urgency = "immediate",
    language: str = "zh_CN",
    ago: timedelta = DAY,
) -> None:
    with open_site() as site:
        site.outbox.put(
            message(
                number=number,
                kind="validation",
                language=language,
                sender=OFFICE,
                recipients=to or (ZHANG,),
                when=when,
                at=site.clock() - ago,
            )
        )


def arrived(office: Office) -> list[EmailMessage]:
    made = (message_from_bytes(content, policy=default) for _, content in office.taken)
    return [each for each in made if isinstance(each, EmailMessage)]


def text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_post_delivers_what_lies_in_the_outbox(postal: Path, office: Office) -> None:
    put()
    assert deliver_letters.fn().sent == ("000001-validation-zh_CN",)
    assert office.readers == [("zhang",)]


def test_without_a_mail_server_letters_stay_in_the_outbox(home: Path) -> None:
    put()
    assert deliver_letters.fn().waiting == 1
    with open_site() as site:
        assert [each.hold for each in standing(site)] == ["nobody"]


def test_a_run_that_parks_a_letter_ends_as_failed_and_the_next_one_does_not(
    postal: Path, office: Office
) -> None:
    put(1, ZHANG, WANG)
    office.to = {"wang@example.cn": "550 5.1.1 no such mailbox"}
    with pytest.raises(BaozhangError) as caught:
        conclude_post(deliver_letters.fn())
    assert caught.value.facts["letters"] == "000001-validation-zh_CN"
    conclude_post(deliver_letters.fn())


def test_a_run_ends_as_failed_when_the_server_refuses_the_agency(
    postal: Path, office: Office
) -> None:
    put()
    office.mail = ["553 5.7.1 not yours"]
    with pytest.raises(BaozhangError) as caught:
        conclude_post(deliver_letters.fn())
    assert "takes no letters from the agency's address" in str(caught.value)


def test_the_table_names_people_by_id_and_shows_no_address(postal: Path, office: Office) -> None:
    put(1, ZHANG, WANG)
    office.to = {"wang@example.cn": "552 5.2.2 <wang@example.cn> is full"}
    deliver_letters.fn()
    with open_site() as site:
        (shown,) = [row(each) for each in standing(site)]
    assert shown == {
        "letter": "000001-validation-zh_CN",
        "state": "parked",
        "with": "1/2",
        "to look at": "wang: the mailbox is full (552)",
    }


def test_a_clients_contact_is_named_by_the_client(postal: Path) -> None:
    with (postal / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write("contact: {name: 李总, email: li@client.example}\n")
    with open_site() as site:
        assert who(site.agency, "li@client.example") == "contact of c001"
        assert "no longer" in who(site.agency, "gone@example.cn")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(0), "no answer"),
        (Reply(452), "full"),
        (Reply(452, "4.2.2"), "full"),
        (Reply(552, "5.2.2"), "full"),
        (Reply(552, "5.3.4"), "too big"),
        (Reply(550), "no such mailbox"),
        (Reply(550, "5.7.1"), "rules"),
        (Reply(554), "rules"),
        (Reply(451), "not now"),
        (Reply(500), "refused"),
    ],
)
def test_answers_are_told_in_words(
    reply: Reply, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    assert words in why(reply)


def test_a_digest_stands_for_the_letters_that_can_wait(postal: Path, office: Office) -> None:
    for number in (1, 2):
        put(number, when="digest")
    assert digest_letters.fn() == ("000001-digest-zh_CN",)
    deliver_letters.fn()
    (digest,) = arrived(office)
    assert "000001-validation-zh_CN" in text(digest)
    assert "4 户全部正常" in text(digest)
    assert "reports/index.html" in text(digest)


def test_letters_in_a_digest_count_as_sent_and_say_where_they_are_told(postal: Path) -> None:
    put(when="digest")
    digest_letters.fn()
    with open_site() as site:
        (told,) = standing(site, since=site.clock() - 2 * DAY)[1:]
        assert (told.letter.state, words_of(told)) == ("sent", "told in 000001-digest-zh_CN")


def test_a_digest_is_written_for_each_language_and_its_readers(postal: Path) -> None:
    put(1, when="digest")
    put(1, WANG, when="digest", language="en")
    put(2, ZHANG, WANG, when="digest")
    assert sorted(digest_letters.fn()) == [
        "000001-digest-en",
        "000002-digest-zh_CN",
        "000003-digest-zh_CN",
    ]


def test_a_digest_tells_no_letter_twice(postal: Path) -> None:
    put(when="digest")
    assert [len(digest_letters.fn()) for _ in range(3)] == [1, 0, 0]


def test_a_letter_is_told_once_though_the_process_died_after_writing_the_digest(
    postal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(when="digest")

    class Died(BaseException):
        """The end of the process, where the letters would have been put away."""

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("baozhang.mail.outbox.Outbox.keep", die)
        with pytest.raises(Died):
            digest_letters.fn()
    assert digest_letters.fn() == ()
    with open_site() as site:
        assert [each.kind for each in site.outbox.letters("waiting")] == ["digest"]


def test_digests_are_numbered_in_the_catalog(postal: Path) -> None:
    put(when="digest")
    digest_letters.fn()
    with open_site() as site, site.catalog.transaction():
        assert site.catalog.next_letter("digest") == 2


def test_a_letter_written_after_the_hour_waits_for_the_next_digest(postal: Path) -> None:
    put(when="digest", ago=timedelta(0))
    assert digest_letters.fn() == ()


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (datetime(2026, 8, 1, 23, 30, tzinfo=UTC), datetime(2026, 8, 1, 23, 30, tzinfo=UTC)),
        (datetime(2026, 8, 1, 23, 29, tzinfo=UTC), datetime(2026, 7, 31, 23, 30, tzinfo=UTC)),
        (datetime(2026, 8, 1, 16, 30, tzinfo=UTC), datetime(2026, 7, 31, 23, 30, tzinfo=UTC)),
    ],
)
def test_digests_are_due_at_half_past_seven_in_shanghai(now: datetime, moment: datetime) -> None:
    assert last_moment(now) == moment


def test_a_site_without_a_server_writes_no_digests(home: Path) -> None:
    put(when="digest")
    with open_site() as site:
        assert isinstance(site, Site)
        assert write_digests(site) == ()
