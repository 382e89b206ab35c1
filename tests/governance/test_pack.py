"""Evidence packs: sound as they are made, and every change to them is found and named."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from baozhang.audit.records import Entry, chain, encode_record
from baozhang.audit.signing import Signer, load_signer
from baozhang.errors import UsageError
from baozhang.governance.audits import Audit, encoded
from baozhang.governance.controls import controls
from baozhang.governance.model import Evidence
from baozhang.governance.pack import (
    MANIFEST,
    SEAL,
    Manifest,
    Seal,
    container,
    entries,
    listed,
    log_part,
    manifest_digest,
)
from baozhang.governance.packed import PackReport, verify_pack
from baozhang.governance.sampling import seed_of
from tests.governance.auditing import END, NOW, REFS, full, judged, log, packed, passes

TESTED = next(each for each in controls() if each.tests and each.source == "auto")
PIECES = tuple(
    each.model_copy(update={"refs": REFS}) if each.control == TESTED.id else each
    for each in full(controls())
)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audits")
    return packed(folder, judged(folder, PIECES))


@pytest.fixture
def files(pack: Path) -> Files:
    return {each.name: each.content for each in entries(pack.read_bytes())}


def verified(place: Path, content: bytes | Mapping[str, bytes], **more: str) -> PackReport:
    path = place / "pack.zip"
    path.write_bytes(content if isinstance(content, bytes) else container(content))
    return verify_pack(path, **more)


def faults(place: Path, content: bytes | Mapping[str, bytes], **more: str) -> list[tuple[str, str]]:
    return [(each.fault, each.file) for each in verified(place, content, **more).troubles]


def resigned(files: Files) -> Files:
    """Return the files as somebody with a key of their own would sign them."""
    key = Ed25519PrivateKey.generate()
    signer = Signer(key)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return sealed_by(signer, files | {"signing.pub": pem})


def sealed_by(signer: Signer, files: Files) -> Files:
    inside = {name: each for name, each in files.items() if name not in {MANIFEST, SEAL}}
    manifest = Manifest.model_validate_json(files[MANIFEST])
    table = {name: listed(content) for name, content in sorted(inside.items())}
    text = encoded(manifest.model_copy(update={"files": table, "key": signer.fingerprint}))
    seal = Seal(key=signer.fingerprint, signature=signer.sign_pack(text))
    return {MANIFEST: text, SEAL: encoded(seal), **inside}


def owned(files: Files, name: str, change: Callable[[bytes], bytes], folder: Path) -> Files:
    """Return the files as the agency itself could have signed them after a change."""
    return sealed_by(load_signer(folder / "log"), files | {name: change(files[name])})


# --- as it is made ------------------------------------------------------------------------------


def test_a_pack_as_it_is_made_holds(pack: Path) -> None:
    report = verify_pack(pack)
    assert report.troubles == ()
    assert report.holds


def test_it_tells_what_it_is_of(pack: Path) -> None:
    report = verify_pack(pack)
    assert report.manifest is not None
    assert (report.manifest.audit, report.at, report.manifest.made) == ("a-2026-10", END, NOW)


def test_its_lines_are_judged_anew(pack: Path) -> None:
    assert sum(verify_pack(pack).statuses.values()) == 252


def test_its_controls_are_known_to_be_those_of_this_release(pack: Path) -> None:
    assert verify_pack(pack).same_controls


def test_it_holds_the_log_from_the_first_named_record_to_the_head(pack: Path) -> None:
    report = verify_pack(pack)
    assert (report.log, report.records) == ("chain", 3)


def test_the_digest_is_that_of_the_manifest(pack: Path) -> None:
    assert verify_pack(pack).digest == manifest_digest(pack)


def test_the_key_of_the_agency_is_accepted(pack: Path) -> None:
    key = verify_pack(pack).key
    assert verify_pack(pack, wanted_key=key.upper()).holds


def test_any_zip_program_opens_it(pack: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("asked.json"))["audit"] == "a-2026-10"


def test_the_same_content_is_the_same_file(files: Files) -> None:
    assert container(files) == container(dict(reversed(files.items())))


def test_an_audit_without_evidence_makes_a_pack_too(tmp_path: Path) -> None:
    path = packed(tmp_path, judged(tmp_path, ()))
    report = verify_pack(path)
    assert (report.troubles, dict(report.statuses)) == ((), {"not evidenced": 252})


def test_a_seed_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    assert verify_pack(packed(tmp_path, judged(tmp_path, (), seed="dice-4"))).holds


def test_an_audit_of_one_section_makes_a_pack(tmp_path: Path) -> None:
    audit = judged(tmp_path, PIECES, sections=("A7",))
    assert sum(verify_pack(packed(tmp_path, audit)).statuses.values()) == 6


# --- changed ------------------------------------------------------------------------------------


def test_every_changed_byte_of_a_small_pack_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "audits"
    data = packed(folder, judged(folder, (), sections=("A7",))).read_bytes()
    stride = 4001  # a prime: every file is hit; both ends of the archive byte by byte
    ends = [*range(120), *range(len(data) - 200, len(data))]
    for place in sorted({*range(0, len(data), stride), *ends}):
        changed = bytearray(data)
        changed[place] ^= 1
        assert faults(tmp_path, bytes(changed)), place


@pytest.mark.parametrize("length", [0, 1, 3, 29, 30, 100, -1, -22, -1000])
def test_a_pack_that_is_cut_off_is_found(pack: Path, tmp_path: Path, length: int) -> None:
    assert faults(tmp_path, pack.read_bytes()[:length])


@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_around_it_are_found(pack: Path, tmp_path: Path, where: str) -> None:
    data = pack.read_bytes()
    assert faults(tmp_path, b"x" + data if where == "before" else data + b"x")


def test_a_changed_file_is_named(files: Files, tmp_path: Path) -> None:
    for name in files.keys() - {MANIFEST, SEAL, "signing.pub"}:
        changed = files | {name: files[name] + b" "}
        assert faults(tmp_path, changed) == [("altered", name)]


def test_a_removed_file_is_named(files: Files, tmp_path: Path) -> None:
    for name in files.keys() - {MANIFEST, SEAL, "signing.pub"}:
        left = {each: content for each, content in files.items() if each != name}
        assert faults(tmp_path, left) == [("removed", name)]


def test_an_added_file_is_named(files: Files, tmp_path: Path) -> None:
    assert faults(tmp_path, files | {"more.json": b"{}"}) == [("added", "more.json")]


def test_without_its_manifest_it_is_no_pack(files: Files, tmp_path: Path) -> None:
    assert faults(tmp_path, {SEAL: files[SEAL]}) == [("no pack", "")]


def test_without_its_signature_it_is_not_signed(files: Files, tmp_path: Path) -> None:
    left = {name: content for name, content in files.items() if name != SEAL}
    assert faults(tmp_path, left) == [("removed", SEAL)]


def test_a_manifest_that_was_changed_is_not_signed(files: Files, tmp_path: Path) -> None:
    changed = files[MANIFEST].replace(b'"a-2026-10"', b'"a-2026-11"')
    assert faults(tmp_path, files | {MANIFEST: changed}) == [("signature", "")]


def test_a_manifest_in_another_form_is_refused(files: Files, tmp_path: Path) -> None:
    changed = files[MANIFEST].replace(b":", b": ", 1)
    assert faults(tmp_path, files | {MANIFEST: changed}) == [("content", MANIFEST)]


def test_a_manifest_of_a_newer_form_is_refused(files: Files, tmp_path: Path) -> None:
    changed = files[MANIFEST].replace(b'"format":1', b'"format":2')
    assert faults(tmp_path, files | {MANIFEST: changed}) == [("content", MANIFEST)]


def test_another_key_in_the_pack_is_found(files: Files, tmp_path: Path) -> None:
    other = resigned(files)["signing.pub"]
    assert faults(tmp_path, files | {"signing.pub": other}) == [("key", "")]


def test_a_pack_signed_by_somebody_else_shows_their_key(files: Files, tmp_path: Path) -> None:
    forged = resigned(files)
    key = verified(tmp_path, forged).key
    assert key != Manifest.model_validate_json(files[MANIFEST]).key


def test_where_the_key_is_required_somebody_elses_is_refused(
    files: Files, pack: Path, tmp_path: Path
) -> None:
    wanted, forged = verify_pack(pack).key, resigned(files)
    found = verified(tmp_path, forged, wanted_key=wanted)
    assert [(each.fault, each.file) for each in found.troubles] == [("other key", found.key)]


def test_a_log_head_of_another_key_is_found_though_the_pack_is_signed_anew(
    files: Files, tmp_path: Path
) -> None:
    assert ("head", "") in faults(tmp_path, resigned(files))


# --- not a pack, or a trap -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../out.json",
        "/etc/passwd.json",
        "a/b.json",
        "..",
        "C:\\x.json",
        "x\\y.json",
        ".hidden",
        "x",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(files: Files, tmp_path: Path, name: str) -> None:
    found = faults(tmp_path, files | {name: b"{}"})
    assert [fault for fault, _ in found] == ["name"]


def test_a_compressed_archive_is_refused_without_opening_it(files: Files, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 50_000_000)
    assert faults(tmp_path, out.getvalue()) == [("compressed", "manifest.json")]


def test_a_file_that_claims_to_be_larger_than_the_pack_is_refused(
    pack: Path, tmp_path: Path
) -> None:
    data = bytearray(pack.read_bytes())
    struct.pack_into("<II", data, 18, 0xFFFFFFF0, 0xFFFFFFF0)
    assert faults(tmp_path, bytes(data)) == [("no pack", "")]


def test_a_file_that_stands_twice_is_refused(files: Files, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", files[MANIFEST])
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("manifest.json", b"{}")
    assert faults(tmp_path, out.getvalue()) == [("twice", "manifest.json")]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    assert [each.fault for each in verify_pack(path).troubles] == ["large"]


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", b"PK\x03\x04" + b"\0" * 26])
def test_any_other_file_is_no_pack(tmp_path: Path, content: bytes) -> None:
    assert verified(tmp_path, content).holds is False


def test_deeply_nested_json_is_refused(files: Files, tmp_path: Path) -> None:
    deep = b"[" * 200_000
    assert faults(tmp_path, files | {MANIFEST: deep}) == [("content", MANIFEST)]


def test_a_pack_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        verify_pack(tmp_path / "none.zip")


# --- signed by the agency, and untrue ------------------------------------------------------------


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def test_a_line_that_is_judged_otherwise_is_named(files: Files, pack: Path, tmp_path: Path) -> None:
    item = TESTED.items[0]
    changed = replaced(f'"{item}":"proven"'.encode(), f'"{item}":"stale"'.encode())
    folder = pack.parent.parent
    assert faults(tmp_path, owned(files, "judged.json", changed, folder)) == [("line", item)]


def test_a_control_that_is_judged_otherwise_is_named(
    files: Files, pack: Path, tmp_path: Path
) -> None:
    changed = replaced(
        f'"control":"{TESTED.id}","counted":["'.encode(),
        f'"control":"{TESTED.id}","counted":["0000","'.encode(),
    )
    folder = pack.parent.parent
    found = faults(tmp_path, owned(files, "judged.json", changed, folder))
    assert found == [("control", TESTED.id)]


def test_evidence_that_was_made_better_later_turns_its_lines(
    files: Files, pack: Path, tmp_path: Path
) -> None:
    changed = replaced(b'"result":"pass"', b'"result":"fail"')
    folder = pack.parent.parent
    found = {fault for fault, _ in faults(tmp_path, owned(files, "evidence.json", changed, folder))}
    assert {"control", "seed"} <= found


def test_a_sample_that_somebody_chose_is_found(files: Files, pack: Path, tmp_path: Path) -> None:
    def change(content: bytes) -> bytes:
        told = json.loads(content)
        told["samples"][0]["places"][0] += 1
        return _canonical(told)

    folder = pack.parent.parent
    assert faults(tmp_path, owned(files, "samples.json", change, folder)) == [("draw", "backup")]


def test_a_seed_that_nobody_asked_for_is_found(tmp_path: Path) -> None:
    audit = judged(tmp_path, (), seed="dice-4")
    plain = audit.asked.model_copy(update={"seed": ""})
    (audit.folder / "asked.json").write_bytes(encoded(plain))
    found = verify_pack(packed(tmp_path, Audit(audit.folder, plain)))
    assert [each.fault for each in found.troubles] == ["seed"]


def test_what_evidence_names_must_be_in_the_log(tmp_path: Path) -> None:
    lost = passes(TESTED, TESTED.tests[0].name, refs=("letter:night/000009",))
    found = verify_pack(packed(tmp_path, judged(tmp_path, [lost])))
    assert [(each.fault, each.file) for each in found.troubles] == [("reference", "night/000009")]


def test_an_action_without_its_evidence_is_named(tmp_path: Path) -> None:
    bad = passes(TESTED, TESTED.tests[0].name, result="fail")
    audit = judged(tmp_path, [bad])
    text = audit.bytes_of("findings").replace(bad.id.encode(), b"0" * 16)
    (audit.folder / "findings.json").write_bytes(text)
    found = verify_pack(packed(tmp_path, audit))
    assert [(each.fault, each.file) for each in found.troubles] == [("action", "ca-001")]


def test_the_asked_of_another_audit_is_named(files: Files, pack: Path, tmp_path: Path) -> None:
    changed = replaced(b'"a-2026-10"', b'"a-2026-09"')
    folder = pack.parent.parent
    found = faults(tmp_path, owned(files, "asked.json", changed, folder))
    assert ("another audit", "asked.json") in found


def test_looser_controls_are_told(files: Files, pack: Path, tmp_path: Path) -> None:
    fresh = f'"fresh":{TESTED.fresh}'.encode()
    changed = replaced(fresh, b'"fresh":800')
    report = verified(tmp_path, owned(files, "controls.json", changed, pack.parent.parent))
    assert report.same_controls is False


def test_an_item_that_was_left_out_is_told(files: Files, pack: Path, tmp_path: Path) -> None:
    def change(content: bytes) -> bytes:
        told = json.loads(content)
        del told["items"][0]
        return _canonical(told)

    report = verified(tmp_path, owned(files, "controls.json", change, pack.parent.parent))
    assert ("line", "A1.1") in [(each.fault, each.file) for each in report.troubles]


# --- the log ------------------------------------------------------------------------------------


def changed_log(files: Files, pack: Path, change: Callable[[list[bytes]], list[bytes]]) -> Files:
    def lines(content: bytes) -> bytes:
        return b"".join(change(content.splitlines(keepends=True)))

    return owned(files, "log.jsonl", lines, pack.parent.parent)


def test_an_edited_record_is_named(files: Files, pack: Path, tmp_path: Path) -> None:
    edited = changed_log(files, pack, lambda lines: [lines[0].replace(b"12", b"13"), *lines[1:]])
    assert ("record", "3") in faults(tmp_path, edited)


def test_a_removed_record_is_named(files: Files, pack: Path, tmp_path: Path) -> None:
    found = faults(tmp_path, changed_log(files, pack, lambda lines: [lines[0], lines[2]]))
    assert ("chain", "5") in found


def test_records_at_the_end_cannot_be_left_out(files: Files, pack: Path, tmp_path: Path) -> None:
    assert ("head", "") in faults(tmp_path, changed_log(files, pack, lambda lines: lines[:-1]))


def test_a_log_that_was_rewritten_is_not_the_signed_one(
    files: Files, pack: Path, tmp_path: Path
) -> None:
    def rewritten(lines: list[bytes]) -> list[bytes]:
        prev, made = "0" * 64, []
        for seq in range(3, 6):
            record = chain(Entry("x", "y", "z"), seq=seq, prev=prev, at=END)
            prev = record.hash
            made.append(encode_record(record))
        return made

    assert {("head", ""), ("anchor", "5")} <= set(
        faults(tmp_path, changed_log(files, pack, rewritten))
    )


def test_a_line_that_is_no_record_is_named(files: Files, pack: Path, tmp_path: Path) -> None:
    found = faults(tmp_path, changed_log(files, pack, lambda lines: [*lines, b"{}\n"]))
    assert ("record", "~4") in found


def test_of_too_long_a_log_the_named_records_and_the_end_are_taken(tmp_path: Path) -> None:
    log(tmp_path)
    part = log_part(tmp_path, REFS, most=100)
    assert part.kind == "named"
    assert [json.loads(line)["seq"] for line in part.lines.splitlines()] == [3, 4, 5]


def test_without_refs_the_end_of_the_log_is_taken(tmp_path: Path) -> None:
    log(tmp_path)
    part = log_part(tmp_path, ())
    assert [json.loads(line)["seq"] for line in part.lines.splitlines()] == [5]


def test_a_log_without_a_head_is_told(tmp_path: Path) -> None:
    log(tmp_path)
    (tmp_path / "head.json").unlink()
    assert log_part(tmp_path, REFS).kind == "none"


def test_a_register_entry_that_evidence_names_is_taken(tmp_path: Path) -> None:
    made = log(tmp_path)
    made.append(actor="wang", action="register.changed", subject="risks/r-001", version=2)
    made.append(actor="system", action="journal.stored", subject="_agency")
    part = log_part(tmp_path, ["entry:risks/r-001/2"])
    assert [json.loads(line)["seq"] for line in part.lines.splitlines()] == [6, 7]


def _canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii") + b"\n"


def test_the_seed_of_a_pack_follows_from_its_evidence(files: Files) -> None:
    pieces = json.loads(files["evidence.json"])["evidence"]
    ids = [Evidence.model_validate(each).id for each in pieces]
    assert json.loads(files["samples.json"])["seed"] == seed_of("a-2026-10", ids)
