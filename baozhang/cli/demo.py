"""`baozhang demo`: the whole main job on four clients, two damages, one recovery, one audit.

    make three sample clients, take the real French ledger as the fourth
      ─► back up ─► validate every byte ─► restore and prove every book
      ─► flip one byte of a pack            ─► validation names object, backup point, client, file
      ─► change one amount by one minor
         unit, with every checksum right    ─► proving names voucher, account and difference
      ─► lose a ledger                      ─► it comes back, with two people approving
      ─► write the month's letters          ─► summary, statement, certificate; the library
      ─► audit all that was done            ─► 240 lines, and a signed evidence pack

Everything is real: the same steps, vault, proofs and letters as in an office.  Only the clients of
the first three folders are invented.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from baozhang.books.proving import prove_books
from baozhang.catalog.model import Run
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.demo_audit import Audited, audit_today
from baozhang.cli.demo_recovery import Recovery, Scene
from baozhang.cli.duty import BACKUP, RESTORE_TEST, VALIDATION, Steps, unheard, walk
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError, UsageError
from baozhang.keys.files import write_private
from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.money import format_amount, parse_amount, scale_of
from baozhang.samples.agency import make_agency
from baozhang.samples.damage import Tampered, flip_byte, tamper_amount
from baozhang.samples.site import OWNER, SET, write_site
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import Proving, back_up
from baozhang.wiring import open_site
from baozhang.words import say
from reports.months import month_of
from tasks.letters import library, write
from tasks.monthly import draft, summary

T = TypeVar("T")

SEED = 20260731
MONTHS = 6
MARK = ".baozhang-demo"
"""Says that a folder was made by a demo, and may be made anew by the next."""
VICTIM, PROFILE = "c001", "cn_csv"
"""Whose pack is flipped and whose book is tampered with."""
SOUND = "c002"
"""Who gets a statement and a certificate on which all is well."""


class DemoFailedError(BaozhangError):
    """The demo did not see what it must see."""


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """How the books of all clients came back."""

    passed: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BitFlip:
    """What validation said of one flipped byte."""

    detected: bool
    object: str
    snapshot: str
    client: str
    file: str


@dataclass(frozen=True, slots=True)
class Tamper:
    """What proving said of one amount that was changed in a perfectly valid backup point."""

    detected: bool
    client: str
    period: str
    voucher: str
    account: str
    difference_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the demo showed; `summary.json`, field for field."""

    clients: int
    lines: int
    snapshots: int
    restore_test: RestoreTest
    bitflip: BitFlip
    tamper: Tamper
    recovery: Recovery
    audit: Audited
    letters: int
    letter_files: tuple[str, ...]
    library: str
    seconds: float


def register(root: typer.Typer) -> None:
    """Add `demo` to the command line."""
    root.command("demo", help=about("demo"))(demo)


def demo(
    to: Annotated[
        Path,
        typer.Option("--to", help=say("The folder of the demo; a new one, or an earlier demo's.")),
    ] = Path("out/demo"),
    *,
    as_json: JsonFlag = False,
) -> None:
    """Run the demo and end with 1 unless it saw everything it must see."""
    stage = _Stage(to.absolute(), quiet=as_json)
    summary = stage.play()
    (to / "summary.json").write_text(
        json.dumps(asdict(summary), ensure_ascii=False, indent=2) + "\n", "utf-8"
    )
    show(asdict(summary), as_json=as_json, human=lambda console: _draw(console, summary, to))
    if not (summary.bitflip.detected and summary.tamper.detected):
        raise DemoFailedError("the demo did not find a damage that it must find")
    if not summary.recovery.restored:
        raise DemoFailedError("the demo's ledger did not come back as it was backed up")
    if not summary.audit.verified or summary.audit.untouched_evidenced:
        raise DemoFailedError("the demo's audit shows something that was not done")


