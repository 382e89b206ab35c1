"""Pack the restore kit for a USB stick: python tools/kit.py [--out FOLDER] [--wheels FOLDER].

    restore_kit.py + slip39.py + format.md + instructions
    + the packages it needs, for Linux and for Windows  ──►  baozhang-kit-<version>.zip

The packages are those of requirements.lock, taken only where their hashes stand in it.  They lie in
the kit twice: as wheels, for pip, and unpacked, so that on the worst day nothing is installed.
"""

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEEDED = ("blake3", "cffi", "cryptography", "pycparser", "typing-extensions", "zstandard")
PLATFORMS = {
    "linux_x86_64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "win_amd64": ("win_amd64",),
}
DAY = (2026, 1, 1, 0, 0, 0)  # of every file in the archive, so that equal kits are equal bytes


def requirements() -> str:
    """Return what the lock says of the packages that the kit needs."""
    lock = (ROOT / "requirements.lock").read_text()
    found = [re.search(rf"(?m)^{name}==.*(?:\n    --hash=.*)*", lock) for name in NEEDED]
    return "".join(one[0].rstrip(" \\") + "\n" for one in found if one)


def wheels(platform: str, place: Path, wanted: str) -> list[Path]:
    """Return a platform's wheels, fetched unless they are there already, each of a known hash."""
    place.mkdir(parents=True, exist_ok=True)
    if len(list(place.glob("*.whl"))) != len(NEEDED):
        (place / "requirements.txt").write_text(wanted)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        command += ["--python-version", "3.11", "--dest", str(place)]
        command += [f"--platform={tag}" for tag in PLATFORMS[platform]]
        subprocess.run([*command, "-r", str(place / "requirements.txt")], check=True)
    found = sorted(place.glob("*.whl"))
    for wheel in found:
        if hashlib.sha256(wheel.read_bytes()).hexdigest() not in wanted:
            sys.exit(f"{wheel} is not the file that requirements.lock names")
    if len(found) != len(NEEDED):
        sys.exit(f"{place} does not hold one wheel of each of {', '.join(NEEDED)}")
    return found


def files(cache: Path) -> dict[str, bytes]:
    """Return all files of the kit by their names in it."""
    wanted = requirements()
    found = {
        path.relative_to(ROOT / "kit").as_posix(): path.read_bytes()
        for path in sorted((ROOT / "kit").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    found["format.md"] = (ROOT / "docs" / "format.md").read_bytes()
    found["requirements.txt"] = wanted.encode()
    for platform in PLATFORMS:
        for wheel in wheels(platform, cache / platform, wanted):
            found[f"wheels/{platform}/{wheel.name}"] = wheel.read_bytes()
            with zipfile.ZipFile(wheel) as archive:
                for name in (one for one in archive.namelist() if not one.endswith("/")):
                    found[f"packages/{platform}/{name}"] = archive.read(name)
    return found


def packed(found: dict[str, bytes], top: str) -> bytes:
    """Return the archive: every file below `top`, and the list of their hashes."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in found.items())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**found, "SHA256SUMS": sums.encode()}.items():
            entry = zipfile.ZipInfo(f"{top}/{name}", DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: the permissions below count
            entry.external_attr = (0o755 if name.endswith((".sh", "_kit.py")) else 0o644) << 16
            archive.writestr(entry, data)
    return target.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "kit")
    parser.add_argument("--wheels", type=Path, default=ROOT / "out" / "kit" / "wheels")
    given = parser.parse_args()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    top = f"baozhang-kit-{version}"
    data = packed(files(given.wheels), top)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{top}.zip").write_bytes(data)
    print(f"{hashlib.sha256(data).hexdigest()}  {given.out / top}.zip  ({len(data):,} bytes)")


if __name__ == "__main__":
    main()
