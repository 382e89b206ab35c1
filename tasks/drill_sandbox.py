"""The sandbox of a drill: a whole small agency in a folder of its own, with its people and devices.

fence ─► clients and their books ─► site, vault, mirrors, keys, escrow ─► people enrol
      ─► BAOZHANG_HOME is the sandbox's for as long as it stands ─► everything is destroyed
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import get_args

import pyotp
import yaml

from baozhang.clock import Clock, business_day
from baozhang.drills.ground import Facts, Ground, Hands, PlayedClock
from baozhang.drills.guard import MARKER, Fence
from baozhang.drills.model import SandboxSpec, Scenario
from baozhang.errors import UsageError
from baozhang.keys.codes import STEP, new_secret
from baozhang.keys.escrow import Share, read_share
from baozhang.keys.files import write_private
from baozhang.keys.slots import encode_key_file
from baozhang.keys.slots import new_secret as new_key
from baozhang.samples.agency import Shape, make_agency, next_day, recall
from baozhang.samples.damage import drop_voucher
from baozhang.samples.site import OPERATOR, OWNER, write_site
from baozhang.settings import LetterKind, Role
from baozhang.site import Site
from baozhang.vault.escrowing import Keep, make_escrow
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.wiring import open_site
from tasks.drill_duties import backup
from tasks.people import enrol

HOME = "BAOZHANG_HOME"
KILLED_MODULE = "tasks.drill_kill"
LONGEST = 120  # seconds that a backup which is to be killed may take to begin
_PAPERS = (2_000, 9_000)  # bytes of an invoice, a contract, a workbook
_DECEMBER = 12


@dataclass(slots=True)
class Cast:
    """The players' devices."""

    clock: PlayedClock
    secrets: dict[str, str] = field(default_factory=dict)

    def enrol(self, site: Site, person: str) -> None:
        """Take a device into use, as a person alone does."""
        self.secrets[person] = new_secret()
        enrol(site, person, self.secrets[person], self.code(person))

    def code(self, person: str) -> str:
        """Return the next code that a person's device shows; one that was used is over by then."""
        self.clock.wait(timedelta(seconds=STEP))
        return pyotp.TOTP(self.secrets[person]).at(self.clock())


@contextmanager
def pointed_at(home: Path) -> Iterator[None]:
    """Let everything in this process that opens a site open this one, until the block ends."""
    before = os.environ.get(HOME)
    os.environ[HOME] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ[HOME]
        else:
            os.environ[HOME] = before


@contextmanager
def sandbox(
    scenario: Scenario, fence: Fence, *, actor: str, seed: int, real: Clock
) -> Iterator[tuple[Ground, Cast]]:
    """Build a sandbox within a fence and open it.

    Args:
        scenario: what it must hold.
        fence: just made; its folder holds the marker alone.
        actor: the drill's id.
        seed: decides the books, and what chance decides in the scenario.
        real: the machine's clock.

    Raises:
        BlastRadiusError: something of it would lie outside of the fence.
    """
    home, clock = fence.root / "home", PlayedClock(real)
    _build(home, fence.root / "data", scenario, seed, real)
    clock.wait_for(scenario.begins)
    with pointed_at(home), ExitStack() as stack:

        def reopen(ground: Ground) -> None:
            stack.close()
            ground.site = stack.enter_context(open_site(home, clock=clock))

        site = stack.enter_context(open_site(home, clock=clock))
        fence.require_site(site.agency)
        cast = Cast(clock)
        for person in scenario.players.cast:
            cast.enrol(site, person)
        hands = Hands(_drop, pass_night, reopen, kill_backup)
        ground = Ground(fence, site, clock, Random(seed), hands, actor)  # noqa: S311 - repeatable
        if scenario.sandbox.escrow:
            hand_out_shares(ground)
        yield ground, cast


def destroy(fence: Fence) -> Facts:
    """Destroy a sandbox, the marker last: what is left by a kill is still known to be ours."""
    fence.require_own()
    folders = [path for path in fence.root.iterdir() if path.name != MARKER]
    for path in folders:
        shutil.rmtree(fence.require(path))
    shutil.rmtree(fence.root)
    return {"folders": len(folders)}


