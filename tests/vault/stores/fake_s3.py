"""A small S3 service of our own that refuses what a provider refuses.

It keeps one bucket in memory, knows no signatures, and is as strict as the provider whose rules it
is given: what a real one would turn down must not pass here.  The rules are the providers' public
documentation (docs/guides/s3.md); what no documentation says is refused too.
"""

import base64
import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Rules:
    """What a provider accepts."""

    path_style: bool = True
    if_none_match: bool = True
    forbid_overwrite: str = ""  # the header, where it is known
    delete_many_without_md5: bool = True
    worm: bool = False  # nothing is overwritten or deleted
    page: int = 1000


OSS = Rules(path_style=False, if_none_match=False, forbid_overwrite="x-oss-forbid-overwrite")
OSS_WORM = Rules(
    path_style=False, if_none_match=False, forbid_overwrite="x-oss-forbid-overwrite", worm=True
)
COS = Rules(
    path_style=False,
    if_none_match=False,
    forbid_overwrite="x-cos-forbid-overwrite",
    delete_many_without_md5=False,
)
PLAIN = Rules()


class RefusedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Fake:
    """The service: its rules, its bucket, and every request as `METHOD key?query`."""

    rules: Rules = PLAIN
    bucket: str = "ledgers"
    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    tls: ssl.SSLContext | None = None

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serve until the block ends."""

    class Handler(_Handler):
        service = fake

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if fake.tls:
            server.socket = fake.tls.wrap_socket(server.socket, server_side=True)
        fake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Fake
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def _answered(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        try:
            with self.service.lock:
                self._require_plain_coding()
                key = self._key(unquote(parts.path).lstrip("/"))
                self.service.requests.append(f"{self.command} {key}?{parts.query}")
                status, data, headers = getattr(self, f"_{self.command.lower()}")(key, body)
        except RefusedError as error:
            status, headers = error.status, {}
            data = f"<Error><Code>{error.code}</Code><Message>no</Message></Error>".encode()
        self._say(status, data, headers)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answered  # noqa: N815

    def _say(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)  # sends Date
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", headers.get("X-Length", str(len(data))))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(data)

    def _require_plain_coding(self) -> None:
        """No provider but AWS takes what boto3 sends by default over TLS."""
        coded = "aws-chunked" in self.headers.get("Content-Encoding", "")
        if coded or self.headers.get("x-amz-trailer") or self.headers.get("Transfer-Encoding"):
            raise RefusedError(411, "MissingContentLength")

    def _key(self, path: str) -> str:
        fake = self.service
        if self.headers["Host"].startswith(f"{fake.bucket}."):
            return path
        if not fake.rules.path_style:
            raise RefusedError(403, "SecondLevelDomainForbidden")
        bucket, _, key = path.partition("/")
        if bucket != fake.bucket:
            raise RefusedError(404, "NoSuchBucket")
        return key

    def _put(self, key: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        self._require_md5(body)
        if "partNumber" in self.query:
            self.service.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = body
        else:
            self._create(key, body)
        return 200, b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}

    def _require_md5(self, body: bytes) -> None:
        given = self.headers.get("Content-MD5")
        if given and base64.b64decode(given) != hashlib.md5(body).digest():
            raise RefusedError(400, "BadDigest")

    def _create(self, key: str, body: bytes) -> None:
        fake, rules = self.service, self.service.rules
        there = key in fake.objects
        if self.headers.get("If-None-Match"):
            if not rules.if_none_match:
                raise RefusedError(501, "NotImplemented")
            if there:
                raise RefusedError(412, "PreconditionFailed")
        unknown = {"x-oss-forbid-overwrite", "x-cos-forbid-overwrite"} - {rules.forbid_overwrite}
        if any(self.headers.get(name) for name in unknown):
            raise RefusedError(400, "InvalidArgument")
        if there and rules.forbid_overwrite and self.headers.get(rules.forbid_overwrite):
            raise RefusedError(409, "FileAlreadyExists")
        if there and rules.worm:
            raise RefusedError(409, "FileImmutable")
        fake.objects[key] = body, datetime.now(UTC)

    def _post(self, key: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        fake = self.service
        if "delete" in self.query:
            return self._delete_many(body)
        if "uploads" in self.query:
            upload = f"upload{len(fake.requests)}"
            fake.uploads[upload] = {}
            answer = f"<R><UploadId>{upload}</UploadId></R>"
        else:
            parts = fake.uploads.pop(self.query["uploadId"], None)
            if parts is None:
                raise RefusedError(404, "NoSuchUpload")
            self._create(key, b"".join(parts[number] for number in sorted(parts)))
            answer = "<R><ETag>x</ETag></R>"
        return 200, answer.encode(), {}

    def _delete_many(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if not self.service.rules.delete_many_without_md5 and not self.headers.get("Content-MD5"):
            raise RefusedError(400, "MissingContentMD5")
        self._require_md5(body)
        keys = [one.text or "" for one in ET.fromstring(body).iter() if "Key" in one.tag]
        codes = {key: "FileImmutable" for key in keys if self.service.rules.worm}
        for key in keys:
            if key not in codes:
                self.service.objects.pop(key, None)
        errors = "".join(
            f"<Error><Key>{escape(key)}</Key><Code>{code}</Code></Error>"
            for key, code in codes.items()
        )
        return 200, f"<DeleteResult>{errors}</DeleteResult>".encode(), {}

    def _delete(self, key: str, _: bytes) -> tuple[int, bytes, dict[str, str]]:
        if "uploadId" in self.query:
            self.service.uploads.pop(self.query["uploadId"], None)
        elif self.service.rules.worm and key in self.service.objects:
            raise RefusedError(409, "FileImmutable")
        else:
            self.service.objects.pop(key, None)
        return 204, b"", {}

    def _get(self, key: str, _: bytes) -> tuple[int, bytes, dict[str, str]]:
        if self.query.get("list-type") == "2":
            return 200, self._listed().encode(), {}
        if set(self.query) & {"versions", "object-lock", "retention", "legal-hold"}:
            raise RefusedError(501, "NotImplemented")
        if key not in self.service.objects:
            raise RefusedError(404, "NoSuchKey")
        data, at = self.service.objects[key]
        told = {"Last-Modified": format_datetime(at, usegmt=True), "ETag": '"not-a-hash"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked:
            return 200, data, told
        first, last = int(asked[1]), min(int(asked[2]), len(data) - 1)
        if first >= len(data):
            raise RefusedError(416, "InvalidRange")
        told["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return 206, data[first : last + 1], told

    def _head(self, key: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        status, data, headers = self._get(key, body)
        return status, b"", {**headers, "X-Length": str(len(data))}

    def _listed(self) -> str:
        begins = self.query.get("prefix", "")
        after = self.query.get("continuation-token", "")
        limit = min(int(self.query.get("max-keys", 1000)), self.service.rules.page)
        keys = sorted(k for k in self.service.objects if k.startswith(begins) and k > after)
        shown, more = keys[:limit], len(keys) > limit
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.service.objects[key][0])}</Size>"
            f"<LastModified>{self.service.objects[key][1].isoformat()}</LastModified></Contents>"
            for key in shown
        )
        token = (
            f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        )
        return (
            f"<ListBucketResult><Name>{self.service.bucket}</Name><KeyCount>{len(shown)}</KeyCount>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>"
        )
