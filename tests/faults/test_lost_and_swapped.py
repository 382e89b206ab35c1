"""Objects that are missing, cut, empty, too long, doubled, foreign or in each other's place.

Whatever a disk, a copying program or a thief may do to whole objects.  What the verifier says is
held against what can be restored; nothing false is ever restored.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from baozhang.vault.model import VerifyReport
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.verify import verify
from tests.faults.agency import CLIENTS, Agency, Loss, comes_back, lost, made
from tests.faults.publishing import Publish
from tests.faults.sizes import SEED

CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "cut by a byte": lambda data: data[:-1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "of zero length": lambda data: b"",
    "all zeros": lambda data: bytes(len(data)),
    "with a hole": lambda data: data[: len(data) // 3] + bytes(40) + data[len(data) // 3 + 40 :],
    "with garbage at its end": lambda data: data + b"\0",
    "with itself at its end": lambda data: data + data,
    "torn": lambda data: data[len(data) // 2 :] + data[: len(data) // 2],
}
SEALED = ("/keys/", "/packs/", "/index/", "/snap/", "/commit/")
PARTS = ("config", "keys/", *SEALED)


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Agency:
    return made(tmp_path_factory.mktemp("agency"), SEED + 1)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Agency:
    """A vault of clients of the same ids, made elsewhere."""
    return made(tmp_path_factory.mktemp("stranger"), SEED + 2)


def of_kind(agency: Agency, part: str, client: str | None = None) -> list[ObjectName]:
    names = [n for n in sorted(agency.store.objects) if client in (None, agency.client_of(n))]
    return [n for n in names if (n.startswith(part) if part == "keys/" else part in n)]


@contextmanager
def changed(agency: Agency, change: dict[ObjectName, bytes | None]) -> Iterator[VerifyReport]:
    """Put other bytes (None: nothing) under names; yield what the verifier says of it."""
    sound = agency.store.objects
    objects = {**sound, **change}
    agency.store.objects = {name: data for name, data in objects.items() if data is not None}
    try:
        yield verify(agency.vault, every_byte=True)
    finally:
        agency.store.objects = sound


def named(report: VerifyReport) -> dict[str, str]:
    return {damage.object: damage.kind for damage in report.damaged}


def assert_pinned(agency: Agency, report: VerifyReport, client: str, out: Path) -> None:
    """What is said of one client's damage is what is lost."""
    said = Loss(
        tuple(sorted({s for damage in report.damaged for s in damage.snapshots})),
        tuple(sorted({f for damage in report.damaged for f in damage.files})),
    )
    assert said == lost(agency, client, out)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_object_is_damage_and_nothing_else_is(
    agency: Agency, tmp_path: Path, publish: Publish, change: str
) -> None:
    """Each object of the vault; packs and manifests of the small clients are restored as well."""
    for name, sound in sorted(agency.store.objects.items()):
        with changed(agency, {name: CHANGES[change](sound)}) as report:
            assert named(report) == {name: "damaged"}
            client = agency.client_of(name)
            if client in CLIENTS[1:] and ("/packs/" in name or "/snap/" in name):
                assert_pinned(agency, report, client, tmp_path / "out")
    assert verify(agency.vault, every_byte=True).damaged == ()
    publish("changed object", len(agency.store.objects), change=change)


def newest_commits(agency: Agency) -> set[str]:
    """Return each set's newest commit: `freshness` misses it, the vault by itself cannot."""
    newest = {name.rpartition("/")[0]: name for name in of_kind(agency, "/commit/")}
    return set(newest.values())


def test_a_missing_object_is_missed(agency: Agency, tmp_path: Path, publish: Publish) -> None:
    number = 0
    for name in sorted(set(agency.store.objects) - newest_commits(agency)):
        if name.startswith("keys/"):
            continue  # another slot opens the vault; taking one out is how a key is retired
        client = agency.client_of(name)
        with changed(agency, {name: None}) as report:
            wanted = name.rpartition("/")[0] + "/" if "/keys/" in name else name
            assert named(report) == {wanted: "missing"}
            if client in CLIENTS[1:] and ("/packs/" in name or "/snap/" in name):
                assert_pinned(agency, report, client, tmp_path / "out")
        number += 1
    with changed(agency, dict.fromkeys(of_kind(agency, "keys/"), None)) as report:
        assert named(report) == {"keys/": "missing"}
    publish("missing object", number + 1)


def test_without_its_newest_commit_a_set_is_older_and_sound(
    agency: Agency, tmp_path: Path, publish: Publish
) -> None:
    """As if that backup had never ended: only who keeps heads elsewhere can tell."""
    for name in newest_commits(agency):
        with changed(agency, {name: None}) as report:
            assert named(report) == {}
            assert report.unreferenced
            gone = agency.added[name].id
            assert lost(agency, agency.client_of(name), tmp_path / "out") == Loss((gone,), ())
    publish("missing newest commit", len(newest_commits(agency)))


