"""One bit, anywhere: found, named, and pinned on exactly those whom it hits.

Whom it hits is found out by restoring every snapshot, and every file of one that does not come
back; the verifier must say the same.  Between flips the sound vault must pass.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.vault.model import Damage
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.verify import verify
from tests.faults.agency import Agency, Loss, lost, made
from tests.faults.publishing import Publish
from tests.faults.sizes import SEED, size

HEADER, TRAILER = 78, 12  # bytes of a pack: docs/format.md


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Agency:
    return made(tmp_path_factory.mktemp("agency"), SEED)


def table(pack: bytes) -> range:
    end = len(pack) - TRAILER
    return range(end - int.from_bytes(pack[end : end + 4], "little"), end)


Where = Callable[[bytes], range]
WHOLE: Where = lambda data: range(len(data))  # noqa: E731 - one of a table of such
KINDS: dict[str, tuple[str, Where]] = {
    "head": ("config", WHOLE),
    "slot": ("keys/", WHOLE),
    "client key": ("/keys/", WHOLE),
    "pack header": ("/packs/", lambda data: range(HEADER)),
    "pack segment": ("/packs/", lambda data: range(HEADER, table(data).start)),
    "pack table": ("/packs/", table),
    "pack trailer": ("/packs/", lambda data: range(table(data).stop, len(data))),
    "index": ("/index/", WHOLE),
    "manifest": ("/snap/", WHOLE),
    "commit": ("/commit/", WHOLE),
}


def of_kind(agency: Agency, part: str) -> list[ObjectName]:
    if part == "keys/":
        return sorted(name for name in agency.store.objects if name.startswith(part))
    return sorted(name for name in agency.store.objects if part in name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_found_and_pinned_on_those_whom_it_hits(
    agency: Agency, tmp_path: Path, publish: Publish, kind: str
) -> None:
    part, where = KINDS[kind]
    names, rng = of_kind(agency, part), random.Random(f"{SEED} {kind}")
    flips = size("bit flip", parts=len(KINDS))
    for number in range(flips):
        name = rng.choice(names)
        sound = agency.store.objects[name]
        at, bit = rng.choice(where(sound)), rng.randrange(8)
        flipped = sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]
        agency.store.objects[name] = flipped
        try:
            found = verify(agency.vault, every_byte=True).damaged
            assert [(damage.object, damage.kind) for damage in found] == [(name, "damaged")]
            judge(agency, kind, found[0], tmp_path / "out")
        finally:
            agency.store.objects[name] = sound
        if number % 10 == 0:
            assert verify(agency.vault, every_byte=True).damaged == ()
    publish("bit flip", flips, kind=kind)


def judge(agency: Agency, kind: str, damage: Damage, out: Path) -> None:
    """Hold what was said of one object's damage against what is lost."""
    client, said = agency.client_of(damage.object), Loss(damage.snapshots, damage.files)
    if client is None or kind == "client key":  # nobody can tell whose key it is without it
        assert (damage.client, said) == (None, Loss((), ()))
        return
    assert damage.client == client
    truth = lost(agency, client, out)
    if kind == "index":  # costs space, and nothing that was stored
        assert said.snapshots == (agency.added[damage.object].id,)
        assert (said.files, truth) == ((), Loss((), ()))
    elif kind == "commit":
        assert truth == Loss((agency.added[damage.object].id,), ())
        assert said in (truth, Loss((), ()))
    else:
        assert said == truth


def test_a_damaged_commit_is_pinned_on_its_snapshot(agency: Agency) -> None:
    for name in of_kind(agency, "/commit/"):
        sound = agency.store.objects[name]
        agency.store.objects[name] = sound[:-1] + bytes([sound[-1] ^ 1])
        try:
            (damage,) = verify(agency.vault, every_byte=True).damaged
        finally:
            agency.store.objects[name] = sound
        assert damage.snapshots == (agency.added[name].id,)
