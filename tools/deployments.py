"""A strict reader of prefect.yaml, and the broom that makes a server agree with it.

    python tools/deployments.py [FILE]        print every problem; exit 0 when there is none, else 2
    python tools/deployments.py --prune FILE  remove from the server what FILE no longer holds

`prefect deploy` passes over misspelt keys, variables nobody set and wrong parameters of a
schedule, and leaves on the server what was removed from the file.  This tool does not.  A problem
reads `file: key: what is wrong; write instead what would be right`.
"""

import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_type_hints
from zoneinfo import available_timezones

import prefect
import yaml
from cronsim import CronSim, CronSimError
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.utilities.importtools import import_object
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

FILE = Path(__file__).parent.parent / "prefect.yaml"
DECLARED = ("BAOZHANG_CODE", "BAOZHANG_HOME", "BAOZHANG_LANG")
"""The variables a file may use; tools/serve.py sets every one of them."""
SECTIONS = frozenset(f"{document}{number}" for document in "AB" for number in range(1, 21))
OURS = "flows."
"""Deployments whose entrypoint lies here are ours to prune; a shared server may hold others."""

SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # a cron line is parsed from some instant on
VARIABLE = re.compile(r"\{\{\s*\$(\w+)\s*\}\}")
OF_EVENT = re.compile(r"\{\{ event\.payload\.\w+ \| tojson \}\}")
"""What a trigger may take from its event, as JSON."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limit(_Strict):
    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]
    grace_period_seconds: int = Field(default=600, ge=60)


class JobVariables(_Strict):
    """What a pool of type `process` understands."""

    env: dict[str, str] = {}
    labels: dict[str, str] = {}
    name: str | None = None
    command: str | None = None
    stream_output: bool = True
    working_dir: str | None = None


class WorkPool(_Strict):
    name: str = Field(min_length=1)
    work_queue_name: str = Field(min_length=1)
    job_variables: JobVariables = JobVariables()


class Schedule(_Strict):
    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    cron: str
    timezone: str
    active: bool = True
    parameters: dict[str, Any] = {}


class Trigger(_Strict):
    """What an event of ours starts; Prefect fills the parameters from the event."""

    type: Literal["event"]
    enabled: bool
    expect: list[str] = Field(min_length=1)
    match: dict[str, str]
    posture: Literal["Reactive"]
    threshold: int = Field(ge=1)
    within: int = Field(ge=0)
    parameters: dict[str, Any]


class Deployment(_Strict):
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    entrypoint: str
    description: str
    version: str
    tags: list[str] = Field(min_length=1)
    enforce_parameter_schema: Literal[True]
    parameters: dict[str, Any] = {}
    concurrency_limit: Limit
    work_pool: WorkPool
    schedules: list[Schedule]
    triggers: list[Trigger] = []


class Directory(_Strict):
    directory: str


class PullStep(_Strict):
    set_working_directory: Directory = Field(
        alias="prefect.deployments.steps.set_working_directory"
    )


class File(_Strict):
    prefect_version: str = Field(alias="prefect-version")
    name: str
    definitions: dict[str, Any] = {}  # anchors; what uses them is checked where it is used
    pull: list[PullStep]
    deployments: list[Deployment] = Field(min_length=1)


MODELS = (
    File,
    Deployment,
    Schedule,
    Trigger,
    WorkPool,
    JobVariables,
    Limit,
    Directory,
    PullStep,
)
KEYS = sorted(
    {field.alias or name for model in MODELS for name, field in model.model_fields.items()}
)

Problem = tuple[str, str]
"""The key it is at, and what is wrong, with what to write instead."""


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key may stand only once; plain YAML lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - yaml's signature
        merged = "tag:yaml.org,2002:merge"
        keys = [key.value for key, _ in node.value if key.tag != merged]
        for key, count in Counter(keys).items():
            if count > 1:
                problem = f"the key {key!r} stands {count} times; write instead one of them"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep=deep)


def lint(text: str) -> list[Problem]:
    """Return every problem of a prefect.yaml; an empty list is a clean bill."""
    try:
        # A loader of our own on top of the safe one.
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        return [("file", f"not readable as YAML: {error}; write instead valid YAML")]
    problems = list(_templates(raw, ""))
    try:
        parsed = File.model_validate(raw)
    except ValidationError as error:
        return [*problems, *(_told(detail) for detail in error.errors())]
    return [*problems, *_file(parsed)]


def _told(detail: Mapping[str, Any]) -> Problem:
    """Return one finding of pydantic in our form."""
    place = _place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(str(detail["loc"][-1]), KEYS, n=1)
        instead = near[0] if near else "nothing: remove the key"
        return place, f"unknown key; write instead {instead}"
    if detail["type"] == "missing":
        return place, "missing; write instead a value for it"
    return place, f"{detail['msg']}, not {detail['input']!r}; write instead such a value"


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "file"


def _templates(value: object, place: str) -> Iterator[Problem]:
    """Yield a problem for every `{{ … }}` that will not be filled."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _templates(below, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _templates(below, f"{place}[{index}]")
    elif isinstance(value, str):
        allowed = " or ".join(f"{{{{ ${name} }}}}" for name in DECLARED)
        for name in VARIABLE.findall(value):
            if name not in DECLARED:
                yield place, f"the variable {name} is set by nobody; write instead {allowed}"
        rest = VARIABLE.sub("", value)
        if "{{" in (OF_EVENT.sub("", rest) if ".triggers[" in place else rest):
            yield place, f"a template that is not a variable; write instead {allowed}"


