"""Shared fixtures: people of each role and their browsers."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_user


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the database runs on PostgreSQL too."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"db", "transactional_db", "live_server"} or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


@pytest.fixture
def viewer(db: None) -> User:
    return make_user("viewer", role="Viewer")


@pytest.fixture
def seller(db: None) -> User:
    return make_user("seller", role="Account manager")


@pytest.fixture
def operator(db: None) -> User:
    return make_user("operator", role="Sales operations")


@pytest.fixture
def administrator(db: None) -> User:
    return make_user("administrator", role="Administrator", is_staff=True, is_superuser=True)


def _browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return _browser(viewer)


@pytest.fixture
def as_seller(seller: User) -> Client:
    return _browser(seller)


@pytest.fixture
def as_operator(operator: User) -> Client:
    return _browser(operator)


@pytest.fixture
def as_administrator(administrator: User) -> Client:
    return _browser(administrator)
