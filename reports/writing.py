"""A pen writes one language: its catalogue's words, and numbers as its readers write them.

Instants are shown in Asia/Shanghai, sizes in decimal units (1 MB is 1,000,000 bytes), money
exactly, with its currency.
"""

import gettext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from babel.support import Translations
from babel.units import format_unit

from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.money import format_amount, scale_of
from baozhang.words import CHINESE, ENGLISH

LANGUAGES = (CHINESE, ENGLISH)
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "letters"

_SIZES = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte")
_STEP = 1000


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes words, numbers and dates in one language."""

    language: str
    locale: Locale
    catalogue: gettext.NullTranslations

    def gettext(self, message: str, /, **values: object) -> str:
        """Return a message of the letter catalogue, `%(name)s` filled from the values."""
        return self.catalogue.gettext(message) % values

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the message for this many; `%(n)s` is the number as it is written."""
        return self.catalogue.ngettext(one, many, number) % {"n": self.number(number), **values}

    def number(self, value: int) -> str:
        """Write a whole number with its thousands apart."""
        return format_decimal(value, locale=self.locale)

    def decimal(self, value: float) -> str:
        """Write a number of a chart's axis, to three decimals at most."""
        return format_decimal(value, "#,##0.###", locale=self.locale)

    def size(self, octets: int) -> str:
        """Write a number of bytes to three or four figures."""
        step, shown = 0, Decimal(octets)
        while abs(shown) >= _STEP and step < len(_SIZES) - 1:
            step, shown = step + 1, shown / _STEP
        rounded = shown if step == 0 else round(shown, 1)
        return format_unit(rounded, f"digital-{_SIZES[step]}", "short", locale=self.locale)

    def money(self, minor: int, currency: str) -> str:
        """Write an amount of minor units exactly; without a sign where no currency is known."""
        scale = scale_of(currency)
        amount = Decimal(format_amount(minor, scale=scale))
        pattern = "#,##0" + ("." + "0" * scale if scale else "")
        if not currency:
            return format_decimal(amount, pattern, locale=self.locale)
        return format_currency(
            amount, currency, f"¤{pattern}", locale=self.locale, currency_digits=False
        )

    def day(self, day: date) -> str:
        """Write a day, e.g. `2026年7月31日`."""
        return format_date(day, "long", locale=self.locale)

    def instant(self, instant: datetime) -> str:
        """Write an instant as a clock in Shanghai shows it, to the second, in 24 hours."""
        local = instant.astimezone(SHANGHAI)
        return format_datetime(local, "yyyy-MM-dd HH:mm:ss", tzinfo=SHANGHAI, locale=self.locale)

    def duration(self, time: timedelta) -> str:
        """Write a duration: to a tenth of a second below a minute, then in its two top units.

        What took less than a tenth of a second is never said to have taken no time at all.
        """
        tenths = round(time / timedelta(milliseconds=100))
        if not tenths and time:
            return self.gettext("under %(time)s", time=self._unit("second", 0.1))
        if tenths < 600:
            return self._unit("second", tenths / 10)
        seconds = round(time.total_seconds())
        if seconds < 3600:
            parts = (("minute", seconds // 60), ("second", seconds % 60))
        else:
            minutes = round(seconds / 60)
            parts = (("hour", minutes // 60), ("minute", minutes % 60))
        if not parts[1][1]:
            return self._unit(*parts[0])
        top, rest = (self._unit(unit, value) for unit, value in parts)
        return self.gettext("%(top)s %(rest)s", top=top, rest=rest)

    def _unit(self, unit: str, value: float) -> str:
        return format_unit(value, f"duration-{unit}", "short", locale=self.locale)


@cache
def pen(language: str) -> Pen:
    """Return the pen of a language.

    Raises:
        UsageError: letters are not written in this language.
    """
    if language not in LANGUAGES:
        raise UsageError(
            "no letters are written in {language}",
            hint="Choose one of {known}.",
            language=repr(language[:40]),
            known=", ".join(LANGUAGES),
        )
    catalogue = Translations.load(LOCALE, [language], DOMAIN)
    return Pen(language, Locale.parse(language), catalogue)
