"""Papers of a sample client: PDF invoices and contracts, xlsx sheets; valid files of a wanted size.

Most of a paper is a scanned picture, here noise that no compressor shrinks, as JPEG data is.  Each
says in its text that it is a sample and no voucher of anything.
"""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from random import Random
from xml.sax.saxutils import escape

PICTURE_WIDTH = 256  # pixels, one byte each
PDF_REST = 1100  # bytes of a PDF beside its picture, about
XLSX_REST = 1700  # bytes of a workbook beside its picture, about

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK_PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="bin" ContentType="application/octet-stream"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="样例" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def pdf(rng: Random, lines: Sequence[str], size: int) -> bytes:
    """Return a one-page PDF of about `size` bytes: ASCII text above a grey picture of noise.

    Form: ISO 32000-1, 7.5 (header, body, cross-reference table, trailer).
    """
    height = max(1, (size - PDF_REST) // PICTURE_WIDTH)
    shown = "\n".join(f"1 0 0 1 40 {800 - 16 * n} Tm ({line}) Tj" for n, line in enumerate(lines))
    page = f"q 500 0 0 500 40 40 cm /Scan Do Q\nBT /F1 11 Tf\n{shown}\nET\n".encode("ascii")
    picture = rng.randbytes(PICTURE_WIDTH * height)
    scan = (
        f"/Type /XObject /Subtype /Image /Width {PICTURE_WIDTH} /Height {height} "
        "/ColorSpace /DeviceGray /BitsPerComponent 8"
    )
    return _assembled(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> /XObject << /Scan 6 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _stream("", page),
        _stream(scan, picture),
    )


def _stream(entries: str, body: bytes) -> bytes:
    head = f"<< {entries} /Length {len(body)} >>\nstream\n".encode("ascii")
    return head + body + b"\nendstream"


def _assembled(*objects: bytes) -> bytes:
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def xlsx(rng: Random, rows: Sequence[Sequence[str]], size: int, day: date) -> bytes:
    """Return a workbook of about `size` bytes: one sheet of text, and a scan that fills it up."""
    out = io.BytesIO()
    at = (day.year, day.month, day.day, 18, 0, 0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = WORKBOOK_PARTS | {"xl/worksheets/sheet1.xml": _sheet(rows)}
        for name, text in parts.items():
            archive.writestr(_member(name, at, zipfile.ZIP_DEFLATED), text)
        noise = rng.randbytes(max(1, size - XLSX_REST))
        archive.writestr(_member("xl/media/scan1.bin", at, zipfile.ZIP_STORED), noise)
    return out.getvalue()


def _member(
    name: str, at: tuple[int, int, int, int, int, int], compression: int
) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, at)
    member.compress_type = compression
    member.create_system = 3  # else the file would tell which system made it
    return member


def _sheet(rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in row)
        + "</row>"
        for row in rows
    )
    return f'{XML}<worksheet xmlns="{SPREADSHEET}"><sheetData>{cells}</sheetData></worksheet>'
