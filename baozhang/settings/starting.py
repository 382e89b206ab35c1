"""The files a new site begins with: commented settings, an example client, schemas for editors."""

import json
import re
from pathlib import Path
from string import Template

from baozhang.settings.shape import SCHEMAS, schema
from baozhang.settings.values import Language

_HERE = Path(__file__).parent
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
CLIENT_MODELINE = "# yaml-language-server: $schema=../.schema/client.json\n"


def agency_text(
    *,
    name: str,
    credit_code: str | None,
    language: Language,
    operator: str,
    email: str,
    vault: str,
    key: str,
) -> str:
    """Return a commented `agency.yaml`, comments in the agency's language."""
    values = {
        "name": name,
        "language": language,
        "operator": operator,
        "email": email,
        "vault": vault,
        "key": key,
    }
    written = {key: quoted(value) for key, value in values.items()}
    code = f"credit_code: {quoted(credit_code)}" if credit_code else "# credit_code:"
    return _template("agency", language).substitute(written, credit_code=code)


def client_text(language: Language) -> str:
    """Return a commented example of a client's file."""
    return _template("client", language).substitute()


def schema_text(file: str) -> str:
    """Return one of SCHEMAS as JSON text."""
    return json.dumps(schema(SCHEMAS[file]), ensure_ascii=False, indent=2) + "\n"


def quoted(value: str) -> str:
    """Return the text so that YAML reads it back as it is: plain where that is safe."""
    plain = re.match(r"[A-Za-z][A-Za-z0-9_-]*$", value) and value.lower() not in _RESERVED
    return value if plain else json.dumps(value, ensure_ascii=False)


def _template(part: str, language: Language) -> Template:
    return Template((_HERE / f"{part}.{language}.yaml").read_text("utf-8"))
