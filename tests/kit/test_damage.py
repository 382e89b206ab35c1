"""What is damaged costs the files it hits and no others, and is always named."""

import random
import shutil
from pathlib import Path

import pytest

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.kit.conftest import AT, Place, facts_without_report
from tests.kit.running import kit, report_of
from tests.vault.test_round_trip import facts


def restore(place: Place, *words: object, to: str = "out") -> tuple[int, str]:
    done = kit("restore", *words, "--to", place.root / to, *place.options)
    return done.returncode, done.stdout + done.stderr


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def test_a_vault_of_the_product_comes_back_byte_for_byte(made: Place, tmp_path: Path) -> None:
    done = kit("restore", "--to", tmp_path / "out", *made.options)
    assert (done.returncode, done.stderr) == (0, "")
    for client in ("c001", "c002"):
        found = facts_without_report(tmp_path / "out" / client / "main")
        assert found == facts(made.source(client))


def test_the_vault_is_not_written_to(place: Place) -> None:
    before = facts(place.vault)
    for words in (("list",), ("verify",), ("restore", "--to", place.root / "out")):
        kit(*words, *place.options)
    assert facts(place.vault) == before


def test_a_wrong_key_opens_nothing(made: Place, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(encode_key_file(new_secret("keyfile")))
    done = kit("list", "--vault", made.vault, "--key-file", tmp_path / "key")
    assert (done.returncode, done.stdout) == (1, "")
    assert "密钥打不开 no key slot opens with this" in done.stderr


def test_a_wrong_passphrase_opens_nothing(made: Place) -> None:
    done = kit("list", "--vault", made.vault, "--passphrase", typed="wrong\n")
    assert "no key slot opens with this" in done.stderr


def test_a_mistyped_recovery_code_is_told_from_a_wrong_one(made: Place) -> None:
    done = kit("list", "--vault", made.vault, "--recovery-code", typed="AAAA-BBBB\n")
    assert "mistyped" in done.stderr


def test_no_failure_is_shown_as_a_traceback(tmp_path: Path) -> None:
    done = kit("list", "--vault", tmp_path, "--key-file", tmp_path / "nothing")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


def test_a_folder_with_something_in_it_is_left_alone(place: Place) -> None:
    (place.root / "out").mkdir()
    (place.root / "out" / "mine").write_text("mine")
    status, said = restore(place, "c001")
    assert (status, "not empty" in said) == (1, True)
    assert [path.name for path in (place.root / "out").iterdir()] == ["mine"]


def test_an_unknown_client_is_named(place: Place) -> None:
    status, said = restore(place, "c009")
    assert (status, "no such client: c009" in said) == (1, True)


def test_a_missing_pack_costs_its_files_and_no_others(place: Place) -> None:
    packs = place.objects("packs")
    max(packs, key=lambda path: path.stat().st_size).unlink()
    status, said = restore(place)
    assert status == 1
    for client in ("c001", "c002"):
        found = facts_without_report(place.root / "out" / client / "main")
        whole = facts(place.source(client))
        assert {path: whole[path] for path in found} == found
        assert [path for path in whole if path not in found and path.decode() not in said] == []


def test_a_flipped_bit_costs_what_lies_in_its_segment(place: Place) -> None:
    pack = max(place.objects("packs"), key=lambda path: path.stat().st_size)
    flip(pack, 5_000)
    status, said = restore(place)
    assert (status, said.count(f"{pack.name} #0")) == (1, said.count("InvalidTag"))
    reports = [report_of(path.parent) for path in place.root.glob("out/*/*/_RESTORE*")]
    assert sorted("INCOMPLETE" in report for report in reports) == [False, True]


def test_the_report_of_an_incomplete_restore_names_what_is_missing(place: Place) -> None:
    shutil.rmtree(next(place.vault.glob("c/*/packs")))
    status, _ = restore(place)
    lacking = [report_of(p.parent) for p in place.root.glob("out/*/*/_RESTORE*")]
    lacking = [report for report in lacking if "INCOMPLETE" in report]
    assert (status, len(lacking)) == (1, 1)
    assert "未恢复 not restored: books/journal.csv" in lacking[0]


@pytest.mark.parametrize("seed", range(20))
def test_no_flipped_bit_yields_a_wrong_file_or_goes_unnoticed(
    made: Place, place: Place, seed: int
) -> None:
    rng = random.Random(seed)
    kinds = ["packs", "snap", "commit", "keys", "index"]
    path = rng.choice(place.objects(kinds[seed % len(kinds)]))
    flip(path, rng.randrange(path.stat().st_size))
    assert kit("verify", *place.options).returncode == 1
    restore(place)
    for client in ("c001", "c002"):
        out, whole = place.root / "out" / client / "main", facts(made.source(client))
        found = facts_without_report(out) if out.exists() else {}
        assert [name for name, fact in found.items() if fact[2] != whole[name][2]] == []


def test_a_damaged_newest_snapshot_is_not_passed_over_in_silence(place: Place) -> None:
    newest = max(place.objects("commit"))
    flip(newest, 200)
    status, said = restore(place)
    assert (status, "the newest is damaged; take --snapshot main-000001" in said) == (1, True)


def test_an_earlier_snapshot_can_be_asked_for(place: Place) -> None:
    listed = kit("list", "c001", *place.options).stdout
    earlier = next(word for word in listed.split() if word.startswith("main-000001-"))
    status, _ = restore(place, "c001", "--snapshot", earlier)
    journal = (place.root / "out" / "books" / "journal.csv").read_text()
    assert (status, journal.endswith("0,later\n")) == (0, True)


def test_without_its_head_a_vault_is_read_all_the_same(place: Place) -> None:
    (place.vault / "config").unlink()
    status, said = restore(place, "c001")
    assert (status, "config" in said) == (1, True)
    assert facts_without_report(place.root / "out") == facts(place.source("c001"))


def test_a_vault_of_a_newer_release_is_refused(place: Place) -> None:
    head = (place.vault / "config").read_text()
    (place.vault / "config").write_text(head.replace('"format":1', '"format":2'))
    status, said = restore(place, "c001")
    assert (status, "newer restore kit" in said) == (1, True)


@pytest.mark.parametrize("kind", ["packs", "snap", "commit", "keys"])
def test_objects_that_two_clients_swapped_give_neither_the_others_books(
    place: Place, kind: str
) -> None:
    one, other = (
        max(path for path in (space / kind).rglob("*") if path.is_file())
        for space in sorted((place.vault / "c").iterdir())
    )
    first, second = one.read_bytes(), other.read_bytes()
    for path, data in ((one, second), (other, first)):
        path.chmod(0o600)
        path.write_bytes(data)
    status, _ = restore(place)
    assert status == 1
    for client in ("c001", "c002"):
        out, whole = place.root / "out" / client / "main", facts(place.source(client))
        found = facts_without_report(out) if out.exists() else {}
        assert [name for name, fact in found.items() if fact[2] != whole[name][2]] == []


def test_sound_packs_of_one_client_that_were_swapped_give_no_wrong_file(place: Place) -> None:
    first, *others = sorted((next(place.vault.glob("c/*/packs"))).rglob("*/*"))
    one, other = first.read_bytes(), others[-1].read_bytes()
    for path, data in ((first, other), (others[-1], one)):
        path.chmod(0o600)
        path.write_bytes(data)
    assert restore(place)[0] == 1
    for client in ("c001", "c002"):
        whole = facts(place.source(client))
        found = facts_without_report(place.root / "out" / client / "main")
        assert [name for name, fact in found.items() if fact[2] != whole[name][2]] == []


def test_a_set_that_is_a_single_file_comes_back(tmp_path: Path) -> None:
    secret = new_secret("keyfile")
    (tmp_path / "key").write_bytes(encode_key_file(secret))
    (tmp_path / "journal.csv").write_bytes(b"1,2,3\n")
    vault = create_vault(new_store_at(str(tmp_path / "vault")), [secret], at=AT)
    with TreeSource(tmp_path / "journal.csv").freeze() as frozen:
        back_up(vault.client("c001", create=True), frozen, set_name="main", at=AT)
    place = Place(tmp_path)
    assert restore(place, "c001")[0] == 0
    assert (tmp_path / "out" / "journal.csv").read_bytes() == b"1,2,3\n"


def test_a_sound_object_under_anothers_name_is_refused(place: Place) -> None:
    older, newer = (path for path in place.objects("snap")[:2])
    newer.chmod(0o600)
    newer.write_bytes(older.read_bytes())
    done = kit("verify", *place.options)
    assert (done.returncode, "its hash differs from its name" in done.stderr) == (1, True)
