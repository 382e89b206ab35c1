"""How tasks behave: never cached, retried exactly when the engine says transient."""

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from baozhang.errors import CorruptObjectError, SourceBusyError, StoreFullError
from tasks.options import RETRIES, effect, is_transient


@effect("say {word}")
def said(word: str) -> str:
    """Say a word."""
    return word


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (SourceBusyError("the ledger is in use"), True),
        (StoreFullError("no room"), False),
        (CorruptObjectError("not what was stored"), False),
        (ValueError("a fault"), False),
    ],
)
def test_only_what_is_transient_is_tried_again(error: Exception, again: bool) -> None:
    assert is_transient(None, None, Failed(data=error)) is again


def test_an_effect_is_never_cached() -> None:
    assert said.cache_policy == NO_CACHE


def test_an_effect_may_be_tried_again() -> None:
    assert said.retries == RETRIES


def test_the_body_of_an_effect_runs_without_a_server() -> None:
    assert said.fn("now") == "now"
