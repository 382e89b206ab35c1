"""A proxy that goes wrong on purpose, between a store and any S3 service.

A plan is asked for every request and answers with a fault or with None.  Whatever fired is counted:
a fault test that does not look at `fired` may have tested nothing.
"""

import http.client
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Fault = Literal[
    "503",
    "500",
    "429",
    "timeout",
    "reset",
    "cut upload",
    "lost acknowledgement",
    "partial read",
    "wrong body",
    "range ignored",
    "page instead",
    "stale listing",
    "empty listing",
    "dead",
]
ERRORS = {
    "503": (503, "SlowDown"),
    "500": (500, "InternalError"),
    "429": (429, "TooManyRequests"),
}
ENTRY = re.compile(rb"<(Contents|Version|DeleteMarker)>.*?</\1>", re.DOTALL)
COUNT = re.compile(rb"<KeyCount>\d+</KeyCount>")


class Request(NamedTuple):
    """What a plan sees."""

    method: str
    path: str

    @property
    def reads(self) -> bool:
        return self.method == "GET" and not self.lists

    @property
    def lists(self) -> bool:
        return self.method == "GET" and ("list-type=2" in self.path or "versions" in self.path)

    @property
    def writes(self) -> bool:
        return self.method == "PUT"


Plan = Callable[[Request], Fault | None]


@dataclass
class Proxy:
    """What stands between; its plan may be changed at any time."""

    upstream: str
    plan: Plan = lambda _: None
    fired: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)  # requests by method
    closing: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def once(fault: Fault, when: Callable[[Request], bool], times: int = 1) -> Plan:
    """Return a plan that strikes so many times, where `when` says so."""
    lock, left = threading.Lock(), [times]

    def plan(request: Request) -> Fault | None:
        with lock:
            if left[0] > 0 and when(request):
                left[0] -= 1
                return fault
        return None

    return plan


def always(fault: Fault, when: Callable[[Request], bool] = lambda _: True) -> Plan:
    """Return a plan that strikes every time, where `when` says so."""
    return lambda request: fault if when(request) else None


@contextmanager
def between(upstream: str) -> Iterator[Proxy]:
    """Stand between until the block ends."""
    proxy = Proxy(upstream)

    class Handler(_Handler):
        standing = proxy

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standing: Proxy
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def _answered(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        proxy = self.standing
        fault = proxy.plan(Request(self.command, self.path))
        if fault == "cut upload":
            self.rfile.read(length // 2)
            self._strike(fault, self._reset)
            return
        body = self.rfile.read(length)
        if fault in ERRORS:
            self._strike(fault, lambda: self._refuse(*ERRORS[fault]))
        elif fault == "timeout":
            self._strike(fault, proxy.closing.wait)
            self.close_connection = True
        elif fault in ("reset", "dead"):
            self._strike(fault, self._reset)
        else:
            self._forward(body, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answered  # noqa: N815

    def _strike(self, fault: Fault, how: Callable[[], object]) -> None:
        self.standing.fired[fault] += 1
        how()

    def _refuse(self, status: int, code: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
        self._say(status, [("Content-Type", "application/xml")], text, len(text))

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # closing sends RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _forward(self, body: bytes, fault: Fault | None) -> None:
        self.standing.passed[self.command] += 1
        way = http.client.HTTPConnection(urlsplit(self.standing.upstream).netloc, timeout=60)
        try:
            sent = dict(self.headers.items())
            if fault == "range ignored":
                sent.pop("Range", None)
            way.request(self.command, self.path, body, sent)
            answer = way.getresponse()
            data = answer.read()
        finally:
            way.close()
        length = int(answer.headers.get("Content-Length", len(data)))
        headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("content-length", "connection", "transfer-encoding")
        ]
        if self.command != "HEAD":
            length = len(data)
        if fault is None:
            self._say(answer.status, headers, data, length)
        else:
            self._strike(fault, lambda: self._twist(fault, answer.status, headers, data))

    def _twist(
        self, fault: Fault, status: int, headers: list[tuple[str, str]], data: bytes
    ) -> None:
        """Give another answer than the one that came."""
        if fault == "lost acknowledgement":
            self._reset()
        elif fault == "partial read":
            self._say(status, headers, data[: len(data) // 2], len(data))
            self.close_connection = True
        else:
            if fault == "wrong body":
                data = data[:-1] + bytes([data[-1] ^ 1]) if data else data
            elif fault == "page instead":
                data, status = b"<html><body>Please sign in</body></html>", 200
            elif fault == "empty listing":
                data = COUNT.sub(b"<KeyCount>0</KeyCount>", ENTRY.sub(b"", data))
            elif fault == "stale listing":
                data = self._without_last(data)
            self._say(status, headers, data, len(data))

    def _without_last(self, data: bytes) -> bytes:
        found = list(ENTRY.finditer(data))
        if found:
            data = data[: found[-1].start()] + data[found[-1].end() :]
            data = COUNT.sub(b"<KeyCount>%d</KeyCount>" % (len(found) - 1), data)
        return data

    def _say(self, status: int, headers: list[tuple[str, str]], data: bytes, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(data)
