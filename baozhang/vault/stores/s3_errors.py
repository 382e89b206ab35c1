"""What an S3 service or the way to it can answer, sorted into what to do about it.

    passes by itself   timeouts, resets, broken answers, 408, 429, 5xx, SlowDown   ask again
    needs a person     403, 404 of the bucket, 400, 405, 501, a wrong region       say so at once
    is an answer       404 of an object, 409/412 of an exclusive create            no error

Codes: the S3 error list, with OSS's and COS's own.
"""

from collections.abc import Callable
from typing import NamedTuple

from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError

from baozhang.errors import BaozhangError, StoreFullError, StoreUnreachableError, UsageError


class OddAnswerError(Exception):
    """An answer that says success and cannot be one, such as a listing that is none."""


FAILURES = (BotoCoreError, ClientError, ResponseParserError, HTTPError, OSError, OddAnswerError)
"""Everything a call may raise that is not a mistake of ours."""

PASSING = (
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    HTTPError,
    OSError,
    OddAnswerError,
)
PASSING_STATUS = {408, 429, 500, 502, 503, 504}
PASSING_CODES = {
    "BadDigest",  # changed on its way: the same bytes again
    "ConditionalRequestConflict",
    "IncompleteBody",
    "InternalError",
    "InvalidDigest",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentSHA256Mismatch",
}
THERE_CODES = {"PreconditionFailed", "FileAlreadyExists", "ObjectAlreadyExists"}
FULL_CODES = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge"}
CLOCK_CODES = {"RequestTimeTooSkewed", "AccessDeniedRequestTimeTooSkewed"}
REGION_CODES = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
}
KEY_CODES = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SecurityTokenExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}


REFUSALS: tuple[tuple[str, Callable[[int, str], bool]], ...] = (
    ("clock", lambda _, code: code in CLOCK_CODES),
    ("region", lambda status, code: code in REGION_CODES or status in (301, 307)),
    ("key", lambda _, code: code in KEY_CODES),
    ("bucket", lambda _, code: code == "NoSuchBucket"),
    ("right", lambda status, _: status == 403),
    ("unknown", lambda status, code: status in (405, 501) or code == "NotImplemented"),
)
"""What a refusal is about; the first that fits."""
REFUSED_TEMPLATES = {
    "clock": "{url} refuses this machine's clock",
    "region": "the bucket of {url} lies in another region ({code})",
    "key": "{url} does not accept these credentials ({code})",
    "bucket": "there is no bucket at {url}",
    "right": "{url} does not allow this ({code})",
    "unknown": "{url} does not know a call that this kind of store needs ({code})",
    "other": "{url} refused a request ({code})",
}
REFUSED_HINTS_TEMPLATES = {
    "clock": "Set the clock right (timedatectl), then run it again.",
    "region": "Give the bucket's own region and endpoint in the URL.",
    "key": "Check the access key and its secret; a temporary one may have run out.",
    "bucket": "Make it as docs/guides/s3.md says, or correct the URL.",
    "right": "Compare this role's policy with docs/guides/s3.md; what is locked is refused alike.",
    "unknown": "Try `baozhang vault probe`, and choose the URL's kind after what it shows.",
    "other": "Check kind, bucket, region and endpoint in the URL with `baozhang vault probe`.",
}


class Answer(NamedTuple):
    """What a refusal says."""

    status: int
    code: str


def answer_of(error: Exception) -> Answer:
    """Return status and code of a refusal; zero and nothing where none came."""
    if not isinstance(error, ClientError):
        return Answer(0, "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Answer(int(status), str(error.response.get("Error", {}).get("Code", "")))


def passes(error: Exception) -> bool:
    """Tell whether the same call may succeed a little later."""
    status, code = answer_of(error)
    if code in FULL_CODES or isinstance(error, SSLError):
        return False
    return status in PASSING_STATUS or code in PASSING_CODES or isinstance(error, PASSING)


def is_there_already(error: Exception) -> bool:
    """Tell whether an exclusive create was refused because the object is there."""
    status, code = answer_of(error)
    return code in THERE_CODES or status == 412


def is_no_object(error: Exception) -> bool:
    """Tell whether the store says, itself, that there is no such object or version."""
    return answer_of(error).code in ("NoSuchKey", "NoSuchVersion")


def is_past_the_end(error: Exception) -> bool:
    """Tell whether a range lies outside its object."""
    return answer_of(error) in ((416, "InvalidRange"), (416, "416"))


def translated(error: Exception, url: str) -> BaozhangError:
    """Return the error that says what a failure means, and what to do."""
    status, code = answer_of(error)
    if code in FULL_CODES or status == 507:
        return StoreFullError(
            "the store {url} has no room left or its quota is used up",
            hint="Raise the quota, then run it again; what had been stored is kept.",
            url=url,
        )
    if passes(error) or isinstance(error, SSLError):
        return _unreachable(error, url, code or (str(status) if status else ""))
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ProfileNotFound):
        return UsageError(
            "there are no credentials for {url}",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of the "
            "credentials file with credentials=NAME.",
            url=url,
        )
    if not isinstance(error, ClientError):
        return _unreachable(error, url, "")
    return _refused(status, code, url)


def _unreachable(error: Exception, url: str, code: str) -> StoreUnreachableError:
    if isinstance(error, SSLError):
        return StoreUnreachableError(
            "the certificate of {url} was not accepted",
            hint="Check the endpoint's name and date, and AWS_CA_BUNDLE for an office's own CA.",
            url=url,
        )
    return StoreUnreachableError(
        "{url} did not answer as it should: {reason}",
        hint="Check the network and the provider's status page, then run it again.",
        url=url,
        reason=str(error) if isinstance(error, OddAnswerError) else code or type(error).__name__,
    )


def _refused(status: int, code: str, url: str) -> BaozhangError:
    kind = next((kind for kind, means in REFUSALS if means(status, code)), "other")
    template, hint = REFUSED_TEMPLATES[kind], REFUSED_HINTS_TEMPLATES[kind]
    return UsageError(template, hint=hint, url=url, code=code or str(status))
