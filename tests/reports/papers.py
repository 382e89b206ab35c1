"""Reads what a PDF says."""

import io

from pypdf import PdfReader


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page, as somebody who searches or copies would get it."""
    return [page.extract_text() for page in reader(pdf).pages]


def words(pdf: bytes) -> str:
    """Return all the text, on one line: where lines break is the layout's business."""
    return " ".join(" ".join(pages(pdf)).split())


def told(pdf: bytes) -> str:
    """Return the text page by page, for keeping."""
    texts = pages(pdf)
    return "\n".join(f"--- {i} of {len(texts)}\n{text}" for i, text in enumerate(texts, 1)) + "\n"
