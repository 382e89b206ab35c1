"""Files of a review: the form that people fill in, and re-key lists as tables for a spreadsheet."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

import yaml

from baozhang.cli.rekey import HEADERS, PLACE_TEMPLATES, STATE_TEMPLATES
from baozhang.durable import private
from baozhang.errors import UnreachableError, UsageError
from baozhang.incidents.review import Part, Review
from baozhang.money import format_amount, scale_of
from baozhang.words import say
from reports.rekey_letter import Keyed, RekeyLetter, RekeyPart

FORM_TEMPLATES: dict[Part, str] = {
    "why": "Five times why: each answer asks the next question.",
    "root": "Root cause: one.",
    "well": "What went well.",
    "badly": "What went badly.",
    "lesson": "Lessons.",
    "plan": "Proposed changes to the emergency plan.",
    "risk": "Proposed changes to the risk register.",
    "training": "Proposed changes to training.",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST_BYTES = 1_000_000


def write_form(review: Review, incident: str, path: Path) -> None:
    """Write a form as YAML, private to its owner, with what the review has already.

    Raises:
        UsageError: the file is there already.
        UnreachableError: it cannot be written.
    """
    lines = [f"# {incident}: {say('One text per line that begins with a dash.')}"]
    for part in get_args(Part):
        lines += ["", f"# {say(FORM_TEMPLATES[part])}"]
        texts = [each.text for each in review.of(part)]
        lines.append(yaml.safe_dump({part: texts}, allow_unicode=True, width=10_000).strip())
    _new_file(path, "\n".join(lines).encode() + b"\n")


def filled_in(path: Path, review: Review) -> list[tuple[Part, str]]:
    """Return what a form has and the review has not, in the form's order.

    Raises:
        UsageError: it is no such form.
        UnreachableError: it cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _no_form(path)
        found = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise _failed(path, error) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _no_form(path) from error
    if not isinstance(found, dict):
        raise _no_form(path)
    known = {(each.part, each.text) for each in review.entries}
    told = [(part, text) for part in get_args(Part) for text in _texts(path, found.get(part))]
    return [each for each in told if each not in known]


def _texts(path: Path, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _no_form(path)
    return [each.strip() for each in value if each.strip()]


def write_lists(lists: Iterable[RekeyLetter], folder: Path) -> list[Path]:
    """Write a table for each client and set, private to its owner; return the files.

    Raises:
        UsageError: one of the files is there already.
        UnreachableError: one cannot be written.
    """
    made = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(folder, error) from error
    for each in lists:
        for part in each.parts:
            path = folder / f"{each.incident}-{each.client}-{part.set}.csv"
            _new_file(path, _table(part))
            made.append(path)
    return made


def _table(part: RekeyPart) -> bytes:
    """Return CSV that a spreadsheet opens: UTF-8 with a mark, no text a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    writer.writerows(_row(each, scale_of(part.currency)) for each in part.rows)
    return text.getvalue().encode("utf-8-sig")


def _row(each: Keyed, scale: int) -> Sequence[object]:
    voucher = each.kind == "voucher"
    return (
        "凭证" if voucher else "发票",
        say(STATE_TEMPLATES[each.state], spoken="zh_CN"),
        each.period,
        _harmless(each.name) if voucher else "",
        each.date,
        each.lines if voucher else "",
        format_amount(each.amount, scale=scale),
        format_amount(each.credit, scale=scale) if voucher else "",
        _harmless(" ".join(each.invoices) if voucher else each.name),
        "、".join(say(PLACE_TEMPLATES[place], spoken="zh_CN") for place in each.places),
    )


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula, or takes for a number."""
    return f"'{text}" if text.startswith(_FORMULA) or text.isdecimal() else text


def _new_file(path: Path, content: bytes) -> None:
    try:
        with open(path, "xb", opener=private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(
            "{path} is there already", hint="Give another path.", path=str(path)
        ) from error
    except OSError as error:
        raise _failed(path, error) from error


def _no_form(path: Path) -> UsageError:
    return UsageError(
        "{path} is no form of a review",
        hint="Write a new one: `baozhang review form INCIDENT --to FILE`.",
        path=str(path),
    )


def _failed(path: Path, error: OSError) -> UnreachableError:
    return UnreachableError(
        "{path} cannot be used: {reason}",
        hint="Check that it is there, that its disk has room, and this user's right to use it.",
        path=str(path),
        reason=error.strerror or type(error).__name__,
    )
