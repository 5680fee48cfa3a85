"""Hides a secret in every form that people use, and searches for it in every output of the program."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from poolsafe.command import main
from poolsafe.config.layers import load_toml
from poolsafe.flake8_plugin import Plugin
from poolsafe.reports import FORMATS

# So many characters in a row are a leak.
WINDOW = 6
TOGETHER = 8
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
ALPHABETS = {
    "plain": "",
    "quotes": "'\"",
    "backticks": "`'",
    "spaces": " ",
    "slashes": "/",
    "at": "@",
    "dollars": "$",
    "percents": "%",
    "hashes": "#",
    "braces": "{}()[]",
    "unicode": "äßжλ漢🔑",
    "separators": ":;,?=+-",
    "everything": "'\"` /@$%#{}:;?=ä",
}
IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"
ENGINE = 'engine = create_async_engine("postgresql+asyncpg://db:6432/app")\n'


class Canary:
    """A secret, spelled as each form needs it; `body` is for strings in double quotes, `field` for f-strings."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.body = _escaped(text)
        self.field = self.body.replace("{", "{{").replace("}", "}}")
        self.libpq = _escaped(text.replace("'", "\\'"))
        self.sql = _escaped(text.replace("'", "''"))
        self.json = _escaped(json.dumps(text, ensure_ascii=False)[1:-1])

    def windows(self) -> set[str]:
        """Returns the texts that must not appear, in every spelling."""
        spelled = {self.text, self.body, self.field, self.libpq, self.sql, self.json, _quoted(self.text)[1:-1]}
        spelled |= {json.dumps(each)[1:-1] for each in spelled} | {escape(each) for each in spelled}
        return {
            each[start : start + WINDOW]
            for each in spelled
            for start in range(max(1, len(each) - WINDOW + 1))
            # A part without a letter can be found anywhere.
            if sum(char in LETTERS for char in each[start : start + WINDOW]) > 2
        }


