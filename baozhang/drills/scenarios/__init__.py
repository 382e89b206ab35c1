"""The scenarios that ship with the product, a YAML file each."""

from functools import cache
from pathlib import Path

import yaml

from baozhang.drills.model import Scenario
from baozhang.errors import UsageError

FOLDER = Path(__file__).parent


@cache
def scenarios() -> dict[str, Scenario]:
    """Return every scenario by its id, sorted.

    Raises:
        ValueError: a file is no scenario, or is not named as its id.
    """
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        scenario = Scenario.model_validate(yaml.safe_load(path.read_bytes()))
        if scenario.id != path.stem:
            raise ValueError(f"{path.name} holds the scenario {scenario.id}")
        found[scenario.id] = scenario
    return found


def scenario(name: str) -> Scenario:
    """Return a scenario by its id.

    Raises:
        UsageError: there is none.
    """
    known = scenarios()
    if name not in known:
        raise UsageError(
            "there is no drill scenario {scenario}",
            hint="Choose one of: {known}.",
            scenario=name[:40],
            known=", ".join(known),
        )
    return known[name]
