"""Memory that stays: large blocks are kept for the next use instead of going back to the system.

glibc gives blocks above 128 KiB back on every free, and the kernel clears each page again when it
is next touched.  A backup takes and frees a megabyte some thousand times: on the reference corpus
that alone was 3.1 of 6.3 seconds.  mallopt(3) turns it off for the process, at the price of what it
once used.  Other C libraries have no such call, and need none.
"""

import ctypes
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h: M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
KEEP = 2**30  # bytes


@cache
def keep_memory() -> None:
    """Let this process keep what it frees; calling it again does nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM_THRESHOLD, KEEP)
        mallopt(MMAP_THRESHOLD, KEEP)