def test_what_lies_beside_the_objects_is_nobody_s(agency: Agency, publish: Publish) -> None:
    beside = ["lost+found/x", ".DS_Store", "c/Thumbs.db", "config~", "keys/README", "c/x/packs/y"]
    beside += [f"{prefix}packs/zz/copy of a pack" for prefix in agency.prefixes]
    with changed(agency, {ObjectName(name): b"whatever" for name in beside}) as report:
        assert named(report) == {}
    publish("file beside", len(beside))


@pytest.mark.parametrize("part", PARTS[1:])
def test_rubbish_under_a_proper_name_is_damage_and_hits_nobody(
    agency: Agency, tmp_path: Path, publish: Publish, part: str
) -> None:
    names = of_kind(agency, part)
    for name in names:
        planted = ObjectName(name[:-64] + "0" * 64)
        with changed(agency, {planted: b"rubbish"}) as report:
            assert named(report) == {planted: "damaged"}
            assert lost(agency, CLIENTS[1], tmp_path / "out") == Loss((), ())
    publish("planted rubbish", len(names), kind=part)


@pytest.mark.parametrize("part", PARTS[1:])
def test_an_object_doubled_under_another_name_takes_nothing_away(
    agency: Agency, tmp_path: Path, publish: Publish, part: str
) -> None:
    """The copy is damage where its name promises other bytes."""
    names = of_kind(agency, part)
    for name in names:
        double = ObjectName(name[:-64] + name[-64:][::-1])
        with changed(agency, {double: agency.store.objects[name]}) as report:
            assert named(report) == {double: "damaged"}
            assert lost(agency, CLIENTS[1], tmp_path / "out") == Loss((), ())
    publish("doubled object", len(names), kind=part)


def of_each_kind(agency: Agency, clients: tuple[str, ...]) -> dict[ObjectName, bytes]:
    """Return two objects of every kind and client, where there are two."""
    names = [*of_kind(agency, "config"), *of_kind(agency, "keys/")]
    for client in clients:
        for part in SEALED:
            names += of_kind(agency, part, client)[:2]
    return {name: agency.store.objects[name] for name in names}


def test_no_object_passes_for_another(
    agency: Agency, stranger: Agency, tmp_path: Path, publish: Publish
) -> None:
    """All pairs: of one kind and client, across kinds, across clients, across vaults."""
    there = of_each_kind(agency, CLIENTS[:2])
    pairs = [(name, bytes_) for name in there for other, bytes_ in there.items() if name != other]
    foreign = of_each_kind(stranger, CLIENTS[:1])
    pairs += [(name, bytes_) for name in there for bytes_ in foreign.values()]
    for name, bytes_ in pairs:
        with changed(agency, {name: bytes_}) as report:
            assert named(report) == {name: "damaged"}
            if agency.client_of(name) == CLIENTS[1] and "/keys/" not in name:
                lost(agency, CLIENTS[1], tmp_path / "out")  # what comes back is right
    publish("object in another's place", len(pairs))


@pytest.mark.parametrize("part", SEALED)
def test_an_object_carried_to_another_client_s_folder_is_damage_there(
    agency: Agency, stranger: Agency, tmp_path: Path, publish: Publish, part: str
) -> None:
    """Under its own name, which fits its bytes: only the seal tells whose it is."""
    (home,) = (prefix for prefix, client in agency.prefixes.items() if client == CLIENTS[1])
    carried = {}
    for source in (agency, stranger):
        for name in of_kind(source, part):
            if not name.startswith(home):
                carried[ObjectName(home + name.split("/", 2)[2])] = source.store.objects[name]
    for name, bytes_ in carried.items():
        with changed(agency, {name: bytes_}) as report:
            assert named(report)[name] == "damaged"
            assert all(comes_back(agency, s, tmp_path / "o") for s in agency.snapshots[CLIENTS[1]])
    publish("object in another's folder", len(carried), kind=part)


def test_two_clients_whose_folders_were_swapped_are_neither_s(
    agency: Agency, tmp_path: Path, publish: Publish
) -> None:
    one, other = (p for p, client in agency.prefixes.items() if client in CLIENTS[1:])
    objects = agency.store.objects
    swap = {n: n.replace(one, other) if one in n else n.replace(other, one) for n in objects}
    change = {name: objects.get(ObjectName(swap[name])) for name in objects}
    change |= {ObjectName(swap[name]): data for name, data in objects.items()}
    with changed(agency, change) as report:
        assert {agency.client_of(name) for name in named(report)} >= set(CLIENTS[1:])
        for client in CLIENTS[1:]:
            assert not any(comes_back(agency, s, tmp_path / "o") for s in agency.snapshots[client])
    publish("clients' folders swapped", 2)
