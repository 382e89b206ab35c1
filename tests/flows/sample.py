"""Flows that only the tests of the linter point at."""

from datetime import date

from prefect import flow
from pydantic import SecretStr


@flow
def needs_a_client(client: str, limit: int = 1, day: date | None = None) -> None:
    """Take one parameter that has no default."""


@flow
def takes_a_secret(password: SecretStr) -> None:
    """Take what must never be a parameter."""


def not_a_flow() -> None:
    """Do nothing."""
