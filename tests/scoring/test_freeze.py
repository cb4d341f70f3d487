"""The room is what its list of hashes says, and the list notices everything."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import scoring
from tests.scoring import freeze


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(freeze.ROOT / "scoring", tmp_path / "scoring", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_room_is_as_it_was_frozen() -> None:
    assert freeze.differences() == []


def test_the_list_names_the_rules_version() -> None:
    first = (freeze.ROOT / "scoring/FROZEN.sha256").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# Rules version {scoring.RULES_VERSION}"


def test_an_untouched_copy_is_frozen(copy: Path) -> None:
    assert freeze.differences(copy) == []


def test_one_changed_number_is_noticed(copy: Path) -> None:
    rules = copy / "scoring/rules.py"
    text = rules.read_text(encoding="utf-8")
    assert "SPF_POINTS = 10\n" in text
    rules.write_text(text.replace("SPF_POINTS = 10\n", "SPF_POINTS = 11\n"), encoding="utf-8")
    assert freeze.differences(copy) == ["scoring/rules.py was changed."]


def test_an_added_and_a_removed_file_are_noticed(copy: Path) -> None:
    (copy / "scoring/extra.py").touch()
    (copy / "scoring/sales.py").unlink()
    assert freeze.differences(copy) == ["scoring/extra.py was added.", "scoring/sales.py was removed."]


def test_a_missing_list_is_noticed(copy: Path) -> None:
    (copy / "scoring/FROZEN.sha256").unlink()
    assert "scoring/rules.py was added." in freeze.differences(copy)


def test_a_new_version_without_a_new_list_is_noticed(copy: Path) -> None:
    rules = copy / "scoring/rules.py"
    rules.write_text(rules.read_text(encoding="utf-8").replace('"v1"', '"v2"'), encoding="utf-8")
    assert freeze.differences(copy) == [
        "scoring/FROZEN.sha256 does not name the rules version of scoring/rules.py.",
        "scoring/rules.py was changed.",
    ]


def test_a_rewritten_list_takes_the_change(copy: Path) -> None:
    (copy / "scoring/extra.py").touch()
    freeze.write(copy)
    assert freeze.differences(copy) == []
