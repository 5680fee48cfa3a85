"""The code cells of a notebook's JSON, with the place of each of their strings."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Any

from poolsafe.findings import Edit
from poolsafe.notebooks.json_strings import JsonString, escapes_all, written
from poolsafe.notebooks.magics import is_no_python
from poolsafe.source import BOM, UndecodableSource

FORMAT = 4
# Each value takes up to two hundred bytes of memory, however short it is.
MOST_VALUES = 2_000_000
_SEPARATOR = ", "
# A string, with the colon after it if it is a key. In valid JSON, all other brackets are outside strings.
_TOKEN = re.compile(r'"(?P<content>[^"\\]*(?:\\.[^"\\]*)*)"(?P<key>\s*:)?|[{}\[\]]', re.DOTALL)
_CELL = ["cells", ""]
_SOURCE = [*_CELL, "source"]
_LINE_OF_SOURCE = [*_SOURCE, ""]


class Place:
    """The position of a cell's source. `inside` is the offset after the bracket of a list, None for one string."""

    __slots__ = ("contents", "inside")

    def __init__(self) -> None:
        self.contents: list[tuple[int, int]] = []
        self.inside: int | None = None


class Cell:
    """A code cell. `number` counts all cells from 1; `text` is the source, which consists of the `strings`."""

    __slots__ = ("_notation", "_starts", "number", "strings", "text")

    def __init__(self, number: int, strings: list[JsonString], notation: _Notation) -> None:
        self.number = number
        self.strings = strings
        self.text = "".join(string.value for string in strings)
        self._notation = notation
        self._starts = list(accumulate((len(string.value) for string in strings), initial=0))

    def in_json(self, edit: Edit) -> Edit:
        """Returns the edit of the JSON text that has the effect of an edit of the cell's text."""
        if not self.strings:
            place = self._notation.place
            return Edit(place, place, f'"{self._notation.lines(edit.content)}"' if edit.content else "")
        # Between two strings, an insertion goes into the second one.
        first = last = self._holding(edit.start)
        if edit.end > edit.start:
            whole_lines = edit.content.endswith("\n")
            last = bisect_left(self._starts, edit.end) - 1 if whole_lines else self._holding(edit.end)
        before = self.strings[first].value[: edit.start - self._starts[first]]
        after = self.strings[last].value[edit.end - self._starts[last] :]
        if first and last == len(self.strings) - 1 and not (before or edit.content or after):
            # Otherwise, an empty string would be left after the last line.
            return Edit(self.strings[first - 1].end, self.strings[last].end, "")
        content = self._notation.lines(edit.content)
        if content and self._notation.listed:
            if before.endswith("\n") and before == self.strings[first].value:
                content = self._notation.between + content
            if after and edit.content.endswith("\n"):
                content += self._notation.between
        return Edit(self._offset(first, edit.start), self._offset(last, edit.end), content)

    def _holding(self, index: int) -> int:
        """Returns the index of the string with a character of the text, or of the last one for the end of the text."""
        return bisect_right(self._starts, index, 0, len(self.strings)) - 1

    def _offset(self, number: int, index: int) -> int:
        return self.strings[number].offset(index - self._starts[number])


class _Notation:
    """How a notebook writes the source of one cell: as a list of lines or as one string."""

    __slots__ = ("_ascii_only", "between", "listed", "place")

    def __init__(self, place: int, separator: str | None, *, ascii_only: bool) -> None:
        """`place` is the offset for the first line of an empty list; `separator` is None for one string."""
        self._ascii_only = ascii_only
        self.place = place
        self.listed = separator is not None
        self.between = f'"{separator}"' if self.listed else ""

    def lines(self, content: str) -> str:
        """Returns the JSON for the lines, without the first and the last quote."""
        lines = re.split(r"(?<=\n)(?!\Z)", content) if self.listed else [content]
        return self.between.join(written(line, ascii_only=self._ascii_only) for line in lines)


class Document:
    """A notebook's JSON text, and its Python cells."""

    __slots__ = ("bom", "cells", "text")

    def __init__(self, text: str, cells: list[Cell], *, bom: bool) -> None:
        self.text = text
        self.cells = cells
        self.bom = bom


