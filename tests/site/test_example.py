"""The example files stand for the code: they load, and every setting is in them."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from baozhang.policies.pace import Pace, read_window
from baozhang.settings.loading import read_model
from baozhang.settings.model import AgencyFile, ClientFile, Person, VaultFile
from baozhang.settings.shape import SCHEMAS, keys_at
from baozhang.settings.starting import agency_text, client_text, quoted, schema_text
from baozhang.settings.values import Language
from baozhang.settings.yaml_file import parse_yaml, read_yaml

ROOT = Path(__file__).parents[2]
START = {
    "name": "Example Bookkeeping Co., Ltd.",
    "credit_code": "91110000000000001H",
    "operator": "Zhang San",
    "email": "operator@example.cn",
    "vault": "/srv/vault",
    "key": "file:keys/main.key",
}


SHOWN = re.compile(r"^ *#  +(?:- )?([a-z_]+):(?: \S|$)", re.MULTILINE)
"""A setting in a comment, indented as it would stand."""


def parts(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return the model and every model within it."""
    found = {model}
    for field in model.model_fields.values():
        kinds = [field.annotation]
        while kinds:
            kind = kinds.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= parts(kind)
            kinds += get_args(kind)
    return found


def left_out(model: type[BaseModel], text: str) -> set[str]:
    """Return the settings of a model that no line of the text writes or shows in a comment."""
    lines = parse_yaml(text, "").lines
    written = {place[-1] for place in lines if place} | set(SHOWN.findall(text))
    return {name for part in parts(model) for name in part.model_fields} - written


def test_the_example_loads() -> None:
    assert read_model(read_yaml(ROOT, "agency.example.yaml"), AgencyFile)[1] == []


def test_the_example_is_what_a_new_site_begins_with() -> None:
    text = (ROOT / "agency.example.yaml").read_text("utf-8")
    assert text == agency_text(language="en", **START)


@pytest.mark.parametrize("language", get_args(Language))
def test_every_setting_of_the_agency_is_in_its_start(language: Language) -> None:
    assert left_out(AgencyFile, agency_text(language=language, **START)) == set()


@pytest.mark.parametrize("language", get_args(Language))
def test_every_setting_of_a_client_is_in_its_example(language: Language) -> None:
    assert left_out(ClientFile, client_text(language)) == set()


def test_the_defaults_in_the_example_are_the_codes_own() -> None:
    model, _ = read_model(read_yaml(ROOT, "agency.example.yaml"), AgencyFile)
    assert model is not None
    parsed = model.model_dump()
    assert (
        parsed["policies"]["daily"]
        == AgencyFile.model_fields["policies"].annotation.__args__[1]().model_dump()
    )  # type: ignore[union-attr]
    assert parsed["prices"] == AgencyFile.model_fields["prices"].default.model_dump()
    assert parsed["mail"]["outbox"] == "state/outbox"


def test_both_languages_start_with_the_same_settings() -> None:
    starts = [
        read_model(parse_yaml(agency_text(language=spoken, **START), ""), AgencyFile)[0]
        for spoken in get_args(Language)
    ]
    chinese, english = (start.model_dump_json() for start in starts if start)
    assert chinese.replace("zh_CN", "en") == english


@pytest.mark.parametrize(
    "name", ["null", "no", '甲 "乙"', "a: b", "#x", "\\", "1e3", "x\ny", "- a", "$name"]
)
def test_any_name_comes_back_as_it_was_given(name: str) -> None:
    document = parse_yaml(f"name: {quoted(name)}\n", "")
    assert document.value == {"name": name}


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_schema_names_every_key_and_refuses_others(file: str) -> None:
    described = json.loads(schema_text(file))
    assert set(described["properties"]) == set(SCHEMAS[file].model_fields)
    assert described["additionalProperties"] is False


@pytest.mark.parametrize("language", get_args(Language))
def test_what_a_comment_shows_of_mirrors_can_be_written_so(language: Language) -> None:
    text = agency_text(language=language, **START)
    lines = text.splitlines()
    begin = next(n for n, line in enumerate(lines) if line == "    #   mirrors:")
    end = next(n for n in range(begin, len(lines)) if not lines[n].startswith("    #"))
    shown = "\n".join(line.replace("#   ", "", 1) for line in lines[begin:end])
    written = text.replace("    mirrors: []", shown)
    model, problems = read_model(parse_yaml(written, ""), AgencyFile)
    assert problems == []
    assert model is not None
    (mirror,) = model.vaults["main"].mirrors
    assert mirror.pace() == Pace(2_500_000, read_window("22:00-06:00"))


def test_the_default_witness_is_the_one_in_the_example() -> None:
    model, _ = read_model(read_yaml(ROOT, "agency.example.yaml"), AgencyFile)
    assert model is not None
    assert model.witness == AgencyFile.model_fields["witness"].default


def test_a_schema_shows_time_spans_as_they_are_written() -> None:
    described = json.loads(schema_text("agency.json"))
    assert described["$defs"]["PolicyFile"]["properties"]["every"]["default"] == "1d"


@pytest.mark.parametrize(
    ("place", "model"), [(("people", "zhang"), Person), (("vaults", "main"), VaultFile)]
)
def test_the_keys_of_a_place_are_those_of_its_model(
    place: tuple[str, ...], model: type[BaseModel]
) -> None:
    assert keys_at(AgencyFile, place) == tuple(model.model_fields)
