"""Parses INI files in linear time, whatever they contain."""

from __future__ import annotations

import configparser
import re

from poolsafe.source import short_lines


class _Parser(configparser.RawConfigParser):
    # The library's pattern takes quadratic time for blanks, and its error message takes quadratic time in the number of
    # lines that do not match. This pattern matches every line that is not empty.
    OPTCRE = re.compile(r"(?P<option>.[^=:]*)(?P<vi>[=:]?)\s*(?P<value>.*)$")


def read(text: str) -> configparser.RawConfigParser:
    """Returns the sections of an INI file, with values as they are written; a line without `=` is an empty option.

    Raises:
        configparser.Error: if the text is not an INI file.
    """
    parser = _Parser(strict=False)
    parser.read_string("\n".join(short_lines(text)))
    return parser
