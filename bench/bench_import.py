"""Import of 50,000 rows without scans, twice; queries per 500 rows; list p95 for others meanwhile."""

from __future__ import annotations

import csv
import gc
import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from bench.setting import fresh_hunter, percentile

ROWS = 50_000


def run() -> dict[str, Any]:
    with fresh_hunter() as folder:
        from django.contrib.auth.models import User
        from django.db import connection
        from django.test import Client
        from django.test.utils import CaptureQueriesContext

        from bench.leads import make_leads
        from leads.company_list.reading import open_table
        from leads.company_list.rows import iter_rows
        from leads.importing import create_batch, write_rows
        from sandbox.market import companies

        path = folder / "list.csv"
        _write(path, companies(ROWS, seed=7))
        make_leads(2_000)
        gc.collect()
        gc.freeze()  # the rows made here are no part of what is measured
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.create_superuser("bench", password="bench"))
        first, busy = _import_while_reading(path, client)
        idle = [_timed(client) for _ in range(100)]  # with the table as large as at the end of the import
        again, _ = _import_while_reading(path, client)

        other = folder / "other.csv"
        _write(other, islice(companies(ROWS + 4_000, seed=8), ROWS + 2_000, None))
        table = open_table(other, "other.csv")
        rows = list(iter_rows(table, table.mapping))
        queries = []
        with other.open("rb") as content:
            from django.core.files.base import File
            from django.db import transaction

            batch = create_batch(File(content), "other.csv", by=None)
        seen: set[str] = set()
        for start in range(0, len(rows), 500):
            with CaptureQueriesContext(connection) as captured, transaction.atomic():
                write_rows(batch, rows[start : start + 500], seen)
            queries.append(len(captured))
        return {
            "rows": ROWS,
            "seconds": first["seconds"],
            "created": first["created"],
            "created_again": again["created"],
            "seconds_again": again["seconds"],
            "queries_per_500_rows": queries,
            "list_p95_idle_ms": round(percentile(idle, 0.95), 1),
            "list_p95_during_import_ms": round(percentile(busy, 0.95), 1),
            "list_p95_ratio": round(percentile(busy, 0.95) / percentile(idle, 0.95), 2),
            "list_slowest_during_import_ms": round(max(busy), 1),
        }


def _write(path: Path, market: Any) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["FİRMA ÜNVANI", "WEB SİTESİ", "E-POSTA"])
        for company in market:
            writer.writerow([company.name, f"https://www.{company.domain}/", f"info@{company.domain}"])


def _import_while_reading(path: Path, client: Any) -> tuple[dict[str, Any], list[float]]:
    """The command in a process of its own, and what the list takes for everyone else meanwhile."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        command = [sys.executable, "manage.py", "import_leads", str(path), "--no-scan", "--json"]
        process = subprocess.Popen(command, stdout=printed)
        times: list[float] = []
        while process.poll() is None:
            times.append(_timed(client))
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        printed.seek(0)
        counts = json.loads(printed.readlines()[-1])
    return {"seconds": round(seconds, 1), **counts}, times


def _timed(client: Any) -> float:
    started = time.perf_counter()
    assert client.get("/leads/").status_code == 200
    return (time.perf_counter() - started) * 1000