def _quoted(text: str) -> str:
    """Return a string of JSON for a literal in single quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\\", "\\\\").replace("'", "\\'")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def draw(random_: random.Random) -> Canary:
    """Return a secret of letters and of some of the characters of one alphabet."""
    special = random_.choice(list(ALPHABETS.values()))
    length = random_.randint(10, 22)
    chars = [random_.choice(LETTERS) for _ in range(length)]
    for place in random_.sample(range(length), k=length // 4 if special else 0):
        chars[place] = random_.choice(special)
    if "$" in special and random_.random() < 0.5:
        chars[0] = "$"
    # White space at an end would not survive, and three letters at an end are no leak.
    return Canary("".join(chars).strip() or "Fallback23")


# Lines of Python that hold a secret: they stand before the engine, and are shown with it.
LINES: dict[str, Callable[[Canary], str]] = {
    "url": lambda c: f'url = "postgresql+asyncpg://app:{c.body}@db:6432/app"',
    "url in single quotes": lambda c: "url = 'postgres://app:" + c.text.replace("'", "\\'") + "@db/app'",
    "url without a user": lambda c: f'url = "redis://:{c.body}@db"',
    "f-string": lambda c: f'url = f"postgresql://{{user}}:{c.field}@{{host}}/app"',
    "field of an f-string": lambda c: f'url = f"postgresql://app:{{quote({c.text!r})}}@db"',
    "concatenation": lambda c: f'url = "postgresql://" + user + ":{c.body}@host"',
    "pieces": lambda c: f'url = "postgresql://" + "app" + ":" + "{c.body}" + "@db"',
    "implicit": lambda c: f'url = ("postgresql://app:"\n       "{c.body}" "@db")',
    "percent": lambda c: f'url = "postgresql://%s:%s@db" % ("app", "{c.body}")',
    "percent names": lambda c: f'url = "postgresql://%(u)s:%(p)s@db" % {{"u": "app", "p": "{c.body}"}}',
    "format": lambda c: f'url = "postgresql://{{}}:{{}}@db".format("app", "{c.body}")',
    "join": lambda c: f'url = ":".join(["postgresql", "//app", "{c.body}@db"])',
    "query": lambda c: f'url = "postgresql://db/app?user=app&password={c.body}"',
    "long query": lambda c: f'url = "postgresql://db/app?user=app&password={"x" * 500}{c.body}&sslmode=require"',
    "libpq": lambda c: f"dsn = \"host=db password='{c.libpq}' user=app\"",
    "libpq bare": lambda c: f'dsn = "host=db user=app password={_escaped(c.text.replace(" ", ""))}"',
    "json": lambda c: f"text = '''{{\"user\": \"app\", \"password\": {_quoted(c.text)}}}'''",
    "json escaped": lambda c: 'text = "{' + f'\\"db\\": {{\\"dbPass\\": \\"{c.json}\\"}}' + '}"',
    "camel": lambda c: f'dbPass = "{c.body}"',
    "camel pwd": lambda c: f'settings.userPwd = "{c.body}"',
    "token": lambda c: f'myToken: str = "{c.body}"',
    "upper": lambda c: f'PGPASSWORD = "{c.body}"',
    "item": lambda c: f'os.environ["PGPASSWORD"] = "{c.body}"',
    "default": lambda c: f'word = os.getenv("DB_PASSWORD", "{c.body}")',
    "dict": lambda c: f'options = {{"user": "app", "password": "{c.body}"}}',
    "keyword": lambda c: f'options = dict(user="app", api_key="{c.body}")',
    "parameter": lambda c: f'def connect(user, password="{c.body}"): ...',
    "tuple": lambda c: f'user, password = "app", "{c.body}"',
    "tuple in brackets": lambda c: f'(password, user) = ("{c.body}", "app")',
    "chain": lambda c: f'a = secret = "{c.body}"',
    "walrus": lambda c: f'if (token := "{c.body}"): pass',
    "comparison": lambda c: f'if password == "{c.body}": pass',
    "alternative": lambda c: f'word = password or "{c.body}"',
    "position": lambda c: f'url = URL.create("postgresql+asyncpg", "app", "{c.body}", "db")',
    "own position": lambda c: f'def go(user, pwd): ...\ngo("app", "{c.body}")',
    "comment": lambda c: f"# postgresql://app:{c.text}@db/app",
    "comment key": lambda c: f"# password: {c.text}",
    "comment code": lambda c: f'# connect(user="app", password="{c.body}")',
    "sql": lambda c: f"text(\"ALTER ROLE app PASSWORD '{c.sql}'\")",
    "sql escape": lambda c: f"text(\"ALTER ROLE app PASSWORD E'{c.libpq}'\")",
    "sql dollars": lambda c: f'text("ALTER ROLE app PASSWORD $${_escaped(c.text.replace("$$", "$"))}$$")',
    "sql tag": lambda c: f'text("CREATE ROLE app PASSWORD $x${c.body}$x$")',
    "long string": lambda c: 'text = """\npassword=' + _escaped(c.text) + '\n"""',
    "list": lambda c: f'run(["psql", "--password", "{c.body}"])',
    "header": lambda c: f'headers = {{"Authorization": "Bearer {c.body}"}}',
    "call": lambda c: f'SecretStr("{c.body}")',
    "continued url": lambda c: f'url = "postgresql://app:\\\n{c.body}@db"',
    "continued head": lambda c: f'url = "postgresql://\\\napp:{c.body}@db"',
    "escaped slashes": lambda c: 'text = \'{"url": "postgresql:\\\\/\\\\/app:' + _quoted(c.text)[1:-1] + "@db\"}'",
    "url without a scheme": lambda c: f'url = scheme + "//app:{c.body}@db"',
    "default in a field": lambda c: 'url = f"postgresql://app:{getenv(' + f"'X', {c.text!r})" + '}@db"',
    "default in the middle": lambda c: f'url = "postgresql://app:" + os.getenv("X", "{c.body}") + "@db"',
    "choice in the middle": lambda c: f'url = "postgresql://app:" + {{"dev": "{c.body}"}}[stage] + "@db"',
    "format_map": lambda c: f'url = "postgresql://{{u}}:{{p}}@db".format_map({{"u": "app", "p": "{c.body}"}})',
    "replace": lambda c: f'url = "postgresql://app:<password>@db".replace("<password>", "{c.body}")',
    "libpq on lines": lambda c: f"dsn = \"host=db\\npw='{c.libpq}'\"",
    "comparison the other way": lambda c: f'assert "{c.body}" == cfg["password"]',
    "compared by a call": lambda c: f'ok = compare_digest(password, "{c.body}")',
    "compared by a method": lambda c: f'ok = User.password.is_("{c.body}")',
    "case": lambda c: f'match password:\n    case "{c.body}": pass',
    "alias": lambda c: f'word: str = Field("{c.body}", alias="db_password")',
    "name and value": lambda c: f'env = {{"name": "DB_PASSWORD", "value": "{c.body}"}}',
    "option": lambda c: f'word = Option("{c.body}", "--password")',
    "auth": lambda c: f'r = get(url, auth=("app", "{c.body}"))',
    "executed": lambda c: f'cur.execute("ALTER ROLE a PASSWORD %s", ("{c.body}",))',
    "executed text": lambda c: f'await c.execute(text("UPDATE a SET password = :p"), {{"p": "{c.body}"}})',
    "prompt": lambda c: f'def f():\n    """\n    >>> user, password = "app", "{c.body}"\n    """',
}
# Engines that are themselves given the secret: what is said of them, and their fixes, must not hold it.
ENGINES: dict[str, Callable[[Canary], str]] = {
    "url": lambda c: f'create_async_engine("postgresql+asyncpg://app:{c.body}@db/app")',
    "query": lambda c: f'create_async_engine("postgresql+asyncpg://app:{c.body}@db/app?statement_cache_size=0")',
    "two": lambda c: (
        f'create_async_engine("postgresql+asyncpg://db/app?prepared_statement_cache_size=5&password={c.body}")'
    ),
    "f-string": lambda c: f'create_async_engine(f"postgresql+asyncpg://app:{c.field}@{{h}}/a?statement_cache_size=0")',
    "concatenation": lambda c: f'create_async_engine("postgresql+asyncpg://" + user + ":{c.body}@host/app")',
    "position": lambda c: f'create_async_engine(URL.create("postgresql+asyncpg", "app", "{c.body}", "db"))',
    "arguments": lambda c: (
        f'create_async_engine("postgresql+asyncpg://db/a", connect_args={{"password": "{c.body}", '
        '"statement_cache_size": "0"})'
    ),
    "server settings": lambda c: (
        f'create_async_engine("postgresql+asyncpg://db/a", connect_args={{"server_settings": {{"jit": "off", '
        f'"my.token": "{c.body}"}}}})'
    ),
}
BESIDE: dict[str, Callable[[Canary], str]] = {
    ".env": lambda c: f"DB_PASSWORD={c.text}\nDATABASE_URL=postgresql+asyncpg://app:{c.text}@db/app\n",
    "compose.yml": lambda c: (
        f"services:\n  app:\n    environment:\n      - DATABASE_URL=postgresql+asyncpg://app:{c.text}@db/app\n"
    ),
    "alembic.ini": lambda c: f"[alembic]\nsqlalchemy.url = postgresql+asyncpg://app:{c.text}@db/app\n",
    "settings.py": lambda c: f'URL = "postgresql+asyncpg://app:{c.body}@db/app"\n',
}
READERS = (
    "import os\nfrom settings import URL\n" + IMPORT + 'a = create_async_engine(os.environ["DATABASE_URL"])\n'
    "b = create_async_engine(URL)\n"
    'c = create_async_engine(read("{0}"))\n'
)


@dataclass(frozen=True)
class Leak:
    """A place where a secret appeared."""

    canary: str
    channel: str
    seen: str

    def __str__(self) -> str:
        return f"{self.channel}: {self.canary!r} is seen in {self.seen!r}"


def lay(folder: Path, canary: Canary) -> None:
    """Writes a project with the secret in every form."""
    lines = list(LINES.values())
    # Several in one file, each with an engine of its own, since it is the files that take time. A diff needs the line
    # behind each engine.
    for start in range(0, len(lines), TOGETHER):
        text = IMPORT + "".join(f"{line(canary)}\n{ENGINE}\n" for line in lines[start : start + TOGETHER])
        (folder / f"line{start:02}.py").write_text(text, encoding="utf-8")
        (folder / f"script{start:02}").write_text(text, encoding="utf-8")
        (folder / f"broken{start:02}.py").write_text(f"{text}(\n", encoding="utf-8")
    for number, engine in enumerate(ENGINES.values()):
        (folder / f"engine{number:02}.py").write_text(f"{IMPORT}engine = {engine(canary)}\n", encoding="utf-8")
    for name, content in BESIDE.items():
        (folder / name).write_text(content(canary), encoding="utf-8")
    (folder / "readers.py").write_text(READERS, encoding="utf-8")


def channels(folder: Path, canary: Canary) -> dict[str, list[str]]:
    """Returns the command lines whose output is checked."""
    everything = ["--unsafe-fixes", "--verbose", "--isolated"]
    diffed = sorted(path.name for path in folder.glob("line*.py"))
    found = {f"--output-format={name}": [f"--output-format={name}", *everything, "."] for name in FORMATS}
    found["another name"] = ["--output-format=full", *everything, *sorted(map(str, folder.glob("script*")))]
    found["--diff"] = ["--diff", *everything, *diffed]
    found["--write-baseline"] = ["--write-baseline", "known.json", *everything, "."]
    found["--output-file"] = ["--output-file", "report.sarif", "--output-format=sarif", *everything, "."]
    url = f"postgresql://app:{canary.text}@db/app"
    found["error of an option"] = ["--config", f"pooler={url}"]
    found["error of a code"] = ["--select", url, "."]
    found["error of a path"] = [url]
    found["error of a key"] = ["--config", f"password='{canary.libpq}'"]
    return found


def output(folder: Path, arguments: list[str]) -> str:
    """Runs the command in this process, and returns everything that it prints and writes."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape", newline="")
    before = os.getcwd()
    os.chdir(folder)
    load_toml.cache_clear()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main(arguments)
        said.flush()
    finally:
        os.chdir(before)
    text = said.buffer.getvalue().decode("utf-8", "replace")
    for name in ("known.json", "report.sarif"):
        if (folder / name).exists():
            text += (folder / name).read_text(encoding="utf-8")
    return text


