"""The blast radius: what a drill may touch, and what it may not, whatever a scenario asks for.

    is it a folder or file ── no ──► refused: buckets and databases of anybody
        │ yes
    does it lie, links followed, wholly below the folder that this drill made itself
    (a marker with a random token is in it)? ── no ──► refused
        │ yes
    does a link, a second name of a file, or a mount lead out of it? ── yes ──► refused
        │ no
    does it overlap with anything of the real site? ── yes ──► refused

Asked before every break and before the recovery; it only looks, and never mends what it finds.
Whoever exchanges folders between the question and the blow could fool it; the token says that
nobody but this drill has a reason to be there.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from baozhang.durable import private
from baozhang.errors import UsageError
from baozhang.settings import Agency
from baozhang.settings.values import path_of

MARKER = ".baozhang-drill"
_FOLDER_SOURCES = frozenset({"tree", "sqlite"})


class BlastRadiusError(UsageError):
    """A drill wanted to touch what is not its own; nothing was touched."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A drill's own folder, and what of the real site must never lie in it, nor it in that.

    Attributes:
        root: absolute; holds the marker.
        token: random, as the marker says it; whoever does not know it did not make the folder.
        forbidden: absolute places of the real site.
    """

    root: Path
    token: str
    forbidden: tuple[Path, ...] = ()

    def require(self, target: str | os.PathLike[str]) -> Path:
        """Return the target as an absolute path, if a drill may do harm there.

        Args:
            target: a path or an address; it need not exist.

        Raises:
            BlastRadiusError: it must not be touched.
        """
        self.require_own()
        text = os.fspath(target)
        if "://" in text and not text.startswith("file://"):
            raise _refused("address")
        path = Path(path_of(text))
        if not path.is_absolute() or ".." in path.parts:
            raise _refused("relative")
        real, root = _real(path), _real(self.root)
        if real == root or not real.is_relative_to(root) or not path.is_relative_to(self.root):
            raise _refused("outside")
        if real == root / MARKER:
            raise _refused("marker")
        self._require_apart(real)
        self._require_closed(path, real)
        return path

    def require_own(self) -> None:
        """Make sure that the folder is the one that this drill made, and apart from the site.

        Raises:
            BlastRadiusError: it is not.
        """
        marker = self.root / MARKER
        try:
            status = os.lstat(marker)
            known = stat.S_ISREG(status.st_mode) and marker.read_text("ascii") == self.token
            mine = status.st_uid == os.geteuid() and not self.root.is_symlink()
        except (OSError, ValueError) as error:
            raise _refused("unmarked") from error
        if not self.token or not known or not mine:
            raise _refused("strange")
        self._require_apart(_real(self.root))

    def require_site(self, agency: Agency) -> None:
        """Make sure that a site lies in the sandbox with all that its files name.

        Raises:
            BlastRadiusError: something of it lies elsewhere, or it speaks to the outside.
        """
        for place in places_of(agency):
            self.require(place)
        file = agency.file
        if file.mail.server or file.alerts.channels or file.alerts.heartbeat:
            raise _refused("messages")
        if file.servers or file.inbox or file.share:
            raise _refused("servers")

    def _require_apart(self, real: Path) -> None:
        for place in map(_real, self.forbidden):
            if real.is_relative_to(place) or place.is_relative_to(real):
                raise _refused("overlap")

    def _require_closed(self, path: Path, real: Path) -> None:
        """Make sure that nothing at or below a target leads out of the sandbox."""
        root = _real(self.root)
        step = root
        for part in path.relative_to(self.root).parts:
            step = step / part
            if step.is_symlink():
                raise _refused("link")
        if any(mount.is_relative_to(root) for mount in mounts_below(root)):
            raise _refused("mount")
        device, names = os.lstat(root).st_dev, Counter[tuple[int, int]]()
        for each, status in _entries(root):
            if status.st_dev != device:
                raise _refused("device")
            if stat.S_ISREG(status.st_mode):
                names[status.st_dev, status.st_ino] += 1
            if stat.S_ISLNK(status.st_mode) and not _real(each).is_relative_to(root):
                raise _refused("leads-out")
        for _, status in _entries(real):
            inside = names[status.st_dev, status.st_ino]
            if stat.S_ISREG(status.st_mode) and status.st_nlink > inside:
                raise _refused("second-name")


def make_fence(root: Path, token: str, forbidden: Iterable[Path] = ()) -> Fence:
    """Make a drill's folder, which must not exist, and return its fence.

    Args:
        root: where; its parent exists.
        token: random text, ASCII.
        forbidden: places of the real site, which it must not overlap with.

    Raises:
        BlastRadiusError: it exists, or overlaps with the real site; nothing was made then.
    """
    fence = Fence(root.absolute(), token, tuple(forbidden))
    if os.path.lexists(root) or _real(root) != _real(root.parent) / root.name:
        raise _refused("there")
    fence._require_apart(_real(root))  # noqa: SLF001 - of the class above
    root.mkdir(mode=0o700)
    with open(root / MARKER, "x", encoding="ascii", opener=private) as file:
        file.write(token)
    fence.require_own()
    return fence


def places_of(agency: Agency) -> Iterator[str]:
    """Yield every place and address that a site's files name, its own folder first."""
    file = agency.file
    yield str(agency.home)
    for vault in file.vaults.values():
        yield agency.place(vault.url)
        yield from (agency.place(mirror.url) for mirror in vault.mirrors)
    yield str(agency.path(file.mail.outbox))
    yield str(agency.path(file.reports))
    yield agency.place(file.witness)
    for client in agency.clients.values():
        for one in client.sets.values():
            for source in one.sources:
                local = source.kind in _FOLDER_SOURCES and source.path
                yield str(agency.path(source.path or "")) if local else f"{source.kind}://"


