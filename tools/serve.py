"""Everything that runs by the clock, on one machine: server, deployments, worker.

    python tools/serve.py --home SITE [--port 4200] [--state FOLDER] [--check]

          server ──healthy──► pool ──► deploy ──► prune ──► worker ──► until Ctrl-C

The server keeps its database in `--state` (by default `state/prefect` in the site) and listens on
this machine alone.  Its children's words go to `server.log` and `worker.log` there.  With
`--check` it waits until runs have been scheduled for every deployment, says so and ends.  A worker
that dies is started again, unless it dies again and again.

Exit codes: 0 ended as asked, 1 the server died or no worker stays alive, 2 not usable as it
stands, 3 nothing became healthy.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import yaml

CODE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CODE))  # run as a script, only this file's own folder is on the path

from tools import deployments  # noqa: E402

HOST = "127.0.0.1"
HEALTHY_WITHIN = 180  # seconds; an empty database takes 11-23 s on two cores, shared ones longer
SCHEDULED_WITHIN = 120  # seconds; the server looks for work to schedule every 5 s or so
BUSY_FOR = 60  # seconds a request is repeated while the server's database is held by another
PATIENCE = 15  # seconds a child has to end after it was asked to
WORKERS_AT_MOST = 5  # a worker that cannot live is not started for ever
LIVED = 600  # seconds within which so many deaths are too many

Child = subprocess.Popen[bytes]


class ServeError(Exception):
    """Serving cannot begin or go on; `code` is the exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


def environment(home: Path, state: Path, port: int) -> dict[str, str]:
    """Return what every child sees: our settings, and no Prefect setting of the caller's."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}"
    return inherited | {
        "PATH": path,
        "BAOZHANG_CODE": str(CODE),
        "BAOZHANG_HOME": str(home),
        "BAOZHANG_LANG": inherited.get("BAOZHANG_LANG", "zh_CN"),
        "PREFECT_HOME": str(state),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
    }


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def tell(text: str) -> None:
    """Say how far things are."""
    print(text, flush=True)


@contextmanager
def child(name: str, words: list[str], env: Mapping[str, str], state: Path) -> Iterator[Child]:
    """Run `prefect WORDS` in a session of its own; on the way out end it and what it started."""
    with (state / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *words],
            env=dict(env),
            cwd=CODE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: Child) -> None:
    """Ask the child to end; after `PATIENCE` end its whole session, by the id we started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            tell(f"process {process.pid} does not end by itself, ending it")
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its session: also what it left behind
    process.wait(PATIENCE)


def prefect(words: list[str], env: Mapping[str, str]) -> None:
    """Run one `prefect` command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        env=dict(env),
        cwd=CODE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServeError(f"prefect {' '.join(words)}:\n{done.stdout}{done.stderr}", 1)


def ask(url: str, body: object = None) -> object:
    """Return the server's answer to a GET, or to a POST when there is a body.

    503 is the server's word for a database that another request holds: nothing was written.
    """
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - our own address
    patience = time.monotonic() + BUSY_FOR
    while True:
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > patience:
                raise
            time.sleep(1)


def is_healthy(api: str) -> bool:
    """Tell whether the server answers."""
    try:
        return ask(f"{api}/health") is True
    except (URLError, OSError):
        return False


def wait_healthy(api: str, server: Child, log: Path) -> None:
    """Wait for the server's first answer, telling how long it takes."""
    began = time.monotonic()
    while not is_healthy(api):
        waited = int(time.monotonic() - began)
        if server.poll() is not None:
            raise ServeError(f"the server ended while starting; see {log}\n{tail(log)}", 1)
        if waited > HEALTHY_WITHIN:
            raise ServeError(f"the server did not answer within {HEALTHY_WITHIN} s; see {log}", 3)
        if waited and waited % 5 == 0:
            tell(f"  starting the server … {waited} s")
        time.sleep(1)