def plugin(folder: Path) -> str:
    """Return what flake8 would print."""
    said = []
    for path in folder.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        said += [message for _, _, message, _ in Plugin(None, str(path), lines).run()]  # type: ignore[arg-type]
    return "\n".join(said)


def leaks(text: str, canary: Canary, channel: str) -> Iterator[Leak]:
    """Yields the first line that shows a part of the secret."""
    windows = canary.windows()
    for line in text.splitlines():
        seen = next((window for window in windows if window in line), None)
        if seen is not None:
            place = line.index(seen)
            yield Leak(canary.text, channel, line[max(0, place - 80) : place + 40])
            return


def attack(folder: Path, canary: Canary, names: set[str] | None = None) -> Iterator[Leak]:
    """Writes a project, and yields the leaks of each channel, or of those in `names`."""
    lay(folder, canary)
    for name, arguments in channels(folder, canary).items():
        if names is None or name in names:
            yield from leaks(output(folder, arguments), canary, name)
    if names is None or "flake8" in names:
        yield from leaks(plugin(folder), canary, "flake8")


def run(seed: int, seconds: float) -> list[str]:
    """Draws secrets until the time is up, and returns the leaks, one line for each."""
    random_ = random.Random(seed)
    end = time.monotonic() + seconds
    found: list[str] = []
    while time.monotonic() < end:
        canary = draw(random_)
        with tempfile.TemporaryDirectory() as folder:
            # The formats take their text from the same diagnostics: a few of them each time, another few the next.
            every = [*channels(Path(folder), canary), "flake8"]
            names = {"--output-format=full", "--diff", *random_.sample(every, k=4)}
            found += [re.sub(r"\s+", " ", str(leak)) for leak in attack(Path(folder), canary, names)]
    return found
