"""The Turkish catalogue: complete, compiled, and true to the placeholders."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import django
import polib
import pytest

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "locale" / "tr" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w+\}")


def test_every_text_is_translated() -> None:
    catalogue = polib.pofile(str(CATALOGUE))
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


def test_placeholders_survive_the_translation() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        for translated in [entry.msgstr, *entry.msgstr_plural.values()]:
            if translated:
                wanted = {*PLACEHOLDER.findall(entry.msgid)} | {*PLACEHOLDER.findall(entry.msgid_plural or "")}
                assert {*PLACEHOLDER.findall(translated)} == wanted, entry.msgid


def test_the_compiled_catalogue_is_the_written_one() -> None:
    written = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    compiled = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))}
    assert compiled == written


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_no_text_is_missing_from_the_catalogue(tmp_path: Path) -> None:
    """Texts are collected anew in a copy; nothing may be new or gone."""
    copy = tmp_path / "copy"
    leave = shutil.ignore_patterns(".venv", "var", ".git", "node_modules", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=leave)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "tr", "--no-obsolete", "--no-location"]
    command += ["--ignore", "tests", "--ignore", "bench"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)

    def ids(path: Path) -> set[tuple[str | None, str]]:
        return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(path))}

    assert ids(copy / CATALOGUE.relative_to(ROOT)) == ids(CATALOGUE)


# In Turkish Django begins these with the name of the model, which is written small, or has other capitals than Turkish.
SAID_OTHERWISE = {
    "Add %(name)s",
    "Add %s",
    "Change %s",
    "View %s",
    "Welcome,",
    "permissions",
    # These speak of objects and of "this administrator site".
    "Cannot delete %(name)s",
    'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the following related items will '
    "be deleted:",
    "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, but your account "
    "doesn't have permission to delete the following types of objects:",
    "Yes, I’m sure",
    "No, take me back",
    "This object doesn’t have a change history. It probably wasn’t added via this admin site.",
}


def test_the_catalogue_changes_no_word_of_djangos_administration() -> None:
    """Hunter's catalogue comes first: one word for two things, such as "Change" for a button and for a heading, would
    put the heading on the button of the administration."""
    ours = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    changed = {
        f"{path.parts[-5]}: {entry.msgid} = {ours[entry.msgctxt, entry.msgid]}, not {entry.msgstr}"
        for path in Path(django.__file__).parent.glob("**/locale/tr/LC_MESSAGES/django.po")
        for entry in polib.pofile(str(path))
        if ours.get((entry.msgctxt, entry.msgid), entry.msgstr) != entry.msgstr and entry.msgid not in SAID_OTHERWISE
    }
    assert sorted(changed) == []
