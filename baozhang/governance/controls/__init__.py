"""The controls, and the items and sections they serve: data, read once and checked.

items.yaml     sections and items of both documents, and their principles
<area>.yaml    a list of controls each; the area is the part before the dot
"""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import yaml
from pydantic import TypeAdapter

from baozhang.governance.model import Control, Item, Section
from baozhang.settings.part import Part

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's: ten times as fast


class Catalogue(Part):
    """Sections and items, in the documents' order."""

    sections: tuple[Section, ...]
    items: tuple[Item, ...]

    def section(self, id_: str) -> Section:
        """Return a section by its id."""
        return next(each for each in self.sections if each.id == id_)


@cache
def catalogue() -> Catalogue:
    """Return sections and items."""
    return Catalogue.model_validate(_read(resources.files(__package__) / "items.yaml"))


@cache
def controls() -> tuple[Control, ...]:
    """Return every control, by id.

    Raises:
        ValueError: an id stands twice, or an item is served that does not exist.
    """
    folder = resources.files(__package__)
    kind = TypeAdapter(list[Control])
    found = [
        control
        for file in sorted(folder.iterdir(), key=lambda each: each.name)
        if file.name.endswith(".yaml") and file.name != "items.yaml"
        for control in kind.validate_python(_read(file))
    ]
    _require_sound(found)
    return tuple(sorted(found, key=lambda each: each.id))


def control(id_: str) -> Control:
    """Return a control.

    Raises:
        KeyError: there is none.
    """
    return {each.id: each for each in controls()}[id_]


def unmapped() -> tuple[str, ...]:
    """Return the items that no control serves; there must be none."""
    served = {item for each in controls() for item in each.items}
    return tuple(each.id for each in catalogue().items if each.id not in served)


def _read(file: Traversable) -> object:
    return yaml.load(file.read_text("utf-8"), _LOADER)  # noqa: S506 - a safe loader


def _require_sound(found: Iterable[Control]) -> None:
    known = {each.id for each in catalogue().items}
    for id_, times in Counter(each.id for each in found).items():
        if times > 1:
            raise ValueError(f"control {id_} stands {times} times")
    for each in found:
        if lost := set(each.items) - known:
            raise ValueError(f"control {each.id} serves {sorted(lost)}, which do not exist")
