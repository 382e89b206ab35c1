"""`baozhang check`: the laws of the books over any ledger export; no site, no vault, no Prefect."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from baozhang.books.findings import difference_text, sentence
from baozhang.books.model import Standard, Violation
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books, shown_name
from baozhang.books.taking import take_proof
from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, row_count, show
from baozhang.errors import UsageError
from baozhang.money import format_amount, scale_of
from baozhang.words import say

_PROFILE_HELP = say("What the export is (`baozhang profile list`), or the path of a profile.")
_STANDARD_HELP = say(
    "Which accounting standard the chart follows: sbe (小企业会计准则), asbe (企业会计准则), other."
)


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("check", help=about("check"))(check)


def check(
    path: Annotated[Path, typer.Argument(help=say("A file, or a folder of books."))],
    profile: Annotated[str, typer.Option("--profile", help=_PROFILE_HELP)],
    *,
    standard: Annotated[Standard, typer.Option("--standard", help=_STANDARD_HELP)] = "other",
    as_json: JsonFlag = False,
) -> None:
    """Check every book below a path.

    Raises:
        UsageError: no such path or profile, or no book of that profile there.
        LedgerFormatError: an export is not what its profile says.
    """
    chosen = load_profile(profile)
    proofs = proofs_below(chosen, path, standard, as_json=as_json)
    show(
        _value(chosen, standard, proofs),
        as_json=as_json,
        human=lambda page: load("check_views").draw(page, proofs, path),
    )
    if any(one.severity == "critical" for proof in proofs for one in proof.violations):
        raise typer.Exit(1)


def proofs_below(profile: Profile, path: Path, standard: Standard, *, as_json: bool) -> list[Proof]:
    """Take the proof of every book below a path.

    Raises:
        UsageError: no such path, or no book of that profile there.
        LedgerFormatError: an export is not what its profile says.
    """
    if not path.exists():
        raise UsageError(
            "there is no file or folder {path}", hint="Check the path.", path=shown_name(str(path))
        )
    books = open_books(profile, path)
    if not books:
        patterns = profile.files or profile.tables["lines"].files
        raise UsageError(
            "{path} holds no book of the profile {profile}",
            hint="Its files are named like {patterns}; give another path or another profile.",
            path=shown_name(str(path)),
            profile=profile.name,
            patterns=", ".join(patterns),
        )
    proofs, read = [], 0
    with row_count(as_json=as_json) as told:
        for book in books:
            proof = take_proof(
                book,
                standard=standard,
                tell=lambda rows, before=read: told(before + rows),  # type: ignore[misc]
            )
            proofs.append(proof)
            read += sum(chunk.rows for chunk in proof.chunks if chunk.table != "columns")
    return proofs


def _value(profile: Profile, standard: Standard, proofs: Sequence[Proof]) -> dict[str, object]:
    currency = profile.currency
    return {
        "profile": profile.name,
        "standard": standard,
        **figures(proofs, currency),
        "currency": currency,
        "books": [
            {
                "name": shown_name(proof.book.name),
                **figures([proof], currency),
                "violations": violation_count(proof),
            }
            for proof in proofs
        ],
        "violations": [
            _violation(violation, proof) for proof in proofs for violation in proof.violations
        ],
    }


def figures(proofs: Sequence[Proof], currency: str) -> dict[str, object]:
    """Return lines, vouchers, debit and credit of several books; amounts as decimal text."""
    scale = scale_of(currency)
    return {
        "lines": sum(proof.line_count for proof in proofs),
        "vouchers": sum(proof.voucher_count for proof in proofs),
        "debit": format_amount(sum(proof.debit for proof in proofs), scale=scale),
        "credit": format_amount(sum(proof.credit for proof in proofs), scale=scale),
    }


def violation_count(proof: Proof) -> int:
    """Return how many violations a book has, those included that were not kept."""
    return sum(count for _, _, count in proof.violation_counts)


def _violation(violation: Violation, proof: Proof) -> dict[str, object]:
    return {
        "law": violation.law,
        "severity": violation.severity,
        "book": shown_name(proof.book.name),
        "voucher": violation.voucher,
        "period": violation.period,
        "account": violation.account,
        "difference": difference_text(violation),
        "message": sentence(violation),
    }
