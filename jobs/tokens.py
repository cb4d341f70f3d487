"""Who holds a lease: `<cluster>:<process>:<random>`. The supervisor gives each cluster it starts a name of its own,
so that it can free at once what a dead process held, without waiting for the lease to run out."""

from __future__ import annotations

import os
from uuid import uuid4

CLUSTER_VARIABLE = "HUNTER_CLUSTER"


def new_token() -> str:
    return f"{os.environ.get(CLUSTER_VARIABLE, '')}:{os.getpid()}:{uuid4().hex}"


def holder(token: str) -> int:
    """The process id inside a token."""
    return int(token.split(":")[1])
