"""django-q2's cluster, without orphans: each of its processes ends with the one that started it."""

from __future__ import annotations

import os
from typing import Any

from django_q.management.commands import qcluster

from jobs.processes import die_with_parent


class Command(qcluster.Command):  # type: ignore[misc]
    def handle(self, *args: Any, **options: Any) -> None:
        os.register_at_fork(after_in_child=die_with_parent)
        super().handle(*args, **options)
