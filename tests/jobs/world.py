"""A database of its own and real worker processes on it, seen from outside."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import psutil
import psycopg

ROOT = Path(__file__).resolve().parents[2]


class World:
    """PostgreSQL when DATABASE_URL names one, else an SQLite file."""

    def __init__(self, folder: Path, *, settings: str = "tests.jobs.settings", **environment: str) -> None:
        self._server = url if (url := os.environ.get("DATABASE_URL", "")).startswith("postgres") else ""
        self._name = f"hunter_jobs_{uuid4().hex}"
        self._file = folder / "jobs.sqlite3"
        self._log = folder / "log"
        base = self._server.rpartition("/")[0]
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "HUNTER_ENV": "dev",
            "HUNTER_VAR": str(folder),
            "DATABASE_URL": f"{base}/{self._name}" if self._server else f"sqlite:///{self._file}",
            **environment,
        }
        self._started: list[psutil.Popen] = []

    def __enter__(self) -> Self:
        if self._server:
            self._on_server(f"CREATE DATABASE {self._name}")
        self.python("from django.core.management import call_command; call_command('migrate', verbosity=0)")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._started:
            for one in [process, *self.descendants(process)]:
                kill(one)
            process.wait()
        if self._server:
            self._on_server(f"DROP DATABASE {self._name} WITH (FORCE)")
        if kind is not None and self._log.exists():
            print(self._log.read_text()[-8000:])

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        if self._server:
            with psycopg.connect(self.env["DATABASE_URL"]) as postgres:
                return postgres.execute(sql).fetchall()  # type: ignore[arg-type]
        lite = sqlite3.connect(self._file, timeout=20)
        try:
            return lite.execute(sql).fetchall()
        finally:
            lite.close()

    def python(self, code: str) -> str:
        """Run in a process with Django set up; returns what it printed."""
        return self.start_python(code).communicate()[0]

    def start_python(self, code: str) -> subprocess.Popen[str]:
        script = f"import django; django.setup()\n{code}"
        return subprocess.Popen(
            [sys.executable, "-c", script], env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )

    def start(self, *command: str) -> psutil.Popen:
        """Start a management command that stays."""
        with self._log.open("a") as log:
            process = psutil.Popen(
                [sys.executable, "manage.py", *command],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def printed(self) -> str:
        return self._log.read_text()

    @staticmethod
    def descendants(process: psutil.Process) -> list[psutil.Process]:
        try:
            return list(process.children(recursive=True))
        except psutil.NoSuchProcess:
            return []


def kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run; a zombie does not."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return value
