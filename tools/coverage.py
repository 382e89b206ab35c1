"""docs/coverage.md, drawn from the controls: which section is covered by which flows, and how.

    python tools/coverage.py            write docs/coverage.md
    python tools/coverage.py --check    exit 1 when it says something else than the controls do

    items.yaml, <area>.yaml ──► sections and their flows ──► a table per section, a row per item

What is not there is said: a flow that no file in flows/ holds, a control that no record of ours
shows yet.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from baozhang.governance.controls import catalogue, controls
from baozhang.governance.model import Control, Item, Section
from tasks.evidence import BY_CODE

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "coverage.md"
FLOWS = ROOT / "flows"

KINDS = {
    "rhythm": "every set of every client has good outcomes, no further apart than its span",
    "outcomes": "so many per cent of the period's outcomes are well",
    "restore-time": "measured restores took no longer than the policy allows",
    "proofs": "restore tests proved the books, vouchers and debit counted",
    "letters": "a letter of this kind is young enough and its numbers have no gap",
    "log": "the audit log verifies against its signed head and its anchors",
    "alerts": "urgent alerts were acknowledged within the span that the site promises",
    "custody": "no decrypted copy is past its day, each has its opener and reason",
    "incident": "every incident of the period has this in its journal, or its letter; without one, "
    "the newest drill that played it",
    "incident-signed": "people opened this gate with their one-time codes",
    "notices": "notices went out before they were due",
    "reviews": "closed incidents have a signed review within these days",
    "asked-after": "clients were surveyed within these days of an incident's end",
    "actions": "no action is past its day",
    "drill": "a drill of this scenario was passed",
    "register": "so many rows stand in this register",
    "in-time": "what this register asks for by a day was done by it, and nothing is past its day",
    "signed": "a subject of this kind was signed with a one-time code",
    "people": "so many people can approve with a device of their own",
    "law": "counsel has reviewed the law register and every row was seen in print",
    "record": "a report of this kind was written",
}
"""What each kind of test shows."""

HEAD = """# Coverage: what the two documents ask for, and what shows it

Written by `python tools/coverage.py` from `baozhang/governance/controls/`; a test holds it true.

Two documents say what an agency must do: A about backup, B about recovery. Each has 20 sections
of 6 items, and 6 closing principles (AP, BP): {items} rows, served by {controls} controls. A
control is shown by **records** ({auto}: our own runs, journals and letters), by **people**
({attested}: proof that a named owner hands in and a second person checks) or by **both** ({both}).
Without evidence it is `not evidenced` (无证据), never a pass, and a line stands as the weakest of
its controls.

{existing} of {flows} flows exist; not there yet: {lacking}. {untested} controls that records are to
show have no test yet; they stay `not evidenced`, whatever people hand in.

