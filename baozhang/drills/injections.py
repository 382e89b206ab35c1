"""How things break: one function per kind of damage, done for real, within the fence.

    break_(ground, step) ─► the guard is asked ─► the files, the vault or the registers are changed
                                               ─► what was done, as figures

Nothing is pretended: what a duty is to find is there, and what is gone is gone.
"""

import os
import shutil
from collections.abc import Iterator
from functools import singledispatch
from pathlib import Path

import yaml

from baozhang.drills.ground import Facts, Ground
from baozhang.drills.model import (
    CutPower,
    DamageVault,
    DropVouchers,
    Encrypt,
    FailDisk,
    Leave,
    LoseFolder,
    LoseKey,
    LoseMirror,
    PassNight,
    Step,
    TakeCopy,
    WrongYear,
)
from baozhang.incidents.custody import open_copy
from baozhang.vault.reader import restore

ENDING = ".locked"
"""What ransomware of a drill calls its files."""
BOOKS = "账套"
SIGNED_OUT = "a leaver's copy"
_THIS_YEAR_AND_LAST = 2


def break_(ground: Ground, step: Step) -> Facts:
    """Do one step of a scenario's method; return what was done.

    Raises:
        BlastRadiusError: it would touch what is not the sandbox's; nothing was touched.
        BaozhangError, OSError: it could not be done.
    """
    ground.fence.require_site(ground.site.agency)
    return _broken(step, ground)


@singledispatch
def _broken(step: object, _ground: Ground) -> Facts:
    raise TypeError(type(step).__name__)


@_broken.register
def _pass_night(step: PassNight, ground: Ground) -> Facts:
    nights = 0
    while nights < step.nights:
        nights += 1
        if ground.hands.pass_night(ground)["noticed"]:
            break
    return {"nights": nights}


@_broken.register
def _lose_folder(step: LoseFolder, ground: Ground) -> Facts:
    return {"files": _remove(ground, ground.folder(step.client))}


@_broken.register
def _fail_disk(_step: FailDisk, ground: Ground) -> Facts:
    """Empty the folder that the disk was mounted on: that is all that is left to see of it."""
    folders = sorted(path for path in ground.data.iterdir() if path.is_dir())
    return {"files": sum(_remove(ground, folder) for folder in folders)}


@_broken.register
def _encrypt(step: Encrypt, ground: Ground) -> Facts:
    done = 0
    for night in range(step.nights):
        files = list(_prey(ground, step))
        for path in files[: step.files or len(files)]:
            _scramble(ground, path)
            done += 1
        if night < step.nights - 1 and ground.hands.pass_night(ground)["noticed"]:
            break
    return {"files": done, "nights": night + 1}


def _prey(ground: Ground, step: Encrypt) -> Iterator[Path]:
    """Yield files that are not encrypted yet, in an order that the seed decides."""
    found = sorted(path for path in ground.folder(step.client).rglob("*") if path.is_file())
    found = [path for path in found if path.suffix != ENDING]
    if step.spare_books:
        found = [path for path in found if BOOKS not in path.parts]
    ground.rng.shuffle(found)
    yield from found


def _scramble(ground: Ground, path: Path) -> None:
    ground.fence.require(path)
    size = path.stat().st_size
    path.with_name(path.name + ENDING).write_bytes(ground.rng.randbytes(size))
    path.unlink()


@_broken.register
def _wrong_year(step: WrongYear, ground: Ground) -> Facts:
    """Copy each of last year's tables over this year's, as restoring the wrong set does."""
    done = 0
    folder = ground.folder(step.client) / BOOKS
    years = sorted({path.stem[-4:] for path in folder.iterdir() if path.stem[-4:].isdigit()})
    last, this = years[-_THIS_YEAR_AND_LAST:]
    for path in sorted(folder.glob(f"*_{this}.*")):
        older = path.with_name(path.name.replace(this, last))
        shutil.copyfile(older, ground.fence.require(path))
        done += 1
    return {"files": done}