def _file(parsed: File) -> Iterator[Problem]:
    if parsed.prefect_version != prefect.__version__:
        yield "prefect-version", f"not what is installed; write instead {prefect.__version__}"
    yield from _twice("deployments", [deployment.name for deployment in parsed.deployments])
    for index, deployment in enumerate(parsed.deployments):
        for place, what in _deployment(deployment):
            yield f"deployments[{index}].{place}", what


def _twice(place: str, names: list[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield place, f"{name!r} stands {count} times; write instead a name of its own for each"


def _deployment(deployment: Deployment) -> Iterator[Problem]:
    for tag in deployment.tags:
        if tag not in SECTIONS:
            yield "tags", f"{tag!r} is no section; write instead one of A1 … A20, B1 … B20"
    if not CHINESE.search(deployment.description):
        yield "description", "no Chinese in it; write instead a sentence for the office"
    yield from _twice("schedules", [schedule.slug for schedule in deployment.schedules])
    for index, schedule in enumerate(deployment.schedules):
        for key, what in _schedule(schedule):
            yield f"schedules[{index}].{key}", what
    for number, trigger in enumerate(deployment.triggers):
        for key, what in _trigger(trigger, deployment):
            yield f"triggers[{number}].{key}", what
    yield from _against_flow(deployment)


def _trigger(trigger: Trigger, deployment: Deployment) -> Iterator[Problem]:
    """Hold a trigger's parameters against the flow; their values come with the event."""
    try:
        flow = import_object(deployment.entrypoint)
    except (ImportError, AttributeError, ValueError):
        return  # said of the entrypoint itself
    if isinstance(flow, Flow):
        names = list(inspect.signature(flow.fn).parameters)
        for name in trigger.parameters.keys() - set(names):
            near = get_close_matches(name, names, n=1) or names
            yield (
                f"parameters.{name}",
                f"no parameter of the flow; write instead {' or '.join(near)}",
            )
        yield from _unfilled(flow, "parameters", {*deployment.parameters, *trigger.parameters})


def _schedule(schedule: Schedule) -> Iterator[Problem]:
    if schedule.timezone not in available_timezones():
        yield "timezone", f"{schedule.timezone!r} is no timezone; write instead Asia/Shanghai"
    try:
        CronSim(schedule.cron, SOME_DAY)
    except CronSimError as error:
        yield "cron", f"{schedule.cron!r}: {error}; write instead five fields, as in 0 22 * * *"


def _against_flow(deployment: Deployment) -> Iterator[Problem]:
    """Hold parameters against the signature of the flow they are meant for."""
    if "/" in deployment.entrypoint or ":" in deployment.entrypoint:
        yield "entrypoint", "a file path; write instead a module path, as in flows.backup.nightly"
        return
    try:
        flow = import_object(deployment.entrypoint)
    except (ImportError, AttributeError, ValueError) as error:
        yield "entrypoint", f"{error}; write instead the module path of a flow"
        return
    if not isinstance(flow, Flow):
        yield "entrypoint", "not a flow; write instead the module path of a flow"
        return
    yield from _secrets(flow)
    yield from _values(flow, "parameters", deployment.parameters)
    for index, schedule in enumerate(deployment.schedules):
        place = f"schedules[{index}].parameters"
        yield from _values(flow, place, schedule.parameters)
        yield from _unfilled(flow, place, {*deployment.parameters, *schedule.parameters})


def _secrets(flow: Flow[..., Any]) -> Iterator[Problem]:
    if '"password"' in json.dumps(flow.parameters.model_dump(mode="json")):
        yield (
            "entrypoint",
            "a secret as parameter is kept in clear; write instead its name",
        )


def _values(flow: Flow[..., Any], place: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    hints = get_type_hints(flow.fn, include_extras=True)
    names = list(inspect.signature(flow.fn).parameters)
    for name, value in given.items():
        if name not in names:
            near = get_close_matches(name, names, n=1) or names
            yield f"{place}.{name}", f"no parameter of the flow; write instead {' or '.join(near)}"
            continue
        try:
            TypeAdapter(hints.get(name, object)).validate_json(json.dumps(value))
        except ValidationError as error:
            told = error.errors()[0]["msg"]
            yield f"{place}.{name}", f"{told}, not {value!r}; write instead a fitting value"
        except TypeError:
            yield f"{place}.{name}", f"{value!r} is no plain value; write instead '{value}' quoted"


def _unfilled(flow: Flow[..., Any], place: str, filled: set[str]) -> Iterator[Problem]:
    """Nobody answers a form for a scheduled run: what has no default must be filled."""
    for name, parameter in inspect.signature(flow.fn).parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in filled:
            yield place, f"{name} is left open; write instead a value for {name}"


def load(path: Path) -> File:
    """Return a prefect.yaml that is known to be clean."""
    return File.model_validate(yaml.safe_load(path.read_text("utf-8")))


def prune(path: Path, client: SyncPrefectClient) -> list[str]:
    """Remove deployments and schedules of ours that the file no longer holds; tell which."""
    wanted = {deployment.name: deployment for deployment in load(path).deployments}
    ours = [d for d in client.read_deployments() if (d.entrypoint or "").startswith(OURS)]
    gone = []
    for found in ours:
        keep = wanted.get(found.name)
        if keep is None or keep.entrypoint != found.entrypoint:
            client.delete_deployment(found.id)
            gone.append(f"deployment {found.name}")
        else:
            gone += _prune_schedules(client, found, {schedule.slug for schedule in keep.schedules})
    return gone


def _prune_schedules(
    client: SyncPrefectClient, found: DeploymentResponse, slugs: set[str]
) -> list[str]:
    surplus = [s for s in client.read_deployment_schedules(found.id) if s.slug not in slugs]
    for schedule in surplus:
        client.delete_deployment_schedule(found.id, schedule.id)
    return [f"schedule {schedule.slug or schedule.id} of {found.name}" for schedule in surplus]


def main(words: list[str]) -> int:
    """Check, or prune."""
    paths = [Path(word) for word in words if not word.startswith("-")] or [FILE]
    if "--prune" in words:
        with get_client(sync_client=True) as client:
            for name in prune(paths[0], client):
                print(f"removed: {name}")
        return 0
    try:
        problems = lint(paths[0].read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems = [("file", f"cannot be read: {error}; write instead a UTF-8 file")]
    for place, what in problems:
        print(f"{paths[0].name}: {place}: {what}")
    return 2 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
