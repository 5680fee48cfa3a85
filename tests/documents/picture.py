"""Draws the picture of the README: what the command prints for a small program, as SVG, for light and dark pages.

Run `python -m tests.documents.picture` to write both files to `docs/images` again. The command runs on a
pseudo-terminal, so the picture shows the colours and line breaks that a person sees. Needs a POSIX system.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Those of the terminal, and those of the picture, which has a margin on the right.
COLUMNS, DRAWN = 92, 94

PROGRAM = {
    "settings.py": """\
DATABASE_URL = "postgresql+asyncpg://app@pgbouncer:6432/app"
""",
    "db.py": """\
from sqlalchemy.ext.asyncio import create_async_engine

from settings import DATABASE_URL

engine = create_async_engine(DATABASE_URL, pool_size=10, pool_pre_ping=True)
""",
}
COMMANDS = ("poolsafe .", "poolsafe --diff .")

# GitHub's own colours for terminals: background, foreground, then the eight colours of ANSI, normal and bright.
THEMES = {
    "light": ("#ffffff", "#1f2328", "#24292f #cf222e #116329 #7d4e00 #0969da #8250df #1b7c83 #6e7781"),
    "dark": ("#0d1117", "#e6edf3", "#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4"),
}

# Rich's own template loads a font from another site, which GitHub blocks; this one takes the reader's monospaced font.
TEMPLATE = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>poolsafe reports a finding and shows its fix</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{
  font-family: system-ui, sans-serif;
  font-size: 16px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def session() -> str:
    """Returns what a terminal shows when the commands run on the program, escape sequences included."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROGRAM.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        shown = [f"\x1b[1m$ {command}\x1b[0m\n{_on_a_terminal(command, folder)}" for command in COMMANDS]
    return "\n".join(shown)


def _on_a_terminal(command: str, folder: str) -> str:
    import pty

    program = command.replace("poolsafe", f"{sys.executable} -m poolsafe", 1)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "NO_COLOR", "FORCE_"))}
    environment = {**kept, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    reader, writer = pty.openpty()
    with subprocess.Popen(program.split(), cwd=folder, env=environment, stdout=writer, stderr=writer, stdin=writer):
        os.close(writer)
        output = bytearray()
        try:
            while chunk := os.read(reader, 65536):
                output += chunk
        except OSError:
            pass  # Linux reports the end of a pseudo-terminal as an error.
    os.close(reader)
    # A slow run shows its progress in a line that it erases.
    return re.sub(r"[^\n]*\r\x1b\[K", "", output.decode().replace("\r\n", "\n"))


def svg(text: str, theme: str) -> str:
    """Returns a terminal's output as SVG. `theme` is a key of THEMES."""
    background, foreground, colours = THEMES[theme]
    rgb = [tuple(bytes.fromhex(colour[1:])) for colour in (background, foreground, *colours.split())]
    palette = TerminalTheme(rgb[0], rgb[1], rgb[2:], rgb[2:])  # type: ignore[arg-type]
    console = Console(record=True, width=DRAWN, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(text), soft_wrap=True)
    drawn = console.export_svg(title="poolsafe", theme=palette, code_format=TEMPLATE, unique_id="poolsafe")
    # Rich's border is white, and would not be seen on a light page.
    drawn = drawn.replace('stroke="rgba(255,255,255,0.35)"', 'stroke="rgba(128,128,128,0.5)"')
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)


def path(theme: str) -> Path:
    """Returns the file of a picture. `theme` is a key of THEMES."""
    return IMAGES / f"terminal-{theme}.svg"


if __name__ == "__main__":
    captured = session()
    for each in THEMES:
        path(each).write_text(svg(captured, each), encoding="utf-8")
