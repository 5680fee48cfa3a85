"""Programs that create engines in every layout that a fix has to handle, drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

# White space and comments wherever Python takes them between brackets, for elements of one line and of several.
_LOOSE = [
    "",
    "",
    " ",
    "\n    ",
    "\n",
    "  # one\n    ",
    "\n    # two, (\n        ",
    " \\\n  ",
    "\t",
    "\n\t",
    "\f ",
    "\n\n  ",
]
_TIGHT = ["", "", " "]

_IMPORTS = [
    ("from sqlalchemy.ext.asyncio import create_async_engine, async_engine_from_config", ""),
    ("import sqlalchemy.ext.asyncio as sa", "sa."),
    ("import sqlalchemy.ext.asyncio", "sqlalchemy.ext.asyncio."),
    ("from sqlalchemy.ext import asyncio as sa", "sa."),
]
_HEAD = """from sqlalchemy import URL, NullPool, StaticPool, make_url
PG = "postgresql+asyncpg://app@pgbouncer:6432/caf\xe9"
LITE = "sqlite+aiosqlite:///app.db"
FLAG = len(PG) > 3
ARGS = {"timeout": 5, "server_settings": {"application_name": "\xe9"}}
NONE = None
OPTIONS = {"echo": True}
KEYWORDS = {"connect_args": {"timeout": 5}}
def args(seconds=5):
    return {"timeout": seconds}
def keep(*engines, **named):
    return lambda function: function
