"""How a drill recovers: by the very code of an incident, with players at its gates.

    incident opened ─► what the scenario asks for, in its order ─► closed
       restore ─► walk ─► a gate waits ─► who is there and may, approves with their device ─► walk …
                                  └── nobody: time passes, the gate expires, sources untouched ─► …

Nothing here decides what an incident decides; players only answer.
"""

from datetime import datetime, timedelta
from functools import partial, singledispatch
from pathlib import Path

from baozhang.drills.ground import Facts, Ground
from baozhang.drills.log import Log
from baozhang.drills.model import (
    DestroyCopies,
    JudgeLost,
    MendVault,
    NewMirror,
    Notify,
    OpenEscrow,
    RenewKeys,
    Restore,
    Scenario,
)
from baozhang.errors import BaozhangError, WrongKeyError
from baozhang.incidents.custody import destroy, held
from baozhang.incidents.incidents import Incident
from baozhang.incidents.notices import state
from baozhang.keys.escrow import read_share
from baozhang.keys.files import read_private, write_private
from baozhang.keys.slots import Secret, decode_key_file, encode_key_file, new_secret
from baozhang.sources.noise import SAMPLE, is_scrambled
from baozhang.vault.escrowing import open_escrow
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.repair import repair
from baozhang.vault.rotation import add_slot, rotate_master
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import open_vault
from baozhang.vault.verify import verify
from baozhang.wiring import read_secret
from tasks.drill_notices import waiting_notices
from tasks.drill_sandbox import Cast, share_file
from tasks.gates import decide, request_of
from tasks.incident import IncidentForm, close, open_incident, page
from tasks.incident_scoping import strike
from tasks.incident_walk import walk
from tasks.notices import tick

_MARKS = (b"SQLite format 3", b"%PDF-", b"PK\x03\x04", b"baozhang-key-")
"""How files begin that anybody can open: databases, invoices, workbooks, key files."""
_TELLING = 4096  # bytes; of less, nobody can tell noise from words
_MOST_WALKS = 12  # of one incident; each is started by a gate that was answered or ran out


class GateError(BaozhangError):
    """A gate was never answered: the drill's players could not go on."""


class NotRecoveredError(BaozhangError):
    """A step of the recovery came to its end without what it is for."""


class Play:
    """One drill's incident: where it stands, and who is there."""

    def __init__(
        self, ground: Ground, cast: Cast, log: Log, scenario: Scenario, broken: datetime
    ) -> None:
        self.ground, self.cast, self.log = ground, cast, log
        self.scenario, self.broken = scenario, broken
        self.incident: Incident | None = None

    def present(self) -> tuple[str, ...]:
        """Return who can be reached now."""
        return self.scenario.players.present(self.ground.clock() - self.broken)

    def opened(self) -> Incident:
        """Return the incident.

        Raises:
            GateError: it was not opened.
        """
        if self.incident is None:
            raise GateError("the drill's incident was not opened")
        return self.incident

    def open(self, noticed_by: str, found: datetime) -> Facts:
        """Open the incident, as whoever acknowledged the alert does; page, and answer the page."""
        site, scenario = self.ground.site, self.scenario
        form = IncidentForm(
            noticed_by=noticed_by,
            clients=scenario.hit or scenario.clients,
            what=scenario.nature,
            discovered=found,
        )
        self.incident, new = open_incident(site, form, actor=self.ground.actor, drill=scenario.id)
        page(site, self.incident, actor=self.ground.actor)
        return {"incident": self.incident.id, "new": new}

    def close(self) -> Facts:
        """Close the incident, where walking it has not done so."""
        close(self.ground.site, self.opened(), actor=self.ground.actor)
        return {"incident": self.opened().id}


def recover(play: Play) -> None:
    """Do what the scenario asks for, in its order.

    Raises:
        BaozhangError: a step failed; what was done stands in the log.
    """
    for step in play.scenario.recovery:
        play.ground.fence.require_site(play.ground.site.agency)
        _recovered(step, play)


@singledispatch
def _recovered(step: object, _play: Play) -> None:
    raise TypeError(type(step).__name__)


# --- restoring ------------------------------------------------------------------------------------


@_recovered.register
def _restore(step: Restore, play: Play) -> None:
    if step.strike:
        play.log.act("strike", "incident", lambda: _strike(play, step.strike))
    for _ in range(_MOST_WALKS):
        play.ground.fence.require_site(play.ground.site.agency)
        halted: list[str] = []
        play.log.act("walk", "incident", partial(_walked, play, halted))
        if not halted:
            return
        _answer_gate(play, halted[0])
    raise GateError("the gates of the drill's incident were asked {count} times", count=_MOST_WALKS)


