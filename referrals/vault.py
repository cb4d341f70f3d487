"""Texts at rest that nobody may read: the token cache and running sign-ins (HUNTER_TOKEN_KEY)."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(Exception):
    """The key is another one, or the text was changed."""


def seal(text: str) -> str:
    return _vault().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Raises SealBroken."""
    try:
        return _vault().decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError) as error:
        raise SealBroken from error


def _vault() -> MultiFernet:
    """The first key seals, all of them open: to change the key, put the new one in front."""
    return MultiFernet([Fernet(_derived(key)) for key in settings.HUNTER_TOKEN_KEY])


def _derived(key: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hunter token cache")
    return base64.urlsafe_b64encode(derive.derive(key.encode()))
