"""YAML read as what was written: every scalar is text, and the model says what it means.

YAML guesses: `no` becomes false, `012` ten, `1.10` a float and a tax number an integer.  Here a
plain scalar stays the text that stands in the file (only an empty one and `~` mean "nothing"),
so prices stay exact and names stay names.  No tag is obeyed, no alias followed, no object built;
a key written twice is a problem and not a silent victory of the second.
"""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from baozhang.settings.problems import Problem

Value = str | None | list["Value"] | dict[str, "Value"]
Place = tuple[str | int, ...]

_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
)
_NULL = "tag:yaml.org,2002:null"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's: ten times as fast


@dataclass(slots=True)
class Document:
    """One YAML file: its value, where each key stands, and what is wrong with its writing."""

    file: str
    value: Value = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def complain(self, kind: str, place: Place = (), line: int = 0, reason: str = "") -> None:
        """Add a problem at a place."""
        facts = (("reason", reason),) if reason else ()
        key = dotted(place)
        self.problems.append(Problem(self.file, key, kind, line or self.line(place), facts))

    def line(self, place: Place) -> int:
        """Return the line of the key, or of the nearest key above it that was written."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)

    def take(self, node: yaml.Node, place: Place) -> Value:
        """Return the node's value and note lines and problems below it."""
        self.lines.setdefault(place, node.start_mark.line + 1)
        if node.tag not in _PLAIN_TAGS:
            self.complain("tag", place)
            return None
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else str(node.value)
        if id(node) in self._seen:
            self.complain("alias", place)
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.take(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._mapping(node, place)

    def _mapping(self, node: yaml.Node, place: Place) -> dict[str, Value]:
        taken: dict[str, Value] = {}
        for name, child in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                self.complain("key_type", place, line)
                continue
            below = (*place, str(name.value))
            if name.value in taken:
                self.complain("duplicate", below, line)
                continue
            self.lines[below] = line
            taken[str(name.value)] = self.take(child, below)
        return taken


def dotted(place: Place) -> str:
    """Return the place as people write it: `sets.main.sources.0.path`."""
    return ".".join(str(part) for part in place if part != "[key]")


def read_yaml(home: Path, file: str) -> Document:
    """Return the file below `home` as a document; whatever is wrong stands in its problems."""
    document = Document(file)
    try:
        text = (home / file).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        document.complain("encoding")
        return document
    except FileNotFoundError:
        document.complain("file_missing")
        return document
    except OSError as error:
        document.complain("unreadable", reason=error.strerror or type(error).__name__)
        return document
    return parse_yaml(text, file)


def parse_yaml(text: str, file: str) -> Document:
    """Return the text as a document of that name."""
    document = Document(file)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        document.complain("yaml", (), mark.line + 1 if mark else 0, error.problem or "syntax")
        return document
    except yaml.YAMLError as error:
        document.complain("yaml", reason=str(getattr(error, "reason", "syntax")))
        return document
    if node is None:
        document.complain("empty")
        return document
    document.value = document.take(node, ())
    return document
