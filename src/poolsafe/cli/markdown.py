"""Renders Markdown for a terminal. Imported only for `--explain`, because importing rich takes a tenth of a second."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.markdown import Markdown


class _Page(io.StringIO):
    """Receives the text instead of standard output, so that rich does not flush it or handle its errors.

    rich looks at the encoding to choose line-drawing characters.
    """

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return sys.stdout.encoding or "utf-8"


def render(text: str, width: int, *, colour: bool) -> str:
    """Returns Markdown laid out for `width` columns of standard output, without any escape sequence unless `colour`."""
    written = _Page()
    console = Console(
        file=written,
        width=width,
        force_terminal=colour,
        color_system="auto" if colour else None,
        # Otherwise, rich would look at the environment again.
        no_color=not colour,
        highlight=False,
    )
    # ANSI colours are the terminal's own, so code is readable on light and dark backgrounds.
    console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=colour))
    # rich pads every line with spaces, which only matter if they have a background.
    page = written.getvalue()
    return page if colour else "".join(f"{line.rstrip()}\n" for line in page.splitlines())
