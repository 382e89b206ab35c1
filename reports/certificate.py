"""The recoverability certificate (可恢复性证明): what the last proven restore of a client says.

    every set proven within its span, books read      系统已证实   green
    the same, and some set holds bytes only           未做账务核对  never green
    the point restored lacks part of its source       备份不完整
    the newest test of a set did not pass             失败
    damage was found in the vault since               失败
    a proof is older than promised                    证据过期
    a set without any proven restore, or without
    a complete backup point that is still there       无证据

A test that did not come to its end proves nothing and disproves nothing: an earlier proof stands
for as long as it was promised, and the certificate tells of the test.

It certifies what a machine has seen: on a day, a backup point was restored and compared.  It is
printed, signed and stamped by people; nothing in it claims to be a reliable electronic signature
(可靠电子签名, 电子签名法 article 13).
"""

from collections.abc import Iterable
from typing import Final, Literal

from baozhang.catalog.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, statement, telling
from reports.causes import day_words, sentence
from reports.owner import ClientLetter, Envelope, Said, letter
from reports.page import Fact, Letter, Mark, Pairs, Section, Signatures, Words
from reports.plaintext import clean
from reports.standing import Cause, SetMonth
from reports.writing import Pen, pen

KIND: Final = "certificate"

Claim = Literal["proven", "bytes", "torn", "failed", "damaged", "stale", "none"]
COLOURS: dict[Claim, Status] = {
    "proven": "ok",
    "bytes": "partial",
    "torn": "partial",
    "failed": "failed",
    "damaged": "failed",
    "stale": "inconclusive",
    "none": "inconclusive",
}


BESIDE: tuple[Cause, ...] = ("late", "failed", "partial", "suspicious", "unclear", "unread")
"""Troubles that leave a proof standing, and that whoever relies on it has to know."""


