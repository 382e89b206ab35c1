"""The drill plan at work: what is due, surprises drawn and sealed, what was missed, the report.

drills.yaml ─► due now? ─► run it ─► report
└─ a surprise ─► drawn once, sealed by its digest in the audit log, kept from players
"""

import secrets
from pathlib import Path

from prefect.runtime import flow_run
from pydantic import ValidationError

from baozhang import durable
from baozhang.clock import business_day
from baozhang.drills.planning import DrillPlan, Planned, due, seal
from baozhang.drills.records import Journal, Sealed
from baozhang.drills.scenarios import scenario as scenario_named
from baozhang.drills.scenarios import scenarios
from baozhang.errors import BaozhangError, CorruptObjectError, UsageError
from baozhang.mail.readers import readers
from baozhang.masking import Gate
from baozhang.site import Site
from baozhang.wiring import open_site
from reports.drill import KIND, canonical, render_drill, status_of
from reports.page import Letter
from tasks.drill import Order, run_drill
from tasks.drill_troubles import FOLDER, drills_of, plan_of
from tasks.letters import Draft, Written, write
from tasks.options import effect

SEALED = "sealed"
_SEED_BITS, _TOKEN_BYTES = 32, 16


class DrillNotPassedError(BaozhangError):
    """A drill ended, and not everything was found or reached."""


def surprising() -> tuple[str, ...]:
    """Return the scenarios that may come as a surprise, sorted."""
    return tuple(name for name, each in scenarios().items() if each.surprise)


def order_for(
    site: Site, scenario: str, entry: Planned | None = None, sealed: Sealed | None = None
) -> Order:
    """Return what is to be drilled, with a fresh seed and token.

    Raises:
        UsageError: there is no such scenario, or `drills.yaml` does not hold.
    """
    plan = plan_of(site)
    return Order(
        scenario=scenario_named(scenario),
        seed=secrets.randbits(_SEED_BITS),
        token=secrets.token_hex(_TOKEN_BYTES),
        people=entry.people if entry else (),
        observers=entry.observers if entry else (),
        place=entry.place if entry else "",
        planned=entry.id if entry else "",
        surprise=sealed,
        parent=plan.sandbox,
    )


def next_order(site: Site) -> Order | None:
    """Return what the plan wants now; None: nothing.  Surprises that are not drawn yet are drawn.

    Raises:
        UsageError: `drills.yaml` does not hold.
        CorruptObjectError: a sealed choice or a journal cannot be read.
    """
    plan, journals = plan_of(site), drills_of(site).all()
    sealed = {each.entry: each for each in seal_surprises(site, plan)}
    entry = due(plan, journals, sealed.values(), site.clock())
    if entry is None:
        return None
    drawn = sealed.get(entry.id)
    return order_for(site, drawn.scenario if drawn else entry.scenario or "", entry, drawn)


def planned_order(site: Site, entry: str) -> Order:
    """Return what an entry of the plan wants, whatever its day is.

    Raises:
        UsageError: there is no such entry, or it was run already.
    """
    plan = plan_of(site)
    found = next((each for each in plan.drills if each.id == entry), None)
    if found is None or entry in {each.planned for each in drills_of(site).all()}:
        raise UsageError(
            "the drill plan has no open entry {entry}",
            hint="Choose one from `baozhang drill plan`.",
            entry=entry[:40],
        )
    drawn = next((each for each in seal_surprises(site, plan) if each.entry == entry), None)
    return order_for(site, drawn.scenario if drawn else found.scenario or "", found, drawn)


def seal_surprises(site: Site, plan: DrillPlan) -> tuple[Sealed, ...]:
    """Return what was drawn for every surprise; what was not drawn yet is drawn and sealed.

    The digest is in the audit log before the choice is written down: nothing can be drawn twice
    unseen.

    Raises:
        CorruptObjectError: a choice that was drawn cannot be read.
    """
    found = []
    for entry in plan.drills:
        if entry.surprise:
            path = _sealed(site, entry.id)
            if not path.exists():
                drawn = seal(entry, secrets.token_hex(_TOKEN_BYTES), surprising())
                site.audit.append(
                    actor="system", action="drill.sealed", subject=entry.id, sha256=drawn.sha256
                )
                durable.replace(path, drawn.model_dump_json().encode("ascii"))
            found.append(_drawn(path))
    return tuple(found)


def _sealed(site: Site, entry: str) -> Path:
    return site.home / "state" / FOLDER / SEALED / f"{entry}.json"


def _drawn(path: Path) -> Sealed:
    try:
        return Sealed.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise CorruptObjectError(
            "the choice that was drawn for {entry} cannot be read",
            hint="Keep the file; plan this surprise anew under another id.",
            entry=path.stem,
        ) from error


# --- the report -----------------------------------------------------------------------------------


def write_report(site: Site, journal: Journal) -> Written:
    """Write a drill's report to those who answer for it; return what was written.

    Raises:
        UsageError: nobody of the agency is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    earlier = [
        each
        for each in drills_of(site).all()
        if each.scenario == journal.scenario and each.start < journal.start
    ]
    previous = earlier[-1] if earlier else None

    def render(*, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
        return render_drill(
            journal,
            number=number,
            previous=previous,
            language=language,
            sample=site.agency.file.sample,
            gate=gate,
            pdf=pdf,
        )

    draft = Draft(
        kind=KIND,
        period=business_day(journal.start).isoformat(),
        status=status_of(journal),
        value=canonical(journal),
        render=render,
        copies=readers(site.agency, KIND),
        actor=journal.id,
    )
    return write(site, [draft])[0]


# --- for the flow ---------------------------------------------------------------------------------


@effect("run a drill")
def play_drill(scenario: str | None) -> str:
    """Run the scenario asked for, or what the plan wants now; return the drill's id, "": none."""
    with open_site() as site:
        order = next_order(site) if scenario is None else order_for(site, scenario)
        return run_drill(site, order).id if order else ""


@effect("report on {drill}")
def report_drill(drill: str) -> bool:
    """Write the report of a drill; return whether it was passed."""
    with open_site() as site:
        journal = drills_of(site).get(drill)
        write_report(site, journal)
        return journal.passed


def conclude_drill(drill: str, *, passed: bool) -> str:
    """Return a drill's id when it was passed; its report is out by then.

    Raises:
        DrillNotPassedError: it was not.
    """
    if not passed:
        raise DrillNotPassedError(
            "the drill {drill} was not passed",
            hint="Read its report, do what it asks for, and run it again: `baozhang drill report "
            "{drill}`.",
            drill=drill,
        )
    return drill


def named_drill() -> str:
    """Return the name of a run of Prefect: the scenario, or that the plan was looked at."""
    return f"drill {flow_run.parameters.get('scenario') or 'as planned'}"