"""

# How a call stands in a program; `tight` ones hold no line break.
_PLACES = [
    "{0}\n",
    "engine = {0}\n",
    "engine = {0}; other = {1}\n",
    "first, second = {0}, {1}\n",
    "engine = \\\n    {0}\n",
    "engine = ({0})\n",
    "engine = (\n    # about the engine\n    {0}\n)\n",
    "def make(url=PG):\n    return {0}\nmake()\n",
    "def make():\n\tif FLAG:\n\t\tengine = {0}\n\t\treturn engine\nmake()\n",
    "def make(engine={0}, other={1}):\n    pass\n",
    "make = lambda: {0}\nmake()\n",
    "class Database:\n    engine = {0}\n    def other(self):\n        return {1}\nDatabase().other()\n",
    "@keep({0})\ndef decorated():\n    pass\n",
    "@keep({0}, {1})\nclass Decorated:\n    pass\n",
    "engines = [{0} for _ in range(2)]\n",
    "engines = {{name: {0} for name in 'ab'}}\n",
    "engine = {0} if FLAG else None\n",
    "if (engine := {0}) is not None:\n    pass\n",
    "keep(1, {0}, key=2) if FLAG else None\n",
    "engine = {0}.sync_engine\n",
    "try:\n    engine = {0}\nfinally:\n    done = True\n",
    "for _ in 'a':\n    engine = {0}; other = {1}  # both\n",
    "async def make():\n    return {0}\ntry:\n    make().send(None)\nexcept StopIteration:\n    keep({1})\n",
    "engines = {{\n    'a': {0},  # first\n    'b': {1}\n}}\n",
]
_IN_FIELDS = ["name = f'{{{0}}}'\n", 'name = f"""a\n{{{0}!r:>3}} b"""\n', "name = f'{{FLAG}}'; engine = {0}\n"]

_URLS = [
    "PG",
    "PG",
    '"postgresql+asyncpg://app@db/x"',
    "'postgresql+asyncpg://app@db/x'",
    "LITE",
    "'mysql+aiomysql://db/x'",
    "make_url(PG)",
    'URL.create("postgresql+asyncpg", host="db", query={"sslmode": "require"})',
    "f'{PG}'",
    "f'{PG}?sslmode=prefer'",
    "PG + '?sslmode=require&application_name=a%20b'",
    '"postgresql+asyncpg://db/x?prepared_statement_cache_size=0"',
    '"postgresql+asyncpg://db/x?statement_cache_size=0&ssl=allow"',
    '"postgresql+asyncpg://db/x?timeout=5&pgbouncer=true&connect_timeout=7"',
    '"postgresql+asyncpg://db/x?sslmode=disable" "&application_name=x"',
    "(url := PG)",
]
_MIXED = ["(PG if FLAG else LITE)", "(LITE if FLAG else PG)"]

_ITEMS = [
    '"timeout": 5',
    "'command_timeout': 30",
    '"statement_cache_size": 0',
    '"statement_cache_size": 100',
    "'prepared_statement_cache_size': 0",
    '"prepared_statement_cache_size": -1',
    '"server_settings": {"jit": "off"}',
    '"server_settings": dict(jit="off")',
    '"application_name": "bill\xe9"',
    '"application_name": str(\n5)',
    '"sslmode": "require"',
    '"connect_timeout": 3',
    '"check_same_thread": False',
    '"nested": {"statement_cache_size": 5}',
    "**ARGS",
    "**args(3)",
]
_EXPRESSIONS = [
    "ARGS",
    "ARGS",
    "NONE",
    "None",
    "args()",
    "args(seconds=1)",
    "(ARGS if FLAG else {})",
    "ARGS or None",
    "ARGS | {}",
    "(shared := {'timeout': 1})",
    "({\n'timeout': 1\n})",
    "{key: value for key, value in ARGS.items()}",
]
_KEYWORDS = [
    "echo=True",
    "echo = FLAG",
    "pool_pre_ping=True",
    "pool_pre_ping=False",
    "poolclass=NullPool",
    "pool_size=5",
    "max_overflow=0",
    "statement_cache_size=0",
    "prepared_statement_cache_size=0",
    "isolation_level='AUTOCOMMIT'",
    "execution_options={'a': (1, 2)}",
]


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    """Draws a program of one to three statements, each with one or two engines."""
    line, prefix = draw(st.sampled_from(_IMPORTS))
    text = draw(st.sampled_from(["", "", "\f", "'''doc'''\n"])) + f"{line}\n{_HEAD}"
    for _ in range(draw(st.integers(1, 3))):
        tight = draw(st.integers(0, 5)) == 0
        place = draw(st.sampled_from(_IN_FIELDS if tight else _PLACES))
        calls = [draw(_calls(prefix, tight=tight)) for _ in range(place.count("{1}") + 1)]
        text += draw(st.sampled_from(["", "\n", "# about the next\n", "\f\n"])) + place.format(*calls)
    if draw(st.integers(0, 3)) == 0:
        text = text.rstrip("\n")
    return draw(_spelled(text))


@st.composite
def _spelled(draw: st.DrawFn, text: str) -> bytes:
    newline = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    encoding, bom = draw(
        st.sampled_from([("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("cp1252", b""), ("latin-1", b"")])
    )
    if encoding != "utf-8":
        text = f"# -*- coding: {encoding} -*-\n{text}"
    return bom + text.replace("\n", newline).encode(encoding)


@st.composite
def _calls(draw: st.DrawFn, prefix: str, *, tight: bool) -> str:
    gaps = st.sampled_from(_TIGHT if tight else _LOOSE)
    url = draw(st.sampled_from([*_URLS, *_MIXED]))
    keywords = draw(
        st.lists(st.sampled_from(_KEYWORDS), max_size=3, unique_by=lambda each: each.partition("=")[0].strip())
    )
    given = draw(_connect_args(gaps, tight=tight))
    if given is not None:
        keywords.insert(draw(st.integers(0, len(keywords))), f"connect_args{draw(gaps)}={draw(gaps)}{given}")
    if tight:
        # What an f-string's field may hold before Python 3.12.
        url, keywords = "PG", [each for each in keywords if not set("'\"\n\\#") & set(each)]
    function, arguments = "create_async_engine", [url, *keywords]
    form = draw(st.integers(0, 5))
    if form == 0:
        arguments = [*keywords, f"url={url}"]
    elif form == 1 and not tight:
        function, arguments[0] = "async_engine_from_config", f'{{"sqlalchemy.url": {url}}}'
    spread = draw(st.integers(0, 7))
    if spread == 0 and not any(each.startswith("echo") for each in keywords):
        arguments.append("**OPTIONS")
    elif spread == 1 and given is None:
        arguments.append("**KEYWORDS")
    return f"{prefix}{function}({draw(_laid_out(arguments, gaps))})"


@st.composite
def _connect_args(draw: st.DrawFn, gaps: st.SearchStrategy[str], *, tight: bool) -> str | None:
    match draw(st.integers(0, 4)):
        case 0 | 1:
            return None
        case 2:
            return draw(st.sampled_from(_EXPRESSIONS))
        case 3:
            names = ["timeout=5", "sslmode='require'", "statement_cache_size = 0", "application_name='x'", "**args()"]
            chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
            if "timeout=5" in chosen and "**args()" in chosen:
                chosen.remove("**args()")
            return f"dict({draw(_laid_out(sorted(chosen, key=lambda each: each[0] == '*'), gaps))})"
    items = draw(st.lists(st.sampled_from(_ITEMS), max_size=4, unique=True))
    return f"{{{draw(_laid_out(items, gaps))}}}"


@st.composite
def _laid_out(draw: st.DrawFn, elements: list[str], gaps: st.SearchStrategy[str]) -> str:
    text = draw(gaps)
    for index, element in enumerate(elements):
        comma = "," if index + 1 < len(elements) or draw(st.booleans()) else ""
        text += element + draw(gaps) + comma + draw(gaps)
    return text
