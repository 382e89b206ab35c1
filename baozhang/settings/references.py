"""What the files say of each other: whoever and whatever is named must be there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baozhang.books.profiles import profile_names
from baozhang.settings.model import AgencyFile, ClientFile
from baozhang.settings.problems import Problem
from baozhang.settings.sources import SourceFile
from baozhang.settings.values import is_remote, path_of, shown

AGENCY_FILE = "agency.yaml"
PROFILE_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Known:
    """What clients' files may refer to."""

    home: Path
    agency: AgencyFile
    profiles: tuple[str, ...]
    vaults: tuple[tuple[str, Path], ...]  # with their mirrors; real places


def known(home: Path, agency: AgencyFile) -> Known:
    """Return what the agency's file and the product offer."""
    places = tuple(
        (name, resolved(home, url))
        for name, vault in agency.vaults.items()
        for url in (vault.url, *(mirror.url for mirror in vault.mirrors))
        if not is_remote(url)
    )
    return Known(home, agency, profile_names(), places)


def agency_problems(home: Path, agency: AgencyFile) -> Iterator[Problem]:
    """Yield every name in `agency.yaml` that leads nowhere, and vaults that share a place."""
    for name, each in agency.sets.items():
        key = f"sets.{name}"
        if each.policy not in agency.policies:
            offered = tuple(agency.policies)
            yield _unknown(AGENCY_FILE, f"{key}.policy", "unknown_policy", each.policy, offered)
        if each.vault not in agency.vaults:
            offered = tuple(agency.vaults)
            yield _unknown(AGENCY_FILE, f"{key}.vault", "unknown_vault", each.vault, offered)
    for duty, person in agency.governance.owners.items():
        if person not in agency.people:
            key = f"governance.owners.{duty}"
            yield _unknown(AGENCY_FILE, key, "unknown_person", person, tuple(agency.people))
    yield from _vault_problems(home, agency)


def client_problems(offered: Known, client: ClientFile) -> Iterator[Problem]:
    """Yield what a client's file names that is not there, or must not be there."""
    file = f"clients/{client.id}.yaml"
    people = tuple(offered.agency.people)
    named = {"lead": client.lead, "reviewer": client.reviewer, "deputy": client.deputy}
    for key, person in named.items():
        if person and person not in people:
            yield _unknown(file, key, "unknown_person", person, people)
    if client.lead == client.reviewer:
        yield Problem(file, "reviewer", "lead_reviews", severity="warning")
    for name, each in client.sets.items():
        if name not in offered.agency.sets:
            sets = tuple(offered.agency.sets)
            yield _unknown(file, f"sets.{name}", "unknown_set", name, sets)
        for index, source in enumerate(each.sources):
            key = f"sets.{name}.sources.{index}"
            yield from _profile_problems(offered, file, f"{key}.profile", source)
            yield from _vault_within(offered, file, f"{key}.path", source)
            yield from _place_problems(offered.agency, file, key, source)


def resolved(home: Path, written: str) -> Path:
    """Return the real place that a path or file:// address means."""
    return Path(os.path.realpath(home / path_of(written)))


def _place(home: Path, written: str) -> str:
    """Return the real place of a folder, or a bucket's address."""
    return written.rstrip("/") if is_remote(written) else str(resolved(home, written))


def _vault_problems(home: Path, agency: AgencyFile) -> Iterator[Problem]:
    taken: set[str] = set()
    witness = _place(home, agency.witness)
    for name, vault in agency.vaults.items():
        place = _place(home, vault.url)
        for index, mirror in enumerate(vault.mirrors):
            if _place(home, mirror.url) == place:
                yield Problem(AGENCY_FILE, f"vaults.{name}.mirrors.{index}", "mirror_is_vault")
        if f"{witness}/".startswith(f"{place}/"):
            facts = (("vault", name),)
            yield Problem(AGENCY_FILE, "witness", "witness_in_vault", facts=facts)
        if place in taken:
            facts = (("value", shown(vault.url)),)
            yield Problem(AGENCY_FILE, f"vaults.{name}.url", "vault_shared", facts=facts)
        taken.add(place)


def _profile_problems(offered: Known, file: str, key: str, source: SourceFile) -> Iterator[Problem]:
    if source.profile is None or source.profile in offered.profiles:
        return
    if not source.profile.endswith(PROFILE_SUFFIXES):
        yield _unknown(file, key, "unknown_profile", source.profile, offered.profiles)
    elif not (offered.home / source.profile).is_file():
        yield Problem(file, key, "profile_file", facts=(("value", shown(source.profile)),))


def _place_problems(
    agency: AgencyFile, file: str, key: str, source: SourceFile
) -> Iterator[Problem]:
    """Yield what a source needs of `agency.yaml` and does not find there."""
    for name in ("server", "restore_to"):
        written = getattr(source, name)
        if written and written not in agency.servers:
            offered = tuple(agency.servers)
            yield _unknown(file, f"{key}.{name}", "unknown_server", written, offered)
    if source.kind == "inbox" and source.path is None and agency.inbox is None:
        yield Problem(file, f"{key}.path", "no_inbox")
    if source.kind == "share" and agency.share is None:
        yield Problem(file, f"{key}.kind", "no_share")


def _vault_within(offered: Known, file: str, key: str, source: SourceFile) -> Iterator[Problem]:
    """A tree that holds its own vault would grow by itself every night."""
    if source.kind not in {"tree", "opaque"} or source.path is None:
        return
    tree = str(resolved(offered.home, source.path)).rstrip("/") + "/"
    inside = (name for name, place in offered.vaults if f"{place}/".startswith(tree))
    for name in dict.fromkeys(inside):
        yield Problem(file, key, "vault_in_source", facts=(("vault", name),))


def _unknown(file: str, key: str, kind: str, value: str, offered: tuple[str, ...]) -> Problem:
    return Problem(file, key, kind, facts=(("value", shown(value)),), allowed=offered)
