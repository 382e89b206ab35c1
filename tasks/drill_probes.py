"""The steady state of a drill: what must hold before anything breaks and after it was mended.

What is compared with afterwards is the truth: every book's proof and every paper's content as they
were the moment before.  It is taken by the drill itself, from the sources: neither the vault's word
nor the recovery's counts for it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from baozhang.books.coding import decode_proof
from baozhang.books.differences import marks_of
from baozhang.books.proving import prove_books
from baozhang.drills.ground import Ground
from baozhang.drills.injections import BOOKS
from baozhang.drills.log import Answer, Log, state_of
from baozhang.drills.model import Probe, Scenario
from baozhang.drills.records import Entry, State
from baozhang.incidents.custody import held
from baozhang.incidents.holds import standing_holds
from baozhang.incidents.incidents import incidents_of
from baozhang.site import Site
from baozhang.sources.base import Frozen, Item
from baozhang.vault.mirror import lag_of
from tasks.drill_duties import restore_all, verify_all

Vouchers = Mapping[tuple[str, str, str, str], tuple[str, ...]]
"""Marks by client, book, period and voucher: they change with every cell of it."""
_ROOM = 1 << 16  # bytes that are read at once


@dataclass(frozen=True, slots=True)
class Truth:
    """What the sources held."""

    books: frozenset[tuple[str, str]]  # client and name
    vouchers: Vouchers
    files: Mapping[str, int]  # by client
    papers: Mapping[tuple[str, bytes], frozenset[str]]  # SHA-256s by client and path; of no book

    def and_then(self, later: "Truth") -> "Truth":
        """Return what is known once later work is known too; what is newer counts.

        A paper of the beginning counts with each content it ever had: recovery may go back to an
        older one.
        """
        papers = {
            key: known | later.papers.get(key, frozenset()) for key, known in self.papers.items()
        }
        vouchers = {**self.vouchers, **later.vouchers}
        return Truth(self.books | later.books, vouchers, self.files, papers)


def truth(site: Site) -> Truth:
    """Read every source anew.

    Raises:
        BaozhangError: one of them cannot be read.
    """
    vouchers: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
    books, files = set[tuple[str, str]](), dict[str, int]()
    papers: dict[tuple[str, bytes], frozenset[str]] = {}
    for client, name in site.agency.sets():
        with site.source(client, name).freeze() as frozen:
            found = [item for item in frozen.items() if item.kind == "file"]
            files[client] = len(found)
            papers |= {
                (client, each.path): frozenset([_digest(frozen, each)])
                for each in found
                if _is_paper(each)
            }
            proofs = prove_books(frozen.ledgers(), standard=site.client(client).standard)
        for book, proof in proofs.items():
            books.add((client, book))
            for period, named in marks_of(decode_proof(proof).vouchers).items():
                vouchers |= {(client, book, period, v): marks for v, marks in named.items()}
    return Truth(frozenset(books), vouchers, files, papers)


def _is_paper(item: Item) -> bool:
    """Tell whether a file is no part of a book: those are judged by their proofs."""
    return BOOKS.encode() not in item.path.split(b"/")


def _digest(frozen: Frozen, item: Item) -> str:
    seen, room = hashlib.sha256(), memoryview(bytearray(_ROOM))
    with frozen.open(item) as content:
        while count := content.readinto(room):
            seen.update(room[:count])
    return seen.hexdigest()


def missing_vouchers(before: Truth, now: Truth) -> int:
    """Return how many vouchers were there before and are not, or not as they were, now."""
    return sum(now.vouchers.get(key) != marks for key, marks in before.vouchers.items())


def lost_papers(before: Truth, now: Truth) -> int:
    """Return how many papers were there before and are not, or not with their content, now."""
    return sum(not known & now.papers.get(key, set()) for key, known in before.papers.items())


def steady(ground: Ground, log: Log, scenario: Scenario, before: Truth | None) -> State:
    """Ask everything that must hold; `before` is what the sources held, None at the beginning."""
    asked: list[Entry] = []
    for probe in scenario.steady:
        work = partial(PROBES[probe], ground, before)
        asked.append(log.ask(probe, "steady-state", work))
    return state_of(asked)


def _sources_whole(ground: Ground, before: Truth | None) -> Answer:
    now = truth(ground.site)
    lacking = len(before.books - now.books) + lost_papers(before, now) if before else 0
    files = sum(now.files.values())
    figures = {"books": len(now.books), "files": files, "lacking": lacking}
    return bool(now.books) and not lacking and all(now.files.values()), figures


def _vault_sound(ground: Ground, _before: Truth | None) -> Answer:
    found = verify_all(ground)
    objects = sum(dict(each.figures).get("objects", 0) for each in found)
    return bool(objects) and all(each.status == "ok" for each in found), {
        "clients": len(ground.site.agency.clients),
        "objects": objects,
        "troubled": sum(each.status != "ok" for each in found),
    }


def _copies_complete(ground: Ground, _before: Truth | None) -> Answer:
    site, lacking, copies = ground.site, 0, 0
    for name in site.agency.file.vaults:
        for mirror in site.mirrors_named(name):
            lacking += lag_of(site.vault_named(name).store, mirror).objects
            copies += 1
    return bool(copies) and not lacking, {"copies": copies, "lacking": lacking}


def _restorable(ground: Ground, _before: Truth | None) -> Answer:
    found = restore_all(ground)
    books = sum(dict(each.figures).get("books", 0) for each in found)
    proven = sum(dict(each.figures).get("books", 0) for each in found if each.status == "ok")
    well = bool(books) and all(each.status == "ok" for each in found)
    return well, {"sets": len(found), "books": books, "proven": proven}


def _nothing_open(ground: Ground, _before: Truth | None) -> Answer:
    site = ground.site
    holds = sum(len(standing_holds(site, client)) for client in site.agency.clients)
    copies, incidents = len(held(site)), len(incidents_of(site).open_ones())
    return not (holds or copies or incidents), {
        "copies": copies,
        "holds": holds,
        "incidents": incidents,
    }


PROBES: Mapping[Probe, Callable[[Ground, Truth | None], Answer]] = {
    "sources-whole": _sources_whole,
    "vault-sound": _vault_sound,
    "copies-complete": _copies_complete,
    "restorable": _restorable,
    "nothing-open": _nothing_open,
}
