"""Assisted cut-over: what people do where a product lets nothing be exchanged in one step.

    checklist of the product ─► step by step, each with its evidence ─► events `checklist.item`

The lists are data beside this module, a file per product; a step is done when a person says so and
gives what it asks for: a version, a collation, a total.  Steps are done in their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from baozhang.errors import SourceBusyError, UsageError
from baozhang.incidents.cutover import ATOMIC, in_use
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Event
from baozhang.incidents.model import CutOver
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.vault.model import Snapshot

Product = Literal["t3", "tplus", "kis", "access", "inbox"]
ITEM = "checklist.item"
_FOLDER = Path(__file__).parent
_MOST = 100  # characters of one piece of evidence
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Data):
    """Words for people."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Step(Label):
    """One step of a list, and the evidence that it asks for: ids of `Checklist.evidence`."""

    id: _Id
    evidence: tuple[_Id, ...] = ()


class Checklist(_Data):
    """How one product is put into use."""

    product: Product
    title: Label
    evidence: dict[_Id, Label]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_whole(self) -> "Checklist":
        ids = [step.id for step in self.steps]
        asked = {each for step in self.steps for each in step.evidence}
        if len(set(ids)) < len(ids) or asked != self.evidence.keys():
            raise ValueError("a step twice, or evidence without words, or words that nothing asks")
        return self


@dataclass(frozen=True, slots=True)
class Progress:
    """How far people have come with one source; steps by their ids."""

    client: str
    set: str
    source: str
    checklist: Checklist
    done: Mapping[str, Event]

    @property
    def next(self) -> Step | None:
        """The step that is to be done; None: all are."""
        return next((step for step in self.checklist.steps if step.id not in self.done), None)


@cache
def load_checklist(product: Product) -> Checklist:
    """Return the list of a product."""
    text = (_FOLDER / f"{product}.yaml").read_text("utf-8")
    return Checklist.model_validate(yaml.safe_load(text))


def all_checklists() -> tuple[Checklist, ...]:
    """Return every list that there is."""
    return tuple(load_checklist(product) for product in get_args(Product))


def product_of(each: SourceFile) -> Product:
    """Return whose list a source follows: by its profile, else by its kind."""
    profile = each.profile or ""
    if each.kind == "inbox":
        return "inbox"
    if profile.startswith(("kingdee", "k3")):
        return "kis"
    if profile.startswith("yonyou"):
        return "t3"
    return "tplus" if each.kind == "mssql" else "access"


def progress(site: Site, incident: Incident, client: str, set_name: str) -> tuple[Progress, ...]:
    """Return how far people have come with each source of a set that needs them.

    Raises:
        UsageError: no such set.
    """
    sources = site.client_set(client, set_name).sources
    events = [event for event in incident.journal.events() if event.kind == ITEM]
    found = []
    for each in sources:
        if each.kind not in ATOMIC:
            where = {"client": client, "set": set_name, "source": each.name}
            done = {
                str(event.facts["step"]): event
                for event in events
                if where.items() <= event.facts.items()
            }
            checklist = load_checklist(product_of(each))
            found.append(Progress(client, set_name, each.name, checklist, done))
    return tuple(found)


def tick(
    incident: Incident, where: Progress, step_id: str, *, person: str, evidence: Mapping[str, str]
) -> Event:
    """Record that a person has done a step.

    Args:
        incident: the incident.
        where: the source, and what was done so far.
        step_id: the step that is next.
        person: id.
        evidence: exactly what the step asks for, by id; no names of companies or people.

    Raises:
        UsageError: another step is next, or evidence is missing or too much.
    """
    step = where.next
    if step is None or step.id != step_id:
        raise UsageError(
            "{step} is not the step that is next",
            hint="Do {next} first.",
            step=step_id[:40],
            next=step.id if step else "-",
        )
    given = {name: value.strip() for name, value in evidence.items()}
    fitting = all(value and len(value) <= _MOST and value.isprintable() for value in given.values())
    if given.keys() != set(step.evidence) or not fitting:
        raise UsageError(
            "step {step} asks for other evidence than was given",
            hint="Give {wanted}, each in a few words.",
            step=step.id,
            wanted=", ".join(step.evidence) or "-",
        )
    return incident.journal.append(
        ITEM,
        actor=person,
        client=where.client,
        set=where.set,
        source=where.source,
        product=where.checklist.product,
        step=step.id,
        **{f"evidence.{name}": value for name, value in given.items()},
    )


def worked_off(site: Site, incident: Incident, snapshot: Snapshot) -> CutOver:
    """Return the cut-over that people made, once every list is worked off.

    Args:
        site: the site.
        incident: the incident.
        snapshot: the backup point that was put into use.

    Raises:
        UsageError: a step is still to be done.
    """
    for each in progress(site, incident, snapshot.client, snapshot.set):
        if each.next is not None:
            raise UsageError(
                "step {step} of {client}/{set} is still to be done",
                hint="Work off the checklist of {product}.",
                step=each.next.id,
                client=snapshot.client,
                set=snapshot.set,
                product=each.checklist.product,
            )
    try:
        checked = in_use(site, snapshot)
    except SourceBusyError:
        checked = False
    return CutOver(
        client=snapshot.client, set=snapshot.set, how="assisted", kept=True, checked=checked
    )
