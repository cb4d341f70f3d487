"""Plain functions that make rows with honest defaults; a test states only what it is about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from leads.models import Lead


def make_user(username: str, *, role: str = "", **values: Any) -> User:
    user = User.objects.create_user(username, password="a long test password", **values)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_lead(domain: str = "anadolu-tekstil.example", **values: Any) -> Lead:
    return Lead.objects.create(domain=domain, **values)
