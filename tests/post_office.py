"""A mail server on loopback that keeps what it takes, and can stop short at a chosen moment of a conversation."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Final

# Moments: before the greeting; before a recipient is accepted; the whole message came and is lost; it is kept and not
# confirmed.
CALLED: Final = "called"
ASKED: Final = "asked"
LOST: Final = "lost"
KEPT: Final = "kept"
_STOPPED_FOR: Final = 30.0  # seconds at most


class PostOffice(socketserver.ThreadingTCPServer):
    """`kept`: the messages, in the order in which they came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        self.kept: list[EmailMessage] = []
        self._moment, self._recipient = "", ""
        self._stopped, self._goes_on = threading.Event(), threading.Event()

    def stop_at(self, moment: str, recipient: str = "") -> None:
        """The next conversation that comes to this moment (for this recipient) waits there."""
        self._stopped.clear()
        self._goes_on.clear()
        self._moment, self._recipient = moment, recipient

    def wait_for_stop(self, seconds: float) -> None:
        assert self._stopped.wait(seconds), f"No conversation came to {self._moment}"

    def go_on(self) -> None:
        """Whoever is gone meanwhile is not answered."""
        self._goes_on.set()

    def reaches(self, moment: str, recipient: str = "") -> bool:
        """Waits when this moment was chosen. True = it was."""
        if moment != self._moment or (self._recipient and recipient != self._recipient):
            return False
        self._moment = ""
        self._stopped.set()
        self._goes_on.wait(_STOPPED_FOR)
        return True


class _Conversation(socketserver.StreamRequestHandler):
    server: PostOffice
    _recipient = ""

    def handle(self) -> None:
        try:
            self.server.reaches(CALLED)
            self._say("220 ready")
            while line := self.rfile.readline():
                word = line[:4].decode("ascii", "replace").upper()
                if word == "RCPT":
                    self._recipient = line.decode().partition("<")[2].partition(">")[0]
                    self.server.reaches(ASKED, self._recipient)
                elif word == "DATA":
                    self._say("354 go on")
                    self._take()
                elif word == "QUIT":
                    self._say("221 bye")
                    return
                self._say("250 ok")
        except OSError:  # the other side was killed
            return

    def _take(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        if self.server.reaches(LOST, self._recipient):
            raise ConnectionAbortedError
        self.server.kept.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
        self.server.reaches(KEPT, self._recipient)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def post_office() -> Iterator[PostOffice]:
    server: Any = PostOffice()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on()
        server.shutdown()
        server.server_close()
        thread.join()
