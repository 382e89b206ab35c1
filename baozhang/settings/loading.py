"""Reading a site: all files, all problems, then one answer.

    files ──► documents ──► models ──► references between them ──► Agency, or one UsageError

A problem in one step does not hide the others' where they can still be told.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from baozhang.errors import UsageError
from baozhang.settings.model import Agency, AgencyFile, ClientFile
from baozhang.settings.problems import TEMPLATES, Problem, listed
from baozhang.settings.references import AGENCY_FILE, agency_problems, client_problems, known
from baozhang.settings.shape import keys_at
from baozhang.settings.values import shown
from baozhang.settings.yaml_file import Document, dotted, read_yaml

CLIENTS_FOLDER = "clients"

Model = TypeVar("Model", bound=BaseModel)


class Environment(BaseSettings):
    """What the process's environment says about the site."""

    model_config = SettingsConfigDict(env_prefix="BAOZHANG_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=Path.cwd)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What reading a site found: the agency where there are no errors, and every problem."""

    agency: Agency | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def site_home(home: Path | None = None) -> Path:
    """Return the site's folder: the one given, else BAOZHANG_HOME, else the working folder."""
    return (home or Environment().home).expanduser().absolute()


def load_agency(home: Path | None = None) -> Agency:
    """Return the site described below `home`, with all its clients.

    Raises:
        UsageError: the files do not describe a site; every problem is listed, one per line.
    """
    found = inspect_site(site_home(home))
    if found.agency is None:
        raise UsageError(
            "problems in the site's files: {count}\n{problems}",
            hint="Change the lines named, then run `baozhang config check`.",
            count=len(found.errors),
            problems=listed(found.errors),
        )
    return found.agency


def inspect_site(home: Path) -> Inspection:
    """Read every file of the site below `home` and collect every problem."""
    document = read_yaml(home, AGENCY_FILE)
    agency, problems = read_model(document, AgencyFile)
    offered = known(home, agency) if agency else None
    if agency:
        problems += [placed(each, document) for each in agency_problems(home, agency)]
    files, wrong = _client_files(home)
    problems += wrong
    clients: dict[str, ClientFile] = {}
    for file in files:
        document = read_yaml(home, file)
        client, wrong = read_model(document, ClientFile)
        problems += wrong
        if client is None:
            continue
        clients[client.id] = client
        problems += _name_problems(document, client)
        if offered:
            problems += [placed(each, document) for each in client_problems(offered, client)]
    errors = tuple(each for each in problems if each.severity == "error")
    warnings = tuple(each for each in problems if each.severity == "warning")
    sound = Agency(home, agency, clients, warnings) if agency and not errors else None
    return Inspection(sound, errors, warnings)


def _client_files(home: Path) -> tuple[list[str], list[Problem]]:
    """Return the clients' files, sorted; a folder that cannot be listed is never an empty one."""
    try:
        names = sorted(os.listdir(home / CLIENTS_FOLDER))
    except FileNotFoundError:
        names = []
    except OSError as error:
        facts = (("reason", error.strerror or type(error).__name__),)
        return [], [Problem(CLIENTS_FOLDER, "", "unreadable", facts=facts)]
    files = [f"{CLIENTS_FOLDER}/{name}" for name in names if not name.startswith(".")]
    problems = [Problem(file, "", "ending") for file in files if file.endswith(".yml")]
    found = [file for file in files if file.endswith(".yaml")]
    if not found and not problems:
        problems.append(Problem(CLIENTS_FOLDER, "", "no_clients", severity="warning"))
    return found, problems


def read_model(document: Document, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """Return the document as a model, or every problem that keeps it from being one."""
    problems = list(document.problems)
    if document.value is None:
        return None, problems
    try:
        checked = model.model_validate(document.value)
    except ValidationError as error:
        return None, problems + list(_problems(document, model, error))
    return (None if problems else checked), problems


def _problems(
    document: Document, model: type[BaseModel], error: ValidationError
) -> Iterator[Problem]:
    told = {problem.key for problem in document.problems}
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # its entries are there and wrong, which is told of each
        problem = _problem(document, model, detail)
        if problem.key not in told:
            yield problem


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    place = tuple(part for part in detail["loc"] if part != "[key]")
    context = {name: str(value) for name, value in detail.get("ctx", {}).items()}
    kind = context.pop("kind", _kind(detail))
    if "at" in context:
        place = (*place, context.pop("at"))
    allowed: tuple[str, ...] = ()
    if kind == "extra_forbidden":
        allowed = keys_at(model, place[:-1])
    elif kind == "literal_error":
        allowed = tuple(
            word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")
        )
        context = {"value": shown(detail["input"])}
    elif kind in _SHOWN:
        context = {"value": shown(detail["input"])}
    elif kind == "unfit":
        context = {"reason": detail["msg"]}
    line = document.line(place)
    return Problem(document.file, dotted(place), kind, line, tuple(context.items()), allowed)


_KINDS = {
    "dict_type": "mapping_type",
    "model_type": "mapping_type",
    "model_attributes_type": "mapping_type",
    "tuple_type": "list_type",
    "is_instance_of": "string_type",
    "decimal_type": "decimal_parsing",
    "time_delta_type": "string_type",
}
_SHOWN = frozenset({"decimal_parsing", "finite_number", "greater_than_equal"})


def _kind(detail: ErrorDetails) -> str:
    if detail["input"] is None and detail["type"] != "missing":
        return "novalue"
    kind = _KINDS.get(detail["type"], detail["type"])
    return kind if kind in TEMPLATES else "unfit"


def _name_problems(document: Document, client: ClientFile) -> list[Problem]:
    expected = PurePath(document.file).stem
    if client.id == expected:
        return []
    facts = (("expected", shown(expected)),)
    return [Problem(document.file, "id", "file_name", document.line(("id",)), facts)]


def placed(problem: Problem, document: Document) -> Problem:
    """Return the problem in the document's file, with the line its key stands in."""
    place = tuple(int(part) if part.isdigit() else part for part in problem.key.split("."))
    return replace(problem, file=document.file, line=document.line(place))
