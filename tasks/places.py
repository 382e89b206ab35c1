"""The places that many clients share, looked at once a night: the share and the inbox.

What nobody claims is nobody's backup: files of the share that no rule gives to a client
(未归属文件), folders of the inbox that no client's file names, account sets that no source protects
(无人备份的账套).  How a client's own deliveries stand is said in that client's outcome.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial

from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.catalog.rebuilding import AGENCY
from baozhang.settings import ClientSet
from baozhang.site import Site
from baozhang.sources.account_sets import UNPROTECTED_TEMPLATES, unprotected
from baozhang.sources.opaque import STALE, UNPROVEN_TEMPLATES, export_lag
from baozhang.sources.share import MOST, UNCLAIMED_TEMPLATES, Share
from baozhang.sources.site_places import (
    account_sets_of,
    deliveries,
    names_of,
    received,
    standings_of,
)
from baozhang.sources.standings import strangers, told
from baozhang.vault.snapshot import KINDS, Manifest
from baozhang.wiring import open_site
from tasks.acceptance import unaccepted
from tasks.batches import Pair, settle
from tasks.custody import custody_findings
from tasks.options import effect

STRANGER_TEMPLATES = {
    "inbox": "folders of the inbox that no client's file names: {count}; the first: {folders}",
    "inbox_hint": "Add a source of kind inbox to the client's file, or correct the folder's name.",
}
BYTES = frozenset({"opaque", "inbox"})
"""Kinds that keep an accounting product's own files: without an export, nothing is proven."""


@effect("look at the places of {run.id}")
def survey_places(run: Run) -> tuple[Outcome, ...]:
    """Return an outcome for share, inbox and custody, each where there is anything to say."""
    with open_site() as site:
        looks: dict[Pair, Callable[[Site], Iterator[Finding]]] = {
            Pair(AGENCY, "share"): share_findings,
            Pair(AGENCY, "inbox"): inbox_findings,
            Pair(AGENCY, "custody"): custody_findings,
        }
        outcomes = settle(run, tuple(looks), partial(_looked, site, run, looks), site.clock)
        return tuple(outcome for outcome in outcomes if outcome.findings)


def _looked(
    site: Site, run: Run, looks: dict[Pair, Callable[[Site], Iterator[Finding]]], pair: Pair
) -> Outcome:
    started = site.clock()
    findings = tuple(looks[pair](site))
    return Outcome(
        run=run.id,
        duty="backup",
        client=pair.client,
        set=pair.set,
        status="partial" if any(each.severity == "critical" for each in findings) else "ok",
        started=started,
        ended=site.clock(),
        findings=findings,
    )


def share_findings(site: Site) -> Iterator[Finding]:
    """Yield what lies on the share that nobody protects; lists are cut, figures are exact.

    Raises:
        SourceUnreadableError: the share, or a list of account sets, cannot be read.
    """
    if site.sources.share is not None:
        yield from _unclaimed(site.sources.share)
    sets = unprotected(account_sets_of(site.agency), names_of(site.agency))
    if sets:
        shown = ", ".join(each.shown for each in sets[:MOST])
        facts = (("count", len(sets)), ("sets", shown))
        yield Finding(UNPROTECTED_TEMPLATES["sets"], facts, UNPROTECTED_TEMPLATES["hint"])


def _unclaimed(share: Share) -> Iterator[Finding]:
    found = share.unclaimed()
    if found.unclaimed:
        yield Finding(
            UNCLAIMED_TEMPLATES["unclaimed"],
            (
                ("files", found.unclaimed),
                ("megabytes", -(-found.unclaimed_bytes // 10**6)),
                ("paths", ", ".join(found.first)),
            ),
            UNCLAIMED_TEMPLATES["unclaimed_hint"],
            "warning",
        )
    if found.conflicts:
        facts = (("files", found.conflicts), ("paths", ", ".join(found.conflict_paths)))
        hint = UNCLAIMED_TEMPLATES["conflicts_hint"]
        yield Finding(UNCLAIMED_TEMPLATES["conflicts"], facts, hint, "warning")
    if found.troubles:
        facts = (("places", found.troubles), ("paths", ", ".join(found.trouble_paths)))
        hint = UNCLAIMED_TEMPLATES["troubles_hint"]
        yield Finding(UNCLAIMED_TEMPLATES["troubles"], facts, hint, "critical")


def inbox_findings(site: Site) -> Iterator[Finding]:
    """Yield what arrived in the inbox for nobody.

    Raises:
        SourceUnreadableError: the inbox cannot be read.
    """
    inbox = site.agency.file.inbox
    if inbox is None:
        return
    count, first = strangers(site.agency.path(inbox.path), received(site.agency))
    if count:
        facts = (("count", count), ("folders", ", ".join(first)))
        hint = STRANGER_TEMPLATES["inbox_hint"]
        yield Finding(STRANGER_TEMPLATES["inbox"], facts, hint, "warning")


def delivered(site: Site, pair: Pair) -> Iterator[Finding]:
    """Yield how a set's deliveries to the inbox stand, where not well.

    Raises:
        SourceUnreadableError: the inbox cannot be read.
    """
    for each in deliveries(site.agency):
        if (each.client, each.set) == (pair.client, pair.set):
            for standing in standings_of(site.agency, each, site.clock()):
                if standing.arrival.state != "ok":
                    yield Finding(*told(standing))


def unproven_sources(client_set: ClientSet) -> Iterator[Finding]:
    """Yield which sources are stored as bytes alone: 未做账务核对."""
    for each in client_set.sources:
        if each.kind in BYTES and not each.proves:
            facts = (("source", each.name),)
            yield Finding(UNPROVEN_TEMPLATES["set"], facts, UNPROVEN_TEMPLATES["hint"], "info")


def stale_exports(client_set: ClientSet, stored: Callable[[], Manifest]) -> Iterator[Finding]:
    """Yield which sources are proven by an export that is more than `opaque.STALE` days older.

    Args:
        client_set: the set and its sources.
        stored: returns what was just stored; asked only where an export is to prove bytes.
    """
    pairs = [(each.name, each.proof_from) for each in client_set.sources if each.proof_from]
    if not pairs:
        return
    newest = _newest(stored())
    for source, export in pairs:
        if source in newest and export in newest:
            days = export_lag(newest[source], newest[export])
            if days > STALE:
                facts = (("source", source), ("days", days))
                hint = UNPROVEN_TEMPLATES["stale_hint"]
                yield Finding(UNPROVEN_TEMPLATES["stale"], facts, hint, "warning")


def _newest(manifest: Manifest) -> dict[str, int]:
    """Return when the newest file of each source was written, in nanoseconds since 1970."""
    newest: dict[str, int] = {}
    file = KINDS.index("file")
    for path, kind, mtime in zip(manifest.paths, manifest.kinds, manifest.mtimes, strict=True):
        if kind == file:
            source = os.fsdecode(path.partition(b"/")[0])
            newest[source] = max(newest.get(source, mtime), mtime)
    return newest


def said_of(site: Site, pair: Pair, stored: Callable[[], Manifest]) -> tuple[Finding, ...]:
    """Return what every backup of a set says of its sources, whatever was found in them.

    Args:
        site: the site.
        pair: which set.
        stored: returns the manifest of what was just stored.
    """
    client_set = site.client_set(pair.client, pair.set)
    return (
        *delivered(site, pair),
        *unproven_sources(client_set),
        *stale_exports(client_set, stored),
        *unaccepted(site, pair),
    )
