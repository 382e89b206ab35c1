"""What each messenger's group bot takes, and what its answers mean.

    messenger   size of a text       pace                signature
    WeCom       2,048 bytes          20 a minute         none; whoever knows the address may write
    DingTalk    20,000 bytes         20 a minute, else   HMAC-SHA256, in the address
                                     shut for 10 minutes
    Feishu      20 KB, whole body    100 a minute        HMAC-SHA256, in the body

Bytes are those of UTF-8.  All three answer HTTP 200 to a message that they refuse, and say so in
the body.  Sources: developer.work.weixin.qq.com/document/path/91770 (群机器人配置说明),
open.dingtalk.com/document/robots/custom-robot-access (自定义机器人接入; 加签),
open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (自定义机器人使用指南).

This module builds and reads bytes.  It opens no connection, and reads no clock.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode, urlsplit

from baozhang.errors import BaozhangError, UnreachableError, UsageError

Verdict = Literal["taken", "hurried", "busy", "refused"]
"""`hurried`: too many messages, wait; `busy`: try again soon; `refused`: a person must mend it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a bot can be asked to do."""

    text_bytes: int
    messages: int  # in any minute
    shut: timedelta  # how long it hears nothing after it was written to too fast


@dataclass(frozen=True, slots=True)
class Request:
    """One POST of JSON; its address is a secret."""

    url: str
    body: bytes

    def __repr__(self) -> str:
        """Say no address: whoever knows it can write in the agency's name."""
        return f"Request({len(self.body)} bytes)"


LIMITS = {
    "wecom": Limits(2_048, 20, timedelta(minutes=1)),
    "dingtalk": Limits(9_000, 20, timedelta(minutes=10)),
    "feishu": Limits(9_000, 100, timedelta(minutes=1)),
}
"""Where the whole body is limited, the text has half of it: JSON writes two for some characters."""

CODES: dict[str, dict[int, Verdict]] = {
    "wecom": {0: "taken", 45009: "hurried", -1: "busy"},
    "dingtalk": {0: "taken", 130101: "hurried", 410100: "hurried", -1: "busy"},
    "feishu": {0: "taken", 11232: "hurried", 11233: "hurried"},
}
"""Meaning by code; every other one is a refusal."""

REFUSAL_TEMPLATES = {
    "wecom 93000": "Make a new bot in the group and put its address in place of the old one.",
    "wecom 40058": "Run `baozhang alert test`; if it is refused as well, report the code.",
    "dingtalk 310000": "Compare the bot's security settings: its secret (加签), its keywords, its "
    "addresses; and set this machine's clock.",
    "dingtalk 300001": "Put the bot's whole address, access token included, into its secret file.",
    "feishu 19021": "Compare the bot's secret (签名校验), and set this machine's clock.",
    "feishu 19022": "Add this machine's address to the bot's list of addresses.",
    "feishu 19024": "Take the keyword out of the bot's security settings; sign instead.",
    "feishu 19001": "Put the bot's whole address into its secret file.",
    "other": "Look the code up in the messenger's own documentation, then run `baozhang alert "
    "test`.",
}
"""What to do about the refusals that setting up a bot runs into, by messenger and code."""


def request(kind: str, url: str, secret: str | None, text: str, at: datetime) -> Request:
    """Return the request that brings a text to a bot.

    Args:
        kind: the messenger.
        url: the bot's address, as the messenger gave it.
        secret: what it is signed with; None where the bot asks for no signature.
        text: plain text that fits its limits.
        at: the present instant; signatures last an hour.
    """
    if kind == "feishu":
        return Request(url, _json(_feishu(text, secret, int(at.timestamp()))))
    if kind == "dingtalk" and secret:
        url = _signed(url, secret, int(at.timestamp() * 1000))
    return Request(url, _json({"msgtype": "text", "text": {"content": text}}))


def _signed(url: str, secret: str, millis: int) -> str:
    """Return a DingTalk bot's address with timestamp and sign, escaped once."""
    mark = hmac.new(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256).digest()
    query = urlencode({"timestamp": millis, "sign": base64.b64encode(mark).decode()})
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def _feishu(text: str, secret: str | None, seconds: int) -> dict[str, object]:
    """Return a Feishu message; its signature is the HMAC of nothing under timestamp and secret."""
    body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        mark = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()
        body |= {"timestamp": str(seconds), "sign": base64.b64encode(mark).decode()}
    return body


def judge(kind: str, status: int, body: bytes) -> tuple[Verdict, int]:
    """Return what an answer means, and the code it gave: the body's, else that of HTTP."""
    if status == 429:
        return "hurried", status
    code = _code(body)
    if code is None:
        return ("busy" if status >= 500 or status == 200 else "refused"), status
    return CODES[kind].get(code, "refused"), code


def failure(kind: str, verdict: Verdict, code: int) -> BaozhangError:
    """Return the error of an answer that is no success; it quotes the bot's code and nothing else.

    What a bot says in words may repeat the message, or the address it was sent to.
    """
    if verdict == "refused":
        return UsageError(
            "the bot refused the message (code {code})",
            hint=REFUSAL_TEMPLATES.get(f"{kind} {code}", REFUSAL_TEMPLATES["other"]),
            code=code,
        )
    if verdict == "hurried":
        return UnreachableError("the bot was written to too often (code {code})", code=code)
    return UnreachableError("the bot did not take the message (code {code})", code=code)


def _code(body: bytes) -> int | None:
    """Return the code of an answer; None where the body is no answer of a bot."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    for name in ("errcode", "code", "StatusCode"):  # the last: Feishu's older form
        value = answer.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
