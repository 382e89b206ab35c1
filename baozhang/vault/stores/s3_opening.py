"""An S3 URL opened: the plain store, or the one for buckets that keep versions under lock."""

from baozhang.clock import Clock, system_clock
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_bucket import Bucket, Credentials
from baozhang.vault.stores.s3_locked import LockedS3Store
from baozhang.vault.stores.s3_patience import Patience
from baozhang.vault.stores.s3_url import place_of


def open_store(
    url: str,
    *,
    credentials: Credentials | None = None,
    patience: Patience | None = None,
    clock: Clock = system_clock,
) -> S3Store:
    """Return the store at an S3 URL; nothing is asked of it yet.

    Credentials not handed in are searched for as boto3 does: environment, then files.

    Raises:
        UsageError: the URL is not understood, or its credentials profile is not there.
    """
    place = place_of(url)
    bucket = Bucket(place, credentials=credentials, patience=patience or Patience())
    return (LockedS3Store if place.versioned else S3Store)(bucket, clock=clock)
