"""Randomness and time for samples: a generator per thing, from one seed; office hours as mtimes."""

import os
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from baozhang.clock import SHANGHAI


def rng_for(seed: int, *names: object) -> Random:
    """Return the generator of one named thing; Python seeds from text by SHA-512 on any machine."""
    return Random("/".join(str(part) for part in (seed, *names)))  # noqa: S311 - samples, no secrets


def chance(rng: Random, below: int) -> int:
    """Return 0 <= n < below; quicker than `randrange`, whose evenness nobody needs here."""
    return int(rng.random() * below)


def stamp(path: Path, day: date, seconds: int) -> None:
    """Give the file the time `seconds` after 08:00 of an office day, in whole seconds."""
    morning = datetime.combine(day, time(8), tzinfo=SHANGHAI)
    at = int((morning + timedelta(seconds=seconds % (10 * 3600))).timestamp())
    os.utime(path, (at, at))
