"""What people enter about money: prices, fees, budgets, hours, licences, media.

Money is in fen, but for prices of usage, which are exact decimals of yuan: a GB-month costs a few
fen and parts of a fen.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from baozhang.registers import Register, Row
from baozhang.settings.values import Currency, Id

Fen = Annotated[int, Field(ge=0)]
Sku = Annotated[str, Field(pattern=r"^[a-z]+(:[A-Za-z0-9][A-Za-z0-9_.-]*)?$", max_length=80)]
BudgetGroup = Literal[
    "all", "storage", "requests", "egress", "compute", "restores", "hours", "licences", "media"
]
Medium = Literal["disk", "nas", "usb", "optical", "tape", "cloud"]
Task = Literal["backup", "restore", "incident", "drill", "review", "support", "other"]


class _Valid(Row):
    """A row that holds from a day to a day, both included; without an end, until further notice."""

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> "_Valid":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("it ends before it begins")
        return self


class PriceRow(_Valid):
    """What one unit of a SKU costs, in yuan."""

    sku: Sku
    unit: str
    price: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
    currency: Currency = "CNY"
    vendor: str = ""


class FeeRow(_Valid):
    """What a client pays a month for being protected."""

    client: Id
    tier: Id
    fen: Fen


class BudgetRow(Row):
    """What may be spent in a month, for a group of SKUs or for all."""

    year: Annotated[int, Field(ge=2000, le=2999)]
    month: Annotated[int, Field(ge=1, le=12)]
    group: BudgetGroup
    fen: Fen


class HoursRow(Row):
    """Time of a person: for a client, or, without one, for all (overhead).

    `ref` is the id of the incident or drill it was for.
    """

    person: Id
    day: date
    minutes: Annotated[int, Field(ge=1, le=1440)]
    client: str = ""
    what: Task
    ref: str = ""


class LicenceRow(_Valid):
    """A licence or subscription; its price is spread over the days that it holds."""

    product: str
    vendor: str = ""
    seats: Annotated[int, Field(ge=1)] = 1
    fen: Fen
    valid_to: date


class MediumRow(_Valid):
    """A medium, bought or rented: what it is, where it stands, what it holds a copy of.

    Attributes:
        place: vault or copy that lies on it, e.g. `main` or `main-mirror-1`; blank: none, unused.
        offsite: it stands at another place than the books.
        offline: it is unplugged, or what is on it cannot be changed or deleted.
        fen: its price, spread over the days from `valid_from` to `valid_to`, its rated life.
        disposed: number of the certificate of its destruction.
    """

    kind: Medium
    serial: str = ""
    place: str = ""
    capacity_gb: Annotated[int, Field(ge=0)] = 0
    offsite: bool = False
    offline: bool = False
    fen: Fen
    vendor: str = ""
    valid_to: date
    disposed: str = ""


PRICES = Register("prices", PriceRow, "price book")
FEES = Register("fees", FeeRow, "monthly fees of clients")
BUDGETS = Register("budgets", BudgetRow, "budgets by month")
HOURS = Register("hours", HoursRow, "hours that people worked")
LICENCES = Register("licences", LicenceRow, "licences and subscriptions")
MEDIA = Register("media", MediumRow, "media: what they are and what lies on them")
REGISTERS = (PRICES, FEES, BUDGETS, HOURS, LICENCES, MEDIA)
