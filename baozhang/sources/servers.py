"""Where a database server answers, and as whom: what every source over a server is told.

A password is no part of it.  A source is given a function that returns one, calls it when it
connects, and keeps nothing: so no settings, log, error or process list can show it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Tls = Literal["verify", "encrypt", "off"]
"""`verify`: the server proves its name by a certificate; `encrypt`: against listeners alone."""

Password = Callable[[], str]
"""Returns the password of one login; called at every connection."""


@dataclass(frozen=True, slots=True)
class Server:
    """One database server and one login of it.

    Args:
        user: the login.
        host: a name or an address; unused where a socket is named.
        port: None: the product's own.
        socket: a Unix socket (PostgreSQL: the folder it lies in); it needs no TLS.
        tls: how a connection over the network is protected.
        ca: a file of certificates to verify by; None: the system's.
    """

    user: str
    host: str = "127.0.0.1"
    port: int | None = None
    socket: Path | None = None
    tls: Tls = "verify"
    ca: Path | None = None

    @property
    def shown(self) -> str:
        """What people call it: its socket, or its address."""
        if self.socket is not None:
            return str(self.socket)
        return self.host if self.port is None else f"{self.host}:{self.port}"
