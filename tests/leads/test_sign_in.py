"""A session that ends while somebody types: the text is kept over the sign-in, and nobody lands on a bare error."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hunter import sign_in
from leads.models import Note
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
ACME = "acme.example"
NOTE = 'Aradım, "İşletme" müdürü yarın dönecek\r\nİkinci satır'
PASSWORD = {"username": "seller", "password": "a long test password"}


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the form that matters; the choice of a language has its own."""
    form = html[html.index('<form class="stack"') :].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def sent_too_late(client: Client, referer: str = f"http://testserver/leads/{ACME}/?from=q%3Dx") -> dict[str, str]:
    make_lead(ACME)
    form = {"text": NOTE, "csrfmiddlewaretoken": "x", "new_password": "never kept"}
    answer = client.post(reverse("leads:note", args=[ACME]), form, headers={"referer": referer})
    assert answer.status_code == 401
    assert "Oturumunuz sona erdi" in answer.content.decode()
    return hidden(answer.content.decode())


def test_a_note_sent_after_the_session_ended_is_sent_again_after_the_sign_in(client: Client, seller: User) -> None:
    fields = sent_too_late(client)
    assert fields["next"] == f"http://testserver/leads/{ACME}/?from=q%3Dx"
    page = client.post("/accounts/login/", PASSWORD | fields)
    assert page.status_code == 200
    assert not Note.objects.exists()
    text = page.content.decode()
    assert f'action="/leads/{ACME}/notes/"' in text
    assert "never kept" not in text
    assert client.post(f"/leads/{ACME}/notes/", hidden(text)).status_code == 302
    assert Note.objects.get().text.split() == NOTE.split()


def test_a_wrong_password_loses_nothing(client: Client, seller: User) -> None:
    fields = sent_too_late(client)
    page = client.post("/accounts/login/", PASSWORD | fields | {"password": "wrong"})
    assert hidden(page.content.decode())["kept"] == fields["kept"]


def test_after_a_wrong_password_one_types_it_again_and_nothing_else(client: Client, seller: User) -> None:
    page = client.post("/accounts/login/", PASSWORD | {"password": "wrong"}).content.decode()
    name, password = (re.search(rf'<input[^>]*name="{field}"[^>]*>', page) for field in ("username", "password"))
    assert name is not None
    assert password is not None
    assert f'value="{PASSWORD["username"]}"' in name[0]
    assert "autofocus" not in name[0]
    assert "autofocus" in password[0]
    assert 'aria-describedby="sign-in-error"' in password[0]
    assert 'id="sign-in-error"' in page


def test_the_way_back_from_a_form_stays_on_this_site(client: Client, seller: User) -> None:
    assert sent_too_late(client, "https://evil.example/leads/")["next"] == "/"


def test_only_what_hunter_signed_is_offered_again(client: Client, seller: User) -> None:
    answer = client.post("/accounts/login/", PASSWORD | {"kept": '{"to": "https://evil.example/"}', "next": "/alerts/"})
    assert answer.headers["Location"] == "/alerts/"


def test_a_file_is_not_kept_and_the_page_says_nothing_else(client: Client, seller: User) -> None:
    file = SimpleUploadedFile("list.csv", b"a;b\n")
    answer = client.post(
        reverse("leads:imports"), {"file": file, "x": "y"}, headers={"referer": "http://testserver/imports/"}
    )
    assert answer.status_code == 401
    assert "kept" not in hidden(answer.content.decode())


def test_the_form_is_kept_only_below_a_limit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "LIMIT", 10)
    assert "kept" not in sent_too_late(client)


def test_the_sign_in_says_why_one_is_there(client: Client) -> None:
    assert "oturumunuz sona ermiş" in client.get("/accounts/login/?next=/alerts/").content.decode()
    assert "oturumunuz sona ermiş" not in client.get("/accounts/login/").content.decode()


def test_an_address_of_a_button_opened_as_a_page_shows_where_to_go(as_seller: Client) -> None:
    make_lead(ACME)
    answer = as_seller.get(f"/leads/{ACME}/notes/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert 'href="/leads/"' in answer.content.decode()
    assert as_seller.put("/leads/").status_code == 405


@pytest.mark.parametrize(
    ("referer", "leads_back"), [("http://testserver/leads/acme.example/", True), ("https://evil.example/", False)]
)
def test_a_form_that_expired_leads_back_to_its_page_on_this_site(seller: User, referer: str, leads_back: bool) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en", "referer": referer})
    client.force_login(seller)
    answer = client.post(reverse("leads:note", args=[ACME]), {"text": NOTE})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "The form has expired" in page
    assert (f'href="{referer}"' in page) is leads_back
