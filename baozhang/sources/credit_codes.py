"""Credit codes (统一社会信用代码) found in names and files: whose paper is this?

Only a code whose check character fits is one (`settings.credit_code`), so that a serial number of
eighteen signs names nobody.  Of a file the beginning is read: of text in UTF-8, GB18030 or
UTF-16, and of the parts of an xlsx, docx or OFD, which are XML in a zip archive.  What is a
picture, or encrypted, tells nothing.
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import FileIO

from baozhang.settings.credit_code import LENGTH, checked

HEAD = 64 * 2**10  # bytes of a file, and of each part of an archive, that are looked at
_PARTS = 8  # of an archive
_CODE = re.compile(rf"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{{{LENGTH}}}(?![0-9A-Z])")
_ZIP = b"PK\x03\x04"  # APPNOTE.TXT 4.3.7
_UTF16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def codes_in(text: str) -> tuple[str, ...]:
    """Return the codes in a text, in their order, each once; case does not matter."""
    found = (code for code in _CODE.findall(text.upper()) if checked(code))
    return tuple(dict.fromkeys(found))


def codes_in_file(stream: FileIO) -> tuple[str, ...]:
    """Return the codes at the beginning of an open file, in their order, each once.

    Raises:
        OSError: it cannot be read.
    """
    head = stream.read(HEAD) or b""
    if not head.startswith(_ZIP):
        return codes_in(_decoded(head))
    stream.seek(0)
    return tuple(dict.fromkeys(code for text in _parts(stream) for code in codes_in(text)))


def _parts(stream: FileIO) -> Iterator[str]:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".xml")]
            shared = sorted(names, key=lambda name: not name.endswith("sharedStrings.xml"))
            for name in shared[:_PARTS]:
                with archive.open(name) as part:
                    yield _decoded(part.read(HEAD))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return  # broken or encrypted: it tells nothing


def _decoded(head: bytes) -> str:
    if head.startswith(_UTF16):
        return head.decode("utf-16", "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return head.decode("gb18030", "replace")
