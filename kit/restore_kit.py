#!/usr/bin/env python3
# ruff: noqa: T201, PYI024
"""Restore a Baozhang 保账 vault with this file, a secret and three packages, and nothing else.

    secret > slot > master key > client's key > commit > manifest > packs > files

Written from docs/format.md alone, so that it and the product cannot be wrong together.  It reads a
vault in a folder (any mirror will do), writes nothing to it, and checks each hash, commitment and
tag.  Damage costs the files it hits and no others; the screen and `_RESTORE_REPORT.txt` name them.
"""

import argparse
import base64
import getpass
import hmac
import json
import os
import re
import runpy
import struct
import sys
import unicodedata
from array import array
from collections import deque, namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from heapq import merge
from itertools import accumulate, count, islice, pairwise
from pathlib import Path
from typing import Any

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from zstandard import ZstdDecompressor, ZstdError, frame_content_size

KINDS = ["-", "pack", "index", "manifest", "commit", "client_key", "moves", "mark", "tombstone"]
FILE, FOLDER, LINK = 0, 1, 2
WINDOWS = os.name == "nt"
Place = tuple[bytes, int]  # hash of a pack, number of a segment in it
Keys = list[tuple[int | None, bytes]]  # each with its epoch; the master key has none
Snapshot = namedtuple("Snapshot", "set_name sequence digest id commit forgotten")
Item = namedtuple("Item", "path kind mode mtime_ns size target digest pieces")


FAILURES = (ArithmeticError, AttributeError, InvalidTag, LookupError, OSError, RuntimeError,
            TypeError, ValueError, struct.error, ZstdError)  # fmt: skip


@contextmanager
def naming(subject: str, damage: list[str] | None = None) -> Iterator[None]:
    """Say what a failure hit: note it and go on after the block, or raise ValueError."""
    try:
        yield
    except FAILURES as error:
        why = error if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
        if damage is None:
            raise ValueError(f"{subject}: {why}") from error
        damage.append(f"{subject}: {why}")


def require(condition: object, otherwise: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(otherwise)


def hkdf(key: bytes, info: str, salt: bytes = b"", length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), length, salt, info.encode()).derive(key)


