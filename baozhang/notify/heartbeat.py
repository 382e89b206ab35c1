"""The heartbeat: an address that is asked while all is well.

Whoever keeps the address (a service outside, or another machine) raises the alarm when nobody asks
any more: the one alarm that still works when this machine, its network or its power is gone.
"""

from baozhang.errors import UnreachableError
from baozhang.notify.posting import get

TIMEOUT = 5.0  # seconds


def beat(url: str) -> None:
    """Ask for the heartbeat's address.

    Raises:
        UsageError: the address is none that may be used.
        UnreachableError: no answer, or one that is no success.
    """
    status, _ = get(url, timeout=TIMEOUT)
    if not 200 <= status < 300:
        raise UnreachableError(
            "the heartbeat was not taken (HTTP {status})",
            hint="Look whether its address is still the one that the service shows.",
            status=status,
        )
