"""Custody of decrypted copies (解密副本): registered before they are made, ended with a proof.

    open_copy ── the copy is made ──► destroy: counted ─► removed ─► looked for ─► recorded

A backup is encrypted; whatever is restored is not, and is the easiest ledger to lose.  So where a
copy lies is a small private file of the site, `state/custody/<id>.json`, written before the first
byte is: it needs no catalog, and a copy that it names is never forgotten.  That it was opened, by
whom and why, and how it ended, are rows of the catalog's journal, which every vault keeps, and
entries of the audit log.  Neither has the path, which may name a client; both have its digest.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baozhang import durable
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Copy, CopyEnd, End, KnownCopy
from baozhang.clock import SHANGHAI
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.site import Site

DUE = timedelta(days=7)
"""How long a copy may lie where nobody says otherwise."""
_MOST_REASON = 200  # characters


@dataclass(frozen=True, slots=True)
class Held:
    """A copy that is not known to be destroyed, and where it lies.

    Attributes:
        path: absolute; None where only the catalog knows of the copy.
        counted: files and bytes that a destruction found before it began to remove them.
    """

    copy: Copy
    path: Path | None
    counted: tuple[int, int] | None = None

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should have been destroyed by now."""
        return now >= self.copy.due

    def there(self) -> bool:
        """Tell whether something lies at its place."""
        return self.path is not None and os.path.lexists(self.path)


def open_copy(
    site: Site,
    place: Path,
    *,
    client: str,
    set_name: str,
    snapshot: str,
    reason: str,
    opener: str,
    due: datetime | None = None,
) -> Copy:
    """Register a copy that is about to be made.

    Args:
        site: the site.
        place: a folder that is not there, or is empty; all that will be in it is the copy.
        client: id.
        set_name: the set.
        snapshot: id of the backup point.
        reason: why it is made.
        opener: id of a person or a run.
        due: by when it is to be destroyed; None: in `DUE`.

    Raises:
        UsageError: something is at the place, the end lies in the past, or no reason.
        UnreachableError: the register cannot be written; nothing may be decrypted then.
    """
    now = site.clock()
    due = now + DUE if due is None else due
    _require(place, reason, now, due)
    path = place.absolute()
    with _told(path):
        copy = Copy(
            id=_reserved(site, now),
            client=client,
            set=set_name,
            snapshot=snapshot,
            reason=reason.strip(),
            opener=opener,
            opened=now,
            due=due,
            place=hashlib.sha256(os.fsencode(path)).hexdigest(),
        )
        _write(site, Held(copy, path))
    CustodyBook(site.catalog).add(copy)
    site.audit.append(
        actor=opener,
        action="custody.opened",
        subject=f"{client}/{set_name}",
        copy=copy.id,
        snapshot=snapshot,
        place=copy.place,
        due=due.isoformat(timespec="seconds"),
    )
    return copy


def destroy(site: Site, copy_id: str, *, by: str, gone: bool = False) -> End:
    """Remove a copy, make sure that it is gone, and record that; done again, it returns the same.

    Args:
        site: the site.
        copy_id: its id.
        by: id of a person or a run.
        gone: it is not there any more, and that is known to be right.

    Raises:
        UsageError: no such copy; or it is not where it was put, and `gone` was not said.
        UnreachableError: it cannot be removed; the register says that it is still there.
    """
    known = CustodyBook(site.catalog).find(copy_id)
    if known is not None and known.end is not None:
        _forget(site, copy_id)
        return known.end
    held = find(site, copy_id)
    if not held.there() and held.counted is None:
        if not gone:
            raise UsageError(
                "copy {copy} is not where it was put",
                hint="Find out who moved it; if it is destroyed, say so with --gone.",
                copy=copy_id,
            )
        return _ended(site, held, "gone", by)
    with _told(held.path):
        counted = _counted(held)
        _write(site, counted)
        _remove(counted)
    return _ended(site, counted, "removed", by)


def withdraw(site: Site, copy_id: str, *, by: str) -> End:
    """Record that a copy was never made; touches nothing.

    Raises:
        UsageError: no such copy, or something lies at its place.
    """
    held = find(site, copy_id)
    if held.there():
        raise UsageError(
            "copy {copy} was made, and lies where it was put",
            hint="Destroy it: `baozhang custody destroy {copy}`.",
            copy=copy_id,
        )
    return _ended(site, held, "never", by)


@contextmanager
def temporary(
    site: Site, place: Path, *, client: str, set_name: str, snapshot: str, reason: str, opener: str
) -> Iterator[Copy]:
    """Register a copy for as long as the block runs; whatever happens in it, it is destroyed."""
    copy = open_copy(
        site,
        place,
        client=client,
        set_name=set_name,
        snapshot=snapshot,
        reason=reason,
        opener=opener,
    )
    try:
        yield copy
    finally:
        if find(site, copy.id).there():
            destroy(site, copy.id, by=opener)
        else:
            withdraw(site, copy.id, by=opener)


def held(site: Site) -> tuple[Held, ...]:
    """Return the copies that are not known to be destroyed, those due first first.

    What the private files know and what the catalog knows count together: neither may be lost.

    Raises:
        CorruptObjectError: a file of the register cannot be read.
    """
    ended = CustodyBook(site.catalog)
    found = {each.copy.id: Held(each.copy, None) for each in ended.open_ones()}
    for path in sorted(_folder(site).glob("c-*.json")):
        with suppress(FileNotFoundError):  # ended while we looked
            content = path.read_bytes()
            each = _read(path.name, content) if content else None  # empty: only reserved yet
            known = ended.find(each.copy.id) if each else None
            if each and (known is None or known.end is None):
                found[each.copy.id] = each
    return tuple(sorted(found.values(), key=lambda each: (each.copy.due, each.copy.id)))


