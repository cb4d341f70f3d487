"""A bad network makes facts unknown, never wrong."""

from __future__ import annotations

from bench.bench_faults import run


def test_lost_packets_and_servfail_never_make_a_fact_wrong() -> None:
    found = run(count=300, loss=0.3, servfail=0.3)
    assert (found["false absent"], found["wrong facts"]) == (0, 0)
    assert found["not complete, percent"] > 0  # the faults did bite
