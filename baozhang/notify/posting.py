"""HTTP as far as bots and the heartbeat need it: one request, one short answer, no redirects.

Addresses are secrets.  They are in no error, no log and no representation; an error says what
happened to the connection and nothing of where it led.
"""

import http.client
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, build_opener
from urllib.request import Request as Asked

from baozhang.errors import UnreachableError, UsageError

TIMEOUT = 10.0  # seconds; an alert must not wait for a bot that hangs
MOST_READ = 64 * 2**10  # bytes of an answer; bots say less than 1 KiB
AGENT = "baozhang"


def post(url: str, body: bytes, *, timeout: float = TIMEOUT) -> tuple[int, bytes]:
    """Post JSON, and return status and the beginning of the body.

    Raises:
        UsageError: the address is none that may be used.
        UnreachableError: no answer.
    """
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": AGENT}
    return _answered(_asked(url, body, headers), timeout)


def get(url: str, *, timeout: float = TIMEOUT) -> tuple[int, bytes]:
    """Ask for an address, and return status and the beginning of the body; raises as `post`."""
    return _answered(_asked(url, None, {"User-Agent": AGENT}), timeout)


def require_usable(url: str) -> None:
    """Refuse an address that would carry what is secret in clear, or is none.

    Raises:
        UsageError: not https, unless it stays on this machine.
    """
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname or "", parts.port != 0
    except ValueError:
        host, usable = "", False
    readable = url.isascii() and url.isprintable() and " " not in url
    if not (usable and host and readable) or parts.scheme not in {"http", "https"}:
        raise UsageError(
            "the address of a bot or of the heartbeat is not an address",
            hint="Put the whole address, from https:// on, into the file or variable of its "
            "reference.",
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            "the address of a bot or of the heartbeat begins with http://",
            hint="Use its https:// address: the address itself is a secret.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _asked(url: str, body: bytes | None, headers: dict[str, str]) -> Asked:
    require_usable(url)
    return Asked(url, data=body, headers=headers)  # noqa: S310 - https, or this machine


def _answered(asked: Asked, timeout: float) -> tuple[int, bytes]:
    with _translated():
        try:
            with _opener().open(asked, timeout=timeout) as answer:
                return answer.status, answer.read(MOST_READ)
        except HTTPError as error:
            with error:
                return error.code, error.read(MOST_READ)


class _NoRedirects(HTTPRedirectHandler):
    """A message is for the address it was given, not for one that this address names."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing; the redirect is the answer."""


def _opener() -> OpenerDirector:
    return build_opener(_NoRedirects, HTTPSHandler(context=ssl.create_default_context()))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        # `from None`: the library's own words quote the address
        raise UnreachableError(
            "no answer over the network: {reason}",
            hint="Look at this machine's network, its name service and its proxy settings.",
            reason=_reason(error),
        ) from None


def _reason(error: Exception) -> str:
    """Return what happened, in words that hold no address."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return "timed out"
    if isinstance(cause, ssl.SSLError):
        return cause.reason or "TLS"
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__
    return type(cause).__name__
