"""A backup that dies in the middle: `python -m tasks.drill_kill CLIENT`, run by a drill alone.

It ends itself with SIGKILL at the first bytes that were read: nothing is cleaned up, no handler
runs, as when the power goes.
"""

import os
import signal
import sys
from uuid import UUID

from baozhang.vault.model import Progress
from baozhang.wiring import open_site
from tasks.backup import back_up_pair
from tasks.batches import Pair
from tasks.day import head


def die(_: Progress) -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(client: str) -> None:
    """Back a client up, every file of it, until the first progress is reported."""
    with open_site() as site:
        run = head("backup", None, due=site.clock(), token=UUID(int=os.getpid()))
        back_up_pair(site, run, Pair(client, "main"), die, reread=True)


if __name__ == "__main__":
    main(sys.argv[1])
