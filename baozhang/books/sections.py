"""One mapping of a profile at a time: typed values handed out, unknown keys refused."""

from collections.abc import Mapping, Sequence

from baozhang.errors import UsageError

WRONG_TEMPLATES = {
    "mapping": "{file}: {key} must be a mapping",
    "text": "{file}: {key} must be a text",
    "texts": "{file}: {key} must be a list of texts",
    "choice": "{file}: {key} must be one of {choices}",
    "whole": "{file}: {key} must be a whole number",
    "currency": "{file}: {key} must be the three letters of ISO 4217",
    "column": "{file}: {key} must name a column",
    "amount": "{file}: {key} must have debit and credit, or amount with or without side",
    "from": "{file}: {key} is possible for accounts only",
    "lines": "{file}: {key} must have the table lines",
    "delimiter": "{file}: {key} must be one character, another than quote",
    "quote": "{file}: {key} must be one character, or empty",
    "thousands": "{file}: {key} must be one character other than decimal, or empty",
    "line": "{file}: {key} must be column where tables.lines.columns names line, else ordinal",
    "chart": "{file}: {key} must be file where tables has accounts, else derived",
    "dates": "{file}: {key} must be forms like YYYY-MM-DD, YYYYMMDD or YYYY/M/D",
    "files": "{file}: {key} must be a list of file name patterns",
    "database": "{file}: {key} must be a list of file name patterns, and book must be file",
    "table": "{file}: {key} must be the name of the table, or of the element of its rows",
    "banner": "{file}: {key} must be a whole number, or auto",
    "cut": "{file}: {key} must be forms like [a]-[b], all of the same pieces",
    "outside": "{file}: {key} must be a column, or from with some of {choices}",
    "container": "{file}: {key} must be a list of file name patterns, here or for every table",
    "owner_file": "{file}: {key} must hold [code] or [siren] once",
    "owner_place": "{file}: {key} is possible where format is sqlite or xml only",
    "owner_table": "{file}: {key} must be there with code or name, and only then",
    "folder": "{file}: {key} is possible where format is delimited and book is folder only",
}
"""What is wrong with a value, by what was wanted of it."""


class Section:
    """One mapping of a profile: hands out typed values, and refuses what it does not know.

    Raises (every method that hands out a value):
        UsageError: it is of another kind, with the key's path.
    """

    def __init__(self, file: str, where: str, values: object, allowed: Sequence[str]) -> None:
        self.file, self.where = file, where
        if not isinstance(values, Mapping):
            raise self.wrong(where or "{}", "mapping")
        self.values: Mapping[object, object] = values
        for key in self.values:
            if key not in allowed:
                raise UsageError(
                    "{file}: unknown key {key}",
                    hint="Use one of {allowed}.",
                    file=file,
                    key=self.path(str(key)),
                    allowed=", ".join(allowed),
                )

    def path(self, key: str) -> str:
        """Return a key with the keys it lies below."""
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, wanted: str, **facts: str) -> UsageError:
        """Return what is wrong with a value."""
        return UsageError(
            WRONG_TEMPLATES[wanted],
            hint="Correct it; docs/guides/add-a-profile.md explains every key.",
            file=self.file,
            key=key,
            **facts,
        )

    def has(self, key: str) -> bool:
        """Tell whether a key is there."""
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(self.path(key), "text")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return a text that is one of these."""
        value = self.text(key, default)
        if value not in choices:
            raise self.wrong(self.path(key), "choice", choices=", ".join(map(repr, choices)))
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        value = self.values.get(key, default)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self.wrong(self.path(key), "texts")
        return tuple(value)

    def whole(self, key: str, default: int) -> int:
        """Return a whole number."""
        value = self.values.get(key, str(default))
        if not isinstance(value, str) or not value.isdecimal():
            raise self.wrong(self.path(key), "whole")
        return int(value)

    def flag(self, key: str) -> bool:
        """Return true or false; false where the key is not there."""
        return self.choice(key, ("true", "false"), "false") == "true"

    def section(self, key: str, allowed: Sequence[str]) -> "Section":
        """Return the mapping below a key."""
        return Section(self.file, self.path(key), self.values.get(key), allowed)

    def optional(self, key: str, allowed: Sequence[str]) -> "Section":
        """Return the mapping below a key, an empty one where it is not there."""
        return Section(self.file, self.path(key), self.values.get(key, {}), allowed)
