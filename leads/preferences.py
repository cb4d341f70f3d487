"""What a person chose once for every machine."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from leads.models import Preference


def language_of(user: Any) -> str:
    """The language of this person's pages and e-mails; "" when they never chose one. No query for a user that was read
    with its preference, as the signed-in one is."""
    preference: Preference | None = getattr(user, "preference", None)
    return preference.language if preference else ""


def remember_language(user: User, language: str) -> Preference:
    preference, _created = Preference.objects.update_or_create(user=user, defaults={"language": language})
    return preference