Beside the flows named here, `audit` judges each section as a DAG of its own (a subflow, with a task
per item), so that every section of both documents can be seen in the Prefect UI.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An item and one of the controls that serve it."""

    item: Item
    control: Control


def page() -> str:
    """Return the page."""
    found = controls()
    parts = [
        _head(found),
        _table("## Sections and the flows that cover them", *_sections(found)),
        _table("## Flows and the sections that they cover", *_flows(found)),
        _table("## What the tests of our records show", *_kinds(found)),
        *(_section(each, found) for each in catalogue().sections),
    ]
    return "\n".join(parts)


def missing(control: Control) -> tuple[str, ...]:
    """Return what is not there yet of a control: flows, and tests of our records."""
    lacking = tuple(f"flow `{each}`" for each in control.flows if not exists(each))
    untested = control.source != "attested" and not control.tests
    return (*lacking, *(("a test of our records",) if untested else ()))


def exists(flow: str) -> bool:
    """Tell whether a flow of this name is in flows/."""
    return (FLOWS / f"{flow}.py").exists()


def _head(found: tuple[Control, ...]) -> str:
    names = list(dict.fromkeys(flow for each in found for flow in each.flows))
    sources = Counter(each.source for each in found)
    return HEAD.format(
        items=len(catalogue().items),
        controls=len(found),
        auto=sources["auto"],
        attested=sources["attested"],
        both=sources["both"],
        existing=sum(exists(each) for each in names),
        flows=len(names),
        lacking=", ".join(f"`{each}`" for each in sorted(names) if not exists(each)) or "none",
        untested=sum(each.source != "attested" and not each.tests for each in found),
    )


def _sections(found: tuple[Control, ...]) -> Iterator[tuple[str, ...]]:
    yield ("section", "zh", "en", "flows", "controls", "by records", "by people", "by both", "gaps")
    for section in catalogue().sections:
        ours = list({row.control.id: row.control for row in _rows(section, found)}.values())
        sources = Counter(each.source for each in ours)
        yield (
            f"[{section.id}](#{section.id.lower()})",
            section.title.zh,
            section.title.en,
            _flow_names(flow for each in ours for flow in each.flows),
            str(len(ours)),
            *(str(sources[each]) for each in ("auto", "attested", "both")),
            str(sum(bool(missing(each)) for each in ours)),
        )


def _flows(found: tuple[Control, ...]) -> Iterator[tuple[str, ...]]:
    yield ("flow", "sections", "controls")
    sections: dict[str, list[str]] = {}
    for each in catalogue().items:
        for control in found:
            if each.id in control.items:
                for flow in control.flows:
                    sections.setdefault(flow, []).append(each.section)
    for flow, covered in sorted(sections.items()):
        serving = sum(flow in each.flows for each in found)
        yield (_flow(flow), ", ".join(dict.fromkeys(covered)), str(serving))


def _kinds(found: tuple[Control, ...]) -> Iterator[tuple[str, ...]]:
    yield ("test", "it passes where", "controls")
    for kind in sorted({test.kind for each in found for test in each.tests}):
        serving = sum(any(test.kind == kind for test in each.tests) for each in found)
        yield (f"`{kind}`", KINDS[kind], str(serving))


def _section(section: Section, found: tuple[Control, ...]) -> str:
    head = ("item", "zh", "en", "control", "shown by", "how", "flows", "not there yet")
    rows = (_cells(row) for row in _rows(section, found))
    title = f'<a id="{section.id.lower()}"></a>\n\n## {section.id} {section.title.zh}'
    return _table(f"{title} · {section.title.en}", head, *rows)


def _cells(row: Row) -> tuple[str, ...]:
    control = row.control
    tests = ", ".join(f"`{test.name}`" for test in control.tests)
    proof = control.proof.en if control.proof else ""
    if control.id in BY_CODE:
        proof = (
            f"{proof} Or: somebody else opened the gate `{BY_CODE[control.id]}` with their code."
        )
    return (
        row.item.id,
        row.item.title.zh,
        row.item.title.en,
        f"`{control.id}`<br>{control.title.zh}",
        {"auto": "records", "attested": "people", "both": "both"}[control.source],
        "<br>".join(each for each in (tests, proof) if each) or "-",
        _flow_names(control.flows),
        ", ".join(missing(control)) or "-",
    )


def _rows(section: Section, found: Iterable[Control]) -> Iterator[Row]:
    serving = tuple(found)
    for item in catalogue().items:
        if item.section == section.id:
            yield from (Row(item, each) for each in serving if item.id in each.items)


def _flow_names(flows: Iterable[str]) -> str:
    return ", ".join(_flow(each) for each in dict.fromkeys(flows))


def _flow(name: str) -> str:
    return f"[{name}](../flows/{name}.py)" if exists(name) else f"{name} (not yet)"


def _table(title: str, head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join([title, "", *("| " + " | ".join(line) + " |" for line in lines), ""])


def main() -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        print("docs/coverage.md says what the controls say")
        return 0
    print("docs/coverage.md is stale: run `python tools/coverage.py`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
