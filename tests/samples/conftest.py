"""One small agency that all tests read, and copies of it that a test may spoil."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from baozhang.samples.agency import Shape, make_agency

LEAN = Shape(
    invoice_bytes=(5_000, 9_000), contract_bytes=(5_000, 9_000), workbook_bytes=(3_000, 5_000)
)
CLIENTS = ("c001", "c002", "c003")
FIRST = date(2025, 11, 1)  # so that a year's end lies within


@pytest.fixture(scope="session")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "agency"
    make_agency(folder, clients=3, months=5, seed=7, first=FIRST, shape=LEAN, fec=True)
    return folder


@pytest.fixture
def copy(agency: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(agency, tmp_path / "copy"))
