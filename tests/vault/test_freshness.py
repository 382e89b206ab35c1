"""An older vault put back is found out by whoever remembers, and a newer one never blamed."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baozhang.errors import (
    CorruptObjectError,
    NewerFormatError,
    StoreUnreachableError,
    UnreachableError,
    UsageError,
)
from baozhang.keys.slots import Secret, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.freshness import (
    ALARM_TEMPLATES,
    Alarm,
    compare,
    heads,
    read_witness,
    update_witness,
)
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.names import hash_in, sequence_in
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.tombstones import Tombstone, seal_tombstone
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.witness import (
    FileWitness,
    Head,
    StoreWitness,
    Witness,
    _mac,
    decode_witness,
    encode_witness,
    witness_at,
)
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT

Objects = dict[ObjectName, bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "small"
    root.mkdir()
    (root / "a").write_text("1")
    return root


@pytest.fixture
def night(vault: Vault, folder: Path) -> Callable[..., None]:
    """Back up c001 and c002; each call a day later."""
    days = iter(range(1000))

    def run(*clients: str, set_name: str = "main", onto: Vault = vault) -> None:
        day = next(days)
        (folder / "a").write_text(str(day))
        for client in clients or ("c001", "c002"):
            with TreeSource(folder).freeze() as frozen:
                at = AT + timedelta(days=day)
                back_up(onto.client(client, create=True), frozen, set_name=set_name, at=at)

    return run


@pytest.fixture
def place(tmp_path: Path) -> FileWitness:
    (tmp_path / "elsewhere").mkdir()
    return FileWitness(tmp_path / "elsewhere" / "main.json")


def put_back(store: MemoryStore, objects: Objects) -> None:
    store.objects.clear()
    store.objects.update(objects)


def told(alarms: tuple[Alarm, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.client, one.set) for one in alarms]


def checked(vault: Vault, place: FileWitness, *mirrors: MemoryStore) -> list[tuple[str, str, str]]:
    return told(compare(vault, read_witness(vault, place), mirrors))


def commits(side: ClientVault, sequence: int) -> list[ObjectName]:
    return [name for name in side.commit_names("main") if sequence_in(name) == sequence]


def test_heads_name_the_newest_commit_of_every_set(
    vault: Vault, night: Callable[..., None]
) -> None:
    night()
    night("c001")
    night("c001", set_name="papers")
    found = heads(vault)
    assert [(h.client, h.set, h.sequence, h.count) for h in found] == [
        ("c001", "main", 2, 2),
        ("c001", "papers", 1, 1),
        ("c002", "main", 1, 1),
    ]
    (newest,) = commits(vault.client("c001"), 2)
    assert found[0].commits == (hash_in(newest),)


def test_a_vault_that_is_as_its_witness_knows_it_is_fine(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    assert checked(vault, place) == []


def test_a_vault_ahead_of_its_witness_is_fine(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    for _ in range(3):
        night()
    night("c003")
    assert checked(vault, place) == []


def test_without_a_witness_nothing_is_known(vault: Vault, place: FileWitness) -> None:
    assert read_witness(vault, place) is None
    assert compare(vault, None) == ()


def test_an_old_vault_put_back_whole_is_found_on_a_fresh_machine(
    vault: Vault,
    store: MemoryStore,
    secret: Secret,
    night: Callable[..., None],
    place: FileWitness,
) -> None:
    night()
    old = dict(store.objects)
    night()
    night()
    update_witness(vault, place, at=AT)
    put_back(store, old)
    fresh = open_vault(store, secret)  # knows nothing but witness and key
    alarms = compare(fresh, read_witness(fresh, place))
    assert told(alarms) == [("rolled_back", "c001", "main"), ("rolled_back", "c002", "main")]
    assert [(one.known, one.found) for one in alarms] == [(3, 1), (3, 1)]


def test_the_newest_snapshot_deleted_is_told_apart_from_a_vault_put_back(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    night()
    update_witness(vault, place, at=AT)
    (newest,) = commits(vault.client("c001"), 2)
    store.delete(newest)
    assert checked(vault, place) == [("deleted", "c001", "main")]


def test_a_vault_put_back_and_written_on_is_a_forked_history(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    old = dict(store.objects)
    night()
    update_witness(vault, place, at=AT)
    put_back(store, old)
    night()
    assert {kind for kind, *_ in checked(vault, place)} == {"forked"}
    night()  # and it stays found out, however far it goes on
    assert {kind for kind, *_ in checked(vault, place)} == {"forked"}


def test_a_known_commit_that_the_newest_does_not_descend_from_is_a_fork(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    """Both are there: a history written beside it was merged in."""
    night("c001")
    old = dict(store.objects)
    night("c001")
    update_witness(vault, place, at=AT)
    known = dict(store.objects)
    put_back(store, old)
    night("c001")
    night("c001")
    store.objects.update(known)
    assert checked(vault, place) == [("forked", "c001", "main")]


def test_a_commit_taken_out_of_the_middle_is_found(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    for _ in range(4):
        night("c001")
    update_witness(vault, place, at=AT)
    for sequence in (2, 3):
        store.delete(commits(vault.client("c001"), sequence)[0])
    (alarm,) = compare(vault, read_witness(vault, place))
    assert (alarm.kind, alarm.missing) == ("lost", 2)


def test_a_known_commit_taken_out_below_newer_ones_is_found(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night("c001")
    update_witness(vault, place, at=AT)
    night("c001")
    store.delete(commits(vault.client("c001"), 1)[0])
    assert checked(vault, place) == [("lost", "c001", "main")]


def test_a_lost_set_and_a_lost_client_are_found(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    night("c001", set_name="papers")
    update_witness(vault, place, at=AT)
    papers = vault.client("c001").commit_names("papers")
    lost = vault.client("c002").space.prefix
    for name in [*papers, *(name for name in store.objects if name.startswith(lost))]:
        store.delete(name)
    assert checked(vault, place) == [
        ("lost_set", "c001", "papers"),
        ("lost_client", "c002", "main"),
    ]


def test_a_client_shredded_on_purpose_is_no_alarm(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    space = vault.client("c002").space
    for name in [name for name in store.objects if name.startswith(space.prefix)]:
        store.delete(name)
    stone = Tombstone("c002", AT.isoformat(), "zhang", "解约", "li", keys=())
    sealed = seal_tombstone(stone, vault.root.master, vault.id, space)
    store.put(space.tombstone(sealed), sealed)
    assert checked(vault, place) == []
    night("c001")
    known = [(h.client, h.sequence) for h in update_witness(vault, place, at=AT).heads]
    assert known == [("c001", 2), ("c002", 1)]


def test_a_tombstone_that_somebody_made_up_excuses_nothing(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    space = vault.client("c002").space
    for name in [name for name in store.objects if name.startswith(space.prefix)]:
        store.delete(name)
    store.put(space.tombstone(b"made up"), b"made up")
    assert checked(vault, place) == [("lost_set", "c002", "main")]


def test_a_known_commit_overwritten_with_rubbish_is_found(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night("c001")
    update_witness(vault, place, at=AT)
    (newest,) = commits(vault.client("c001"), 1)
    store.objects[newest] = bytes(len(store.objects[newest]))
    assert checked(vault, place) == [("damaged", "c001", "main")]


def test_rubbish_under_a_commits_name_is_no_head_and_no_alarm(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night("c001")
    update_witness(vault, place, at=AT)
    (name,) = commits(vault.client("c001"), 1)
    above = ObjectName(name.rsplit("/", 1)[0] + f"/{9:010d}-{'0' * 64}")
    store.put(above, b"rubbish")
    assert [head.sequence for head in heads(vault)] == [1]
    assert checked(vault, place) == []


class LateStore(MemoryStore):
    """Does not see, at its first listings, what others put: so two writers make a fork."""

    def __init__(self, objects: Objects, hidden: set[ObjectName]) -> None:
        super().__init__()
        self.objects, self.hidden = objects, hidden

    def list(self, prefix: str = "", /):  # type: ignore[no-untyped-def]
        for info in super().list(prefix):
            if info.name not in self.hidden:
                yield info


def test_a_fork_that_a_later_backup_healed_is_fine(
    vault: Vault,
    store: MemoryStore,
    secret: Secret,
    night: Callable[..., None],
    place: FileWitness,
) -> None:
    night("c001")
    update_witness(vault, place, at=AT)
    before = set(store.objects)
    night("c001")
    late = LateStore(store.objects, set(store.objects) - before)
    night("c001", onto=open_vault(late, secret))
    assert len(commits(vault.client("c001"), 2)) == 2
    assert checked(vault, place) == []
    update_witness(vault, place, at=AT)
    assert [len(head.commits) for head in heads(vault)] == [2]
    night("c001")
    assert checked(vault, place) == []
    assert [(head.sequence, head.count) for head in heads(vault)] == [(3, 4)]


def test_damage_between_witness_and_head_is_verifys_business(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night("c001")
    update_witness(vault, place, at=AT)
    night("c001")
    night("c001")
    (middle,) = commits(vault.client("c001"), 2)
    store.objects[middle] = bytes(len(store.objects[middle]))
    assert checked(vault, place) == []


def test_a_mirror_that_is_behind_or_level_is_fine(
    vault: Vault, store: MemoryStore, night: Callable[..., None]
) -> None:
    night()
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    assert compare(vault, None, [mirror, MemoryStore()]) == ()
    night()
    assert compare(vault, None, [mirror]) == ()


def test_a_mirror_ahead_of_its_vault_is_found_without_any_witness(
    vault: Vault, store: MemoryStore, night: Callable[..., None]
) -> None:
    night()
    old = dict(store.objects)
    night()
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    put_back(store, old)
    alarms = compare(vault, None, [mirror])
    assert told(alarms) == [("mirror_ahead", "c001", "main"), ("mirror_ahead", "c002", "main")]
    assert alarms[0].mirror == mirror.url


def test_a_client_that_only_a_mirror_still_has_is_found_by_name(
    vault: Vault, store: MemoryStore, night: Callable[..., None]
) -> None:
    night()
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    lost = vault.client("c002").space.prefix
    for name in [name for name in store.objects if name.startswith(lost)]:
        store.delete(name)
    assert told(compare(vault, None, [mirror])) == [("mirror_ahead", "c002", "main")]


def test_rubbish_at_a_mirror_is_no_alarm(
    vault: Vault, store: MemoryStore, night: Callable[..., None]
) -> None:
    night("c001")
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    (name,) = commits(vault.client("c001"), 1)
    mirror.put(ObjectName(name.rsplit("/", 1)[0] + f"/{9:010d}-{'0' * 64}"), b"rubbish")
    mirror.put(ObjectName(f"c/{'0' * 32}/commit/{'0' * 32}/{9:010d}-{'0' * 64}"), b"rubbish")
    assert compare(vault, None, [mirror]) == ()


def test_a_backup_while_the_mirror_is_listed_is_no_alarm(
    vault: Vault, store: MemoryStore, night: Callable[..., None]
) -> None:
    night("c001")

    class Mirrored(MemoryStore):
        happened = False

        def list(self, prefix: str = "", /):  # type: ignore[no-untyped-def]
            if not self.happened:
                self.happened = True
                night("c001")
                copy_to_mirror(store, self)
            yield from super().list(prefix)

    mirror = Mirrored()
    assert compare(vault, None, [mirror]) == ()
    assert mirror.happened
    assert any("/commit/" in name for name in mirror.objects)


def test_a_witness_never_goes_back(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    old = dict(store.objects)
    night()
    known = update_witness(vault, place, at=AT).heads
    put_back(store, old)
    assert update_witness(vault, place, at=AT).heads == known
    night()  # the vault goes on from the old state
    assert update_witness(vault, place, at=AT).heads == known
    assert len(checked(vault, place)) == 2


def test_an_alarm_about_one_client_does_not_stop_the_witness_of_the_others(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    store.delete(commits(vault.client("c001"), 1)[0])
    night("c002")
    known = {head.client: head.sequence for head in update_witness(vault, place, at=AT).heads}
    assert known == {"c001": 1, "c002": 2}


def test_a_client_whose_keys_are_damaged_stays_known(
    vault: Vault, store: MemoryStore, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    for name in store.objects:
        if name.startswith(f"{vault.client('c002').space.prefix}keys/"):
            break
    store.objects[name] = bytes(len(store.objects[name]))
    night("c001")
    fresh = Vault(store, vault.id, vault.root)
    assert [h.client for h in update_witness(fresh, place, at=AT).heads] == ["c001", "c002"]


def test_nothing_new_writes_nothing(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    first = update_witness(vault, place, at=AT)
    again = update_witness(vault, place, at=AT + timedelta(days=9))
    assert (again, first.number) == (first, 1)


def test_numbers_of_witnesses_grow(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    night()
    assert update_witness(vault, place, at=AT).number == 2


@pytest.mark.parametrize("at", [0, 40, 200, -2])
def test_any_change_of_a_witness_is_found(
    vault: Vault, night: Callable[..., None], place: FileWitness, at: int
) -> None:
    night()
    update_witness(vault, place, at=AT)
    data = bytearray(Path(place.url).read_bytes())
    data[at] ^= 1
    Path(place.url).write_bytes(data)
    with pytest.raises((CorruptObjectError, UsageError)):
        read_witness(vault, place)


def test_a_witness_forged_without_the_key_is_not_believed(
    vault: Vault, secret: Secret, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    line, _, _ = Path(place.url).read_bytes().partition(b"\n")
    other = create_vault(MemoryStore(), [secret], at=AT)
    forger = Vault(other.store, vault.id, other.root)
    fields = json.loads(line)
    forged = Witness(vault.id, fields["number"], AT, ())
    Path(place.url).write_bytes(encode_witness(forger, forged))
    with pytest.raises(CorruptObjectError):
        read_witness(vault, place)


def test_a_forged_witness_is_not_written_over(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    Path(place.url).write_bytes(b"forged")
    with pytest.raises(CorruptObjectError):
        update_witness(vault, place, at=AT)
    assert Path(place.url).read_bytes() == b"forged"


def test_the_witness_of_another_vault_is_said_to_be_one(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    other = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    update_witness(other, place, at=AT)
    with pytest.raises(UsageError, match="another vault"):
        read_witness(vault, place)


def test_a_newer_witness_is_refused_and_not_misread(vault: Vault) -> None:
    data = encode_witness(vault, Witness(vault.id, 1, AT, ()))
    fields = json.loads(data.partition(b"\n")[0]) | {"format": 2}
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(NewerFormatError):
        decode_witness(vault, line + b"\n" + _mac(vault.root.master, line) + b"\n")


def test_ids_do_not_stand_in_a_witness(
    vault: Vault, night: Callable[..., None], place: FileWitness
) -> None:
    night()
    update_witness(vault, place, at=AT)
    assert b"c001" not in Path(place.url).read_bytes()
    assert [head.client for head in read_witness(vault, place).heads] == ["c001", "c002"]  # type: ignore[union-attr]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9_][a-z0-9_-]{0,20}", fullmatch=True),
            st.integers(1, 10**9),
            st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1, max_size=3),
        ),
        max_size=5,
    )
)
def test_a_witness_comes_back_as_it_was_written(
    vault: Vault, rows: list[tuple[str, int, list[str]]]
) -> None:
    known = tuple(Head(name, "main", n, tuple(sorted(h)), n) for name, n, h in rows)
    witness = Witness(vault.id, 7, AT, known)
    data = encode_witness(vault, witness)
    assert decode_witness(vault, data) == witness
    assert encode_witness(vault, witness) == data


def test_a_witness_in_a_store_is_never_overwritten(
    vault: Vault, night: Callable[..., None]
) -> None:
    elsewhere = MemoryStore()
    place = StoreWitness(elsewhere, vault.id)
    for _ in range(3):
        night()
        update_witness(vault, place, at=AT)
    assert len(elsewhere.objects) == 3
    found = read_witness(vault, place)
    assert found is not None
    assert (found.number, found.heads[0].sequence) == (3, 3)


def test_several_vaults_keep_their_witnesses_in_one_store(
    vault: Vault, night: Callable[..., None]
) -> None:
    elsewhere = MemoryStore()
    other = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    night()
    update_witness(vault, StoreWitness(elsewhere, vault.id), at=AT)
    update_witness(other, StoreWitness(elsewhere, other.id), at=AT)
    assert read_witness(other, StoreWitness(elsewhere, other.id)).heads == ()  # type: ignore[union-attr]


def test_a_witness_that_cannot_be_reached_is_not_taken_for_none(vault: Vault) -> None:
    class Gone(MemoryStore):
        def list(self, prefix: str = "", /):  # type: ignore[no-untyped-def]
            raise StoreUnreachableError("gone")
            yield ObjectInfo(ObjectName(""), 0)

    with pytest.raises(StoreUnreachableError):
        read_witness(vault, StoreWitness(Gone(), vault.id))


def test_a_folder_in_the_place_of_a_witness_is_said(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "w.json").mkdir()
    with pytest.raises(UnreachableError):
        read_witness(vault, FileWitness(tmp_path / "w.json"))


def test_a_folder_that_is_not_there_is_not_taken_for_a_place_without_a_witness(
    vault: Vault, tmp_path: Path
) -> None:
    place = FileWitness(tmp_path / "unmounted" / "w.json")
    with pytest.raises(UnreachableError):
        read_witness(vault, place)
    with pytest.raises(UnreachableError):
        update_witness(vault, place, at=AT)


def test_a_witness_file_is_its_owners_alone_and_leaves_nothing_beside_it(
    vault: Vault, night: Callable[..., None], tmp_path: Path
) -> None:
    night()
    (tmp_path / "far").mkdir()
    place = witness_at(f"file://{tmp_path}/far/w%20one.json", vault)
    update_witness(vault, place, at=AT)
    path = tmp_path / "far" / "w one.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in path.parent.iterdir()} == {"w one.json", ".w one.json.lock"}


def test_an_alarm_fills_its_sentence() -> None:
    for kind in ALARM_TEMPLATES:
        mirror = "m" if kind == "mirror_ahead" else ""
        alarm = Alarm(kind, "c001", "main", 3, 2, "/vault", mirror=mirror, missing=1)
        assert "{" not in alarm.template.format(**alarm.facts)
