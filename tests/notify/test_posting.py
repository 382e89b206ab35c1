"""Only addresses that keep a secret are used, and none of them is ever quoted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

import pytest

from baozhang.errors import UnreachableError, UsageError
from baozhang.notify.heartbeat import beat
from baozhang.notify.posting import get, post, require_usable
from tests.notify.server import Messenger


@pytest.mark.parametrize(
    "url",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
        "https://hook.internal:8443/x",
        "http://127.0.0.1:8080/x",
        "http://localhost/x",
        "http://[::1]/x",
    ],
)
def test_https_and_this_machine_may_be_used(url: str) -> None:
    require_usable(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/x",
        "http://127.0.0.1.evil.example/x",
        "http://192.168.1.2/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https:///x",
        "https://host:99999/x",
        "https://[/x",
        "https://host/x y",
        "https://host/x\r\nHeader: y",
        "https://例子.cn/x",
        "key=abc",
        "",
    ],
)
def test_what_would_carry_a_secret_in_clear_or_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        post(url, b"{}")
    assert not url or url not in str(caught.value)


@contextmanager
def says(answer: bytes) -> Iterator[str]:
    """A server that takes one connection, says this, and hangs until the block ends."""
    over = threading.Event()
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            with listening.accept()[0] as taken:
                taken.sendall(answer)
                over.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/secret"
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"garbage\r\n\r\n", b"\0" * 99]
)
def test_a_server_that_hangs_or_says_nonsense_is_given_up(answer: bytes) -> None:
    with says(answer) as url, pytest.raises(UnreachableError) as caught:
        get(url, timeout=0.2)
    assert (
        "secret" not in f"{caught.value}{caught.value.__cause__}{caught.value.__suppress_context__}"
    )


def test_an_answer_without_end_is_read_a_little(bots: Messenger) -> None:
    bots.forced = [(200, b"x" * 10**6)]
    assert len(get(bots.address("/endless"))[1]) == 64 * 2**10


def test_a_heartbeat_asks_for_its_address(bots: Messenger) -> None:
    beat(bots.address("/ping/0123"))
    assert bots.paths == ["/ping/0123"]


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_heartbeat_that_is_not_taken_is_an_error(bots: Messenger, status: int) -> None:
    bots.forced = [(status, b"")]
    with pytest.raises(UnreachableError) as caught:
        beat(bots.address("/ping/0123"))
    assert caught.value.facts == {"status": status}