class _Stage:
    """The demo's folder, and what was seen in it so far."""

    def __init__(self, folder: Path, *, quiet: bool) -> None:
        self._folder, self._quiet = folder, quiet
        self._data, self._home = folder / "data", folder / "site"
        self._rng = Random(SEED)  # noqa: S311 - the same damage every time
        self._letters: list[Path] = []
        self._console = Console(stderr=True, quiet=quiet, highlight=False)

    def play(self) -> Summary:
        began = perf_counter()
        self._step(say("make three sample clients and the French ledger"), self._prepare)
        os.environ["BAOZHANG_HOME"] = str(self._home)
        backup = self._duty(say("back up, copy to the mirror, read back"), BACKUP)
        self._duty(say("validate: read every byte"), VALIDATION, self._clients)
        tested = self._duty(say("restore every client and prove every book"), RESTORE_TEST)
        bitflip = self._step(say("flip one byte of a pack, and validate again"), self._flip)
        tamper = self._step(
            say("change one amount by one minor unit, and prove again"), self._tamper
        )
        self._mend()
        recovery = self._step(
            say("lose a ledger, and recover it with two people approving"), self._recover
        )
        index = self._step(say("write the month's letters"), self._month)
        audited = self._step(say("audit what was done, and sign the evidence"), self._audit)
        with open_site() as site:
            snapshots = len(site.catalog.snapshots())
        return Summary(
            clients=len(self._clients),
            lines=_figure(backup, "lines"),
            snapshots=snapshots,
            restore_test=RestoreTest(
                passed=sum(each.status == "ok" for each in tested.outcomes),
                failed=len(tested.troubled),
                seconds=round(sum(each.seconds for each in tested.outcomes), 2),
            ),
            bitflip=bitflip,
            tamper=tamper,
            recovery=recovery,
            audit=audited,
            letters=len(self._letters),
            letter_files=tuple(str(path.relative_to(self._folder)) for path in self._letters),
            library=str(index.relative_to(self._folder.resolve())),
            seconds=round(perf_counter() - began, 1),
        )

    # --- the scenes ------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._folder.exists() and not (self._folder / MARK).exists():
            raise UsageError(
                "{folder} was not made by a demo",
                hint="Name a new folder with --to.",
                folder=self._folder,
            )
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        (self._folder / MARK).touch()
        agency = make_agency(self._data, clients=3, months=MONTHS, seed=SEED, fec=True)
        self._clients = [client.id for client in agency.clients]
        self._scene = Scene(self._data, self._folder / "aside", self._rng)
        self._scene.set_up()
        write_site(self._home, self._data, reports="../reports")
        secret = new_secret("keyfile")
        write_private(self._home / "keys" / "main.key", encode_key_file(secret))
        create_vault(new_store_at(str(self._home / "vault")), [secret], at=system_clock())
        new_store_at(str(self._home / "mirror"))

    def _flip(self) -> BitFlip:
        """Damage one byte of stored content; take the object back from the mirror afterwards."""
        with open_site() as site:
            side = site.vault(VICTIM, SET).client(VICTIM)
            packs = list(side.store.list(f"{side.space.prefix}packs/"))
        largest = max(packs, key=lambda info: info.size)
        path = self._home / "vault" / largest.name
        flip_byte(path, largest.size // 2, rng=self._rng)
        run, letters = self._walk(VALIDATION, [VICTIM])
        self._letters += letters
        self._from_mirror(largest.name)
        found = _facts(run, "object", "files", "snapshots")
        return BitFlip(
            detected=found.get("object") == largest.name,
            object=found.get("object", ""),
            snapshot=found.get("snapshots", "").split(", ")[0],
            client=VICTIM,
            file=found.get("files", "").split(", ")[0],
        )

    def _from_mirror(self, name: ObjectName) -> None:
        mirror = store_at(str(self._home / "mirror"))
        store_at(str(self._home / "vault")).put(name, mirror.get(name))

    def _tamper(self) -> Tamper:
        """Back up a book that was changed after its proof was taken; then prove it."""
        with open_site() as site:
            done, snapshot = self._back_up_tampered(site)
            site.catalog.record_snapshot(snapshot)
        run, letters = self._walk(RESTORE_TEST, [VICTIM])
        self._letters += letters
        found = _facts(run, "voucher", "account", "difference")
        scale = scale_of(done.currency)
        return Tamper(
            detected=found.get("voucher") == done.voucher and found.get("account") == done.account,
            client=VICTIM,
            period=found.get("period", ""),
            voucher=found.get("voucher", ""),
            account=found.get("account", ""),
            difference_minor=parse_amount(found.get("difference", "0"), scale=scale),
            currency=found.get("currency", ""),
        )

    def _mend(self) -> None:
        """Do what people would do after the two damages, until all is as sound as before."""
        self._duty(say("back up the mended book again"), BACKUP, [VICTIM])
        self._duty(say("read back all that is stored of it"), VALIDATION, [VICTIM])
        self._duty(say("restore it, and prove it again"), RESTORE_TEST, [VICTIM])

    def _back_up_tampered(self, site: Site) -> tuple[Tampered, Snapshot]:
        folder = self._data / VICTIM
        sound = self._folder / "sound"
        with site.source(VICTIM, SET).freeze() as frozen:
            list(frozen.items())
            proofs = prove_books(frozen.ledgers())
        shutil.copytree(folder, sound)
        done = tamper_amount(folder, PROFILE, rng=self._rng)
        with site.source(VICTIM, SET).freeze() as frozen:
            receipt = back_up(
                site.vault(VICTIM, SET).client(VICTIM),
                frozen,
                set_name=SET,
                at=system_clock(),
                proving=Proving("demo", lambda: proofs),
                reread=True,
            )
        shutil.rmtree(folder)
        sound.rename(folder)
        return done, receipt.snapshot

    def _recover(self) -> Recovery:
        """Lose a client's ledger and bring it back; its letters are what the outbox has more of."""
        self._scene.lose()
        with open_site() as site:
            before = set(site.outbox.folder.rglob("*.eml"))
            done = self._scene.recover(site)
            self._letters += sorted(set(site.outbox.folder.rglob("*.eml")) - before)
            return done

    def _month(self) -> Path:
        """Write what managers, one client and an auditor read of this month; return the index."""
        with open_site() as site:
            month = month_of(business_day(site.clock()))
            made = [
                summary(site, month),
                draft(site, "client-statement", month, SOUND, ()),
                draft(site, "certificate", month, SOUND, ()),
            ]
            for each in made:
                self._letters += write(site, [each], pdf=each.kind == "certificate")[0].messages
            return library(site).index.resolve()

    def _audit(self) -> Audited:
        """Audit the day by what the scenes before it left in the records."""
        with open_site() as site:
            before = set(site.outbox.folder.rglob("*.eml"))
            done = audit_today(site, partial(self._scene.code, OWNER))
            self._letters += sorted(set(site.outbox.folder.rglob("*.eml")) - before)
        root = self._folder.resolve()
        pack, page = (str(Path(path).relative_to(root)) for path in (done.pack, done.page))
        return replace(done, pack=pack, page=page)

    # --- how it is told --------------------------------------------------------------------------

    def _duty(self, title: str, steps: Steps, clients: list[str] | None = None) -> Run:
        run, letters = self._step(title, partial(self._walk, steps, clients or self._clients))
        self._letters += letters
        if run.troubled:
            raise DemoFailedError(
                "the demo's {duty} did not end well for {count} clients",
                duty=run.duty,
                count=len(run.troubled),
            )
        return run

    def _walk(self, steps: Steps, clients: list[str]) -> tuple[Run, tuple[Path, ...]]:
        with progress(as_json=self._quiet) as report:
            return walk(steps, clients, None, report, tell=unheard)

    def _step(self, title: str, work: Callable[[], T]) -> T:
        began = perf_counter()
        self._console.print(f"▶ {title} …", markup=False)
        done = work()
        self._console.print(f"  ✓ {perf_counter() - began:.1f} s", markup=False)
        return done


def _figure(run: Run, name: str) -> int:
    return sum(dict(outcome.figures).get(name, 0) for outcome in run.outcomes)


def _facts(run: Run, *wanted: str) -> dict[str, str]:
    """Return the facts of the first finding that tells all that is wanted; none if none does."""
    for outcome in run.outcomes:
        for finding in outcome.findings:
            facts = {name: str(value) for name, value in finding.facts}
            if all(facts.get(name) for name in wanted):
                return facts
    return {}


def _draw(console: Console, summary: Summary, to: Path) -> None:
    table = Table(title=say("What was done, and what came of it"), title_justify="left")
    table.add_column(say("step"))
    table.add_column(say("result"), overflow="fold")
    for step, good, result in _rows(summary):
        table.add_row(step, f"[{'green]✓' if good else 'red]✗'}[/] {result}")
    console.print(table)
    console.print(say("letters: {folder}", folder=to / "site" / "state" / "outbox"), markup=False)
    console.print(say("library of reports: {path}", path=to / summary.library), markup=False)
    console.print(say("audit report: {path}", path=to / summary.audit.page), markup=False)
    console.print(say("figures: {file}", file=to / "summary.json"), markup=False)
    console.print(say("{seconds} s in all", seconds=summary.seconds))


def _rows(summary: Summary) -> list[tuple[str, bool, str]]:
    tested, flip, tamper = summary.restore_test, summary.bitflip, summary.tamper
    scale = scale_of(tamper.currency)
    return [
        (
            say("back up"),
            True,
            say(
                "{clients} clients, {lines} voucher lines, each book with its proof",
                clients=summary.clients,
                lines=summary.lines,
            ),
        ),
        (
            say("restore and prove"),
            not tested.failed,
            say(
                "{passed} of {all} clients came back, every book equal to the minor unit",
                passed=tested.passed,
                all=tested.passed + tested.failed,
            ),
        ),
        (
            say("one flipped byte"),
            flip.detected,
            say(
                "found: client {client}, backup point {snapshot}, file {file}, object {object}",
                client=flip.client,
                snapshot=flip.snapshot,
                file=flip.file,
                object=flip.object,
            ),
        ),
        (
            say("one changed amount"),
            tamper.detected,
            say(
                "found, though every checksum was right: client {client}, {period}, voucher "
                "{voucher}, account {account}, off by {difference} {currency}",
                client=tamper.client,
                period=tamper.period,
                voucher=tamper.voucher,
                account=tamper.account,
                difference=format_amount(tamper.difference_minor, scale=scale),
                currency=tamper.currency,
            ),
        ),
        _recovery_row(summary.recovery),
        _audit_row(summary.audit),
    ]


def _recovery_row(done: Recovery) -> tuple[str, bool, str]:
    return (
        say("a lost ledger"),
        done.restored,
        say(
            "{client} lost {files} files and {vouchers} vouchers ({amount} {currency}); back after "
            "{seconds} s (objective {allowed} s), approved by {people}; to key in: {to_key} "
            "vouchers",
            client=done.client,
            files=done.files_lost,
            vouchers=done.vouchers_lost,
            amount=format_amount(done.amount_minor, scale=scale_of(done.currency)),
            currency=done.currency,
            seconds=done.seconds,
            allowed=done.seconds_allowed,
            people=", ".join(done.approved_by),
            to_key=done.to_key,
        ),
    )


def _audit_row(audit: Audited) -> tuple[str, bool, str]:
    return (
        say("one audit"),
        audit.verified and not audit.untouched_evidenced,
        say(
            "{proven} of {all} items proven by what the demo did; {untouched} of brand, charity "
            "and market not evidenced, as nobody did anything for them",
            proven=len(audit.proven),
            all=sum(audit.statuses.values()),
            untouched=len(audit.untouched),
        ),
    )
