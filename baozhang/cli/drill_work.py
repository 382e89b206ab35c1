"""The half of `baozhang drill` that runs drills and writes reports: loaded when it is used."""

from rich.console import Console

from baozhang.cli.drill import table
from baozhang.cli.speaking import printable
from baozhang.drills.records import Journal
from baozhang.site import Site
from baozhang.words import language, say
from reports.drill import MEASURE_TEMPLATES, amount, said_action, sentence_of
from reports.writing import pen
from tasks.drill import run_drill
from tasks.drill_planning import order_for, planned_order, seal_surprises, write_report
from tasks.letters import Written

__all__ = ["draw", "ran", "seal_surprises", "write_report"]


def ran(
    site: Site, scenario: str, *, planned: str = "", seed: int | None = None
) -> tuple[Journal, Written]:
    """Run a scenario, or an entry of the plan, and write its report.

    Raises:
        UsageError: there is no such entry of the plan.
    """
    order = planned_order(site, planned) if planned else order_for(site, scenario)
    journal = run_drill(site, order if seed is None else order.seeded(seed))
    return journal, write_report(site, journal)


def draw(console: Console, journal: Journal) -> None:
    """Show what a drill came to, and what is to be done."""
    spoken = language()
    colour = "green" if journal.passed else "red"
    console.print(f"[{colour}]{printable(sentence_of(journal, spoken))}[/]")
    heads = (say("target"), say("wanted"), say("measured"), say("reached"))
    rows = [
        (
            say(MEASURE_TEMPLATES[each.name]),
            amount(each.name, each.target, pen(spoken)),
            amount(each.name, each.measured, pen(spoken)),
            "✓" if each.met else "✗",
        )
        for each in journal.score.measures
    ]
    console.print(table(heads, rows))
    for each in journal.actions:
        words = said_action(each.matter, each.subject, spoken)
        text = say(
            "to do by {owner} until {due}: {action}", owner=each.owner, due=each.due, action=words
        )
        console.print(printable(text), markup=False)