def read(path: str, raw: bytes) -> Document:
    """Reads a notebook. A notebook in a language other than Python has no cells. Raises UndecodableSource."""
    bom = raw.startswith(BOM)
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MOST_VALUES:
        raise UndecodableSource(path, f"a notebook of more than {MOST_VALUES:,} values")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise UndecodableSource(path, f"byte {error.start} is not utf-8: {error.reason}", row) from None
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise UndecodableSource(path, f"a notebook must be JSON: {error.msg}", error.lineno) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]
        raise UndecodableSource(path, f"a notebook must be JSON: {reason}") from None
    cells = _cells(path, notebook)
    if not _is_python(notebook):
        return Document(text, [], bom=bom)
    chosen = [number for number, cell in enumerate(cells) if _holds_python(cell)]
    return Document(text, _located(path, text, cells, chosen), bom=bom)


def _cells(path: str, notebook: object) -> list[dict[str, Any]]:
    """Returns all cells. Raises UndecodableSource if the text is not a notebook of a supported format."""
    if not isinstance(notebook, dict):
        raise UndecodableSource(path, "no Jupyter notebook: expected an object")
    if notebook.get("nbformat") != FORMAT:
        found = json.dumps(notebook.get("nbformat"))[:20]
        raise UndecodableSource(path, f"expected Jupyter notebook format {FORMAT}, found {found}")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise UndecodableSource(path, "no Jupyter notebook: expected `cells`, each with its `source`")
    return cells


def _is_cell(cell: object) -> bool:
    source = cell.get("source") if isinstance(cell, dict) else None
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _is_python(notebook: dict[str, Any]) -> bool:
    metadata = _table(notebook, "metadata")
    language = _table(metadata, "language_info").get("name", _table(metadata, "kernelspec").get("language"))
    return not isinstance(language, str) or language.lower() == "python"


def _holds_python(cell: dict[str, Any]) -> bool:
    language = _table(_table(cell, "metadata"), "vscode").get("languageId", "python")
    return cell.get("cell_type") == "code" and language == "python" and not is_no_python("".join(cell["source"]))


def _table(above: dict[str, Any], key: str) -> dict[str, Any]:
    found = above.get(key)
    return found if isinstance(found, dict) else {}


def _located(path: str, text: str, cells: list[dict[str, Any]], chosen: list[int]) -> list[Cell]:
    places = _places(text)
    ascii_only = escapes_all(text)
    separators = {number: _separator(text, places[number]) for number in chosen}
    # A list on one line does not show how lines are separated.
    usual = next(filter(None, separators.values()), _SEPARATOR)
    located = []
    for number in chosen:
        place, source = places[number], cells[number]["source"]
        values = [source] if isinstance(source, str) else source
        strings = [
            JsonString(text, start, end, value) for (start, end), value in zip(place.contents, values, strict=True)
        ]
        separator = None if place.inside is None else separators[number] or usual
        notation = _Notation(place.inside or 0, separator, ascii_only=ascii_only)
        _refuse_unwritable(path, text, strings)
        located.append(Cell(number + 1, strings, notation))
    return located


def _places(text: str) -> list[Place]:
    """Returns the position of each cell's source in the valid JSON text of a notebook."""
    places: list[Place] = []
    keys: list[str] = []  # the keys of the enclosing objects, "" for a list
    for token in _TOKEN.finditer(text):
        kind = token[0][0]
        if kind in "{[":
            keys.append("")
            if kind == "[" and keys == _LINE_OF_SOURCE:
                places[-1].inside = token.end()
            elif kind == "{" and len(keys) == len(_SOURCE) and keys[:-1] == _CELL:
                places.append(Place())
        elif kind in "}]":
            keys.pop()
        elif token["key"] is not None:
            # Only these three are needed; of a duplicate key, the last one counts.
            if len(keys) <= len(_SOURCE):
                keys[-1] = json.loads(f'"{token["content"]}"')
                if keys == ["cells"]:
                    places = []
                elif keys == _SOURCE:
                    places[-1] = Place()
        elif keys in (_SOURCE, _LINE_OF_SOURCE):
            places[-1].contents.append(token.span("content"))
    return places


def _separator(text: str, place: Place) -> str:
    """Returns the text between two lines of a list, or "" if there is no example."""
    if place.inside is None:
        return ""
    if len(place.contents) > 1:
        return text[place.contents[0][1] + 1 : place.contents[1][0] - 1]
    blank = text[place.inside : place.contents[0][0] - 1] if place.contents else ""
    return f",{blank}" if blank else ""


def _refuse_unwritable(path: str, text: str, strings: list[JsonString]) -> None:
    for string in strings:
        nul = "\0" in string.value
        if nul or not _is_unicode(string.value):
            reason = "source code cannot contain NUL bytes" if nul else "a lone surrogate"
            raise UndecodableSource(path, reason, text.count("\n", 0, string.start) + 1)


def _is_unicode(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
