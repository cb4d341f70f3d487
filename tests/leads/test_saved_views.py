"""Saved views of the lead list: kept, opened, changed, shared; and the address a filter leaves behind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads import saved_views
from leads.list_query import LeadQuery
from leads.models import SavedView, ViewTab
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
LIST = "/leads/"
POSTURE = "?segment=Migration&posture=dmarc_none&posture=no_dkim&sort=name&cols=score&cols=city&density=compact"


def save(client: Client, query: str = POSTURE, **values: str) -> SavedView:
    client.post(reverse("leads:view_add"), {"name": "Hot", "query": query, **values})
    return SavedView.objects.latest("pk")


def test_a_view_keeps_filters_order_columns_and_density(as_seller: Client, seller: User) -> None:
    answer = as_seller.post(reverse("leads:view_add"), {"name": "Hot", "query": POSTURE + "&page=3", "tab": "on"})
    view = SavedView.objects.get()
    assert (view.owner, view.query, view.shared) == (seller, POSTURE, False)
    page = as_seller.get(answer.headers["Location"])
    assert page.context["shown"] == ("score", "city")
    assert page.context["query"].density == "compact"
    assert page.context["views"].current.view == view
    assert not page.context["views"].modified
    assert [shown.view for shown in page.context["views"].tabs] == [view]


def test_a_list_that_moved_away_from_its_view_says_so_and_can_be_kept(as_seller: Client) -> None:
    view = save(as_seller)
    url = f"{LIST}?segment=Cold&view={view.pk}"
    page = as_seller.get(url)
    assert page.context["views"].modified
    assert "modified" in page.content.decode()
    as_seller.post(reverse("leads:view_change", args=[view.pk]), {"query": f"?segment=Cold&view={view.pk}"})
    view.refresh_from_db()
    assert view.query == "?segment=Cold"
    assert not as_seller.get(url).context["views"].modified


def test_the_opening_view_opens_by_itself_and_all_leads_stay_in_reach(as_seller: Client, seller: User) -> None:
    first = save(as_seller, "?segment=Cold", opens="on")
    second = save(as_seller, "?segment=Existing", opens="on", name="Second")
    assert list(ViewTab.objects.filter(user=seller, opens=True).values_list("view", flat=True)) == [second.pk]
    assert ViewTab.objects.filter(view=first).exists()
    assert as_seller.get(LIST).headers["Location"] == f"{LIST}?segment=Existing&view={second.pk}"
    everything = as_seller.get(f"{LIST}?view=all")
    assert everything.status_code == 200
    assert as_seller.get(f"{LIST}?q=x").context["query"].cleared() == "?view=all"


def test_only_operations_share_and_change_what_is_shared(as_seller: Client, as_operator: Client) -> None:
    as_seller.post(reverse("leads:view_add"), {"name": "Mine", "query": "?segment=Cold", "shared": "on"})
    assert not SavedView.objects.exists()
    view = save(as_operator, shared="on")
    assert view.shared
    change, delete = (reverse(f"leads:view_{verb}", args=[view.pk]) for verb in ("change", "delete"))
    assert as_seller.get(LIST).context["views"].all[0].view == view
    assert as_seller.post(change, {"query": "?segment=Cold"}).status_code == 403
    assert as_seller.post(delete).status_code == 403
    as_seller.post(change, {"name": "Stolen", "tab": "on"})
    view.refresh_from_db()
    assert (view.name, view.query) == ("Hot", POSTURE)
    assert as_seller.get(LIST).context["views"].all[0].is_tab
    as_operator.post(change, {"name": "Hotter"})
    view.refresh_from_db()
    assert (view.name, view.shared) == ("Hotter", False)
    as_operator.post(delete)
    assert not SavedView.objects.exists()


def test_a_private_view_is_nobody_elses(as_seller: Client, as_operator: Client) -> None:
    view = save(as_seller)
    assert as_operator.get(LIST).context["views"].all == []
    for verb in ("change", "delete"):
        assert as_operator.post(reverse(f"leads:view_{verb}", args=[view.pk]), {"name": "x"}).status_code == 404


def test_two_views_of_one_name_and_one_too_long_are_refused(as_seller: Client) -> None:
    save(as_seller)
    save(as_seller, "?segment=Cold")
    save(as_seller, "?" + "&".join(f"tag=a-rather-long-name-of-a-tag-{n}" for n in range(40)), name="Long")
    assert [(view.name, view.query) for view in SavedView.objects.all()] == [("Hot", POSTURE)]


def test_a_name_taken_since_the_form_was_looked_at_is_refused(as_seller: Client, seller: User) -> None:
    first, second = save(as_seller), save(as_seller, name="Second")
    given = {"query": LeadQuery(), "shared": False, "tab": True, "opens": True}
    with pytest.raises(saved_views.NameTaken):
        saved_views.save_view(seller, name="Hot", **given)
    with pytest.raises(saved_views.NameTaken):
        saved_views.change_view(second, name="Hot", shared=False)
    assert list(SavedView.objects.order_by("pk").values_list("name", flat=True)) == ["Hot", "Second"]
    saved_views.change_view(first, name="Hot", shared=True)  # its own name is nobody else's
    assert not ViewTab.objects.filter(opens=True).exists()


@pytest.mark.parametrize(
    ("before", "after", "header"),
    [
        ("", "q=a", "HX-Push-Url"),
        ("q=a", "q=an", "HX-Replace-Url"),
        ("q=an", "q=an&segment=Cold", "HX-Push-Url"),
        ("q=an", "", "HX-Replace-Url"),
        ("segment=Cold", "segment=Cold", "HX-Replace-Url"),
    ],
)
def test_letters_of_a_search_are_one_entry_of_the_history(
    as_seller: Client, before: str, after: str, header: str
) -> None:
    headers = {
        "HX-Request": "true", "HX-Trigger": "filter", "HX-Current-URL": f"http://testserver{LIST}?{before}",
    }  # fmt: skip
    answer = as_seller.get(f"{LIST}?{after}", headers=headers)
    assert answer.headers[header] == f"{LIST}?{after}".rstrip("?")
    assert {"HX-Push-Url", "HX-Replace-Url"} & set(answer.headers) == {header}


def test_the_list_looks_for_news_without_touching_the_history(as_seller: Client) -> None:
    answer = as_seller.get(LIST, headers={"HX-Request": "true", "HX-Trigger": "table"})
    assert not {"HX-Push-Url", "HX-Replace-Url"} & set(answer.headers)
    assert 'id="views"' not in answer.content.decode()


def test_views_cost_one_query(as_seller: Client) -> None:
    make_lead("a.example")
    for number in range(5):
        save(as_seller, name=f"View {number}", tab="on")
    with CaptureQueriesContext(connection) as queries:
        as_seller.get(f"{LIST}?segment=Migration")
    assert len(queries) <= 12
