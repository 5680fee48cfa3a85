"""Decoding as CPython does it, encoding back byte for byte, and the rows that CPython counts."""

import io
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolsafe.source import Source, UndecodableSource

DECODED = [
    (b"", "utf-8", ""),
    (b"x = 1\n", "utf-8", "x = 1\n"),
    (b"\xef\xbb\xbfx = 1\n", "utf-8", "x = 1\n"),
    (b"\xef\xbb\xbf# coding: utf-8\n", "utf-8", "# coding: utf-8\n"),
    (b"# coding: cp1252\nx = '\x80'\r\n", "cp1252", "# coding: cp1252\nx = '€'\r\n"),
    (b"#!/bin/python\n# vim: set fileencoding=latin-1 :\n# \xe9\n", "iso-8859-1", None),
    (b"# coding: iso-8859-15\r\n'\xa4'", "iso-8859-15", "# coding: iso-8859-15\r\n'€'"),
    (b"# coding: shift_jis\n'\x83\x65'\n", "shift_jis", "# coding: shift_jis\n'テ'\n"),
    ("x = 'coding: latin-1'\n'é'\n".encode(), "utf-8", "x = 'coding: latin-1'\n'é'\n"),
    (b"1\n2\n# coding: latin-1\n", "utf-8", "1\n2\n# coding: latin-1\n"),
]


@pytest.mark.parametrize(("raw", "encoding", "text"), DECODED)
def test_decodes_and_encodes_back(raw: bytes, encoding: str, text: str | None) -> None:
    source = Source.decode("a.py", raw)
    assert source.encoding == encoding
    assert text is None or source.text == text
    assert source.round_trips
    assert source.encode(source.text) == raw


REFUSED = [
    (b"# coding: martian\n", "unknown encoding: martian", 1),
    (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem: utf-8", 1),
    (b"x = 1\ny = '\xff'\n", "byte 11 is not utf-8: invalid start byte", 2),
    (b"# coding: ascii\n\n'\xe9'\n", "byte 18 is not ascii: ordinal not in range(128)", 3),
    (b"x\r\ny\r\x00", "source code cannot contain NUL bytes", 3),
    (b"# coding: hex\n61", "cannot decode as hex", 1),
    (b"# coding: undefined\nx", "cannot decode as undefined", 1),
    (b"# coding: unicode_escape\n'\\ud800'", "lone surrogate \\ud800", 2),
    ("x = 'ÿ'".encode("utf-16"), "byte 0 is not utf-8", 1),
]


@pytest.mark.parametrize(("raw", "reason", "row"), REFUSED)
def test_refuses_with_one_line(raw: bytes, reason: str, row: int) -> None:
    with pytest.raises(UndecodableSource) as caught:
        Source.decode("a.py", raw)
    assert caught.value.reason.startswith(reason)
    assert "\n" not in caught.value.reason
    assert caught.value.row == row
    assert str(caught.value).startswith("a.py: ")


def test_lines_of_flake8_may_hold_anything() -> None:
    with pytest.raises(UndecodableSource, match="lone surrogate"):
        Source.from_text("a.py", "x = '\udc80'\n")
    assert Source.from_text("a.py", "x = 'é'\n").raw == "x = 'é'\n".encode()


def test_a_codec_that_does_not_give_the_bytes_back_is_noticed() -> None:
    source = Source.decode("a.py", b"# coding: utf-7\n'+AOk-'\n")
    assert "'é'" in source.text
    assert not source.round_trips


def test_an_edit_the_encoding_cannot_express_raises() -> None:
    source = Source.decode("a.py", b"# coding: latin-1\n")
    assert source.with_text("# coding: latin-1\n'é'\n").raw == b"# coding: latin-1\n'\xe9'\n"
    with pytest.raises(UnicodeEncodeError):
        source.with_text("# coding: latin-1\n'€'\n")


def test_keeps_the_byte_order_mark() -> None:
    source = Source.decode("a.py", b"\xef\xbb\xbfx = 1\r\n")
    assert source.with_text("y = 1\r\n").raw == b"\xef\xbb\xbfy = 1\r\n"
    assert source.row_column(0) == (1, 1)


PLACES = [
    ("", 0, (1, 1)),
    ("a", 1, (1, 2)),
    ("a\n", 2, (2, 1)),
    ("a\r\nb", 3, (2, 1)),
    ("a\rb", 2, (2, 1)),
    ("a\n\rb", 3, (3, 1)),
    ("a\x0cb\n\x0cc", 5, (2, 2)),
    ("a\u2028b\x85c\x1cd", 6, (1, 7)),
    ("é😀x", 2, (1, 3)),
]


@pytest.mark.parametrize(("text", "offset", "place"), PLACES)
def test_row_column(text: str, offset: int, place: tuple[int, int]) -> None:
    source = Source.from_text("a.py", text)
    assert source.row_column(offset) == place
    assert source.offset(*place) == offset


def test_line() -> None:
    source = Source.from_text("a.py", "a\r\n\x0cb\r\nc\n")
    assert [source.line(row) for row in range(6)] == ["", "a", "\x0cb", "c", "", ""]
    assert source.rows == 4


@pytest.mark.parametrize(
    ("text", "newline"),
    [("", "\n"), ("a", "\n"), ("a\r\n", "\r\n"), ("a\r\nb\n", "\n"), ("a\r\nb\nc\r\n", "\r\n"), ("a\rb\r", "\r")],
)
def test_newline(text: str, newline: str) -> None:
    assert Source.from_text("a.py", text).newline == newline


@given(st.text("ab\r\n\x0c\u2028\x85é😀"))
def test_rows_are_those_of_universal_newlines(text: str) -> None:
    source = Source.from_text("a.py", text)
    lines = list(io.StringIO(text, newline=None))
    assert [source.line(row + 1) for row in range(len(lines))] == [line.rstrip("\n") for line in lines]
    for offset in range(len(text) + 1):
        row, column = source.row_column(offset)
        assert 1 <= row <= source.rows
        if text[max(offset - 1, 0) : offset + 1] != "\r\n":
            assert source.offset(row, column) == offset


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), st.booleans())
def test_any_utf8_round_trips(text: str, bom: bool) -> None:
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    try:
        source = Source.decode("a.py", raw)
    except UndecodableSource:
        assert b"coding" in raw
        return
    assert source.encode(source.text) == raw


@pytest.mark.parametrize("raw", [raw for raw, _, _ in DECODED])
def test_the_encoding_is_the_one_of_tokenize(raw: bytes) -> None:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    assert Source.decode("a.py", raw).encoding == encoding.replace("utf-8-sig", "utf-8")


def test_a_cookie_may_end_with_a_lone_carriage_return() -> None:
    source = Source.decode("a.py", b"# coding: cp1252\rx = '\xe9'\r")
    assert (source.encoding, source.text, source.newline) == ("cp1252", "# coding: cp1252\rx = 'é'\r", "\r")
    assert source.round_trips
