"""The steps by which a vault that was put back is found out: judge it, then let the witness know.

Before anything is written a vault is held against its witness and its mirrors; afterwards the
witness learns the night's newest backup points.  It never learns a state that it knows better.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial

from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.catalog.rebuilding import AGENCY
from baozhang.errors import BaozhangError, ObjectMissingError, StoreUnreachableError
from baozhang.site import Site
from baozhang.vault.freshness import ALARM_HINT, compare, heads, read_witness, update_witness
from baozhang.vault.names import CONFIG
from baozhang.vault.stores.base import Store
from baozhang.wiring import open_site
from tasks.batches import Pair, finding_of, settle
from tasks.options import effect

MOST_ALARMS = 20  # named in one outcome; after that only their number


def witness_pairs(site: Site) -> tuple[Pair, ...]:
    """Return what stands for each vault's witness among the outcomes."""
    return tuple(witness_pair(name) for name in site.agency.file.vaults)


def witness_pair(vault: str) -> Pair:
    """Return what stands for one vault's witness among the outcomes."""
    return Pair(AGENCY, f"{vault}-witness")


def _vault_of(pair: Pair) -> str:
    return pair.set.removesuffix("-witness")


@effect("hold the vaults of {run.id} against their witness", tags=["vault-read"])
def check_witness(run: Run) -> tuple[Outcome, ...]:
    """Return an outcome for each vault that is not what its witness or a mirror knows."""
    with open_site() as site:
        outcomes = settle(run, witness_pairs(site), partial(judge_vault, site, run), site.clock)
        return tuple(outcome for outcome in outcomes if outcome.status != "ok")


@effect("let the witness of {run.id} know", tags=["vault-read"])
def keep_witness(run: Run, doubts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Let each witness know what is in the vault now; return the doubts and what failed here."""
    with open_site() as site:
        doubted = {(each.client, each.set) for each in doubts}
        outcomes = settle(run, witness_pairs(site), partial(_kept, site, run), site.clock)
        failed = (
            outcome
            for outcome in outcomes
            if outcome.status != "ok" and (outcome.client, outcome.set) not in doubted
        )
        return (*doubts, *failed)


def judge_vault(site: Site, run: Run, pair: Pair) -> Outcome:
    """Hold one vault against its witness and its mirrors."""
    return _outcome(site, run, pair, doubts_about(site, _vault_of(pair)))


def _kept(site: Site, run: Run, pair: Pair) -> Outcome:
    let_witness_know(site, _vault_of(pair))
    return _outcome(site, run, pair, ())


def let_witness_know(site: Site, name: str) -> None:
    """Let a vault's witness know its newest backup points.

    Raises:
        BaozhangError: vault or witness cannot be reached or read; the witness is as it was.
    """
    update_witness(site.vault_named(name), site.witness_named(name), at=site.clock())


def doubts_about(site: Site, name: str) -> tuple[Finding, ...]:
    """Return what is wrong with a vault, as its witness and those mirrors know that answer.

    Raises:
        BaozhangError: the vault itself cannot be opened or read.
    """
    vault, place = site.vault_named(name), site.witness_named(name)
    witness, findings = None, list[Finding]()
    try:
        witness = read_witness(vault, place)
        if witness is None and heads(vault):
            findings.append(_unknown(place.url))
    except BaozhangError as error:  # away, forged, damaged, or of another vault
        findings.append(finding_of(witness_pair(name), error))
    mirrors = tuple(_answering(site.mirrors_named(name)))
    alarms = compare(vault, witness, mirrors)
    findings += [
        Finding(alarm.template, tuple(alarm.facts.items()), ALARM_HINT)
        for alarm in alarms[:MOST_ALARMS]
    ]
    if len(alarms) > MOST_ALARMS:
        findings.append(
            Finding(
                "the same is true of {count} sets more",
                (("count", len(alarms) - MOST_ALARMS),),
                hint="Run `baozhang vault freshness` to see them all.",
            )
        )
    return tuple(findings)


def _answering(mirrors: Iterable[Store]) -> Iterator[Store]:
    """Yield the mirrors that can be asked; of the others copying and validation tell."""
    for mirror in mirrors:
        with suppress(StoreUnreachableError, ObjectMissingError):
            mirror.size(CONFIG)
            yield mirror


def _unknown(place: str) -> Finding:
    return Finding(
        "there is no witness at {place}: until now nobody but the vault knew its newest backup "
        "points; one is made now",
        (("place", place),),
        hint="If there was one, find out who removed it, and compare the vault with its mirrors.",
        severity="warning",
    )


def _outcome(site: Site, run: Run, pair: Pair, findings: tuple[Finding, ...]) -> Outcome:
    now = site.clock()
    critical = any(each.severity == "critical" for each in findings)
    return Outcome(
        run=run.id,
        duty=run.duty,
        client=pair.client,
        set=pair.set,
        status="failed" if critical else "partial" if findings else "ok",
        started=now,
        ended=now,
        findings=findings,
    )