# --- building -------------------------------------------------------------------------------------


def _build(home: Path, data: Path, scenario: Scenario, seed: int, real: Clock) -> None:
    spec = scenario.sandbox
    make_agency(
        data,
        clients=spec.clients,
        months=spec.months,
        seed=seed,
        first=_first(spec, business_day(real())),
        shape=_shape(spec),
        fec=spec.french,
    )
    write_site(home, data, mirrors=spec.mirrors)
    _adapt(home / "agency.yaml", scenario.players.cast)
    secret = new_key("keyfile")
    write_private(home / "keys" / "main.key", encode_key_file(secret))
    create_vault(new_store_at(str(home / "vault")), [secret], at=real())
    for mirror in spec.mirrors:
        new_store_at(str(home / mirror))


def _first(spec: SandboxSpec, today: date) -> date:
    """Return the first month of the books: they end last month, or begin in last December."""
    if spec.last_year:
        return date(today.year - 1, _DECEMBER, 1)
    months = today.year * _DECEMBER + today.month - 1 - spec.months
    return date(months // _DECEMBER, months % _DECEMBER + 1, 1)


def _shape(spec: SandboxSpec) -> Shape:
    return Shape(
        trades=spec.trades,
        invoices=spec.invoices,
        invoice_bytes=_PAPERS,
        contracts=spec.contracts,
        contract_bytes=_PAPERS,
        workbooks=spec.workbooks,
        workbook_bytes=_PAPERS,
    )


def _adapt(path: Path, cast: Mapping[str, tuple[Role, ...]]) -> None:
    """Put the players in the place of the sample's own people; print nothing that nobody reads."""
    value = yaml.safe_load(path.read_text("utf-8"))
    for owner in (OPERATOR, OWNER):
        del value["people"][owner]
    for person, roles in cast.items():
        value["people"][person] = {
            "name": f"演练人员 {person}",
            "email": f"{person}@example.com",
            "roles": list(roles),
        }
    value["mail"]["letters"] = {kind: {"pdf": False} for kind in get_args(LetterKind)}
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), "utf-8")


# --- hands ----------------------------------------------------------------------------------------


def pass_night(ground: Ground) -> Facts:
    """Let a day of work pass in every client's books, and back up at night."""
    next_day(ground.data, recall(ground.data).days + 1)
    outcomes = backup(ground)
    troubled = sum(each.status != "ok" for each in outcomes)
    return {"outcomes": len(outcomes), "troubled": troubled, "noticed": 0}


def hand_out_shares(ground: Ground) -> None:
    """Split a key of the vault among three holders, each with a file of their own."""
    site = ground.site
    mirrors = site.mirrors_named("main")
    make_escrow(site.vault_named("main"), _kept_by(ground), at=site.clock(), mirrors=mirrors)


def share_file(ground: Ground, number: int) -> Path:
    """Return where the n-th holder keeps their share."""
    return ground.fence.require(ground.fence.root / "holders" / f"{number}.txt")


def kill_backup(ground: Ground, client: str) -> int:
    """Begin to back a client up in a process of its own, which dies in the middle of it.

    Raises:
        UsageError: it came to its end: there was nothing to store.
    """
    done = subprocess.run(  # noqa: S603 - this interpreter, a client of the sandbox
        [sys.executable, "-m", KILLED_MODULE, client],
        env={**os.environ, HOME: str(ground.site.home)},
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode != -signal.SIGKILL:
        raise UsageError(
            "the backup of {client} could not be killed in the middle: it ended with {code}",
            hint="Look at what the scenario leaves to back up.",
            client=client,
            code=done.returncode,
        )
    return -done.returncode


def _kept_by(ground: Ground) -> Keep:
    def keep(shares: Sequence[Share]) -> Sequence[Share]:
        for share in shares:
            path = share_file(ground, share.number)
            path.parent.mkdir(exist_ok=True)
            write_private(path, share.words.encode("ascii"))
        return [read_share(share_file(ground, each.number).read_text("ascii")) for each in shares]

    return keep


def _drop(folder: Path, profile: str, rng: Random) -> str:
    return drop_voucher(folder, profile, rng=rng).voucher