def real_places(agency: Agency) -> tuple[Path, ...]:
    """Return the folders and files that a site's files name: what a sandbox must keep away from."""
    found = [Path(path_of(place)) for place in places_of(agency) if "://" not in place]
    for share in (agency.file.inbox, agency.file.share):
        if share is not None:
            found.append(agency.path(share.path))
    for client in agency.clients.values():
        sources = (source for one in client.sets.values() for source in one.sources)
        found += [agency.path(each.path) for each in sources if each.path]
    return tuple(dict.fromkeys(found))


def mounts_below(root: Path) -> tuple[Path, ...]:
    """Return what is mounted strictly below a folder, bind mounts too.

    Layout of the text: proc(5), /proc/pid/mountinfo, field 5; a blank is an octal number there.
    """
    try:
        text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ()
    found = (Path(_unescaped(line.split(" ")[4])) for line in text.splitlines() if line)
    return tuple(each for each in found if each != root and each.is_relative_to(root))


def _unescaped(field: str) -> str:
    first, *rest = field.split("\\")
    return first + "".join(chr(int(each[:3], 8)) + each[3:] for each in rest)


def _entries(top: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield a path and all below it, links not followed; none where there is nothing."""
    try:
        status = os.lstat(top)
    except FileNotFoundError:
        return
    yield top, status
    if stat.S_ISDIR(status.st_mode):
        with os.scandir(top) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            yield from _entries(top / name)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


REFUSED_TEMPLATES = {
    "address": "a drill must not touch what is no folder of its sandbox",
    "relative": "a drill must not touch a place that is not spelled out whole",
    "outside": "a drill must not touch what does not lie below its sandbox",
    "marker": "a drill must not touch its sandbox's own marker",
    "unmarked": "the drill's sandbox has no marker: it is not what the drill made",
    "strange": "the drill's sandbox was made by somebody else",
    "messages": "the drill's site would send messages to the outside",
    "servers": "the drill's site names servers or shares",
    "overlap": "a drill must not touch what overlaps with the real site",
    "link": "a drill must not touch what a link leads to",
    "mount": "a drill must not touch a sandbox in which something is mounted",
    "device": "a drill must not touch a sandbox in which another disk is mounted",
    "leads-out": "a drill must not touch a sandbox out of which a link leads",
    "second-name": "a drill must not touch a file that has a second name outside of its sandbox",
    "there": "the drill's sandbox is there already, or a link leads to it",
}


def _refused(reason: str) -> BlastRadiusError:
    return BlastRadiusError(
        REFUSED_TEMPLATES[reason],
        hint="Change nothing by hand; look at what the scenario and drills.yaml name.",
    )
