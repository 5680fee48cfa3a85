"""Markdown as a terminal shows it. Imported for `--explain` alone, as rich takes a tenth of a second to import."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.markdown import Markdown


class _Page(io.StringIO):
    """What takes the text in place of standard output, whose errors and flushing are not rich's to meet.

    Rich looks at the encoding for the lines that it may draw.
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
        # Else rich would ask the environment, which has been asked.
        no_color=not colour,
        highlight=False,
    )
    # Ansi colours are the terminal's own, so that code can be read on a light and on a dark background.
    console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=colour))
    # Rich fills every line up with spaces, which are seen only where they have a background.
    page = written.getvalue()
    return page if colour else "".join(f"{line.rstrip()}\n" for line in page.splitlines())
