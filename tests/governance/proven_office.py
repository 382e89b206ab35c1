"""A site in whose November nearly every control is proven, made of pieces that can be left out.

    build(home, without="…")  ──►  the same November in which that one piece never happened

Each piece names the tests that rest on it, by hand: this is what the tests hold the evidence to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from baozhang.audit.letters import WRITTEN
from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.entries import RegisterBook
from baozhang.catalog.model import Alert, AlertEvent, AuditAnchor, Copy, End
from baozhang.drills.records import Drills, digest_of
from baozhang.incidents.impact import Impact
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Loss
from baozhang.incidents.notices import FACT
from baozhang.incidents.scope import Scope
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gates import ask, decide, request_of
from tasks.notices import tick
from tasks.review import add_action, ask_signature, finish_action, say_it
from tasks.signing import sign
from tests.drills.journals import journal
from tests.flows.approving import Devices, Hand, a_plan, four_people
from tests.flows.site import make_site
from tests.governance.evidence_office import BOOKS, at_end, letter, nights, on, outcome

SCENARIOS = ("leaked-data", "ransomware-slow", "disk-failure", "key-lost", "deleted-vouchers")
REPORTS = ("audit", "monthly", "cost", "risk", "satisfaction", "drill")
KEPT = ("scope", "stopped", "evidence", "impact", "plan")
STEPS = ("safety", "quarantine", "prove")
EVENTS = ("paged", "acknowledged", "milestone", "service.checked")
RECOVERY = ("recovery", "recovery-legal")
ROWS = {
    "answers": {"csat": 5},
    "audience": {"consent": "yes"},
    "budgets": {"fen": 1},
    "callbacks": {"due": "2026-11-24", "done": "2026-11-23"},
    "contracts": {"party": "a"},
    "corrective": {"due": "2026-12-24"},
    "handoffs": {"sender": "a"},
    "improvements": {"due": "2026-12-24"},
    "invitations": {"asked": "2026-11-20"},
    "issues": {"answer_due": "2026-11-21", "answered": "2026-11-21", "due": "2026-12-24"},
    "risk-indicators": {"value": 1},
    "risks": {"title": "a"},
    "vendors": {"vendor": "a"},
}
"""A row of each register; what it is about is no matter of these tests."""
LOSS = Loss(
    client="c001",
    set="main",
    newest="s-1",
    clean="s-1",
    files_lost=1,
    files_changed=0,
    bytes_lost=1,
    vouchers_lost=1,
    vouchers_changed=0,
    lines_lost=2,
    amount=100,
    currency="EUR",
    periods=("2026-11",),
    readable=True,
    kinds=("books",),
)
IMPACT = Impact(day=date(2026, 11, 5), clients=())
FACTS = ("personal_data", "critical_infrastructure", "central_organ", "harm_to_others")
FACTS += ("harm_avoided", "suspected_crime", "paper_invoices_lost")


@dataclass
class November:
    """What is being made, and the piece that is left out."""

    site: Site
    clock: Hand
    devices: Devices
    without: str

    def has(self, piece: str) -> bool:
        """Tell whether a piece happens."""
        return piece != self.without


RESTS: dict[str, frozenset[str]] = {}
"""What is proven by each piece: names of tests, or `people:<control>` for what people did."""


def _rests(piece: str, *tests: str) -> str:
    RESTS[piece] = frozenset(tests)
    return piece


for _kind in REPORTS:
    _rests(f"letter {_kind}", f"record kind={_kind}", f"letters kind={_kind}")
for _kind in ("client-statement", "certificate"):
    _rests(f"{_kind} of c002", f"letters kind={_kind}")
for _scenario in SCENARIOS:
    _rests(f"drill {_scenario}", f"drill scenario={_scenario}")
for _name in ROWS:
    _rests(f"row of {_name}", f"register name={_name}", f"in-time register={_name}")
for _name in KEPT:
    _rests(f"kept {_name}", f"incident event=kept:{_name}")
for _name in STEPS:
    _rests(f"step {_name}", f"incident event=step:{_name}")
for _name in EVENTS:
    _rests(f"event {_name}", f"incident event={_name}")
for _name in RECOVERY:
    _rests(f"letter {_name}", f"incident event=letter:{_name}")
for _subject in ("audit", "risk"):
    _rests(f"signature {_subject}", f"signed subject={_subject}:")
_rests("last nights of c002", "rhythm duty=backup")
_rests("reading of c002", "rhythm duty=validation")
_rests("restore test of c002", "rhythm duty=restore_test")
_rests("restore test of c001", "rhythm duty=restore_test", "proofs", "restore-time")
_rests("anchor of the log", "log")
_rests("device of li", "people enrolled=2", "incident-signed gate=cut-over")
_rests("alert", "alerts")
_rests("decrypted copy", "custody")
_rests("plan approval", "incident-signed gate=plan", "people:incident.plan")
_rests("cut-over approval of wang", "incident-signed gate=cut-over")
_rests("receipt of a notice", "notices")
_rests("review signature", "reviews within=10", "people:restore.lessons")
_rests("survey after the incident", "asked-after within=7", "register name=waves")
_rests("end of an action", "actions")
_rests("action", "actions")


def rests_on(piece: str, test: str) -> bool:
    """Tell whether a test rests on a piece: it is named, whatever arguments follow."""
    return any(f"{test} ".startswith(f"{each} ") for each in RESTS[piece])


@contextmanager
def build(home: Path, without: str = "") -> Iterator[Site]:
    """Make the site, let November happen, and open it some days later."""
    clock = Hand()
    clock.now = on(1, 2)
    make_site(home, "c001", "c002")
    four_people(home)
    people = ("wang", "li") if without != "device of li" else ("wang",)
    devices = Devices(home, clock, *people)
    with open_site(home, clock=clock) as site:
        made = November(site, clock, devices, without)
        for part in (_nights, _incident, _drills, _registers, _letters, _rest):
            part(made)
        at_end(clock)
        yield site


def _nights(made: November) -> None:
    for client in ("c001", "c002"):
        outcome(made.site, on(1, month=6), client=client)
        gone = client == "c002" and not made.has("last nights of c002")
        nights(made.site, 25, 28 if gone else 30, client=client)
        if made.has(f"reading of {client}"):
            outcome(made.site, on(27, 18), duty="validation", client=client, name="*")
        if made.has(f"restore test of {client}"):
            figures = BOOKS if client == "c001" else ()
            outcome(made.site, on(26, 20), duty="restore_test", client=client, figures=figures)


# --- an incident ----------------------------------------------------------------------------------


def _incident(made: November) -> None:
    made.clock.now = on(5)
    incident, _ = incidents_of(made.site).open(
        "damaged", [("c001", "main")], noticed_by="zhang", discovered=on(5)
    )
    for name in EVENTS:
        if made.has(f"event {name}"):
            incident.journal.append(name, actor="zhang", name=name)
    for name in KEPT:
        if made.has(f"kept {name}"):
            values = {"scope": Scope(losses=(LOSS,)), "impact": IMPACT}
            incident.keep(name, values.get(name, a_plan(incident)), actor="test")
    for name in STEPS:
        if made.has(f"step {name}"):
            incident.journal.once(f"{name}.c001.main", lambda _: {"n": 1}, actor="test")
    _gates(made, incident)
    _told(made, incident)
    for kind in RECOVERY:
        if made.has(f"letter {kind}"):
            letter(made.site, kind, made.clock.now, period=incident.id)
    incident.journal.append("closed", actor="test")
    _learnt(made, incident)


def _gates(made: November, incident: Incident) -> None:
    if made.has("plan approval"):
        ask(made.site, incident, "plan", a_plan(incident), asked_by="run")
        _approve(made, incident, "plan", "wang")
    ask(made.site, incident, "cut-over", a_plan(incident), asked_by="run")
    if made.has("cut-over approval of wang"):
        _approve(made, incident, "cut-over", "wang")
    if made.has("device of li"):
        _approve(made, incident, "cut-over", "li")


def _approve(made: November, incident: Incident, gate: str, person: str) -> None:
    request = request_of(incident, gate)
    assert request is not None
    made.clock.move(minutes=1)
    decide(
        made.site,
        incident,
        gate,
        person=person,
        code=made.devices.code(person),
        word="approve",
        digest=request.digest,
    )


def _told(made: November, incident: Incident) -> None:
    facts = [*((name, False) for name in FACTS), ("persons", 0), ("loss_fen", 0)]
    for name, value in (*facts, ("role", "entrusted"), ("reviewed_grade", "below")):
        incident.journal.append(FACT, actor="zhang", name=name, value=value)
    tick(made.site, incident, actor="test")
    made.clock.move(minutes=10)
    if made.has("receipt of a notice"):
        given = {"notice": "clients", "number": 1, "client": "c001", "means": "telephone"}
        at = made.clock.now.isoformat()
        incident.journal.append("notice.receipt", actor="zhang", at=at, receipt="called", **given)


def _learnt(made: November, incident: Incident) -> None:
    if made.has("survey after the incident"):
        cells = {"incident": incident.id}
        RegisterBook(made.site.catalog).put("waves", "w-i", cells, by="wang", at=on(9))
    made.clock.now = on(8)
    say_it(made.site, incident, "root", "a cause", by="zhang")
    ask_signature(made.site, incident, asked_by="zhang")
    if made.has("review signature"):
        _approve(made, incident, "review", "wang")
    if made.has("action"):
        add_action(
            made.site, incident, owner="zhang", due=date(2026, 11, 20), text="do", by="zhang"
        )
        if made.has("end of an action"):
            finish_action(made.site, incident, 1, by="zhang")


# --- everything else ------------------------------------------------------------------------------


def _drills(made: November) -> None:
    for day, name in enumerate(SCENARIOS, start=11):
        if made.has(f"drill {name}"):
            drill = journal(name, id_=f"d-202611{day}-01", start=on(day))
            made.clock.now = drill.end
            Drills(made.site.home / "state" / "drills").keep(drill)
            facts = {"subject": drill.scenario, "sha256": digest_of(drill)}
            made.site.audit.append(actor=drill.id, action="drill.ended", **facts)


def _registers(made: November) -> None:
    made.clock.now = on(20)
    for name, cells in ROWS.items():
        if made.has(f"row of {name}"):
            RegisterBook(made.site.catalog).put(name, "r-001", cells, by="wang", at=on(20))


def _letters(made: November) -> None:
    for kind in REPORTS:
        if made.has(f"letter {kind}"):
            letter(made.site, kind, on(25))
    made.clock.now = on(26)
    for client in ("c001", "c002"):
        for kind in ("client-statement", "certificate"):
            if made.has(f"{kind} of {client}"):
                facts = {"kind": kind, "client": client}
                made.site.audit.append(
                    actor="system", action=WRITTEN, subject=f"{kind}/000001", **facts
                )


def _rest(made: November) -> None:
    made.clock.now = on(27)
    for subject in ("audit", "risk"):
        if made.has(f"signature {subject}"):
            made.clock.move(minutes=1)
            sign(
                made.site,
                f"{subject}:2026-11",
                "a" * 64,
                person="wang",
                code=made.devices.code("wang"),
                roles=("manager",),
            )
    if made.has("alert"):
        _alert(made.site, on(27))
    if made.has("decrypted copy"):
        _copy(made.site)
    made.clock.now = on(28)
    head = made.site.audit.append(actor="system", action="journal.stored", subject="_agency")
    if made.has("anchor of the log"):
        made.site.catalog.record_anchor(AuditAnchor(head.seq, head.hash, made.clock.now))


def _alert(site: Site, at: datetime) -> None:
    book = AlertBook(site.catalog)
    known, _ = book.raised(
        Alert("", "urgent", "outcomes", "backup", at.isoformat(), "a template", (), "", at)
    )
    book.add(AlertEvent(known.alert.id, "acknowledged", at + timedelta(minutes=5), "zhang"))


def _copy(site: Site) -> None:
    place = "a" * 64
    copy = Copy("c-1", "c001", "main", "000001-aa", "restore", "zhang", on(26), on(29), place)
    book = CustodyBook(site.catalog)
    book.add(copy)
    book.end(End(copy.id, on(27), "zhang", "removed", 1, 1))
