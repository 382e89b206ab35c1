"""Content that moved is found where it is (docs/format.md, "Moves")."""

from baozhang.keys.slots import decode_key_file
from baozhang.vault.moves import NOWHERE, Moves, encode_moves
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import open_vault
from tests.kit.conftest import Place, facts_without_report
from tests.kit.running import kit
from tests.vault.test_round_trip import facts


def move(place: Place, to: tuple[bytes, int] | None) -> None:
    """Say of the first 99 segments of every pack of a client that they lie there, or nowhere."""
    key = decode_key_file((place.root / "key").read_bytes())
    side = open_vault(store_at(str(place.vault)), key).client("c001")
    packs = [bytes.fromhex(path.name) for path in place.objects("packs")]
    moves = Moves({pack: [to or (pack, NOWHERE)] * 99 for pack in packs})
    sealed = side.seal(Kind.MOVES, encode_moves(moves))
    side.store.put(side.space.moves(sealed), sealed)


def test_a_segment_that_was_given_up_is_read_where_it_was(place: Place) -> None:
    move(place, None)
    done = kit("restore", "c001", "--to", place.root / "out", *place.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert facts_without_report(place.root / "out") == facts(place.source("c001"))


def test_moves_that_lead_in_a_circle_are_damage_and_end(place: Place) -> None:
    move(place, (bytes.fromhex(place.objects("packs")[0].name), 0))
    done = kit("restore", "c001", "--to", place.root / "out", *place.options)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "RecursionError" in done.stderr
