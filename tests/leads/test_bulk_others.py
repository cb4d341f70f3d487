"""Undoing a change of many leads takes nothing from others that they decided since, even if it looks the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads import bulk_actions, services, snoozing
from leads.models import BulkAction, Lead, Tag
from tests.factories import make_lead
from tests.leads.test_bulk_actions import choose, results, undo

pytestmark = pytest.mark.django_db


def done(client: Client, by: User, kind: str, **params: Any) -> BulkAction:
    make_lead("acme.example")
    make_lead("isik.example")
    action = choose(client, kind, all="1")
    assert bulk_actions.start(action, params, by=by)
    return action


def fresh() -> Lead:
    return Lead.objects.get(domain="acme.example")


def test_a_sleep_of_somebody_else_until_the_same_day_stays(as_operator: Client, operator: User, seller: User) -> None:
    day = timezone.localdate() + timedelta(days=9)
    action = done(as_operator, operator, "snooze", until=day.isoformat(), until_change=False)
    snoozing.wake(fresh(), by=seller)
    snoozing.snooze(fresh(), until=day, until_change=False, by=seller)
    undo(as_operator, action)
    assert results(action) == {"undone": 1, "left": 1}
    assert (fresh().snoozed_by, snoozing.is_asleep(fresh(), timezone.now())) == (seller, True)


def test_an_owner_whom_somebody_else_gave_it_to_stays(as_operator: Client, operator: User, seller: User) -> None:
    action = done(as_operator, operator, "assign", owner=seller.pk, name="seller")
    services.assign([fresh()], operator, by=seller)
    services.assign([fresh()], seller, by=seller)
    undo(as_operator, action)
    assert results(action) == {"undone": 1, "left": 1}
    assert fresh().owner == seller


def test_a_tag_that_somebody_else_gave_again_stays(as_operator: Client, operator: User, seller: User) -> None:
    action = done(as_operator, operator, "tag", name="fuar")
    services.set_tags(fresh(), [], by=seller)
    services.set_tags(fresh(), ["fuar"], by=seller)
    services.set_tags(Lead.objects.get(domain="isik.example"), ["fuar", "başka"], by=seller)  # about another tag
    undo(as_operator, action)
    assert results(action) == {"undone": 1, "left": 1}
    assert list(Lead.objects.filter(tags=Tag.objects.get(name="fuar"))) == [fresh()]


def test_nobody_is_chosen_in_so_many_words(as_operator: Client, seller: User) -> None:
    make_lead("acme.example", owner=seller)
    action = choose(as_operator, "assign", all="1")
    page = as_operator.get(action.get_absolute_url())
    assert page.context["form"]["owner"].value() is None
    assert next(iter(page.context["form"].fields["owner"].choices))[0] == ""
    assert as_operator.post(action.get_absolute_url(), {"owner": ""}).status_code == 422
    assert fresh().owner == seller
    assert as_operator.post(action.get_absolute_url(), {"owner": "nobody"}).status_code == 302
    assert fresh().owner is None
