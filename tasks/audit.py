"""The steps of an audit as Prefect sees them; what they do is in `audit_steps`, `audit_packing`.

Sections and items come back as states whose names say how they stand: the run's page shows every
section and every item of the documents.
"""

from prefect import State
from prefect.runtime import flow_run
from prefect.states import Completed

from baozhang.governance import assessing
from baozhang.governance.audits import audits_of
from baozhang.governance.controls import catalogue
from baozhang.governance.judging import weakest
from baozhang.governance.model import Status
from baozhang.governance.words import STATUS_TEMPLATES
from baozhang.wiring import open_site
from baozhang.words import CHINESE, ENGLISH, say
from tasks import audit_packing, audit_steps
from tasks.audit_steps import Order
from tasks.gate import mask_logs
from tasks.options import effect
from tasks.signing_gate import Wanted

SHOWN_TEMPLATES = {
    "wait": "Audit {audit} waits for the auditor's signature. Read its report in "
    "`state/audits/{audit}/`, check the pack with `baozhang audit verify`, and compare the "
    "hash: `{digest}`",
}


def named_audit() -> str:
    """Return what a run of Prefect is called, e.g. `audit 2026-10`."""
    asked = flow_run.parameters.get("period")
    return f"audit {asked or flow_run.scheduled_start_time.strftime('%Y-%m-%d')}"


def named_section() -> str:
    """Return what the run of a section is called: `A7 应急演练`."""
    section = catalogue().section(flow_run.parameters["section"])
    return f"{section.id} {section.title.zh}"


def begin_audit(period: str | None, sections: list[str] | None) -> str:
    """Begin an audit, or find the one that this run began, or the month's; return its id.

    Raises:
        UsageError: a period that is none, or a section that is not known.
    """
    mask_logs()
    run = str(flow_run.id)
    with open_site() as site:
        order = Order(period=period, sections=sections, by=f"audit-{run[:8]}", run=run)
        return audit_steps.begin(site, order, flow_run.scheduled_start_time).id


@effect("gather our own records of {audit}")
def gather_automatic(audit: str) -> int:
    """Ask our own records for evidence; return how many pieces there are."""
    with open_site() as site:
        return audit_steps.gather_auto(site, audits_of(site).get(audit))


@effect("gather what people attested for {audit}")
def gather_attested(audit: str) -> int:
    """Take what people have attested; return how many pieces there are."""
    with open_site() as site:
        return audit_steps.gather_attested(site, audits_of(site).get(audit))


@effect("draw samples for {audit}")
def draw_samples(audit: str) -> int:
    """Look at single records that are drawn by a recorded seed; return how many deviate."""
    with open_site() as site:
        return audit_steps.draw_samples(site, audits_of(site).get(audit))


@effect("what of {audit} is fresh")
def check_freshness(audit: str) -> dict[str, int]:
    """Put the evidence together; return how much counts and why the rest does not."""
    with open_site() as site:
        return audit_steps.settle_ground(site, audits_of(site).get(audit))


def open_sections(audit: str) -> list[str]:
    """Return the sections that are still to be shown: none where a resumed run has judged them."""
    with open_site() as site:
        found = audits_of(site).get(audit)
        return [] if found.has("judged") else list(found.asked.sections)


def items_of_section(section: str) -> list[str]:
    """Return a section's items as their tasks are called: `A7.3 演练评估`."""
    items = assessing.of_sections(catalogue().items, {section})
    return [f"{each.id} {each.title.zh}" for each in items]


@effect("{item}")
def evaluate(audit: str, item: str) -> State[Status]:
    """Judge the controls of one item, id and title; its state is named for how it stands."""
    id_ = item.partition(" ")[0]
    with open_site() as site:
        found = audits_of(site).get(audit)
    ground, serving = (
        found.ground(),
        [each for each in found.yardstick().controls if id_ in each.items],
    )
    judged = [assessing.judged_one(each, ground) for each in serving]
    status = weakest([each.status for each in judged])
    message = ", ".join(f"{each.control}: {each.status}" for each in judged)
    return Completed(name=say(STATUS_TEMPLATES[status]), message=message, data=status)


@effect("judge {audit}")
def judge(audit: str) -> dict[str, int]:
    """Judge every line and keep it; return how many have which status."""
    with open_site() as site:
        found = audit_steps.judge_all(site, audits_of(site).get(audit))
    statuses = list(found.statuses.values())
    return {status: statuses.count(status) for status in STATUS_TEMPLATES}


@effect("corrective actions of {audit}")
def settle_actions(audit: str) -> int:
    """Open, count up and close corrective actions; return how many concern this audit."""
    with open_site() as site:
        return len(audit_steps.settle(site, audits_of(site).get(audit)).actions)


@effect("evidence pack of {audit}")
def make_pack(audit: str) -> str:
    """Write report and signed pack; return the SHA-256 of its manifest."""
    with open_site() as site:
        return audit_packing.pack(site, audits_of(site).get(audit)).manifest


def wanted_signature(audit: str) -> Wanted:
    """Return whose signature is asked for, and what they sign."""
    with open_site() as site:
        found = audits_of(site).get(audit)
        audit_packing.require_as_packed(site, found)
        packed = found.packed()
        return Wanted(
            subject=audit_packing.subject_of(found),
            digest=packed.manifest,
            roles=audit_steps.signing_roles(site),
            not_by=audit_steps.not_independent(found),
            text=_shown(audit, packed.manifest),
            until=packed.at + audit_packing.TIME_TO_SIGN,
        )


def may_be_signed(audit: str) -> bool:
    """Tell whether there is anybody who may sign it, and its letter is not out yet."""
    with open_site() as site:
        found = audits_of(site).get(audit)
        return bool(audit_packing.signing_of(site, found).able) and not found.has("letter")


@effect("letters of {audit}")
def write_letters(audit: str) -> int:
    """Write the report's letter; return its number."""
    with open_site() as site:
        found = audits_of(site).get(audit)
        return audit_packing.publish(site, found, actor=found.asked.by).number


def _shown(audit: str, digest: str) -> str:
    """Return what stands above the form, Chinese first."""
    return "\n\n".join(
        say(SHOWN_TEMPLATES["wait"], spoken=language, audit=audit, digest=digest)
        for language in (CHINESE, ENGLISH)
    )
