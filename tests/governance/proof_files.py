"""Files that people could hand in: sound ones of every kind, and bad ones."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

from openpyxl import Workbook


def pdf(day: str = "20261120", *, locked: bool = False) -> bytes:
    """Return a small PDF with one empty page."""
    body = b"%PDF-1.4\n"
    offsets = []
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        f"<< /CreationDate (D:{day}120000Z) >>".encode(),
    ]
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    at = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    lock = b" /Encrypt 9 0 R" if locked else b""
    return body + b"trailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (
        lock,
        at,
    )


def png() -> bytes:
    """Return a picture of one grey point."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (
            (b"IHDR", head),
            (b"tIME", struct.pack(">HBBBBB", 2026, 11, 19, 8, 0, 0)),
            (b"IDAT", zlib.compress(b"\0\x7f")),
            (b"IEND", b""),
        )
    )


def jpg() -> bytes:
    """Return the bones of a JPEG: an EXIF date, a scan, the end."""
    exif = b"Exif\0\0" + b"2026:11:18 09:30:00\0"
    parts = (b"\xff\xe1", exif), (b"\xff\xda", b"\x01\x01\x00\x00\x3f\x00")
    framed = b"".join(mark + struct.pack(">H", len(body) + 2) + body for mark, body in parts)
    return b"\xff\xd8" + framed + b"\x12\x34" + b"\xff\xd9"


def xlsx() -> bytes:
    """Return a workbook with one cell."""
    out, book = io.BytesIO(), Workbook()
    book.active["A1"] = "出席"
    book.save(out)
    return out.getvalue()


def packed(*parts: tuple[str, bytes]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, body in parts:
            file.writestr(name, body)
    return out.getvalue()


def docx() -> bytes:
    """Return what makes a Word document one."""
    core = b"<cp:x><dcterms:modified xsi:type='t'>2026-11-17T08:00:00Z</dcterms:modified></cp:x>"
    return packed(("word/document.xml", b"<w/>"), ("docProps/core.xml", core))


def ofd() -> bytes:
    """Return what makes an OFD document one."""
    return packed(
        ("OFD.xml", b"<ofd:OFD><ofd:CreationDate>2026-11-16</ofd:CreationDate></ofd:OFD>")
    )


def eml() -> bytes:
    """Return a mail."""
    return (
        b"From: a@example.cn\r\nDate: Sun, 15 Nov 2026 20:00:00 +0800\r\nSubject: ok\r\n\r\nok\r\n"
    )


SOUND = {
    "plan.pdf": pdf,
    "photo.png": png,
    "photo.JPG": jpg,
    "list.xlsx": xlsx,
    "plan.docx": docx,
    "invoice.ofd": ofd,
    "answer.eml": eml,
    "note.txt": lambda: "已出席".encode("gb18030"),
    "list.csv": "姓名,成绩\n张三,90\n".encode,
}


def laid(folder: Path, name: str, content: bytes) -> Path:
    """Lay a file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
