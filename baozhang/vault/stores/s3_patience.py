"""How long to go on asking: bounded tries, growing pauses with jitter, one budget of time.

The pause before try n is drawn evenly from 0 to first * 2^n, at most `longest` (full jitter: many
machines that were cut off together do not come back together).
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Patience:
    """When a call that failed is made again; times in seconds."""

    tries: int = 7
    first: float = 0.5
    longest: float = 20.0
    budget: float = 180.0
    """No new try begins later than this after the first."""
    connect: float = 10.0
    read: float = 60.0
    """Silence after which a connection is given up."""
    pause: Callable[[float], None] = time.sleep
    elapsed: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.SystemRandom)

    def wait(self, tried: int, began: float) -> bool:
        """Wait before the next try; tell whether there is one, after `tried` tries."""
        pause = self.rng.uniform(0, min(self.longest, self.first * 2**tried))
        if tried >= self.tries or self.elapsed() - began + pause > self.budget:
            return False
        self.pause(pause)
        return True
