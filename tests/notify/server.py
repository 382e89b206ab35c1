"""A real HTTP server in place of the messengers: it checks and answers as they do."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, bytes]
DINGTALK_SECRET = "SECf00d+/=="
FEISHU_SECRET = "s3cret"


@dataclass
class Messenger:
    """What was sent, and what is answered next."""

    url: str = ""
    texts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    forced: list[Answer] = field(default_factory=list)
    """Answers to give before judging again, one per request."""
    now: Callable[[], float] = lambda: 0.0
    minute: list[float] = field(default_factory=list)

    def address(self, kind: str) -> str:
        paths = {
            "wecom": "/cgi-bin/webhook/send?key=wecom-key-0123",
            "dingtalk": "/robot/send?access_token=ding-token-0123",
            "feishu": "/open-apis/bot/v2/hook/feishu-hook-0123",
        }
        return f"{self.url}{paths.get(kind, kind)}"

    def answer(self, path: str, body: bytes) -> Answer:
        self.paths.append(path)
        if self.forced:
            return self.forced.pop(0)
        parts = urlsplit(path)
        judge = {
            "/cgi-bin/webhook/send": self._wecom,
            "/robot/send": self._dingtalk,
            "/open-apis/bot/v2/hook/feishu-hook-0123": self._feishu,
        }.get(parts.path)
        return judge(parts.query, body) if judge else (200, b"OK")

    def _wecom(self, query: str, body: bytes) -> Answer:
        text = json.loads(body)["text"]["content"]
        if parse_qs(query)["key"] != ["wecom-key-0123"]:
            return said(93000, "invalid webhook url")
        if len(text.encode()) > 2048:
            return said(40058, "text.content exceed max length 2048")
        return said(45009, "api freq out of limit") if self._hurried() else self._taken(text)

    def _dingtalk(self, query: str, body: bytes) -> Answer:
        given = parse_qs(query)
        text = json.loads(body)["text"]["content"]
        at = given.get("timestamp", ["0"])[0]
        wanted = hmac.new(
            DINGTALK_SECRET.encode(), f"{at}\n{DINGTALK_SECRET}".encode(), hashlib.sha256
        ).digest()
        if given.get("sign") != [base64.b64encode(wanted).decode()]:
            return said(310000, "sign not match")
        if abs(self.now() - int(at) / 1000) > 3600:
            return said(310000, "timestamp is too old")
        if len(body) > 20_000:
            return said(460101, "message too long")
        return said(130101, "send too fast") if self._hurried() else self._taken(text)

    def _feishu(self, _query: str, body: bytes) -> Answer:
        message = json.loads(body)
        at = message.get("timestamp", "0")
        wanted = hmac.new(f"{at}\n{FEISHU_SECRET}".encode(), b"", hashlib.sha256).digest()
        if message.get("sign") != base64.b64encode(wanted).decode():
            return (
                200,
                b'{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}',
            )
        if abs(self.now() - int(at)) > 3600:
            return 200, b'{"code":19021,"msg":"timestamp is not within one hour"}'
        if len(body) > 20 * 1024:
            return 200, b'{"code":9499,"msg":"Bad Request"}'
        self.texts.append(message["content"]["text"])
        return 200, b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'

    def _hurried(self) -> bool:
        now = self.now()
        self.minute = [at for at in self.minute if now - 60 < at]
        self.minute.append(now)
        return len(self.minute) > 20

    def _taken(self, text: str) -> Answer:
        self.texts.append(text)
        return said(0, "ok")


def said(code: int, words: str) -> Answer:
    """Return an answer as WeCom and DingTalk give it: refusals are HTTP 200 as well."""
    return 200, json.dumps({"errcode": code, "errmsg": words}).encode()


@contextmanager
def messenger() -> Iterator[Messenger]:
    """Run a server on this machine until the block ends."""
    state = Messenger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answered(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self) -> None:
            self._answered(b"")

        def _answered(self, body: bytes) -> None:
            status, content = state.answer(self.path, body)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{state.url}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