def tail(log: Path, lines: int = 15) -> str:
    """Return the last words of a log."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])


def deploy(file: Path, env: Mapping[str, str]) -> None:
    """Make the server agree with the file."""
    pool = next(iter(deployments.load(file).deployments)).work_pool.name
    tell(f"work pool {pool}")
    prefect(["work-pool", "create", pool, "--type", "process", "--overwrite"], env)
    tell("deployments")
    prefect(["deploy", "--all", "--prefect-file", str(file)], env)
    pruned = subprocess.run(
        [sys.executable, str(CODE / "tools" / "deployments.py"), "--prune", str(file)],
        env=dict(env),
        capture_output=True,
        text=True,
        check=True,
    )
    tell(pruned.stdout.rstrip() or "nothing to remove")


def scheduled(api: str) -> dict[str, int]:
    """Return how many runs the server itself has scheduled, by deployment that has a schedule."""
    found = ask(f"{api}/deployments/filter", {})
    assert isinstance(found, list)
    return {each["name"]: _count(api, each["id"]) for each in found if each["schedules"]}


def _count(api: str, deployment: str) -> int:
    wanted = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    return int(str(ask(f"{api}/flow_runs/count", wanted)))


def wait_scheduled(api: str) -> dict[str, int]:
    """Wait until every schedule has runs; a healthy server alone proves nothing."""
    began = time.monotonic()
    while not all((counts := scheduled(api)).values()) or not counts:
        if time.monotonic() - began > SCHEDULED_WITHIN:
            raise ServeError(f"no runs were scheduled: {counts}", 1)
        time.sleep(1)
    return counts


def serve(home: Path, state: Path, port: int, *, file: Path, check: bool) -> None:
    """Start all, tell where the pages are, stay until asked to end."""
    env = environment(home, state, port)
    api = env["PREFECT_API_URL"]
    pool = deployments.load(file).deployments[0].work_pool.name
    with ExitStack() as children:
        words = ["server", "start", "--host", HOST, "--port", str(port)]
        server = children.enter_context(child("server", words, env, state))
        tell(f"server: process {server.pid}, log {state / 'server.log'}")
        wait_healthy(api, server, state / "server.log")
        deploy(file, env)
        worker = children.enter_context(start_worker(pool, env, state))
        tell(f"scheduled runs: {json.dumps(wait_scheduled(api))}")
        tell(f"pages: http://{HOST}:{port}")
        if not check:
            tell("Ctrl-C ends the server and the worker.")
            for _ in again_and_again():
                watch(server, worker, state)
                worker = children.enter_context(start_worker(pool, env, state))
            raise ServeError("no worker stays alive", 1)


def again_and_again() -> Iterator[None]:
    """Yield until it happens `WORKERS_AT_MOST` times within `LIVED` seconds."""
    times: deque[float] = deque(maxlen=WORKERS_AT_MOST)
    while len(times) < WORKERS_AT_MOST or times[-1] - times[0] > LIVED:
        yield
        times.append(time.monotonic())


@contextmanager
def start_worker(pool: str, env: Mapping[str, str], state: Path) -> Iterator[Child]:
    """Run a worker.

    It has no `--limit`: Prefect's worker (3.8) dies when a run is resumed before its process is
    gone and a limit counts it twice.  How many runs there are at once, each deployment says.
    """
    words = ["worker", "start", "--pool", pool, "--type", "process", "--name", "baozhang"]
    with child("worker", words, env, state) as worker:
        tell(f"worker: process {worker.pid}, log {state / 'worker.log'}")
        yield worker


def watch(server: Child, worker: Child, state: Path) -> None:
    """Return when the worker has died.

    Raises:
        ServeError: the server died.
    """
    while worker.poll() is None:
        if server.poll() is not None:
            raise ServeError(died("server", state), 1)
        time.sleep(1)
    tell(died("worker", state))


def died(name: str, state: Path) -> str:
    """Return what to say of a child that ended by itself."""
    log = state / f"{name}.log"
    return f"the {name} ended by itself; see {log}\n{tail(log)}"


def prepare(home: Path, state: Path, port: int, file: Path) -> None:
    """Refuse early what cannot work."""
    if not (home / "agency.yaml").is_file():
        raise ServeError(f"{home} holds no agency.yaml: run `baozhang init` first", 2)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if probe.connect_ex((HOST, port)) == 0:
            raise ServeError(f"port {port} is taken: choose another with --port", 2)
    problems = deployments.lint(file.read_text("utf-8"))
    if problems:
        raise ServeError("\n".join(f"{file.name}: {place}: {what}" for place, what in problems), 2)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)


def arguments(words: list[str]) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python tools/serve.py", description=__doc__.split("\n")[0]
    )
    home = os.environ.get("BAOZHANG_HOME", ".")
    parser.add_argument("--home", type=Path, default=Path(home), help="the site's folder")
    parser.add_argument("--state", type=Path, help="where server and worker keep what is theirs")
    parser.add_argument("--port", type=int, default=4200, help="0 takes a free one")
    parser.add_argument("--file", type=Path, default=deployments.FILE)
    parser.add_argument("--check", action="store_true", help="start, see runs scheduled, end")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Serve; a termination is an orderly end like Ctrl-C."""
    asked = arguments(words)
    home = asked.home.resolve()
    state = (asked.state or home / "state" / "prefect").resolve()
    port = asked.port or free_port()
    for order in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs ignore the latter
        signal.signal(order, signal.default_int_handler)
    try:
        prepare(home, state, port, asked.file)
        serve(home, state, port, file=asked.file.resolve(), check=asked.check)
    except KeyboardInterrupt:
        tell("ended")
    except (ServeError, yaml.YAMLError) as error:
        print(error, file=sys.stderr)
        return error.code if isinstance(error, ServeError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
