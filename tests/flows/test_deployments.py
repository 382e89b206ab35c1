"""The linter of prefect.yaml: each fault that Prefect would pass over is named at its place."""

from pathlib import Path

import pytest

from tools.deployments import FILE, lint, main

CLEAN = """
prefect-version: 3.8.8
name: sample
pull:
  - prefect.deployments.steps.set_working_directory: {directory: "{{ $BAOZHANG_CODE }}"}
deployments:
  - name: nightly
    entrypoint: tests.flows.sample.needs_a_client
    version: "1"
    description: 每晚一次
    tags: [A2]
    enforce_parameter_schema: true
    parameters: {client: c001}
    concurrency_limit: {limit: 1, collision_strategy: CANCEL_NEW, grace_period_seconds: 600}
    work_pool:
      name: pool
      work_queue_name: default
      job_variables: {env: {BAOZHANG_HOME: "{{ $BAOZHANG_HOME }}"}}
    schedules:
      - {slug: every-night, cron: "0 22 * * *", timezone: Asia/Shanghai, parameters: {limit: 2}}
"""

SCHEDULE = "deployments[0].schedules[0]"
FAULTS = {
    "an unknown key at the top": ("name: sample", "nome: sample", "nome", "name"),
    "an unknown key of a deployment": ("    version:", "    verzion:", "[0].verzion", "version"),
    "an unknown key of a schedule": ("slug:", "slg:", f"{SCHEDULE}.slg", "slug"),
    "an unknown key of a work pool": ("work_queue_name", "work_queue", "work_queue", "_name"),
    "an unknown job variable": ("{env:", "{envv:", "job_variables.envv", "env"),
    "an unknown key of the limit": ("limit: 1", "limits: 1", "concurrency_limit.limits", "limit"),
    "a job variable that is no text": (
        '"{{ $BAOZHANG_HOME }}"',
        "3",
        "env.BAOZHANG_HOME",
        "string",
    ),
    "a key that stands twice": (
        "    tags: [A2]",
        "    tags: [A2]\n    tags: [A3]",
        "file",
        "twice|2 times",
    ),
    "an unknown parameter": (
        "{client: c001}",
        "{client: c001, limt: 1}",
        "parameters.limt",
        "limit",
    ),
    "a wrong parameter": ("{client: c001}", "{client: 1}", "parameters.client", "string"),
    "a wrong parameter of a schedule": (
        "{limit: 2}",
        "{limit: x}",
        f"{SCHEDULE}.parameters.limit",
        "integer",
    ),
    "a date that YAML makes of a text": (
        "{limit: 2}",
        "{day: 2026-07-31}",
        f"{SCHEDULE}.parameters.day",
        "quoted",
    ),
    "a parameter left open": (
        "    parameters: {client: c001}\n",
        "",
        f"{SCHEDULE}.parameters",
        "client",
    ),
    "a variable nobody sets": ("$BAOZHANG_CODE", "$BAOZHANG_COD", "directory", "BAOZHANG_CODE"),
    "a template that is no variable": (
        "{{ $BAOZHANG_CODE }}",
        "{{ CODE }}",
        "directory",
        "variable",
    ),
    "an entrypoint that is a file": (
        "tests.flows.sample.needs",
        "tests/flows/sample.py:needs",
        "entrypoint",
        "module path",
    ),
    "an entrypoint that is not there": ("needs_a_client", "nobody", "entrypoint", "module path"),
    "an entrypoint in no module": (
        "tests.flows.sample",
        "tests.flows.nowhere",
        "entrypoint",
        "module path",
    ),
    "an entrypoint that is no flow": ("needs_a_client", "not_a_flow", "entrypoint", "not a flow"),
    "a secret as parameter": ("needs_a_client", "takes_a_secret", "entrypoint", "secret"),
    "a bad cron line": ("0 22 * * *", "0 25 * * *", f"{SCHEDULE}.cron", "0 22"),
    "a bad timezone": ("Asia/Shanghai", "Asia/Peking", f"{SCHEDULE}.timezone", "Asia/Shanghai"),
    "no timezone": (", timezone: Asia/Shanghai", "", f"{SCHEDULE}.timezone", "missing"),
    "no work pool": ("      name: pool\n", "", "work_pool.name", "missing"),
    "an unknown section": ("[A2]", "[A21]", "tags", "A20"),
    "no section": ("[A2]", "[]", "tags", "at least 1"),
    "a description without Chinese": ("每晚一次", "each night", "description", "Chinese"),
    "an unknown collision strategy": ("CANCEL_NEW", "CANCEL", "collision_strategy", "ENQUEUE"),
    "parameters not enforced": (
        "schema: true",
        "schema: false",
        "enforce_parameter_schema",
        "True",
    ),
    "another release of Prefect": ("3.8.8", "3.8.7", "prefect-version", "3.8.8"),
    "broken YAML": ("tags: [A2]", "tags: [A2", "file", "YAML"),
}


def test_the_projects_own_file_is_clean() -> None:
    assert lint(FILE.read_text("utf-8")) == []


def test_a_clean_file_has_no_problem() -> None:
    assert lint(CLEAN) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_at_its_place_with_what_to_write(fault: str) -> None:
    right, wrong, place, instead = FAULTS[fault]
    assert right in CLEAN
    problems = lint(CLEAN.replace(right, wrong))
    assert [where for where, _ in problems if place in where], problems
    assert any(word in what for _, what in problems for word in instead.split("|"))
    assert all("; write instead" in what for _, what in problems)


def test_two_deployments_of_one_name_are_refused() -> None:
    head, deployment = CLEAN.split("deployments:\n")
    assert any(
        "'nightly' stands 2 times" in what
        for _, what in lint(f"{head}deployments:\n{deployment}{deployment}")
    )


def test_two_schedules_of_one_slug_are_refused() -> None:
    schedule = CLEAN.rstrip().splitlines()[-1]
    assert [where for where, _ in lint(f"{CLEAN}{schedule}\n")] == ["deployments[0].schedules"]


def test_problems_are_printed_one_a_line_and_the_exit_code_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(CLEAN.replace("[A2]", "[A21]"), "utf-8")
    assert main([str(faulty)]) == 2
    assert capsys.readouterr().out.startswith(
        "faulty.yaml: deployments[0].tags: 'A21' is no section"
    )


def test_a_clean_file_exits_0(tmp_path: Path) -> None:
    clean = tmp_path / "clean.yaml"
    clean.write_text(CLEAN, "utf-8")
    assert main([str(clean)]) == 0


def test_a_file_that_is_not_there_exits_2(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nowhere.yaml")]) == 2
