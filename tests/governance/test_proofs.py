"""A proof is opened and looked at: what it is, whether it is whole, and where it is kept."""

import io
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError
from baozhang.governance.proofs import MOST_BYTES, ProofError, examine, folder, keep, state_of
from baozhang.wiring import open_site
from tests.flows.site import make_site
from tests.governance import proof_files
from tests.governance.proof_files import SOUND, laid


@pytest.mark.parametrize("name", SOUND)
def test_every_kind_that_is_whole_is_taken(tmp_path: Path, name: str) -> None:
    path = laid(tmp_path, name, SOUND[name]())
    assert examine(path).size == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("plan.pdf", date(2026, 11, 20)),
        ("photo.png", date(2026, 11, 19)),
        ("photo.JPG", date(2026, 11, 18)),
        ("plan.docx", date(2026, 11, 17)),
        ("invoice.ofd", date(2026, 11, 16)),
        ("answer.eml", date(2026, 11, 15)),
        ("note.txt", None),
    ],
)
def test_a_file_says_its_own_day(tmp_path: Path, name: str, day: date | None) -> None:
    assert examine(laid(tmp_path, name, SOUND[name]())).dated == day


BAD = {
    "empty.pdf": (b"", "is empty"),
    "blank.txt": (b" \n\t ", "is empty"),
    "film.mp4": (b"x", "of no kind"),
    "none": (b"x", "of no kind"),
    "really-a-picture.pdf": (proof_files.png(), "no such file"),
    "really-a-pdf.png": (proof_files.pdf(), "no such file"),
    "really-text.jpg": (b"hello", "no such file"),
    "really-a-sheet.docx": (proof_files.xlsx(), "no such file"),
    "really-text.xlsx": (b"a,b", "no such file"),
    "no-head.eml": (b"just words", "no such file"),
    "bad-day.eml": (b"From: a@b.cn\r\nDate: soon\r\n\r\nok", "no such file"),
    "cut.pdf": (proof_files.pdf()[:-30], "cut off"),
    "middle-gone.pdf": (proof_files.pdf()[:40] + proof_files.pdf()[90:], "cut off"),
    "cut.png": (proof_files.png()[:-6], "cut off"),
    "flipped.png": (proof_files.png()[:-20] + b"x" + proof_files.png()[-19:], "cut off"),
    "cut.jpg": (proof_files.jpg()[:-2], "cut off"),
    "cut-in-head.jpg": (proof_files.jpg()[:12], "cut off"),
    "day-past-all-days.eml": (
        b"From: a@b.cn\r\nDate: Fri, 31 Dec 9999 23:00:00 +0000\r\n\r\nok",
        "no such file",
    ),
    "cut.xlsx": (proof_files.xlsx()[:-40], "cut off"),
    "begin-gone.xlsx": (b"PK" + proof_files.xlsx()[60:], "cut off"),
    "locked.pdf": (proof_files.pdf(locked=True), "locked"),
    "locked.docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "locked"),
    "locked.ofd": (
        proof_files.packed(("OFD.xml", b"<x/>"), ("Encryptions.xml", b"<x/>")),
        "locked",
    ),
    "binary.txt": (b"a\0b", "no text"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_named(tmp_path: Path, name: str) -> None:
    content, why = BAD[name]
    with pytest.raises(ProofError) as caught:
        examine(laid(tmp_path, name, content))
    assert why in str(caught.value)
    assert name in str(caught.value)


def test_a_flipped_byte_in_an_archive_is_found(tmp_path: Path) -> None:
    whole = bytearray(proof_files.packed(("word/document.xml", b"<w>text</w>")))
    whole[whole.index(b"text")] ^= 1
    with pytest.raises(ProofError, match="cut off"):
        examine(laid(tmp_path, "plan.docx", bytes(whole)))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_whose_packing_is_damaged_is_refused(tmp_path: Path, how: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as packed:
        packed.writestr("word/document.xml", b"a word " * 200)
    whole = bytearray(out.getvalue())
    begin = whole.index(b"word/document.xml") + len("word/document.xml")
    whole[begin : begin + 30] = bytes(range(30))
    with pytest.raises(ProofError, match="cut off"):
        examine(laid(tmp_path, "plan.docx", bytes(whole)))


def test_a_proof_that_changes_between_look_and_keep_is_refused(tmp_path: Path) -> None:
    home, path = make_site(tmp_path / "site"), laid(tmp_path, "a.pdf", proof_files.pdf())
    proof = examine(path)
    path.write_bytes(proof_files.pdf("20260101"))
    with open_site(home) as site:
        with pytest.raises(ProofError, match="changed while"):
            keep(site, path, proof)
        assert state_of(site, proof.sha256) == "missing"


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "film.pdf"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ProofError, match="more than"):
        examine(path)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    body = bytearray(proof_files.packed(("word/document.xml", b"x" * 10)))
    at = body.index(b"PK\x01\x02")
    body[at + 24 : at + 28] = (600 * 2**20).to_bytes(4, "little")
    with pytest.raises(ProofError, match="more than"):
        examine(laid(tmp_path, "bomb.docx", bytes(body)))


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        examine(tmp_path / "gone.pdf")


def test_a_proof_is_kept_private_and_once(tmp_path: Path) -> None:
    home = make_site(tmp_path / "site")
    first = laid(tmp_path, "a.pdf", proof_files.pdf())
    second = laid(tmp_path, "b.pdf", proof_files.pdf())
    with open_site(home) as site:
        for path in (first, second):
            keep(site, path, examine(path))
        kept = [each for each in folder(site).iterdir() if each.is_file()]
    assert [each.name for each in kept] == [examine(first).sha256]
    assert kept[0].stat().st_mode & 0o777 == 0o600


def test_a_kept_proof_that_changes_or_goes_is_seen(tmp_path: Path) -> None:
    home, path = make_site(tmp_path / "site"), laid(tmp_path, "a.pdf", proof_files.pdf())
    proof = examine(path)
    with open_site(home) as site:
        keep(site, path, proof)
        before = state_of(site, proof.sha256)
        (folder(site) / proof.sha256).write_bytes(b"else")
        changed = state_of(site, proof.sha256)
        os.unlink(folder(site) / proof.sha256)
        assert (before, changed, state_of(site, proof.sha256)) == ("sound", "altered", "missing")


def test_a_kept_proof_that_was_altered_is_mended_by_handing_it_in_again(tmp_path: Path) -> None:
    home, path = make_site(tmp_path / "site"), laid(tmp_path, "a.pdf", proof_files.pdf())
    proof = examine(path)
    with open_site(home) as site:
        keep(site, path, proof)
        (folder(site) / proof.sha256).write_bytes(b"else")
        keep(site, path, proof)
        assert state_of(site, proof.sha256) == "sound"
