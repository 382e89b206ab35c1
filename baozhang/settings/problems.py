"""What can be wrong in a site's files, each with what to write instead.

A problem is a value: where it stands and which sentence says it.  `load_agency` collects all of
them and raises once, so that whoever edits the files is not sent round in circles.
Facts never hold a secret, a name or a tax number: problems are shown, logged and mailed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from baozhang.words import say

MOST_SHOWN = 12  # alternatives in one sentence; more are not read

TEMPLATES = {
    "unreadable": "cannot be read: {reason}",
    "file_missing": "is missing; run `baozhang init`, or set BAOZHANG_HOME to the site's folder",
    "encoding": "is not UTF-8 text; save it as UTF-8",
    "yaml": "is not valid YAML: {reason}; indent with spaces and write `key: value`",
    "empty": "is empty; write its settings, as in the example beside it",
    "duplicate": "is written twice; keep one of the two",
    "alias": "is a YAML alias, which is not read here; write the block out",
    "tag": "has a YAML tag, which is not read here; write the plain value",
    "key_type": "has a key that is not plain text; write `name: value`",
    "missing": "is missing; add it",
    "extra_forbidden": "is not a setting",
    "literal_error": "{value} is not possible",
    "novalue": "has no value; write one, or delete the line",
    "string_type": "must be one text; write `key: text`",
    "mapping_type": "must be a block of `key: value` lines",
    "list_type": "must be a list; write [a, b], or one `- a` per line",
    "too_short": "must not be empty; write at least one entry",
    "string_too_short": "must not be empty; write a text",
    "decimal_parsing": "{value} is not an amount; write digits, as in 0.12",
    "finite_number": "{value} is not an amount; write digits, as in 0.12",
    "greater_than_equal": "{value} is negative; write 0 or more",
    "currency": "{value} is not a currency; write its three letters, as in CNY",
    "duration": "{value} is not a time span; write a number and w, d, h or min, as in 1d",
    "duration_zero": "must be longer than nothing; write a number and w, d, h or min, as in 1d",
    "rate": "{value} is not a rate; write a number and its unit, as in 20Mbit/s",
    "window": "{value} are not hours of the day; write from and to, as in 22:00-06:00",
    "id": "{value} is not an id; write a-z, 0-9, - or _, beginning with a letter or digit",
    "file_name": "differs from the file's name; write {expected}, or rename the file",
    "web": "is not the address of a web page; write one, as in https://www.example.cn/survey",
    "email": "is not an e-mail address; write one, as in name@example.cn",
    "credit_code_form": "is no credit code; write the 18 characters of the business licence",
    "credit_code_check": "has a wrong check character; compare it with the business licence",
    "secret_literal": "must not hold the secret itself; write env:NAME or file:/path",
    "url_scheme": "{scheme} is not supported; write a path, file:///path or s3+KIND://bucket",
    "url_bucket": "must name a bucket and no password; write s3+KIND://bucket/folder",
    "url_relative": "must be an absolute file:// address; write file:///path, or just a path",
    "path_empty": "must not be empty; write a path",
    "path_nul": "holds a character no path may have; write a plain path",
    "source_needs": "is missing; a source of kind {what} needs it",
    "source_takes_not": "does not belong to a source of kind {what}; delete it",
    "proof_from": "{value} is no source with a profile in this set; name the export's source",
    "rule_client": "is missing; name the client, or with code_in where its credit code stands",
    "unknown_server": "no server called {value} stands under servers in agency.yaml",
    "unknown_client": "no client called {value} has a file in clients/",
    "no_inbox": "agency.yaml has no inbox; add it there, or write a path",
    "no_share": "agency.yaml has no share; add it there",
    "globs_without_profile": "needs a profile beside it; add profile, or delete globs",
    "source_twice": "{value} names two sources of one set; give each its own name",
    "mirror_is_vault": "is the vault itself; write another disk or another machine's path",
    "vault_shared": "{value} is used by two vaults; give each its own path",
    "witness_in_vault": "lies in the vault {vault} and would be put back with it; put it elsewhere",
    "vault_in_source": "holds the vault {vault}; put the vault outside the source",
    "unknown_person": "nobody called {value} stands under people",
    "unknown_policy": "no policy called {value} stands under policies",
    "unknown_vault": "no vault called {value} stands under vaults",
    "unknown_set": "no set called {value} stands under sets in agency.yaml",
    "unknown_profile": "no profile is called {value}",
    "profile_file": "there is no file {value}; write a profile's name or the path of its YAML",
    "lead_reviews": "is also the lead; two different people see more than one",
    "ending": "is not read; rename it to end in .yaml",
    "no_clients": "holds no client yet; run `baozhang client import`, or write <id>.yaml",
    "header_unknown": "is no column of a client list",
    "header_missing": "the column is missing; add it to the first row",
    "row_width": "has more cells than the first row; put texts with commas in quotes",
    "cell_missing": "is empty; fill it in",
    "unknown_standard": "is no accounting standard",
    "person_cell": "names nobody of agency.yaml; write an id or a name that stands under people",
    "id_twice": "{value} stands in two rows; give each client its own id",
    "unfit": "does not fit: {reason}",
}
"""The sentence of each kind of problem; kinds that pydantic names keep its names."""

ALTERNATIVE_TEMPLATES = {
    "nearest": "; write {nearest} instead",
    "allowed": "; write one of {allowed}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change in one place of one file."""

    file: str  # as seen from the site's home
    key: str  # dotted, empty for the file as a whole
    kind: str  # of TEMPLATES
    line: int = 0  # from 1; 0: none
    facts: tuple[tuple[str, str], ...] = ()
    allowed: tuple[str, ...] = ()
    severity: Literal["error", "warning"] = "error"

    def what(self, spoken: str | None = None) -> str:
        """Return what is wrong and what to write instead, without the place."""
        text = say(TEMPLATES[self.kind], spoken=spoken, **dict(self.facts))
        value = dict(self.facts).get("value", self.key.rpartition(".")[2])
        near = get_close_matches(value, self.allowed, 1, 0.5)
        if near:
            return text + say(ALTERNATIVE_TEMPLATES["nearest"], spoken=spoken, nearest=near[0])
        if self.allowed:
            shown = ", ".join(self.allowed[:MOST_SHOWN])
            return text + say(ALTERNATIVE_TEMPLATES["allowed"], spoken=spoken, allowed=shown)
        return text

    def say(self, spoken: str | None = None) -> str:
        """Return the problem as one line: `file:line: key: what is wrong; what to write`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.what(spoken)) if part)


def listed(problems: Iterable[Problem]) -> str:
    """Return one line per problem, in the language spoken."""
    return "\n".join(problem.say() for problem in problems)
