"""The models as data: which keys a place may hold, and their JSON Schema for editors."""

from typing import get_args

from pydantic import BaseModel

from baozhang.settings.model import AgencyFile, ClientFile
from baozhang.settings.yaml_file import Place

SCHEMA_FOLDER = ".schema"
SCHEMAS: dict[str, type[BaseModel]] = {"agency.json": AgencyFile, "client.json": ClientFile}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def keys_at(model: type[BaseModel], place: Place) -> tuple[str, ...]:
    """Return the keys a model knows at a place within it; none where any key may stand."""
    kind: object = model
    for part in place:
        kind = _below(kind, part)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    return ()


def _below(kind: object, part: str | int) -> object:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found = kind.model_fields.get(str(part))
        return found.annotation if found else None
    arguments = [each for each in get_args(kind) if each is not Ellipsis]
    return arguments[-1] if arguments else None


def schema(model: type[BaseModel]) -> dict[str, object]:
    """Return the JSON Schema of a file, for editors that complete and check as one types."""
    return {"$schema": _DIALECT, **model.model_json_schema(mode="validation")}
