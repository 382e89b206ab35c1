"""The audit report, its page included, is what was looked at and found good."""

import os
from dataclasses import replace
from functools import cache

import pytest

from baozhang import __version__
from baozhang.governance.judging import judge, lines
from baozhang.words import CHINESE, ENGLISH
from reports.audit import render_audit
from reports.audit_page import audit_page
from reports.audit_value import AuditValue, Readiness
from reports.page import Letter
from tests.reports import audits
from tests.reports.test_golden import GOLDEN, body

NAMES = ("audit-draft", "audit-signed")


def draft() -> AuditValue:
    """Return the small audit with no evidence and no past, of a sample site."""
    judged = [(each, judge(each, (), at=audits.AT)) for each in audits.CONTROLS]
    return replace(
        audits.small(),
        lines=lines(audits.ITEMS, judged),
        evidence=(),
        dues=(),
        before=None,
        samples=(),
        actions=(),
        independence=(),
        readiness=Readiness(),
        sample=True,
        pack_digest="",
        signed=(),
    )


@cache
def letters(language: str) -> dict[str, Letter]:
    """Return the letters that are kept, by name."""
    signed = audits.small(language)
    return {
        "audit-draft": render_audit(draft(), number=0, language=language, pdf=True),
        "audit-signed": render_audit(signed, number=7, language=language, pdf=True),
    }


def page(name: str, language: str) -> str:
    """Return the page to filter that goes with a letter."""
    if name == "audit-draft":
        return audit_page(draft(), language=language)
    return audit_page(audits.small(language), language=language, number=7)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf", "page"])
def test_an_audit_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    if form == "page":
        said = page(name, language).replace(f"baozhang {__version__}", "baozhang X.Y.Z")
    else:
        said = body(letters(language)[name], form)
    file = GOLDEN / f"{name}-{language}.{ENDINGS[form]}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


ENDINGS = {"html": "html", "txt": "txt", "pdf": "pdf.txt", "page": "page.html"}


def test_every_audit_is_kept() -> None:
    assert sorted(letters(CHINESE)) == sorted(letters(ENGLISH)) == list(NAMES)
