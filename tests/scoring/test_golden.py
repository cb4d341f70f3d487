"""Every golden row, exactly. The rows decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scoring import golden_api

_ROWS = Path(__file__).parent.parent / "golden"
_FILES = sorted(_ROWS.glob("*.jsonl"))


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def test_all_golden_files_are_here() -> None:
    assert [file.stem for file in _FILES] == [
        "changes", "contacts", "deviations", "dns_text", "domains", "mx", "sales_opportunity", "sales_rules",
        "sales_summary", "score", "segment",
    ]  # fmt: skip


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_golden_rows_give_exactly_their_output(file: Path) -> None:
    wrong = []
    for row in _rows(file):
        out = getattr(golden_api, row["fn"])(**row["in"])
        # As JSON, so that true is not 1 and a tuple is not a list.
        if json.dumps(out, sort_keys=True) != json.dumps(row["out"], sort_keys=True):
            wrong.append(f"{json.dumps(row, ensure_ascii=False)}\n  gave {json.dumps(out, ensure_ascii=False)}")
    assert not wrong, f"{len(wrong)} rows differ:\n" + "\n".join(wrong[:5])
