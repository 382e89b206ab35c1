"""Evidence of our own records: every test of every control is put to them once.

    controls ──► their distinct tests ──► KINDS[kind](asking, args) ──► Found
                                                                          │
    an Evidence of each control for each of its tests  ◄──────────────────┘

A test passes when the records show it and fails when they show the contrary.  Where there is no
record there is no evidence, and of nothing nothing passes.  What cannot be read is named as
inconclusive: one damaged journal must not cost the audit.

The same records give the same evidence, by its id, whenever they are asked about a period that is
over: nothing after its end is looked at, and what was received is dated by the record itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from baozhang.errors import BaozhangError, UsageError
from baozhang.governance.model import Control, Evidence, Period, Test
from baozhang.site import Site
from baozhang.vault.model import Progress, Report, silent
from tasks import (
    evidence_catalog,
    evidence_drills,
    evidence_incidents,
    evidence_log,
    evidence_registers,
    evidence_runs,
)
from tasks.evidence_asking import Asking, Found, Kind, duty_of, number
from tasks.evidence_log import unclear

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "rhythm": evidence_runs.rhythm,
        "outcomes": evidence_runs.outcomes,
        "restore-time": evidence_runs.restore_time,
        "proofs": evidence_runs.proofs,
        "letters": evidence_catalog.letters,
        "record": evidence_catalog.record,
        "alerts": evidence_catalog.alerts,
        "custody": evidence_catalog.custody,
        "log": evidence_log.log,
        "people": evidence_log.people,
        "incident": evidence_incidents.incident,
        "incident-signed": evidence_incidents.signed,
        "notices": evidence_incidents.notices,
        "reviews": evidence_incidents.reviews,
        "asked-after": evidence_incidents.asked_after,
        "actions": evidence_incidents.actions,
        "drill": evidence_drills.drill,
        "register": evidence_registers.register,
        "in-time": evidence_registers.in_time,
        "signed": evidence_registers.signed,
        "law": evidence_registers.law,
    }
)
ARGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "rhythm": frozenset({"duty"}),
        "outcomes": frozenset({"duty", "share"}),
        "letters": frozenset({"kind", "within"}),
        "record": frozenset({"kind"}),
        "people": frozenset({"enrolled"}),
        "incident": frozenset({"event"}),
        "incident-signed": frozenset({"gate"}),
        "reviews": frozenset({"within"}),
        "asked-after": frozenset({"within"}),
        "drill": frozenset({"scenario"}),
        "register": frozenset({"name", "rows"}),
        "in-time": frozenset({"register"}),
        "signed": frozenset({"subject"}),
    }
)
"""What each kind must be told; the others take nothing."""
BY_CODE: Mapping[str, str] = MappingProxyType(
    {"incident.plan": "plan", "restore.lessons": "review"}
)
"""Controls whose people's half is what they did with their codes, by the gate that they opened: who
asked has made it, and somebody else has checked it.  A proof that is handed in serves as well."""
NUMBERS = frozenset({"share", "within", "enrolled", "rows"})
EVIDENCE_TEMPLATES = {
    "failed": "the records of this test could not be read: {error}",
    "step": "asking the records",
}


def gather(
    site: Site, period: Period, controls: Iterable[Control], report: Report = silent
) -> tuple[Evidence, ...]:
    """Return the evidence that a site's own records hold for or against controls.

    Args:
        site: the site.
        period: what it is to speak of; of a period that is not over, what there is by now.
        controls: whose tests are asked, each distinct one once.
        report: is told how many of the tests are done.

    Returns:
        At most one for each control and test, in their order; then what people did with codes.

    Raises:
        UsageError: a control asks for a test that there is none of, or wrongly.
    """
    wanted = tuple(controls)
    tests = {test.name: test for control in wanted for test in control.tests}
    for test in tests.values():
        require_kind(test)
    asking, found = Asking(site, period), dict[str, Found | None]()
    for done, (name, test) in enumerate(tests.items()):
        report(Progress(EVIDENCE_TEMPLATES["step"], done, len(tests)))
        found[name] = _ask(asking, test)
    report(Progress(EVIDENCE_TEMPLATES["step"], len(tests), len(tests)))
    return (*_evidence(wanted, found), *_attested(wanted, asking))


def require_kind(test: Test) -> None:
    """Make sure that a test can be asked.

    Raises:
        UsageError: there is no such kind, or its arguments are not what it takes.
    """
    takes = ARGS.get(test.kind, frozenset())
    if test.kind not in KINDS or set(test.args) != takes:
        raise UsageError(
            "no test of the records is called {test}",
            hint="Use one of {known}, with the arguments that it takes: {takes}.",
            test=test.name[:80],
            known=", ".join(KINDS),
            takes=", ".join(sorted(takes)) or "-",
        )
    for name in takes & NUMBERS:
        number(test.args, name)
    if "duty" in takes:
        duty_of(test.args)


def _ask(asking: Asking, test: Test) -> Found | None:
    if asking.begin >= asking.until:
        return None  # a period that has not begun
    try:
        return KINDS[test.kind](asking, test.args)
    except BaozhangError as error:
        return unclear(asking, EVIDENCE_TEMPLATES["failed"], {"error": type(error).__name__})


def _evidence(controls: Iterable[Control], found: Mapping[str, Found | None]) -> Iterator[Evidence]:
    for control in controls:
        for name in dict.fromkeys(test.name for test in control.tests):
            answer = found[name]
            if answer is not None:
                yield Evidence(
                    control=control.id,
                    source="auto",
                    test=name,
                    result=answer.result,
                    effective=answer.effective,
                    received=answer.effective,
                    says=answer.says,
                    facts=dict(answer.facts),
                    refs=answer.refs,
                    digest=answer.digest,
                )


def _attested(controls: Iterable[Control], asking: Asking) -> Iterator[Evidence]:
    for control in controls:
        gate = BY_CODE.get(control.id)
        done = _by_code(asking, gate) if gate and control.source == "both" else None
        if done is not None:
            yield Evidence(
                control=control.id,
                source="attested",
                result=done.found.result,
                effective=done.found.effective,
                received=done.found.effective,
                says=done.found.says,
                facts=dict(done.found.facts),
                refs=done.found.refs,
                digest=done.found.digest,
                by=(done.asked,),
                checked_by=done.agreed,
            )


def _by_code(asking: Asking, gate: str) -> evidence_incidents.ByCode | None:
    if asking.begin >= asking.until:
        return None  # a period that has not begun
    try:
        return evidence_incidents.by_code(asking, gate)
    except BaozhangError:
        return None  # its tests say that the records could not be read
