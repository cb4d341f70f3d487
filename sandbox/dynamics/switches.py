"""What a trainer or a test can change in the simulated environment while it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """Fields by name; `key_state` is a switch too, kept with the key itself."""

    key_polls: int = 2  # reads that find a new key undecided: Pending, then InProgress
    application_user_missing: bool = False  # 403 0x80072560
    role_missing: bool | str = False  # 403 0x80040220; True = lead writes, or words: create write read delete …
    asleep: bool = False  # 503 and a page, as an environment in administration mode
    down: bool = False  # every connection is closed without an answer
    latency_ms: int = 0  # before each request
    server_ms_per_row: int = 0  # execution time that a row is charged with; no time passes
    request_limit: int = 6000
    window_seconds: float = 300.0
    execution_limit_ms: int = 1_200_000
    concurrency_limit: int = 52
    penalty_grows: bool = True  # a request inside a penalty doubles it, unless it was on its way
    closed_leads_refuse: bool = False  # qualified and disqualified leads refuse to be written
    clock_skew: float = 0.0  # seconds by which the server's clock is ahead
    duplicate_rules: bool = False  # published rules, for requests that ask for them
    guid_keys: bool = False  # a key value that looks like a GUID is taken for a primary key
    expire_tokens: bool = False  # every delta token is answered with 0x80044352
    exists_code: str = "0x80047013"  # of a column that exists; 0x80060304 is the other one seen
    dop_hint: int = 4  # x-ms-dop-hint