@_broken.register
def _drop_vouchers(step: DropVouchers, ground: Ground) -> Facts:
    folder = ground.fence.require(ground.folder(step.client))
    profile = ground.book(step.client)
    dropped = [ground.hands.drop_voucher(folder, profile, ground.rng) for _ in range(step.count)]
    return {"vouchers": len(dropped), "names": ", ".join(sorted(dropped))}


@_broken.register
def _damage_vault(step: DamageVault, ground: Ground) -> Facts:
    side = ground.site.vault(step.client, "main").client(step.client)
    home = ground.site.agency.place(ground.site.agency.file.vaults["main"].url)
    packs = [Path(home) / info.name for info in side.store.list(f"{side.space.prefix}packs/")]
    ground.rng.shuffle(packs)
    gone, flipped = packs[: step.vanish], packs[step.vanish : step.vanish + step.flip]
    for path in gone:
        ground.fence.require(path).unlink()
    for path in flipped:
        _turn_over(ground, path)
    return {"vanished": len(gone), "flipped": len(flipped)}


def _turn_over(ground: Ground, path: Path) -> None:
    """Turn over every bit of one byte in the middle of a stored object."""
    content = bytearray(ground.fence.require(path).read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.chmod(0o600)
    path.write_bytes(content)


@_broken.register
def _lose_mirror(step: LoseMirror, ground: Ground) -> Facts:
    place = ground.fence.require(ground.site.home / step.mirror)
    if step.found_by == "stranger":
        ground.outside.mkdir(exist_ok=True)
        place.rename(ground.fence.require(ground.outside / step.mirror))
        return {"mirror": step.mirror, "found": "stranger"}
    return {"mirror": step.mirror, "objects": _remove(ground, place)}


@_broken.register
def _lose_key(_step: LoseKey, ground: Ground) -> Facts:
    ground.fence.require(ground.site.home / "keys" / "main.key").unlink()
    return {"keys": 1}


@_broken.register
def _take_copy(step: TakeCopy, ground: Ground) -> Facts:
    """Make a decrypted copy as the register demands it, and carry it off where that is asked."""
    site, client = ground.site, step.client
    side = site.vault(client, "main").client(client)
    snapshot = side.find("latest", set_name="main")
    place = ground.fence.require(ground.fence.root / "lent" / f"{client}-{step.by}")
    place.parent.mkdir(exist_ok=True)
    copy = open_copy(
        site,
        place,
        client=client,
        set_name="main",
        snapshot=snapshot.id,
        reason=SIGNED_OUT,
        opener=step.by,
        due=site.clock() + step.lent,
    )
    receipt = restore(side, snapshot, place)
    if step.carried_off:
        ground.outside.mkdir(exist_ok=True)
        place.rename(ground.fence.require(ground.outside / place.name))
    return {"copy": copy.id, "files": receipt.files}


@_broken.register
def _leave(step: Leave, ground: Ground) -> Facts:
    """Take a person out of the site's files; what they have in their hands stays as it is."""
    path = ground.fence.require(ground.site.home / "agency.yaml")
    value = yaml.safe_load(path.read_text("utf-8"))
    del value["people"][step.person]
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), "utf-8")
    ground.hands.reopen(ground)
    return {"person": step.person}


@_broken.register
def _cut_power(step: CutPower, ground: Ground) -> Facts:
    books = [path for path in (ground.folder(step.client) / BOOKS).rglob("*") if path.is_file()]
    largest = ground.fence.require(max(books, key=lambda path: path.stat().st_size))
    signal = ground.hands.kill_backup(ground, step.client)
    os.truncate(largest, max(0, largest.stat().st_size - step.torn))
    return {"signal": signal, "torn": step.torn}


def _remove(ground: Ground, folder: Path) -> int:
    """Remove a folder with all that is in it; return how many files it held."""
    files = sum(path.is_file() for path in ground.fence.require(folder).rglob("*"))
    shutil.rmtree(folder)
    return files
