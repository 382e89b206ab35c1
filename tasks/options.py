"""How tasks behave when the world does not: one vocabulary for all of `tasks/`."""

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from prefect import State, Task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from baozhang.errors import BaozhangError

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 3  # with the delays below: about two minutes, a switch restarting or a NAS waking up
FIRST_DELAY = 20  # seconds; doubled each time


def effect(run_name: str, *, tags: Iterable[str] = ()) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a task of a function with an effect: never cached, retried only when transient."""

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        return Task(
            function,
            task_run_name=run_name,
            tags=tags,
            cache_policy=NO_CACHE,
            retries=RETRIES,
            retry_delay_seconds=exponential_backoff(backoff_factor=FIRST_DELAY),
            retry_jitter_factor=0.5,
            retry_condition_fn=is_transient,
        )

    return decorate


def is_transient(_task: object, _run: object, state: State[Any]) -> bool:
    """Retry exactly what the engine calls transient; a bug fails on first sight."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaozhangError) and error.transient


def at_once(batches: int) -> TaskRunner[Any]:
    """Return a runner that works on this many batches at the same time."""
    return ThreadPoolTaskRunner(max_workers=batches)
