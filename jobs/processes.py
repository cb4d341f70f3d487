"""Child processes that never outlive us, and a clean answer to Ctrl-C."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from django.conf import settings

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send this signal when the parent ends, even by kill -9 (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def stop_event() -> threading.Event:
    """Set by the first SIGINT or SIGTERM."""
    event = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: event.set())
    return event


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def manage(*args: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *args]


class Child:
    """A process in a session of its own: a Ctrl-C in the terminal reaches only us, and the whole group can be
    killed. It gets `parent_died` when we vanish."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], parent_died: int = signal.SIGTERM) -> None:
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **env},
            cwd=settings.BASE_DIR,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, parent_died),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None = it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """SIGTERM to the main process only: sent to its whole group it makes qcluster hang."""
        if self.exit_code() is None:
            self._process.terminate()

    def stop(self, grace: float) -> None:
        """Ask, wait `grace` seconds, then kill whatever is left of the group."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the group, which may outlive its main process."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
