"""A small Hunter for tests with real worker processes: background work and one app that counts."""

from hunter.settings import *  # noqa: F403
from hunter.settings import Q_CLUSTER as _QUEUE

INSTALLED_APPS = [
    "django_q",
    "jobs.apps.JobsConfig",
    "tests.jobs.counting",
    "django.contrib.auth",
    "django.contrib.contenttypes",
]
MIDDLEWARE = []
ROOT_URLCONF = "tests.jobs.urls"
HUNTER_JOB_HANDLERS = {"count": "tests.jobs.counting.handlers.count"}
HUNTER_DUTIES = {"count ticks": ("tests.jobs.counting.handlers.note_tick", 1)}
Q_CLUSTER = {**_QUEUE, "workers": 2}  # what the tests count on