def _walked(play: Play, halted: list[str]) -> Facts:
    found = walk(play.ground.site, play.opened(), actor=play.ground.actor)
    if found is not None:
        halted.append(found.what)
    return {"waits": found.what if found else ""}


def _strike(play: Play, ending: str) -> Facts:
    """Strike every backup point that holds a file of the ending, as somebody who looks would."""
    site, struck = play.ground.site, 0
    for client in play.scenario.hit:
        side = site.vault(client, "main").client(client)
        for point in side.snapshots("main"):
            if any(path.endswith(ending.encode()) for path in side.manifest(point).paths):
                strike(site, play.opened(), client, "main", point.id, actor=play.ground.actor)
                struck += 1
    return {"points": struck}


def _answer_gate(play: Play, gate: str) -> None:
    """Let players decide a gate; where too few are there, let time pass until they are back.

    Raises:
        GateError: nobody can ever answer it.
    """
    request = request_of(play.opened(), gate)
    if request is None:
        raise GateError("nobody asked for what the drill's incident waits for")
    able = [
        person
        for person in play.present()
        if set(play.scenario.players.cast[person]) & set(request.roles)
    ]
    if len(able) < request.people:
        play.log.act(f"wait-at-{gate}", "gate", partial(_wait, play, request.expires))
        return
    for person in able[: request.people]:
        work = partial(_decided, play, gate, request.digest, person)
        play.log.act(f"decide-{gate}", "gate", work)


def _decided(play: Play, gate: str, digest: str, person: str) -> Facts:
    play.ground.clock.wait(play.scenario.players.answer)
    code = play.cast.code(person)
    found = decide(
        play.ground.site,
        play.opened(),
        gate,
        person=person,
        code=code,
        word="approve",
        digest=digest,
    )
    return {"person": person, "state": found.state, "wanting": found.wanting}


def _wait(play: Play, expires: datetime) -> Facts:
    """Wait until somebody is back or the gate has run out; what clients have must not change."""
    players, clock = play.scenario.players, play.ground.clock
    if players.back is None:
        raise GateError("nobody who may answer the gate is there, and nobody will come")
    before, back = sizes(play.ground.data), play.broken + players.back
    until = min(back, expires) + timedelta(minutes=1)
    clock.wait(until - clock())
    if sizes(play.ground.data) != before:
        raise GateError("something was changed while the gate was waiting")
    return {"waited_for": "people" if back <= expires else "expiry", "untouched": True}


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file below a folder, by its name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            found[str(path.relative_to(folder))] = (status.st_size, status.st_mtime_ns)
    return found


# --- everything else ------------------------------------------------------------------------------


@_recovered.register
def _mend_vault(_step: MendVault, play: Play) -> None:
    play.log.act("mend-vault", "vault", lambda: _mended(play))


def _mended(play: Play) -> Facts:
    site = play.ground.site
    done = repair(site.vault_named("main"), site.mirrors_named("main"))
    if done.unrepaired:
        raise NotRecoveredError(
            "{count} objects of the drill's vault could not be mended", count=len(done.unrepaired)
        )
    return {"repaired": len(done.repaired), "put_aside": len(done.quarantined)}


@_recovered.register
def _new_mirror(step: NewMirror, play: Play) -> None:
    play.log.act("new-mirror", "vault", lambda: _mirrored(play, step.mirror))


def _mirrored(play: Play, name: str) -> Facts:
    site = play.ground.site
    place = play.ground.fence.require(site.home / name)
    vault = site.vault_named("main")
    receipt = copy_to_mirror(vault.store, new_store_at(str(place)))
    secret = read_secret(site.home, site.agency.file.vaults["main"].key)
    found = verify(open_vault(store_at(str(place)), secret), every_byte=True)
    if found.damaged:
        raise NotRecoveredError("the drill's new mirror is not whole")
    return {"objects": receipt.objects, "bytes": receipt.bytes, "verified": found.objects}


@_recovered.register
def _open_escrow(_step: OpenEscrow, play: Play) -> None:
    play.log.act("open-escrow", "keys", lambda: _escrowed(play))


