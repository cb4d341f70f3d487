"""Where requests really go, and the one place where HTTP sessions are made."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from outbound.deadline import DeadlineAdapter, within
from outbound.logs import quiet_libraries

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SandboxAdapter(DeadlineAdapter):
    """Sends https://HOST/path to {sandbox_url}/path over plain HTTP with `Host: HOST`.

    Everything above it, bearer and error texts included, sees the https URL only. Raises ValueError unless the
    sandbox is on this machine.
    """

    def __init__(self, sandbox_url: str) -> None:
        parts = urlsplit(sandbox_url)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            raise ValueError("The sandbox must be an http:// address on this machine (127.0.0.1, localhost or ::1).")
        super().__init__()
        self._base = sandbox_url.rstrip("/")

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """As its parent, but never through a proxy: the proxy was meant for the https address."""
        assert request.url is not None
        routed = request.copy()
        routed.url = f"{self._base}{request.path_url}"
        routed.headers["Host"] = urlsplit(request.url).netloc
        response = super().send(routed, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=None)
        response.request = request
        response.url = request.url
        return response


class _NoAuth(AuthBase):
    """Attaches nothing. Its presence keeps requests from looking into .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Http(requests.Session):
    def __init__(self, timeout: float | tuple[float, float], total: float) -> None:
        super().__init__()
        self._timeout, self._total = timeout, total
        self.auth = _NoAuth()
        # Dataverse's affinity cookie would pin every request to one server and its limits.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        del self.adapters["http://"]
        self.mount("https://", DeadlineAdapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        with within(self._total):
            return super().send(request, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nothing is followed: a redirect could carry a secret to another host."""
        return None


def new_http(
    sandbox_url: str = "", *, timeout: float | tuple[float, float] = (5.0, 30.0), total: float = 90.0
) -> requests.Session:
    """A session that speaks https only (sandbox: routed to `sandbox_url`), never without a time-out (seconds, or
    (connect, read)), follows no redirect, keeps no cookie and reads no .netrc; proxies of the environment apply.
    `total` seconds after its start an exchange is over, whatever has come of its answer."""
    quiet_libraries()
    http = _Http(timeout, total)
    if sandbox_url:
        http.mount("https://", SandboxAdapter(sandbox_url))
    return http


def browser_url(url: str, sandbox_url: str) -> str:
    """What a person's browser has to open: `url` itself, or {sandbox_url}/{host}/path?query. Only https is rewritten,
    so applying it twice does no harm."""
    parts = urlsplit(url)
    if not sandbox_url or parts.scheme != "https":
        return url
    return f"{sandbox_url.rstrip('/')}/{parts.netloc}{parts._replace(scheme='', netloc='').geturl()}"
