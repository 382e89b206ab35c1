"""A client full of secrets, in every field that people and file names fill, fed to every letter.

Nothing of it is in a subject, a body, a PDF, the name of a file or the library's index, but the
name and the code of the one client that a letter is written to.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from baozhang.catalog.model import Alert, Finding, KnownAlert, Run
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports.alert import render_alert
from reports.certificate import render_certificate
from reports.digest import Digest, Entry, render_digest
from reports.library import Filed, Library
from reports.monthly import render_monthly
from reports.night import render_night
from reports.owner import Owner
from reports.page import Letter
from reports.restore_test import render_restore_test
from reports.statement import render_statement
from reports.validation import render_validation
from tests.reports import offices, papers, runs

NAME, CODE = "绿源净水设备有限公司", "91110000MA01ABCD5X"
OWN, OWN_CODE = "样例云帆商贸有限公司", "91990000MA000017XP"
SECRETS = {
    "name": NAME,
    "short name": "绿源净水设备",
    "credit code": CODE,
    "bank account": "6222021234567890123",
    "grouped account": "6222 0212 3456 7890",
    "phone": "13812345678",
    "grouped phone": "138 1234 5678",
    "identity number": "110101199003078515",
}
FULL = " ".join(SECRETS.values())
GATE = Gate([NAME, OWN], own=["示例代理记账有限公司"])
FOUND = (
    Finding(f"voucher {FULL} differs in {{path}}", (("path", f"/{FULL}/x.pdf"),), f"Ask {FULL}."),
    Finding("{reason}", (("reason", FULL),), severity="warning"),
)


def troubled(run: Run) -> Run:
    """Return the run with secrets in whatever people could have written."""
    outcomes = (replace(each, findings=FOUND, status="failed") for each in run.outcomes)
    return replace(run, id=f"backup {SECRETS['phone']}", outcomes=tuple(outcomes))


def to_client() -> offices.ClientLetter:
    value = offices.letter_to(offices.late("c001", FOUND))
    owner = Owner("c001", OWN, OWN_CODE, "示例代理记账有限公司", f"张三 {FULL}")
    return replace(value, owner=owner)


def night(**asked: object) -> Letter:
    return render_night(troubled(runs.perfect_night()), number=1, **asked)  # type: ignore[arg-type]


def validation(**asked: object) -> Letter:
    run = troubled(runs.damaged_validation())
    return render_validation(run, number=1, **asked)  # type: ignore[arg-type]


def restore_test(**asked: object) -> Letter:
    run = troubled(runs.failed_restore_test())
    return render_restore_test(run, number=1, **asked)  # type: ignore[arg-type]


def monthly(**asked: object) -> Letter:
    return render_monthly(offices.full(FOUND), number=1, **asked)  # type: ignore[arg-type]


def statement(**asked: object) -> Letter:
    return render_statement(to_client(), number=1, **asked)  # type: ignore[arg-type]


def certificate(**asked: object) -> Letter:
    return render_certificate(to_client(), number=1, **asked)  # type: ignore[arg-type]


def alert(*, language: str, gate: Gate, pdf: bool) -> Letter:
    said = Alert(
        "0731-8f3a", "urgent", "damage", FULL, FULL, f"{FULL}: {{path}}", (("path", FULL),), FULL,
        runs.TEN_AT_NIGHT,
    )  # fmt: skip
    return render_alert(KnownAlert(said), number=1, language=language, below=(FULL,), gate=gate)


def digest(**asked: object) -> Letter:
    value = Digest(runs.DAY, (Entry("000001-night", FULL, runs.TEN_AT_NIGHT),), f"/{FULL}")
    return render_digest(value, number=1, **asked)  # type: ignore[arg-type]


LETTERS: dict[str, Callable[..., Letter]] = {
    "night": night,
    "validation": validation,
    "restore-test": restore_test,
    "monthly": monthly,
    "client-statement": statement,
    "certificate": certificate,
    "alert": alert,
    "digest": digest,
}
ALLOWED = {"client-statement": (OWN, OWN_CODE), "certificate": (OWN, OWN_CODE)}
EACH = [(kind, language) for kind in LETTERS for language in (CHINESE, ENGLISH)]


@cache
def made(kind: str, language: str) -> Letter:
    return LETTERS[kind](language=language, gate=GATE, pdf=True)


def told(letter: Letter) -> Iterator[tuple[str, str]]:
    """Yield everything of a letter that leaves, by what it is."""
    yield "subject", letter.subject
    yield "html", letter.html
    yield "text", letter.text
    yield "alt", " ".join(picture.alt for picture in letter.pictures)
    yield "pdf name", letter.pdf_name
    if letter.pdf:
        yield "pdf", papers.words(letter.pdf)
        yield "pdf head", str(dict(papers.reader(letter.pdf).metadata or {}))


@pytest.mark.parametrize(("kind", "language"), EACH)
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_no_secret_is_in_any_part_of_a_letter(kind: str, language: str, secret: str) -> None:
    leaks = [part for part, words in told(made(kind, language)) if SECRETS[secret] in words]
    assert leaks == []


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_the_gate_finds_nothing_in_what_left(kind: str, language: str) -> None:
    letter = made(kind, language)
    for part, words in told(letter):
        if part in ("subject", "text", "alt", "pdf name"):
            assert GATE.found(words, allowed=ALLOWED.get(kind, ())) == (), (part, words)


@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_a_letter_to_a_client_names_that_client(kind: str) -> None:
    assert OWN in made(kind, CHINESE).text


@pytest.mark.parametrize("kind", sorted({*LETTERS} - {*ALLOWED}))
def test_a_letter_to_others_names_no_client(kind: str) -> None:
    assert OWN not in made(kind, CHINESE).text


@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_a_subject_names_nobody_even_where_the_letter_does(kind: str) -> None:
    assert OWN not in made(kind, CHINESE).subject


def test_the_library_and_its_index_hold_no_secret(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for number, kind in enumerate(LETTERS, start=1):
        letter = made(kind, CHINESE)
        filed = Filed(
            kind, number, "2026-07", "c001", "failed", "2026-08-01 07:00", False, (CHINESE,),
            (CHINESE,) if letter.pdf else (), letter.fingerprint,
        )  # fmt: skip
        library.put(filed, [letter], "{}")
    library.refresh()
    for path in tmp_path.rglob("*"):
        assert not [s for s in (*SECRETS.values(), OWN) if s in str(path)]
    index = library.index.read_text("utf-8")
    assert not [secret for secret in (*SECRETS.values(), OWN, OWN_CODE) if secret in index]