def _escrowed(play: Play) -> Facts:
    """Two holders bring their shares; a new key file takes the place of the one that is gone."""
    site = play.ground.site
    shares = [read_share(share_file(play.ground, each).read_text("ascii")) for each in (1, 3)]
    place = site.agency.place(site.agency.file.vaults["main"].url)
    vault = open_escrow(store_at(place), shares)
    secret = new_secret("keyfile")
    mirrors = site.mirrors_named("main")
    add_slot(vault, secret, at=site.clock(), mirrors=mirrors)
    key = play.ground.fence.require(site.home / "keys" / "main.key")
    write_private(key, encode_key_file(secret))
    return {"shares": len(shares), "clients": len(site.vault_named("main").clients())}


@_recovered.register
def _renew_keys(_step: RenewKeys, play: Play) -> None:
    play.log.act("renew-keys", "keys", lambda: _renewed(play))


def _renewed(play: Play) -> Facts:
    """Give the vault another master key, and make sure that the old key file opens it no more."""
    site = play.ground.site
    key = play.ground.fence.require(site.home / "keys" / "main.key")
    old, new = decode_key_file(read_private(key)), new_secret("keyfile")
    mirrors = site.mirrors_named("main")
    done = rotate_master(site.vault_named("main"), [new], at=site.clock(), mirrors=mirrors)
    key.unlink()
    write_private(key, encode_key_file(new))
    play.ground.hands.reopen(play.ground)
    if _opens(site.vault_named("main").store, old):
        raise NotRecoveredError("the old key file still opens the drill's vault")
    return {"clients": done.clients, "old_opens": False}


def _opens(store: Store, secret: Secret) -> bool:
    try:
        open_vault(store, secret)
    except WrongKeyError:
        return False
    return True


@_recovered.register
def _judge_lost(step: JudgeLost, play: Play) -> None:
    play.log.act("judge-lost", "custody", lambda: _judged(step, play))


def _judged(step: JudgeLost, play: Play) -> Facts:
    found = judge_lost(play.ground)
    if not found["files"] or bool(found["readable"]) != step.readable:
        raise NotRecoveredError(
            "of what the drill lost, {readable} of {files} files can be read without a key",
            readable=found["readable"],
            files=found["files"],
        )
    return found


def judge_lost(ground: Ground) -> Facts:
    """Search what was carried off for anything that can be read without a key."""
    names = [each.name for each in ground.site.agency.clients.values()]
    known = [name.encode(code) for name in names for code in ("utf-8", "gb18030")]
    readable = files = 0
    for path in sorted(ground.outside.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            files += 1
            named = any(each in content for each in (*known, *_MARKS))
            readable += named or (path.suffix != ".json" and _is_plain(path, content))
    return {"files": files, "readable": readable}


def _is_plain(path: Path, content: bytes) -> bool:
    """Tell whether a file of some length is no noise; a vault's heads and slots are public."""
    public = path.name == "config" or "keys" in path.parts or "slots" in path.parts
    return not public and len(content) >= _TELLING and not is_scrambled(content[:SAMPLE])


@_recovered.register
def _destroy_copies(_step: DestroyCopies, play: Play) -> None:
    play.log.act("destroy-copies", "custody", lambda: _destroyed(play))


def _destroyed(play: Play) -> Facts:
    """Destroy every copy that lies where it was put; one that was carried off stays in the book."""
    site, done, left = play.ground.site, 0, 0
    for each in held(site):
        if each.there() and each.path is not None:
            play.ground.fence.require(each.path)
            destroy(site, each.copy.id, by=play.ground.actor)
            done += 1
        else:
            left += 1
    return {"destroyed": done, "out_of_our_hands": left}


@_recovered.register
def _notify(step: Notify, play: Play) -> None:
    """State what the law asks about, let the notices be drafted, approve them, let them go."""
    play.log.act("state-facts", "notices", partial(_stated, play, step))
    play.log.act("notices", "notices", partial(_ticked, play))
    for gate in waiting_notices(play.ground.site, play.opened()):
        _answer_gate(play, gate)
    play.log.act("notices", "notices", partial(_ticked, play))


def _stated(play: Play, step: Notify) -> Facts:
    by = next(iter(play.present()))
    for name, value in step.facts.items():
        state(play.opened(), name, value, by=by)
    return {"facts": len(step.facts)}


def _ticked(play: Play) -> Facts:
    done = tick(play.ground.site, play.opened(), actor=play.ground.actor)
    return {"drafted": len(done.drafted), "sent": len(done.sent)}