def columns(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take columns apart: their head, and each column by its name."""
    (length,) = struct.unpack_from("<I", data)
    described, at = json.loads(data[4 : 4 + length]), 4 + length
    found: dict[str, Any] = {}
    for name, code, size in described["columns"]:
        body, at = data[at : at + size], at + size
        found[name] = array(code, body) if code in ("I", "Q", "q") else body
        if code == "texts":
            start = 4 + 4 * struct.unpack_from("<I", body)[0]
            bounds = accumulate(array("I", body[4:start]), initial=start)
            found[name] = [body[one:other] for one, other in pairwise(bounds)]
    require(at == len(data) and sys.byteorder == "little", "columns cannot be read")
    return described["head"], found


def shown(path: bytes) -> str:
    """Return a path as one line of text that any screen can hold."""
    text = path.decode("utf-8", "backslashreplace") or "."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def opened(header: bytes, kind: int, space: str, keys: Keys) -> Callable[..., bytes]:
    """Open an object's header with one of the keys; return what opens the object's parts."""
    *fixed, epoch, key_length, salt, commitment = struct.unpack("<4sHBBIH32s32s", header)
    require((*fixed, key_length) == (b"BZO1", 1, kind, 0, 0), "another kind, or of a newer release")
    info = f"baozhang/1 object {space}/{epoch}/{KINDS[kind]}"
    derived = (hkdf(key, info, salt, 64) for of, key in keys if of in (epoch, None))
    mine = [both[:32] for both in derived if hmac.compare_digest(both[32:], commitment)]
    require(mine, "no key that is here opens it")

    def part(counter: int, codec: int, length: int, sealed: bytes) -> bytes:
        bound = header + struct.pack("<IBQ", counter, codec, length)
        plain = AESGCM(mine[0]).decrypt(counter.to_bytes(12, "little"), sealed, bound)
        if codec == 1:
            require(frame_content_size(plain) in (length, -1), "it would be too long")
            plain = ZstdDecompressor().decompress(plain, max_output_size=length)
        require(codec in (0, 1) and len(plain) == length, "another length than it says")
        return plain

    return part


class Vault:
    """A vault in a folder, opened with a secret of one kind."""

    def __init__(self, root: str, kind: str, secret: bytes, damage: list[str]) -> None:
        self._root, self.damage = long_path(root), damage
        head, masters, line, mac = dict[str, Any](), [], b"", b""
        with naming("config", self.damage):
            line, mac, _ = Path(self.place("config")).read_bytes().split(b"\n")
            head = json.loads(line)
        newer = head.get("format", 1) != 1 or head.get("must_understand")
        require(not newer, "需要更新的工具 a newer restore kit is needed")
        for name in self.names("keys"):
            with naming(name, self.damage):
                masters += self._opened(json.loads(self.whole(name)), kind, secret)
        require(masters, "; ".join(["密钥打不开 no key slot opens with this", *self.damage]))
        self.id, keys = max(masters, key=lambda one: (one[0] == head.get("vault"), len(one[1])))
        derived = [hkdf(keys[0], "baozhang/1 names"), hkdf(keys[0], "baozhang/1 head")]
        self.masters: Keys = [(None, master) for master in keys[:1] + keys[3:]]
        self._names_key, head_key = keys[1:3] or derived
        own = hmac.digest(head_key, line, "sha256").hex().encode()
        self.damage += [] if hmac.compare_digest(own, mac) else ["config: its MAC does not fit"]

    def _opened(self, slot: Any, kind: str, value: bytes) -> list[tuple[str, list[bytes]]]:
        """Return the vault and its keys, if this slot is of the kind and opens."""
        if (slot["format"], slot["kind"]) != (1, kind):
            return []
        salt, sealed, kdf = bytes.fromhex(slot["salt"]), slot.pop("sealed"), slot["kdf"]
        if kdf["name"] == "argon2id":
            memory, turns, lanes = kdf["memory_kib"], kdf["iterations"], kdf["lanes"]
            require(1 << 16 <= memory <= 1 << 22 and max(turns, lanes) <= 16, "work beyond bounds")
            work = {"iterations": turns, "lanes": lanes, "memory_cost": memory}
            value = Argon2id(salt=salt, length=32, **work).derive(value)
        both = hkdf(value, f"baozhang/1 slot {kind} {slot['vault']}", salt, 64)
        if not hmac.compare_digest(both[32:].hex(), slot["commitment"]):
            return []
        bound = json.dumps(slot, sort_keys=True, separators=(",", ":")).encode()
        plain = AESGCM(both[:32]).decrypt(bytes(12), bytes.fromhex(sealed), bound)
        return [(slot["vault"], [plain[at : at + 32] for at in range(0, len(plain), 32)])]

    def pseudonym(self, *words: str) -> str:
        """Return what stands for a client, or for a set of one, in names."""
        return hmac.digest(self._names_key, "\0".join(words).encode(), "sha256")[:16].hex()

    def place(self, name: str) -> str:
        """Return where an object lies."""
        return os.path.join(self._root, *name.split("/"))

    def names(self, folder: str) -> list[str]:
        """Return the names directly below a folder of the vault."""
        place = self.place(folder)
        return [f"{folder}/{n}" for n in sorted(os.listdir(place))] if os.path.isdir(place) else []

    def below(self, name: str) -> list[str]:
        """Return the names of the objects in a folder, however deep."""
        return [low for one in self.names(name) for low in self.below(one) or [one]]

    def whole(self, name: str) -> bytes:
        """Return an object, which must be the one that its name says."""
        data = Path(self.place(name)).read_bytes()
        require(blake3(data).hexdigest() == name[-64:], "its hash differs from its name")
        return data


class Client:
    """One client's part of a vault; what is damaged in it joins the vault's list."""

    def __init__(self, vault: Vault, space: str) -> None:
        self._vault, self._folder, self.id = vault, f"c/{space}", space
        self._space, self._keys, closed = f"{vault.id}/{space}", Keys(), list[str]()
        for name in vault.names(f"{self._folder}/keys"):
            with naming(name, closed):
                fields = json.loads(self._plain(name, 5, vault.masters))
                require(vault.pseudonym("client", fields["client"]) == space, "another client's")
                self._keys.append((int(name[-71:-65]), bytes.fromhex(fields["key"])))
                self.id = fields["client"]
        for name in vault.names(f"{self._folder}/shredded"):
            with naming(name, vault.damage):
                self._plain(name, 8, vault.masters)
                self._folder, self.id = "c/-", f"{space} 密钥已销毁 its keys were destroyed"
        vault.damage += closed if self._folder != "c/-" and not self._keys else []
        self._moved, self._renamed = dict[Place, Place](), dict[bytes, bytes]()
        for name in reversed(vault.names(f"{self._folder}/moves")):  # the first one counts
            with naming(name, vault.damage):
                _, rows = columns(self._plain(name, 6, self._keys))
                lengths = zip(rows["from"], rows["segments"], strict=True)
                old = [(pack, number) for pack, length in lengths for number in range(length)]
                for place, row, to in zip(old, rows["to_pack"], rows["to_segment"], strict=True):
                    if to != 0xFFFFFFFF:
                        self._moved[place] = rows["pack"][row], to
                self._renamed |= zip(rows["object_from"], rows["object_to"], strict=True)
        self._pack = lru_cache(256)(self._open_pack)
        self._segment = lru_cache(12)(self._open_segment)

    def _plain(self, name: str, kind: int, keys: Keys) -> bytes:
        data = self._vault.whole(name)
        codec, length = struct.unpack_from("<BQ", data, 78)
        return opened(data[:78], kind, self._space, keys)(0, codec, length, data[87:])

    def snapshots(self) -> list[Snapshot]:
        """Return each snapshot whose commit can be read, by set and age."""
        marks, found, forgotten = [], [], set[str]()
        for name in self._vault.names(f"{self._folder}/marks"):
            with naming(name, self._vault.damage):
                mark = json.loads(self._plain(name, 7, self._keys))
                marks.append((mark["sequence"], mark["action"] == "keep", mark["commits"]))
        for _, keep, commits in sorted(marks):
            forgotten = forgotten.difference(commits) if keep else forgotten.union(commits)
        for name in self._vault.below(f"{self._folder}/commit"):
            with naming(name, self._vault.damage):
                commit = json.loads(self._plain(name, 4, self._keys))
                set_name, number, digest = commit["set"], commit["sequence"], name[-64:]
                folder = f"{self._folder}/commit/{self._vault.pseudonym('set', self.id, set_name)}"
                require(name == f"{folder}/{number:010d}-{digest}", "it lies elsewhere")
                name = f"{set_name}-{number:06d}-{digest[:8]}"
                found.append(Snapshot(set_name, number, digest, name, commit, digest in forgotten))
        return sorted(found, key=lambda one: one[:3])

    def pick(self, snapshots: list[Snapshot], set_name: str, wanted: str) -> Snapshot:
        """Return a set's snapshot by its id, or the latest."""
        mine = [one for one in snapshots if one.set_name == set_name]
        found = [one for one in mine if wanted in (one.forgotten or "latest", one.id)]
        require(found, f"没有此备份点 no such snapshot: {wanted}")
        folder = f"{self._folder}/commit/{self._vault.pseudonym('set', self.id, set_name)}"
        newest = int(self._vault.names(folder)[-1][-75:-65])
        unread = wanted == "latest" and newest > mine[-1].sequence
        require(not unread, f"最新备份点损坏 the newest is damaged; take --snapshot {found[-1].id}")
        return found[-1]

    def _manifest(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if name.encode() in self._renamed:
            return self._manifest(self._renamed[name.encode()].decode())
        with naming(name):
            shape = rf"{self._folder}/snap/[0-9a-f]{{32}}/\d{{10}}-[0-9a-f]{{64}}"
            require(re.fullmatch(shape, name), "it is no manifest of the client")
            head, rows = columns(self._plain(name, 3, self._keys))
            kind = f"{head['format']} {head['kind']}"
            require(kind in ("1 full", "1 delta", "1 same"), "of a newer release")
            return head, rows

    def items(self, snapshot: Snapshot) -> Iterator[Item]:
        """Return the rows of a snapshot's manifest, sorted by path."""
        head, rows = self._manifest(snapshot.commit["manifest"])
        if head["kind"] == "same":
            head, rows = self._manifest(head["base"])
        other = {*rows.get("gone", ()), *rows["path"]}
        base = [head["base"]] if head["kind"] == "delta" else []
        full = (item for name in base for item in self._rows(self._manifest(name)[1]))
        kept = (item for item in full if item.path not in other)
        return merge(kept, self._rows(rows), key=lambda item: item.path)

    def _rows(self, rows: dict[str, Any]) -> Iterator[Item]:
        where = [rows[f"piece_{word}"] for word in ("pack", "segment", "offset", "length")]
        pieces = ((rows["pack"][pack], *place) for pack, *place in zip(*where, strict=True))
        facts = [rows[name] for name in ("path", "kind", "mode", "mtime_ns", "size", "target")]
        for row, values in enumerate(zip(*facts, strict=True)):
            mine = islice(pieces, rows["pieces"][row])
            yield Item._make((*values, rows["digest"][32 * row : 32 * row + 32], mine))
            deque(mine, 0)  # those that nobody wanted

    def content(self, item: Item) -> Iterator[bytes]:
        """Yield a file's content piece by piece; what is wrong shows at its end at the latest."""
        total = blake3()
        for pack, segment, offset, length in item.pieces:
            piece = self._segment(pack, segment)[offset : offset + length]
            total.update(piece)
            yield piece
        require(total.digest() == item.digest, "内容不符 its hash differs")

    def _open_pack(self, digest: bytes) -> Callable[[int], bytes]:
        name = f"{self._folder}/packs/{digest.hex()[:2]}/{digest.hex()}"
        with naming(name), open(self._vault.place(name), "rb") as file:
            part = opened(file.read(78), 1, self._space, self._keys)
            end = file.seek(-12, os.SEEK_END)
            length, plain, magic = struct.unpack("<II4s", file.read(12))
            file.seek(end - length)
            _, table = columns(part(0xFFFFFFFF, 0, plain, file.read(length)))
            bounds = list(accumulate(table["sealed"], initial=78))
            require((magic, bounds[-1]) == (b"BZPK", end - length), "its table does not fit")

        def segment(number: int) -> bytes:
            with naming(f"{name} #{number}"), open(self._vault.place(name), "rb") as file:
                file.seek(bounds[number])
                sealed = file.read(table["sealed"][number])
                return part(number, table["codec"][number], table["plain"][number], sealed)

        return segment

    def _open_segment(self, pack: bytes, number: int) -> bytes:
        moved = self._moved.get((pack, number))
        return self._segment(*moved) if moved else self._pack(pack)(number)

    def verify(self, snapshots: list[Snapshot]) -> None:
        """Note each object, and each file of a snapshot, that is not what was stored."""
        damage, sound = self._vault.damage, set[bytes]()
        for name in self._vault.below(self._folder):
            with naming(name, damage):
                require(not re.search("[0-9a-f]{64}$", name) or self._vault.whole(name), "empty")
        for snapshot in [one for one in snapshots if not one.forgotten]:
            with naming(snapshot.id, damage):
                for item in self.items(snapshot):
                    whole = item._replace(pieces=list(item.pieces))
                    mark = blake3(repr((item.digest, whole.pieces)).encode()).digest()
                    with naming(f"{snapshot.id} {shown(item.path)}", damage):
                        if item.kind == FILE and mark not in sound:
                            deque(self.content(whole), 0)
                            sound.add(mark)


def long_path(path: str) -> str:
    """Return an absolute path; for Windows' drives in the form that may pass 260 characters."""
    path = os.path.abspath(path)
    return f"\\\\?\\{path}" if WINDOWS and path[1:2] == ":" else path


def windows_name(name: bytes) -> str:
    """Return the nearest name that Windows can hold."""
    text = name.decode("utf-8", "surrogateescape")
    refused = r'[\x00-\x1f<>:"/\\|?*\udc80-\udcff]|[. ]$'
    text = re.sub(refused, lambda found: f"%{ord(found[0]) & 255:02X}", text)
    if re.match(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", text):
        text = f"_{text}"
    long = len(text.encode("utf-16-le")) > 510
    return f"{text[:100]}~{blake3(name).hexdigest()[:16]}" if long else text


class Restoration:
    """A snapshot on its way into a new folder, and the report on it."""

    def __init__(self, client: Client, snapshot: Snapshot, target: str) -> None:
        self._client, self._snapshot, self._root = client, snapshot, long_path(target)
        self._folders: dict[bytes, tuple[str, Any]] = {b"": (self._root, None)}
        self._files = self._size = 0
        self._lost, self._notes = list[str](), list[str]()
        Path(self._root).mkdir(parents=True, exist_ok=True)
        require(not os.listdir(self._root), f"目标文件夹不是空的 it is not empty: {target}")

    def run(self, only: bytes) -> list[str]:
        """Restore all, or what lies at or below `only`; write the report; return what was lost."""
        links, prefix, found = [], only and only + b"/", False
        with naming(self._snapshot.id, self._lost):
            for item in self._client.items(self._snapshot):
                path = item.path and item.path + b"/"
                inside = path.startswith(prefix)
                found |= inside
                if item.kind == LINK and inside:
                    links.append(item)  # for last, so that nothing is written through one
                elif inside or (item.kind == FOLDER and prefix.startswith(path)):
                    self._restore(item)
            require(found, f"没有此路径 no such path in it: {shown(only)}")
        for item in links:
            self._restore(item)
        self._report()
        for place, item in reversed([both for both in self._folders.values() if both[1]]):
            self._settle(item, place)
        return self._lost

    def _restore(self, item: Item) -> None:
        with naming(shown(item.path), self._lost):
            place = self._place(item.path) if item.path else self._root
            if item.kind == FOLDER:
                Path(place).mkdir(exist_ok=True)
                self._folders[item.path] = place, item  # its time and mode come last
                return
            if item.kind == FILE:
                self._write(item, place)
            else:
                Path(place).symlink_to(os.fsdecode(item.target))
            self._settle(item, place)

    def _place(self, path: bytes) -> str:
        """Return where an item goes: a name that is free, in a folder that was made for it."""
        folder, _, name = path.rpartition(b"/")
        safe = {b"", b".", b".."}.isdisjoint(path.split(b"/")) and b"\0" not in path
        require(safe, "不安全的路径 unsafe path")
        require(folder in self._folders, "上级文件夹未恢复 its folder was not restored")
        wanted = windows_name(name) if WINDOWS else os.fsdecode(name)
        names = (wanted if n == 1 else f"{n}~{wanted}" for n in count(1))
        places = (os.path.join(self._folders[folder][0], one) for one in names)
        place = next(one for one in places if not os.path.lexists(one))
        if os.fsencode(os.path.basename(place)) != name:
            self._notes.append(f"改名 renamed: {shown(path)} -> {os.path.basename(place)}")
        return place

    def _write(self, item: Item, place: str) -> None:
        try:
            with open(place, "xb") as file:
                file.writelines(self._client.content(item))
        except FAILURES:
            Path(place).unlink()
            raise
        self._files, self._size = self._files + 1, self._size + item.size

    def _settle(self, item: Item, place: str) -> None:
        with naming(f"时间或权限未恢复 time or mode not set: {shown(item.path)}", self._notes):
            os.utime(place, ns=(item.mtime_ns, item.mtime_ns), follow_symlinks=item.kind != LINK)
            if item.kind != LINK:
                Path(place).chmod(item.mode & 0o1777)  # no bits that lend the owner's rights

    def _report(self) -> None:
        lines = [
            f"保账恢复报告 Baozhang restore report, {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"客户 client {self._client.id}, {self._snapshot.id}, {self._snapshot.commit['at']}",
            f"结果 result: {'不完整 INCOMPLETE' if self._lost else '完整 complete'}",
            f"已恢复 restored: {self._files} 文件 files, {self._size:,} bytes",
            *(f"未恢复 not restored: {line}" for line in self._lost),
        ]
        never = "属主、特权位、扩展属性不恢复 not given back: owners, set-user-id bits, attributes"
        notes = [never, *self._notes]
        places = (os.path.join(self._root, "_RESTORE_REPORT" + ".txt" * n) for n in count(1))
        place = next(one for one in places if not os.path.lexists(one))
        with open(place, "x", encoding="utf-8-sig", errors="backslashreplace") as file:
            file.write("\n".join([*lines, *notes, ""]))
        print("\n".join(f"  {line}" for line in lines[2:]))


def secret_of(given: argparse.Namespace) -> tuple[str, bytes]:
    """Return the kind of slot that the secret is for, and the secret."""
    files = given.share or given.key_file or ()
    typed = getpass.getpass if sys.stdin.isatty() else lambda _: sys.stdin.readline().strip("\r\n")
    texts = [Path(one).read_text("utf-8-sig") for one in files] or [typed("口令/恢复码 secret: ")]
    if given.passphrase:
        return "passphrase", unicodedata.normalize("NFC", texts[0]).encode()
    if given.share:
        tool = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "slip39.py"))
        return "escrow", tool["escrow_secret"](texts)
    if given.key_file:
        label, _, body = texts[0].strip().partition(":")
        require(label == "baozhang-key-1", "这不是密钥文件 this is no key file")
        return "keyfile", base64.b64decode(body, validate=True)
    code = re.sub(r"[\s-]", "", texts[0]).upper()
    check = base64.b32encode(blake3(code[:52].encode()).digest())[:4].decode()
    require(code[52:] == check, "恢复码有误，请逐字核对 mistyped: compare each character")
    return "recovery", base64.b32decode(code[:52] + "====")


def arguments() -> argparse.Namespace:
    """Read the command line, which never holds a secret."""
    parser = argparse.ArgumentParser(description="恢复保账备份库 Restore a Baozhang vault.")
    parser.add_argument("command", choices=["list", "verify", "restore"])
    parser.add_argument("client", nargs="?", help="客户编号 a client's id (all)")
    parser.add_argument("--vault", required=True, help="备份库文件夹 the vault's folder")
    secrets = parser.add_mutually_exclusive_group(required=True)
    secrets.add_argument("--key-file", nargs=1, help="密钥文件 a key file")
    secrets.add_argument("--passphrase", action="store_true", help="口令 asked for")
    secrets.add_argument("--recovery-code", action="store_true", help="恢复码 asked for")
    secrets.add_argument("--share", action="append", help="份额文件，每份一次 once for each share")
    parser.add_argument("--set", default="main", help="备份集 the client's set (main)")
    parser.add_argument("--snapshot", default="latest", help="备份点 its id, from list (latest)")
    parser.add_argument("--path", default="", help="只恢复此路径 only this file or folder")
    parser.add_argument("--to", default="restored", help="新文件夹 a new folder (restored)")
    return parser.parse_intermixed_args()


def run(given: argparse.Namespace, vault: Vault) -> None:
    """Do what was asked for."""
    only = os.fsencode(given.path.replace("\\", "/") if WINDOWS else given.path).strip(b"/")
    everyone = (Client(vault, name[2:]) for name in vault.names("c"))
    clients = [client for client in everyone if given.client in (None, client.id)]
    require(clients, f"没有此客户 no such client: {given.client}")
    for client in clients:
        print(f"客户 client {client.id}")
        snapshots = client.snapshots()
        sets = [given.set] if given.client else sorted({one.set_name for one in snapshots})
        for name in sets if given.command == "restore" else []:
            with naming(f"{client.id} {name}", vault.damage):
                target = given.to if given.client else os.path.join(given.to, client.id, name)
                snapshot = client.pick(snapshots, name, given.snapshot)
                vault.damage += Restoration(client, snapshot, target).run(only)
        for one in snapshots if given.command == "list" else []:
            kept = "已放弃 forgotten" if one.forgotten else f"{one.commit['files']} 文件 files"
            print(f"  {one.id}  {one.commit['at']}  {kept}")
        if given.command == "verify":
            client.verify(snapshots)


if __name__ == "__main__":
    given, problems = arguments(), list[str]()
    with naming(given.vault, problems):
        run(given, Vault(given.vault, *secret_of(given), problems))
    sys.exit("\n".join(f"未完成 not well: {line}" for line in dict.fromkeys(problems)) or 0)
