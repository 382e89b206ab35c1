"""The commands about keys as they are typed: what they write, what they refuse, what they hide."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

BAOZHANG = Path(sys.executable).with_name("baozhang")


class Site:
    """A vault in a folder, with a key file and one snapshot of client c001."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault, self.key = folder / "vault", folder / "key"

    def run(self, *words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BAOZHANG), "vault", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            input=typed,
            env={**os.environ, "BAOZHANG_LANG": "en", "COLUMNS": "200"},
        )

    def told(self, *words: object, typed: str = "") -> dict[str, object]:
        ran = self.run(*words, "--json", typed=typed)
        assert ran.returncode == 0, ran.stderr
        return dict(json.loads(ran.stdout))

    def opens(self, *secret: object) -> bool:
        return self.run("snapshots", self.vault, *secret).returncode == 0

    def shares(self) -> list[Path]:
        return sorted((self.folder / "shares").glob("*.txt"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with an escrow, made once; its screen is kept as well."""
    made = Site(tmp_path_factory.mktemp("site"))
    made.told("init", made.vault, "--key-file", made.key)
    (made.folder / "data").mkdir()
    (made.folder / "data" / "a.csv").write_text("1,2,3\n")
    key = ("--key-file", made.key)
    made.told("backup", made.vault, made.folder / "data", "--client", "c001", *key)
    ran = made.run("escrow", "make", made.vault, "--to", made.folder / "shares", *key)
    assert ran.returncode == 0
    (made.folder / "screen").write_text(ran.stdout + ran.stderr)
    return made.folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Site:
    shutil.copytree(template, tmp_path / "site")
    return Site(tmp_path / "site")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_writes_a_printable_page_beside_the_sheet_and_both_open(site: Site) -> None:
    text, page = (site.folder / f"key.recovery-sheet.{kind}" for kind in ("txt", "html"))
    assert (mode(text), mode(page)) == (0o600, 0o600)
    assert site.opens("--recovery-sheet", text)
    assert site.opens("--recovery-sheet", page)


def test_an_escrow_is_private_files_and_no_word_on_the_screen(site: Site) -> None:
    files = sorted((site.folder / "shares").iterdir())
    assert (len(files), {mode(path) for path in files}) == (6, {0o600})
    screen = (site.folder / "screen").read_text()
    lines = [line for path in site.shares() for line in words_of(path)]
    assert (len(lines), [line for line in lines if line in screen]) == (9, [])


def words_of(share: Path) -> list[str]:
    """Return the lines of words in a holder's file."""
    return [line for line in share.read_text().splitlines() if len(line.split()) == 11][:3]


def test_any_two_of_three_holders_open_the_vault(site: Site) -> None:
    one, two, three = site.shares()
    for pair in ((one, two), (two, three), (three, one)):
        assert site.opens("--share", pair[0], "--share", pair[1])


def test_the_test_of_an_escrow_says_whose_shares_open_and_writes_nothing(site: Site) -> None:
    one, _, three = site.shares()
    before = sorted(site.folder.rglob("*"))
    told = site.told("escrow", "test", site.vault, "--share", one, "--share", three)
    assert (told["opens"], told["holders"], told["needed"]) == (True, [1, 3], 2)
    assert sorted(site.folder.rglob("*")) == before


def test_shares_may_be_typed(site: Site) -> None:
    lines = [" ".join(words_of(path)) for path in site.shares()[:2]]
    told = site.told("escrow", "test", site.vault, typed="\n".join((*lines, "")))
    assert told["opens"] is True


def test_one_share_is_said_to_be_too_few(site: Site) -> None:
    ran = site.run("escrow", "test", site.vault, "--share", site.shares()[0])
    assert (ran.returncode, "1 of the 2" in ran.stderr) == (2, True)


def test_a_mistyped_share_is_named_by_its_file_and_no_word_of_it_is_shown(site: Site) -> None:
    one, two, _ = site.shares()
    line = words_of(two)[1]
    two.write_text(two.read_text().replace(line, f"academic {line}"))
    ran = site.run("snapshots", site.vault, "--share", one, "--share", two)
    assert (ran.returncode, str(two) in ran.stderr) == (2, True)
    assert line.split()[5] not in ran.stderr


def test_a_share_that_others_can_read_is_refused(site: Site) -> None:
    one, two, _ = site.shares()
    two.chmod(0o644)
    ran = site.run("snapshots", site.vault, "--share", one, "--share", two)
    assert (ran.returncode, "chmod" in ran.stderr) == (2, True)


def test_a_key_file_is_rotated_and_the_old_one_is_of_no_use(site: Site) -> None:
    new = site.folder / "new"
    words = ("key", "rotate", site.vault, "--key-file", site.key, "--new-key-file", new)
    site.told(*words)
    assert (site.opens("--key-file", new), site.opens("--key-file", site.key)) == (True, False)
    assert mode(new) == 0o600
    assert site.told(*words)["was_done"] is True


def test_the_only_slot_that_is_shown_to_open_is_not_removed(site: Site) -> None:
    listed = site.told("key", "list", site.vault, "--key-file", site.key)["slots"]
    own = next(slot["id"] for slot in listed if slot["opened_now"])  # type: ignore[attr-defined]
    ran = site.run("key", "remove", site.vault, own, "--key-file", site.key, "--yes")
    assert (ran.returncode, site.opens("--key-file", site.key)) == (2, True)


def test_a_slot_goes_only_when_its_id_is_typed(site: Site) -> None:
    sheet = site.folder / "key.recovery-sheet.txt"
    listed = site.told("key", "list", site.vault, "--key-file", site.key)["slots"]
    slot = next(s["id"] for s in listed if s["kind"] == "recovery")  # type: ignore[attr-defined]
    words = ("key", "remove", site.vault, slot, "--key-file", site.key)
    assert site.run(*words, typed="yes\n").returncode == 2
    assert site.opens("--recovery-sheet", sheet)
    assert site.run(*words, typed=f"{slot}\n").returncode == 0
    assert not site.opens("--recovery-sheet", sheet)


def test_a_new_sheet_and_a_passphrase_open_as_well(site: Site) -> None:
    sheet, key = site.folder / "second.txt", ("--key-file", site.key)
    site.told("key", "add", site.vault, "--kind", "recovery", "--to", sheet, *key)
    site.told("key", "add", site.vault, "--kind", "passphrase", *key, typed="正确的 马\n")
    assert site.opens("--recovery-sheet", sheet)
    ran = site.run("snapshots", site.vault, "--passphrase", typed="正确的 马\n")
    assert ran.returncode == 0


def test_a_sheet_that_the_vault_did_not_take_is_not_left_behind(site: Site) -> None:
    sheet = site.folder / "second.txt"
    ran = site.run(
        *("key", "add", site.vault, "--kind", "recovery", "--to", sheet, "--key-file", site.key),
        *("--mirror", site.folder / "data" / "a.csv"),
    )
    assert ran.returncode != 0
    assert (sheet.exists(), sheet.with_suffix(".html").exists()) == (False, False)


def test_a_new_master_ends_all_old_secrets(site: Site) -> None:
    new, sheet = site.folder / "new", site.folder / "new.txt"
    words = ("key", "rotate-master", site.vault, "--key-file", site.key)
    files = ("--new-key-file", new, "--new-sheet", sheet)
    vault_id = json.loads((site.vault / "config").read_text().splitlines()[0])["vault"]
    assert site.run(*words, *files, typed="no\n").returncode == 2
    assert not new.exists()
    site.told(*words, *files, typed=f"{vault_id[:8]}\n")
    assert (site.opens("--key-file", new), site.opens("--recovery-sheet", sheet)) == (True, True)
    assert not site.opens("--recovery-sheet", site.folder / "key.recovery-sheet.txt")


def test_after_a_leak_a_client_gets_a_new_key_and_is_sealed_anew(site: Site) -> None:
    key = ("--key-file", site.key)
    assert site.told("rotate", site.vault, "--all", *key)["epochs"] == {"c001": 2}
    dry = site.told("reencrypt", site.vault, "--client", "c001", "--dry-run", *key)
    done = site.told("reencrypt", site.vault, "--client", "c001", "--delete-old", *key)
    assert (dry["packs"], done["packs"], done["left"], done["deleted"]) == (1, 1, 0, 3)


def test_one_client_or_all_must_be_said(site: Site) -> None:
    assert site.run("rotate", site.vault, "--key-file", site.key).returncode == 2


SHRED = ("--by", "p1", "--retention-checked-by", "p2", "--reason", "保管期满")


def test_shredding_needs_a_name_that_answers_for_retention(site: Site) -> None:
    words = ("shred", site.vault, "--client", "c001", "--key-file", site.key)
    ran = site.run(*words, "--certificate", site.folder / "c", "--signing-key", site.folder / "s")
    assert (ran.returncode, "retention" in ran.stderr) == (2, True)
    assert site.opens("--client", "c001", "--key-file", site.key)


def test_shredding_needs_the_client_s_id_typed(site: Site) -> None:
    words = ("shred", site.vault, "--client", "c001", "--key-file", site.key, *SHRED)
    files = ("--certificate", site.folder / "c", "--signing-key", site.folder / "s")
    assert site.run(*words, *files, typed="c002\n").returncode == 2
    assert site.opens("--client", "c001", "--key-file", site.key)


def test_a_certificate_holds_until_a_letter_of_it_is_changed(site: Site) -> None:
    certificate, signing = site.folder / "cert.json", site.folder / "sign.key"
    site.told(
        *("shred", site.vault, "--client", "c001", "--key-file", site.key, *SHRED),
        *("--certificate", certificate, "--signing-key", signing),
        typed="c001\n",
    )
    assert (mode(certificate), mode(signing)) == (0o600, 0o600)
    public = ("--public-key", signing.with_suffix(".pub"))
    told = site.told("shred-check", certificate, *public)
    assert (told["status"], told["client"], told["key_from"]) == ("final", "c001", "file")
    certificate.write_text(certificate.read_text().replace('"p1"', '"p3"'))
    assert site.run("shred-check", certificate, *public).returncode == 2
    ran = site.run("snapshots", site.vault, "--client", "c001", "--key-file", site.key)
    assert "was shredded" in ran.stderr
