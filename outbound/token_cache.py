"""msal's token cache as a text that its owner keeps, encrypted, wherever it likes."""

from __future__ import annotations

import time
from typing import Any, Final, Self

import msal  # type: ignore[import-untyped, unused-ignore]  # ships no types

_LIFE: Final = 300  # seconds an access token must still live; msal renews below it, too


class TokenCache(msal.SerializableTokenCache):  # type: ignore[misc, unused-ignore]
    """One sign-in. Its text holds tokens: never log it, never store it in the clear."""

    @classmethod
    def load(cls, text: str) -> Self:
        """Raises ValueError for a text that is no cache."""
        cache = cls()
        cache.deserialize(text)
        return cache

    def dump(self) -> str:
        """The text to keep; afterwards `changed` is False."""
        return str(self.serialize())

    @property
    def changed(self) -> bool:
        return bool(self.has_state_changed)

    def valid_token(self, scope: str) -> str:
        """An access token that needs no renewal, without asking anybody; "" = there is none."""
        found: list[dict[str, Any]] = list(self.search(self.CredentialType.ACCESS_TOKEN, target=[scope]))
        alive = [item for item in found if int(item.get("expires_on", 0)) > time.time() + _LIFE]
        return str(alive[0]["secret"]) if alive else ""
