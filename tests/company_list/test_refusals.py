"""Files that are no company list: each is refused with a sentence, none breaks the reader."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.company_list.messages import FILE_ERRORS, UnreadableFile
from leads.company_list.reading import open_table
from leads.company_list.rows import iter_rows, preview
from leads.company_list.tables import MAX_FILE_BYTES
from tests.company_list.files import COMPANIES, HEADER, repacked, text_file, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def code_of(path: Path) -> str:
    """The code with which the file is refused, while opening or while reading."""
    with pytest.raises(UnreadableFile) as caught:
        for _ in open_table(path, path.name).rows():
            pass
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b";;;\n;;;\n", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        (b"\n\n%PDF-1.4 firma;web", "pdf"),
        (OLE + b"\x00" * 2000, "old_excel"),
        (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600), "password_protected"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image"),
        (b"\x1f\x8b\x08\0\0", "archive"),
        (b"Rar!\x1a\x07", "archive"),
        (b"<html><table><tr><td>Firma</td></tr></table></html>", "web_page"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?><Workbook/>", "web_page"),
        (b"\x7fELF" + bytes(range(256)) * 4, "not_a_table"),
        (bytes(5000), "empty"),
        (b"PK\x03\x04 broken", "damaged_workbook"),
    ],
)
def test_content_that_is_no_list_whatever_its_name(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert code_of(path) == code


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["xl/workbook.bin"], "binary_excel"),
        (["mimetype", "content.xml"], "open_document"),
        (["word/document.xml"], "word_document"),
        (["list.csv"], "archive"),
        (["xl/nothing.xml"], "damaged_workbook"),
    ],
)
def test_packed_files_that_are_no_workbook(tmp_path: Path, names: list[str], code: str) -> None:
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    assert code_of(path) == code


def test_a_text_that_merely_starts_like_a_signature_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("BM Holding;bmholding.com\nBZ Ltd. Şti.;bz.com\n", "utf-8")
    assert len(preview(path).rows) == 2


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert code_of(path) == "too_large"


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Firma;Web\n" + b"a" * (2 << 20))
    assert code_of(path) == "row_too_long"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.xml", bytes(64 << 20))
    assert code_of(path) == "unpacks_too_large"


def test_a_bomb_that_lies_about_its_size_is_refused_in_flat_memory(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES])
    blown_up = repacked(path, lambda name, content: content + bytes(64 << 20) if "sheet1" in name else content)
    with zipfile.ZipFile(blown_up) as archive:
        true_size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    packed = blown_up.read_bytes()
    blown_up.write_bytes(packed.replace(true_size.to_bytes(4, "little"), (2000).to_bytes(4, "little")))
    tracemalloc.start()
    assert code_of(blown_up) == "damaged_workbook"
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_entities_cannot_expand(tmp_path: Path) -> None:
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

    def change(name: str, content: bytes) -> bytes:
        return evil + content if name.endswith("sheet1.xml") else content

    path = repacked(workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES]), change)
    assert code_of(path) == "unsafe_workbook"


def test_a_workbook_cut_off_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES])
    path.write_bytes(path.read_bytes()[:-400])
    assert code_of(path) == "damaged_workbook"


def test_every_refusal_has_a_sentence() -> None:
    params: dict[str, str | int] = {"sheet": "Liste", "size_mb": 1, "limit_mb": 1, "limit": 1, "row": 1}
    with translation.override("en"):
        for code in FILE_ERRORS:
            assert str(UnreadableFile(code, **params)).endswith(".")
        assert str(UnreadableFile("no_such_sheet", sheet="%d")).startswith("There is no sheet named “%d”")


def read_anything(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(content)
        with suppress(UnreadableFile):
            table = open_table(path, path.name)
            list(iter_rows(table, table.mapping))
            preview(path, path.name)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_garbage_is_read_or_refused(content: bytes) -> None:
    read_anything(content)


@settings(deadline=None)
@given(st.text(alphabet="a.İş@;,|\t\"\n\r '\0/=", max_size=300), st.sampled_from(["utf-8", "utf-16", "cp1254"]))
def test_ragged_text_is_read_or_refused(text: str, encoding: str) -> None:
    read_anything(text.encode(encoding))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = workbook(
        tmp_path_factory.mktemp("fuzz") / "list.xlsx", Liste=[HEADER, *COMPANIES], B=[["Domain"], ["a.com"]]
    )
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_workbook_with_broken_parts_is_read_or_refused(parts: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(parts)))
    change = data.draw(st.sampled_from(_CHANGES))
    place = data.draw(st.integers(0, len(parts[name])))
    garbage = data.draw(st.binary(min_size=1, max_size=8))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, change(content, place, garbage) if part == name else content)
        read_anything(path.read_bytes())


_CHANGES: list[Callable[[bytes, int, bytes], bytes]] = [
    lambda content, place, garbage: content[:place],
    lambda content, place, garbage: content[:place] + garbage + content[place + len(garbage) :],
    lambda content, place, garbage: content.replace(b'"1"', b'"-7"'),
    lambda content, place, garbage: content.replace(b"<v>", b"<v>9e999"),
    lambda content, place, garbage: content.replace(b'r="', b'r="\xc4\xb0'),
    lambda content, place, garbage: content.replace(b"1", b"99999999999999999999"),
]


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_workbook_with_flipped_bytes_is_read_or_refused(parts: dict[str, bytes], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
        packed = bytearray(path.read_bytes())
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(packed) - 1), st.integers(0, 255)), max_size=12)
    ):
        packed[place] = byte
    read_anything(bytes(packed))


def test_a_renamed_list_is_read_all_the_same(tmp_path: Path) -> None:
    assert preview(text_file(tmp_path / "list.xlsx"), "list.xlsx").kind == "text"