def find(site: Site, copy_id: str) -> Held:
    """Return a copy that is not known to be destroyed.

    Raises:
        UsageError: there is none of this id.
    """
    for each in held(site):
        if each.copy.id == copy_id:
            return each
    raise UsageError(
        "there is no decrypted copy {copy}",
        hint="Run `baozhang custody list --all` and choose one from it.",
        copy=copy_id[:40],
    )


def history(site: Site) -> tuple[KnownCopy, ...]:
    """Return every copy that the catalog knows of, oldest first."""
    return CustodyBook(site.catalog).all()


# --- the private files ---------------------------------------------------------------------------


def _folder(site: Site) -> Path:
    return site.home / "state" / "custody"


def _path(site: Site, copy_id: str) -> Path:
    return _folder(site) / f"{copy_id}.json"


def _reserved(site: Site, now: datetime) -> str:
    """Return an id that nothing has: making its file is what makes it ours."""
    _folder(site).mkdir(mode=0o700, parents=True, exist_ok=True)
    base, book = f"c-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}", CustodyBook(site.catalog)
    number = 1
    while True:
        copy_id = base if number == 1 else f"{base}-{number}"
        number += 1
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            os.close(os.open(_path(site, copy_id), flags, 0o600))
            if book.find(copy_id) is None:
                return copy_id
            _path(site, copy_id).unlink()


def _write(site: Site, each: Held) -> None:
    value = {
        **asdict(each.copy),
        "opened": each.copy.opened.astimezone(UTC).isoformat(),
        "due": each.copy.due.astimezone(UTC).isoformat(),
        "path": os.fspath(each.path) if each.path else None,
        "counted": each.counted,
    }
    durable.replace(_path(site, each.copy.id), json.dumps(value, sort_keys=True).encode("ascii"))


def _read(name: str, content: bytes) -> Held:
    try:
        found = json.loads(content)
        place, counted = found.pop("path"), found.pop("counted")
        found |= {name: datetime.fromisoformat(found[name]) for name in ("opened", "due")}
        return Held(
            copy=Copy(**found),
            path=Path(place) if place else None,
            counted=(int(counted[0]), int(counted[1])) if counted else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptObjectError(
            "{file} of the custody register cannot be read",
            hint="Keep the file, and look in the audit log for the copy of that id.",
            file=name,
        ) from error


def _forget(site: Site, copy_id: str) -> None:
    with suppress(FileNotFoundError):
        _path(site, copy_id).unlink()


# --- destruction ---------------------------------------------------------------------------------


def _counted(each: Held) -> Held:
    """Count what is there, unless an earlier run did, and make all folders ones we can empty."""
    files, size = 0, 0
    if each.path is not None and each.there():
        if each.path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(each.path))
        for folder, names, entries in os.walk(each.path):
            os.chmod(folder, 0o700)  # noqa: PTH101 - a name may be any bytes
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)  # noqa: PTH101
            for name in entries:
                status = os.lstat(os.path.join(folder, name))
                files += 1
                size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    before = each.counted or (0, 0)
    return replace(each, counted=(max(files, before[0]), max(size, before[1])))


def _remove(each: Held) -> None:
    if each.path is None or not each.there():
        return
    shutil.rmtree(each.path)
    durable.settle(each.path.parent)
    if each.there():
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(each.path))


def _ended(site: Site, each: Held, how: CopyEnd, by: str) -> End:
    """Record an end: in the catalog, in the audit log, and last in the private file."""
    files, size = each.counted or (0, 0)
    end = End(each.copy.id, site.clock(), by, how, files, size)
    book = CustodyBook(site.catalog)
    with site.catalog.transaction():
        book.add(each.copy)  # a catalog that was lost meanwhile does not know it
        book.end(end)
    site.audit.append(
        actor=by,
        action="custody.ended",
        subject=f"{each.copy.client}/{each.copy.set}",
        copy=each.copy.id,
        how=how,
        files=files,
        bytes=size,
        place=each.copy.place,
    )
    _forget(site, each.copy.id)
    return end


def _require(place: Path, reason: str, now: datetime, due: datetime) -> None:
    if os.path.lexists(place) and (
        not place.is_dir() or place.is_symlink() or any(place.iterdir())
    ):
        raise UsageError(
            "{target} is in use",
            hint="Give a folder that does not exist yet, or an empty one that is no mount point.",
            target=place,
        )
    if due <= now:
        raise UsageError(
            "the day by which the copy is destroyed has passed",
            hint="Give a later one with --until.",
        )
    if not reason.strip() or len(reason) > _MOST_REASON or not reason.isprintable():
        raise UsageError(
            "no reason is given why a decrypted copy is made",
            hint="Give it in a few words: --reason TEXT.",
        )


@contextmanager
def _told(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreachableError(
            "the decrypted copy at {path} cannot be kept in custody: {reason}",
            hint="Check the rights of that folder and of the site's state folder; then run it"
            " again.",
            path=path or "-",
            reason=error.strerror or type(error).__name__,
        ) from error
