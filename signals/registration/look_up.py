"""One question about one domain: whom to ask, whether it is polite to ask now, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from outbound.errors import NotFound, OutboundError
from outbound.session import Policy
from signals.outcomes import Reason, Unknown, Unreadable, reason_of
from signals.politeness import Politeness
from signals.registration import whois
from signals.registration.bootstrap import Directory, RdapServer, WhoisServer
from signals.registration.facts import NotRegistered, Outcome, Protocol, Registration, asked_name
from signals.registration.rdap import POLICY, RdapClient, parse_domain

PATIENCE = 1.5  # seconds that a look-up waits for its turn: the pace of a host, not its stop


class Registries:
    """The servers and how they were treated so far; keep one for as long as a queue runs, in one thread.

    `politeness` may be loaded from elsewhere before and stored after (`as_dict`). `clock` gives Unix seconds.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        politeness: Politeness | None = None,
        sandbox_url: str = "",
        policy: Policy = POLICY,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.directory = directory
        self.politeness = Politeness() if politeness is None else politeness
        self.rdap = RdapClient(sandbox_url=sandbox_url, policy=policy)
        self.whois_timeout = policy.total_timeout
        self.clock = clock
        self._patience, self._sleep = patience, sleep

    def host_of(self, domain: str) -> str:
        """Who would be asked about the domain; "" = nobody."""
        name = asked_name(domain)
        server = None if name is None else self.directory.server_of(name)
        return "" if server is None else server.host

    def turn(self, host: str) -> float:
        """Takes the host's next turn, waiting for it if it is near; else the seconds until there is one."""
        left = self.politeness.take(host, self.clock())
        if not 0 < left <= self._patience:
            return left
        self._sleep(left)
        return self.politeness.take(host, self.clock())

    def close(self) -> None:
        self.rdap.close()


def look_up(domain: str, registries: Registries) -> Outcome:
    """What the registry says about a registrable domain (A-labels). Never raises for anything the far side does.

    One question, no repeats: an Unknown says when it is worth asking again. To keep a queue moving, shuffle it over
    the hosts (`directory.server_of(domain).host`).
    """
    name = asked_name(domain)
    server = None if name is None else registries.directory.server_of(name)
    if name is None or server is None:
        reason = Reason.INVALID_NAME if name is None else Reason.NO_SERVER
        return Unknown(domain=domain, source="", at=_moment(registries), reason=reason)
    left = registries.turn(server.host)
    if left > 0:
        return Unknown(
            domain=name, source=server.host, at=_moment(registries), reason=Reason.HELD, retry_after=round(left, 1)
        )
    return (
        _ask_rdap(name, server, registries) if isinstance(server, RdapServer) else _ask_whois(name, server, registries)
    )


def _ask_rdap(domain: str, server: RdapServer, registries: Registries) -> Outcome:
    try:
        data = registries.rdap.fetch(server.base_url, domain)
        at = _moment(registries)
        found: Registration | NotRegistered = parse_domain(data, domain, source=server.host, at=at)
    except NotFound as error:
        found = NotRegistered(
            domain=domain,
            source=server.host,
            protocol=Protocol.RDAP,
            at=_moment(registries),
            excerpt=f"HTTP {error.status}",
        )
    except OutboundError as error:
        return _unknown(domain, server.host, reason_of(error), registries, error)
    except Unreadable as error:
        return _unknown(domain, server.host, error.reason, registries)
    registries.politeness.answered(server.host)
    return found


def _ask_whois(domain: str, server: WhoisServer, registries: Registries) -> Outcome:
    try:
        answer = whois.ask(server.address, domain, timeout=registries.whois_timeout)
        if not answer.strip():  # TRABİS hangs up on whom it does not want to answer
            raise Unreadable(Reason.REFUSED)
        found = whois.parse_trabis(whois.decode(answer), domain, source=server.host, at=_moment(registries))
    except TimeoutError:
        return _unknown(domain, server.host, Reason.TIMEOUT, registries)
    except OSError:
        return _unknown(domain, server.host, Reason.NETWORK, registries)
    except whois.AnswerTooLong:
        return _unknown(domain, server.host, Reason.MALFORMED, registries)
    except Unreadable as error:
        return _unknown(domain, server.host, error.reason, registries)
    registries.politeness.answered(server.host)
    return found


def _unknown(
    domain: str, host: str, reason: Reason, registries: Registries, error: OutboundError | None = None
) -> Unknown:
    """The outcome of a failure, which closes the host for a while. An HTTP error that means this one domain only
    (400, 422 and the like) closes nothing and will not pass."""
    now = registries.clock()
    retry_after: float | None
    if error is not None and reason is Reason.REFUSED and error.status not in (401, 403):
        retry_after = None
    elif reason in (Reason.REFUSED, Reason.RATE_LIMITED):
        retry_after = registries.politeness.refused(host, now, error.retry_after if error else None)
    else:
        retry_after = registries.politeness.failed(host, now)
    return Unknown(domain=domain, source=host, at=_moment(registries), reason=reason, retry_after=retry_after)


def _moment(registries: Registries) -> datetime:
    return datetime.fromtimestamp(registries.clock(), UTC)