def render_certificate(
    value: ClientLetter,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "auditor",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the certificate of one client as things stood at the value's instant.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    fingerprint = canonical.fingerprint(canonical.canonical(KIND, value))
    envelope = Envelope(number, audience, fingerprint, gate, pdf)
    return letter(value, _said(value, writer), envelope, writer)


def claim(value: ClientLetter) -> Claim:
    """Return what can be claimed; of several sets, what the worst allows."""
    sets, proven = value.client.sets, value.client.proven
    if any(each.refuted for each in sets):
        return "failed"
    if proven is None or any(each.newest is None for each in sets):
        return "none"
    damaged = (each.since for each in value.client.troubles if each.cause == "damaged")
    if any(since is not None and since >= proven for since in damaged):
        return "damaged"
    if any(each.due is not None and each.due < value.at for each in sets):
        return "stale"
    if any(each.torn for each in sets):
        return "torn"
    return "bytes" if value.client.bytes_only else "proven"


def status(value: ClientLetter) -> Status:
    """Return the claim as a status; only what is proven is fine."""
    return COLOURS[claim(value)]


def _said(value: ClientLetter, pen: Pen) -> Said:
    found = claim(value)
    words: dict[Claim, str] = {
        "proven": pen.gettext("Proven"),
        "bytes": pen.gettext("Files only"),
        "torn": pen.gettext("Backup in part"),
        "failed": pen.gettext("Failed"),
        "damaged": pen.gettext("Failed"),
        "stale": pen.gettext("Proof out of date"),
        "none": pen.gettext("Not evidenced"),
    }
    return Said(
        kind=KIND,
        template="certificate",
        title=pen.gettext("Recoverability certificate"),
        verdict=Mark(COLOURS[found], words[found]),
        sentence=_sentence(value, found, pen),
        news=_news(found, pen),
        sections=tuple(_sections(value, found, pen)),
    )


def _news(found: Claim, pen: Pen) -> str:
    if found == "proven":
        return pen.gettext("last restore proven, books included")
    if found == "bytes":
        return pen.gettext("files restored, not proven at ledger level")
    if found == "torn":
        return pen.gettext("what was restored lacks part of its source")
    return pen.gettext("no valid proof of a restore")


def _sentence(value: ClientLetter, found: Claim, pen: Pen) -> str:
    proven = value.client.proven
    day = day_words(proven, pen) if proven else ""
    until = _until(value, pen)
    sentences: dict[Claim, str] = {
        "proven": pen.gettext(
            "The data of this client was really restored, last on %(day)s, and equals what was "
            "backed up, books included. This certificate holds until %(until)s.",
            day=day,
            until=until,
        ),
        "bytes": pen.gettext(
            "The files of this client were really restored, last on %(day)s, and equal what was "
            "backed up. Not proven at ledger level: for at least one set no book was read. This "
            "certificate holds until %(until)s.",
            day=day,
            until=until,
        ),
        "torn": pen.gettext(
            "The data of this client was really restored, last on %(day)s, and equals what was "
            "backed up; but at least one of the backup points restored lacks part of its source. "
            "For what is in them this certificate holds until %(until)s.",
            day=day,
            until=until,
        ),
        "failed": pen.gettext(
            "The newest restore test of this client did not pass: nothing is certified."
        ),
        "damaged": pen.gettext(
            "Since the last proven restore, of %(day)s, damaged or missing bytes were found: "
            "nothing is certified until a restore is proven again.",
            day=day,
        ),
        "stale": pen.gettext(
            "The last proof is of %(day)s and ran out on %(until)s: nothing is certified until a "
            "restore is proven again.",
            day=day,
            until=until,
        ),
        "none": pen.gettext(
            "Not every set of this client has a backup point and a proven restore: nothing is "
            "certified."
        ),
    }
    return sentences[found]


def _until(value: ClientLetter, pen: Pen) -> str:
    due = [each.due for each in value.client.sets if each.due is not None]
    return day_words(min(due), pen) if due else ""


def _sections(value: ClientLetter, found: Claim, pen: Pen) -> Iterable[Section]:
    yield Pairs(pen.gettext("For whom"), _whom(value, pen))
    for each in value.client.sets:
        yield _proof(each, pen)
    yield Words(pen.gettext("What was checked"), tuple(_checked(value, pen)))
    yield Words(pen.gettext("What was not checked"), tuple(_unchecked(value, pen)))
    yield Words(pen.gettext("Validity"), tuple(_validity(value, found, pen)))
    yield Signatures(
        pen.gettext("Signatures and stamp"),
        (
            pen.gettext("Prepared by"),
            pen.gettext("Reviewed by"),
            pen.gettext("Person in charge"),
        ),
        pen.gettext("Archive number:"),
    )


def _whom(value: ClientLetter, pen: Pen) -> tuple[Fact, ...]:
    owner = value.owner
    code = [Fact(pen.gettext("Unified social credit code"), owner.credit_code)]
    return (
        Fact(pen.gettext("Client"), clean(owner.name, 80)),
        *(code if owner.credit_code else []),
        Fact(pen.gettext("Client number"), clean(owner.client, 64)),
        Fact(pen.gettext("Issued by"), clean(owner.agency, 80)),
    )


def _proof(each: SetMonth, pen: Pen) -> Pairs:
    """Return what the last proven restore of a set was."""
    heading = pen.gettext("Last proven restore: set %(set)s", set=clean(each.set, 64))
    proven = each.proven
    if proven is None:
        return Pairs(heading, (), pen.gettext("There is none."))
    counts = (
        (pen.gettext("Files"), proven.files, pen.number),
        (pen.gettext("Size"), proven.bytes, pen.size),
        (pen.gettext("Vouchers"), proven.vouchers, pen.number),
        (pen.gettext("Voucher lines"), proven.lines, pen.number),
    )
    return Pairs(
        heading,
        (
            Fact(pen.gettext("Restored on"), pen.instant(proven.at)),
            Fact(pen.gettext("Backup point"), clean(proven.snapshot, 64)),
            Fact(pen.gettext("Time to restore"), pen.duration(proven.took)),
            Fact(pen.gettext("Books held against their proofs"), _books(proven.books, pen)),
            *(Fact(label, write(count)) for label, count, write in counts if count is not None),
            *(
                Fact(pen.gettext("Control totals"), telling.amount(sum_, pen))
                for sum_ in proven.money
            ),
        ),
    )


def _books(count: int, pen: Pen) -> str:
    return pen.number(count) if count else pen.gettext("Not proven at ledger level")


def _checked(value: ClientLetter, pen: Pen) -> Iterable[str]:
    proofs = [each.proven for each in value.client.sets if each.proven is not None]
    if not proofs:
        yield pen.gettext("Nothing.")
        return
    yield pen.gettext(
        "The backup point named above was restored to an empty folder, every file was compared "
        "with what was backed up, and the folder was destroyed."
    )
    if any(each.books for each in proofs):
        yield pen.gettext(
            "Every book counted above was read anew from the restored files and held against the "
            "proof that was taken from the source when it was backed up: fingerprint of all rows, "
            "totals per period and account, laws of the books."
        )


def _unchecked(value: ClientLetter, pen: Pen) -> Iterable[str]:
    if any(not (each.proven and each.proven.books) for each in value.client.sets):
        yield pen.gettext(
            "Not proven at ledger level: of the sets without books above, the bytes came back; "
            "whether they hold the bookkeeping, and whether it is right, was not looked at."
        )
    yield pen.gettext(
        "Whether the bookkeeping is right as such, and whether papers are genuine, is no part of "
        "a restore test."
    )
    yield pen.gettext("What was entered after the backup point named above is not covered by it.")
    for each in value.client.sets:
        yield from _doubts(each, pen)
    alone = len(value.client.sets) == 1
    for trouble in value.client.every_trouble:
        if trouble.cause in BESIDE:
            yield sentence(trouble, pen, alone=alone)


def _doubts(each: SetMonth, pen: Pen) -> Iterable[str]:
    name = clean(each.set, 64)
    if each.tried is not None and each.tried.status == "inconclusive":
        yield pen.gettext(
            "A later restore test of set %(set)s, on %(day)s, did not come to its end.",
            set=name,
            day=day_words(each.tried.at, pen),
        )
    if each.proven is not None and not each.held:
        yield pen.gettext(
            "The backup point of set %(set)s named above is no longer kept; the newest one, of "
            "%(day)s, has not been restored yet.",
            set=name,
            day=day_words(each.newest, pen) if each.newest else "–",
        )
    for source in each.unaccepted:
        yield statement.unaccepted(source, pen)


def _validity(value: ClientLetter, found: Claim, pen: Pen) -> Iterable[str]:
    if found in ("proven", "bytes", "torn"):
        yield pen.gettext(
            "Until %(until)s, the day by which the next restore test is promised; it ends earlier "
            "when a restore test does not pass.",
            until=_until(value, pen),
        )
    else:
        yield pen.gettext("None.")
    if value.sample:
        yield pen.gettext("Sample data: this is no evidence.")
    yield pen.gettext(
        "The hash at the end shows whether these figures were changed. It is no reliable "
        "electronic signature; where one is asked for, the printed page is signed and stamped."
    )
