"""The steps of the monthly risk review as Prefect sees them; `tasks.risk_review` does them.

A run that is suspended for the signature starts from the top when it goes on: measuring and
proposing again change nothing that stands, and what it drew up stays what it was.
"""

from dataclasses import dataclass
from datetime import timedelta

from prefect.runtime import flow_run

from baozhang.clock import business_day
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import CHINESE, ENGLISH
from reports.plaintext import clean
from reports.risk import render_risk
from tasks.gate import gate
from tasks.options import effect
from tasks.risk_review import SIGNERS, Drawn, draw_up, kept, measure, propose, publish
from tasks.signing_gate import Wanted

SIGN_WITHIN = timedelta(days=14)
"""How long a review waits for its signature: the next month's supersedes it soon after."""
LONGEST_SHOWN = 6000  # characters above the form; the letter and `baozhang risk report` have all


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found and wrote; counts and ids only."""

    period: str
    digest: str
    red: int
    proposed: int
    letters: int


def named_review() -> str:
    """Return what a run of Prefect is called, e.g. `risk 2026-11`."""
    return f"risk {business_day(flow_run.scheduled_start_time):%Y-%m}"


@effect("measure the risk indicators")
def measure_indicators() -> int:
    """Measure every indicator; return how many are red."""
    with open_site() as site:
        return sum(each.band == "red" for each in measure(site, by="system").values())


@effect("propose what the records ask for")
def propose_changes() -> int:
    """Propose new risks and new scores; return how many."""
    with open_site() as site:
        return len(propose(site, by="system"))


@effect("draw up the risk review")
def draw_review() -> Drawn:
    """Draw up the review; a run that did already returns what it drew up."""
    with open_site() as site:
        return draw_up(site, run=str(flow_run.id))


def wanted_signature(drawn: Drawn) -> Wanted:
    """Return the signature that the letter waits for."""
    with open_site() as site:
        review = kept(site, drawn)
        return Wanted(
            subject=drawn.subject,
            digest=drawn.digest,
            roles=SIGNERS,
            not_by=review.made_by,
            text=_shown(site, drawn),
            until=review.at + SIGN_WITHIN,
        )


def _shown(site: Site, drawn: Drawn) -> str:
    """Return the review as text, Chinese first: what a person reads before they sign."""
    review, masks = kept(site, drawn), gate(site)
    texts = [
        render_risk(review, number=1, language=language, gate=masks).text
        for language in (CHINESE, ENGLISH)
    ]
    return "\n\n".join(f"```\n{clean_lines(text)[:LONGEST_SHOWN]}\n```" for text in texts)


def clean_lines(text: str) -> str:
    """Return a text that cannot end the block it is shown in."""
    return "\n".join(clean(line, LONGEST_SHOWN).replace("```", "'''") for line in text.split("\n"))


@effect("write the risk letter of {drawn.period}")
def write_review(drawn: Drawn) -> int:
    """Write the letter of a signed review; return how many were written: one, or none again."""
    with open_site() as site:
        return 0 if publish(site, drawn, actor="system") is None else 1


def conclude_review(drawn: Drawn, *, red: int, proposed: int, letters: int) -> Found:
    """Return what the run came to."""
    return Found(drawn.period, drawn.digest, red, proposed, letters)
