"""Real worker processes, killed in every way: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable

import psutil
import pytest

from tests.jobs.world import World, alive, kill, wait_until

pytestmark = pytest.mark.database

ROWS = 300
MAKE_ROWS = f"""
from tests.jobs.counting.models import Row
Row.objects.bulk_create([Row() for _ in range({ROWS})])
"""
ENQUEUE = """
from jobs.services import enqueue
print(enqueue("count", key="count", subject="Count").pk)
"""


def cluster_of(worker: psutil.Process) -> tuple[psutil.Process, psutil.Process, list[psutil.Process]] | None:
    """Main process, sentinel and the sentinel's children (two workers, monitor, pusher); None while it starts."""
    try:
        (main,) = worker.children()
        (sentinel,) = main.children()
        rest = sorted(sentinel.children(), key=lambda process: (process.create_time(), process.pid))
    except (ValueError, psutil.NoSuchProcess):
        return None
    return (main, sentinel, rest) if len(rest) == 4 else None


def counted(world: World) -> int:
    return int(world.query("SELECT count(*) FROM counting_row WHERE done")[0][0])


def job_state(world: World) -> str:
    return str(world.query("SELECT state FROM jobs_job ORDER BY id DESC")[0][0])


def test_a_job_survives_the_death_of_any_process_and_counts_every_row_once(world: World) -> None:
    world.python(MAKE_ROWS + ENQUEUE)
    worker = world.start("worker")

    def busy_worker() -> psutil.Process | None:
        rows = world.query("SELECT lease_token FROM jobs_job WHERE state = 'running' AND lease_token LIKE '%:%'")
        pid = int(rows[0][0].split(":")[1]) if rows else 0
        return psutil.Process(pid) if psutil.pid_exists(pid) else None

    def part(index: int) -> Callable[[], psutil.Process | None]:
        def find() -> psutil.Process | None:
            cluster = cluster_of(worker)
            return cluster and (cluster[0], cluster[1], cluster[2][-2], cluster[2][-1])[index]

        return find

    main, sentinel, monitor, pusher = (part(index) for index in range(4))
    for find in (busy_worker, pusher, main, busy_worker, sentinel, busy_worker, monitor):
        before = counted(world)
        wait_until(lambda before=before: counted(world) > before, 40, "progress")
        kill(wait_until(find, 20, "a process to kill"))
    wait_until(lambda: job_state(world) == "done", 60, "the end of the job")
    assert world.query("SELECT times, count(*) FROM counting_row GROUP BY times") == [(1, ROWS)]
    assert world.query("SELECT state, done, error FROM jobs_job") == [("done", ROWS, "")]


def test_a_cluster_that_looks_alive_but_is_deaf_is_replaced(world: World) -> None:
    worker = world.start("worker")
    _main, _sentinel, rest = wait_until(lambda: cluster_of(worker), 30, "the cluster")
    wait_until(lambda: world.query("SELECT 1 FROM jobs_workerheartbeat"), 20, "the first answer")
    kill(rest[2])  # the monitor: its successor waits for ever for the lock its predecessor held
    for idle in rest[:2]:
        kill(idle)
    world.python(MAKE_ROWS + ENQUEUE)
    wait_until(lambda: job_state(world) == "done", 50, "the job")
    assert world.query("SELECT times, count(*) FROM counting_row GROUP BY times") == [(1, ROWS)]


def test_a_worker_ends_with_all_its_processes_when_asked_or_killed(world: World) -> None:
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
        worker = world.start("worker")
        wait_until(lambda worker=worker: cluster_of(worker), 30, "the cluster")
        family = world.descendants(worker)
        worker.send_signal(number)
        assert worker.wait(15) == code
        wait_until(lambda family=family: not alive(family), 5, "the end of its processes")


def test_four_processes_claim_every_job_once(world: World) -> None:
    world.python(
        "from jobs.services import enqueue\n"
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        "    for number in range(60): enqueue('count', key=str(number), subject='Count')"
    )
    claim_all = (
        "from jobs.lifecycle import claim\nfrom jobs.models import Job\n"
        "print(sum(claim(pk) is not None for pk in Job.objects.values_list('pk', flat=True)))"
    )
    racers = [world.start_python(claim_all) for _ in range(4)]
    assert sum(int(racer.communicate()[0]) for racer in racers) == 60


def test_serve_starts_web_and_worker_restarts_the_dead_and_one_signal_ends_all(world: World) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = world.start("serve", "--port", str(port))

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as web:
                web.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                return web.recv(100).startswith(b"HTTP/1.")
        except OSError:
            return False

    wait_until(answers, 30, "the web")
    wait_until(lambda: f"http://127.0.0.1:{port}/" in world.printed(), 5, "the address")
    web = next(child for child in serve.children() if "gunicorn" in " ".join(child.cmdline()))
    kill(web)
    time.sleep(0.5)
    wait_until(answers, 30, "the web again")
    wait_until(lambda: world.query("SELECT 1 FROM counting_tick"), 20, "the worker")
    family = world.descendants(serve)
    serve.send_signal(signal.SIGINT)
    assert serve.wait(20) == 0
    assert not alive(family)
