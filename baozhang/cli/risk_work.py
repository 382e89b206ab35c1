"""The half of `baozhang risk` that measures, draws up, signs and writes: loaded when it is used."""

from typing import get_args

from baozhang.errors import UsageError
from baozhang.governance.risk.model import Reading, Treatment
from baozhang.governance.risk.review import digest_of
from baozhang.governance.risk.standard import indicators
from baozhang.site import Site
from baozhang.words import language
from reports.risk import render_risk, status_of
from tasks.gate import gate
from tasks.risk_register import (
    Decision,
    Scores,
    accept,
    close,
    reject,
    risk_of,
    score,
    start,
    treat,
)
from tasks.risk_review import (
    draw_up,
    kept,
    measure,
    newest,
    periods,
    propose,
    publish,
    reviewed,
    sign_review,
)
from tasks.risk_signals import readings, signals
from tasks.signing_gate import wake

__all__ = [
    "Decision",
    "Scores",
    "accept",
    "close",
    "reject",
    "risk_of",
    "score",
    "start",
    "treat",
]
ACTOR = "operator"


def pair(likelihood: int | None, impact: int | None) -> tuple[int, int] | None:
    """Return both grades, or neither.

    Raises:
        UsageError: one was given alone.
    """
    if (likelihood is None) != (impact is None):
        raise UsageError(
            "likelihood and impact are scored together",
            hint="Give both, or neither.",
        )
    return (likelihood, impact) if likelihood is not None and impact is not None else None


def require_treatment(word: str) -> Treatment:
    """Return a treatment by its word.

    Raises:
        UsageError: there is no such treatment.
    """
    for known in get_args(Treatment):
        if word == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(
        "there is no treatment {treatment}",
        hint="Choose one of {known}.",
        treatment=repr(word[:40]),
        known=", ".join(get_args(Treatment)),
    )


def measured(site: Site) -> dict[str, Reading]:
    """Return every indicator as it is now; nothing is kept."""
    return readings(signals(site), indicators(), site.clock())


def reported(site: Site, *, dry_run: bool) -> tuple[str, dict[str, object]]:
    """Return the review as text and as a value; drawn up and kept unless it is only tried."""
    if dry_run:
        review = reviewed(site)
    else:
        measure(site, by=ACTOR)
        propose(site, by=ACTOR)
        review = kept(site, draw_up(site))
    letter = render_risk(review, number=1, language=language(), gate=gate(site))
    value = {
        "period": review.period,
        "sha256": digest_of(review),
        "status": status_of(review),
        "kept": not dry_run,
        "review": review.model_dump(mode="json"),
    }
    return letter.text, value


def signed(site: Site, period: str, *, person: str, code: str, refuse: bool) -> dict[str, object]:
    """Take a person's word on the newest review of a month; write its letter where no run waits.

    Raises:
        UsageError: nothing was drawn up, the person may not, or the code does not count.
    """
    known = periods(site)
    drawn = newest(site, period or (known[-1] if known else "-"))
    sign_review(site, drawn, person=person, code=code, word="refuse" if refuse else "sign")
    letters: list[str] = []
    if not refuse and wake(site, drawn.subject) not in {"woken", "working"}:
        written = publish(site, drawn, actor=person)
        letters = [str(path) for path in written.pages] if written else []
    return {"period": drawn.period, "sha256": drawn.digest, "by": person, "letters": letters}
