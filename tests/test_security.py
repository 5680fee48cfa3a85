"""The promises of SECURITY.md. Each line of its table names the test that checks it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import in_process
import pytest
from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]
from timing import PATIENCE

from poolsafe import command, reading
from poolsafe.checker import check
from poolsafe.config.errors import UsageError
from poolsafe.config.layers import load_toml
from poolsafe.config.resolver import Resolver
from poolsafe.config.source_roots import expand
from poolsafe.deployment.requirements import required_by
from poolsafe.facts.deployment import Deployment
from poolsafe.flake8_plugin import Plugin
from poolsafe.reports import FORMATS
from poolsafe.reports.masking import hidden, masked, shown
from poolsafe.source import Source

ROOT = Path(__file__).parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="pipes and links as POSIX has them")

ENGINE = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
    'engine = create_async_engine("postgresql+asyncpg://app:hunter2@pgbouncer:6432/app")\n'
)


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    load_toml.cache_clear()
    yield
    load_toml.cache_clear()


def run(folder: Path, *arguments: str, before: str = "", check_code: bool = True) -> in_process.Ran:
    """Runs the command; in a separate process if something has to be run `before` it."""
    done = _apart(folder, *arguments, before=before) if before else in_process.run(folder, *arguments)
    assert not check_code or done.returncode in (0, 1), done.stderr
    return done


def _apart(folder: Path, *arguments: str, before: str) -> in_process.Ran:
    program = f"{before}\nimport sys\nfrom poolsafe.command import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-I", "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        timeout=PATIENCE,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    return in_process.Ran(done.returncode, done.stdout, done.stderr)


# --- nothing that is read is executed

MARK = "import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'executed'), 'a').close()\n"
# Modules that we, LibCST, tomli and the workers import; not those that Python itself imports for every `-m`.
OURS = [
    "json",
    "tokenize",
    "libcst",
    "tomli",
    "argparse",
    "multiprocessing",
    "bisect",
    "difflib",
    "yaml",
    "packaging",
    "rich",
]
OURS += [
    "sqlalchemy",
    "asyncpg",
    "alembic",
    "conftest",
    "setup",
    "sitecustomize",
    "usercustomize",
    "concurrent/__init__",
]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Writes a repository whose modules leave a mark when they are run, with enough engines for several processes."""
    files = {f"{name}.py": MARK for name in OURS}
    files |= {f"app/engine{number}.py": MARK + "from app.settings import URL\n" + ENGINE for number in range(30)}
    files |= {"app/__init__.py": MARK, "app/settings.py": MARK + "URL = __import__('os').system('touch executed')\n"}
    files |= {
        "poolsafe.toml": "",
        "migrations/env.py": MARK + ENGINE,
        "alembic.ini": "[alembic]\nscript_location = .\n",
    }
    lay(tmp_path, files)
    return tmp_path


COMMANDS = {
    "poolsafe": ["-c", "import sys; sys.path.pop(0); from poolsafe.__main__ import main; sys.exit(main())"],
    "fixer": ["-m", "fixer"],
    "module": ["-m", "poolsafe"],
    "safe path": ["-P", "-m", "fixer"],
    "flake8": ["-m", "flake8", "--select=PGB", "-j2"],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["", "--apply"])
def test_no_code_that_is_read_is_executed(trap: Path, name: str, option: str) -> None:
    if "-P" in COMMANDS[name] and sys.version_info < (3, 11):
        pytest.skip("-P is of Python 3.11")
    if name == "flake8" and option:
        pytest.skip("flake8 changes nothing")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    if name == "flake8":
        # flake8's own process imports what it likes; what is ours is the plugin in its workers.
        environment["PYTHONSAFEPATH"] = "1"
        if sys.version_info < (3, 11):
            pytest.skip("flake8 has the current directory on its path there")
    done = subprocess.run(
        [sys.executable, *COMMANDS[name], *([option] if option else []), "."],
        cwd=trap,
        capture_output=True,
        timeout=PATIENCE,
        text=True,
        env=environment,
        check=False,
    )
    assert "PGB101" in done.stdout or "fixed" in done.stdout, done.stderr
    assert sorted(path.as_posix() for path in trap.rglob("executed")) == []


# --- nothing outside of what was named is read

OUTSIDE = {
    "outside/engine.py": ENGINE,
    "outside/url.py": 'URL = "postgresql+asyncpg://outside/db"\n',
    "outside/package/__init__.py": "",
    "outside/package/url.py": 'URL = "postgresql+asyncpg://outside/db"\n',
    "outside/.env": "DATABASE_URL=postgresql+asyncpg://outside/db\n",
    "outside/alembic.ini": "[alembic]\nsqlalchemy.url = postgresql+asyncpg://outside/db\n",
    "outside/requirements.txt": "asyncpg==0.30.0\n",
    "outside/constraints.txt": "asyncpg<0.31\n",
    "outside/pgbouncer.ini": "[pgbouncer]\npool_mode = session\n",
    "outside/uv.lock": '[[package]]\nname = "asyncpg"\nversion = "0.30.0"\n',
    "outside/gitignore": "*.py\n",
    "outside/pooler.env": "PGBOUNCER_POOL_MODE=session\n",
}
INSIDE = {
    "project/.git/HEAD": "",
    "project/app/__init__.py": "",
    "project/app/engine.py": (
        "import os\n"
        "from url import URL as LINKED\n"
        "from package.url import URL as BELOW\n"
        "from ....outside.url import URL as CLIMBED\n"
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "a = create_async_engine(LINKED)\n"
        "b = create_async_engine(BELOW)\n"
        "c = create_async_engine(CLIMBED)\n"
        'd = create_async_engine(os.environ["DATABASE_URL"])\n'
        'e = create_async_engine("postgresql+asyncpg://db/app")\n'
        "def make(url):\n    return create_async_engine(url)\n"
    ),
    "project/migrations/env.py": (
        "from alembic import context\n"
        "from sqlalchemy.ext.asyncio import async_engine_from_config\n"
        'engine = async_engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.")\n'
    ),
    "project/requirements.txt": "-r ../outside/requirements.txt\n-c ../outside/constraints.txt\nasyncpg\n",
    "project/compose.yml": "services:\n  pgbouncer:\n    image: pgbouncer\n    env_file: ../outside/pooler.env\n",
}
LINKS = {
    "engine.py": "engine.py",
    "url.py": "url.py",
    "package": "package",
    ".env": ".env",
    "alembic.ini": "alembic.ini",
    "dev-requirements.txt": "requirements.txt",
    "pgbouncer.ini": "pgbouncer.ini",
    "uv.lock": "uv.lock",
    ".gitignore": "gitignore",
    ".git/info": ".",
}
LISTEN = """
import sys
def listen(event, arguments):
    if event == "open" and "/outside/" in str(arguments[0]):
        sys.stderr.write(f"OPENED {arguments[0]}\\n")
sys.addaudithook(listen)
"""


@POSIX
@pytest.mark.parametrize("option", ["--output-format=full", "--apply", "--verbose"])
def test_no_file_names_a_file_outside_that_is_then_read(tmp_path: Path, option: str) -> None:
    lay(tmp_path, OUTSIDE | INSIDE)
    for name, target in LINKS.items():
        (tmp_path / "project" / name).symlink_to(tmp_path / "outside" / target)
    done = run(tmp_path / "project", option, ".", before=LISTEN)
    assert "PGB101" in done.stdout + done.stderr or "fixed" in done.stdout
    assert "OPENED" not in done.stderr, done.stderr
    assert "engine.py: points outside the project; 2 links skipped" in done.stderr
    assert (tmp_path / "outside/engine.py").read_text(encoding="utf-8") == ENGINE


@POSIX
def test_the_listener_hears(tmp_path: Path) -> None:
    lay(tmp_path, OUTSIDE)
    assert "OPENED" in run(tmp_path, "outside/engine.py", before=LISTEN).stderr


@POSIX
def test_a_link_out_of_the_project_is_followed_where_the_user_names_it(tmp_path: Path) -> None:
    lay(tmp_path, OUTSIDE | INSIDE)
    (tmp_path / "project/link.py").symlink_to(tmp_path / "outside/engine.py")
    assert "PGB101" in run(tmp_path / "project", "link.py").stdout


def extending(tmp_path: Path, text: str) -> str:
    lay(tmp_path, {"poolsafe.toml": text})
    load_toml.cache_clear()
    with pytest.raises(UsageError) as caught:
        Resolver().for_directory(str(tmp_path))
    return str(caught.value)


def test_extend_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    assert extending(tmp_path, 'extend = "$SECRET/a.toml"').endswith("`extend`: no such file: `$SECRET/a.toml`")
    lay(tmp_path, {f"{number}.toml": f'extend = "{number + 1}.toml"' for number in range(100)})
    assert "longer than 20 files" in extending(tmp_path, 'extend = "0.toml"')
    lay(tmp_path, {"large.toml": "#" * 3_000_000})
    assert "larger than 2 MB" in extending(tmp_path, 'extend = "large.toml"')
    # What another file holds is not quoted, whatever it is.
    lay(tmp_path, {"credentials": "[default]\naws_secret_access_key = hunter2\n"})
    assert "hunter2" not in extending(tmp_path, 'extend = "credentials"')


# --- only regular files are opened, and none that is too large

PIPES = ["pipe.py", ".env", "alembic.ini", "requirements.txt", "uv.lock", "pgbouncer.ini", ".gitignore", "helper.py"]


@POSIX
def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in PIPES:
        os.mkfifo(tmp_path / name)
    lay(tmp_path, {"engine.py": "from helper import URL\n" + ENGINE + "def make(url):\n    create_async_engine(url)\n"})
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "folder.py").mkdir()
    done = run(tmp_path, ".")
    assert "engine.py:4:10: PGB101" in done.stdout
    done = run(tmp_path, "pipe.py", "zero.py", "engine.py", check_code=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [
        "poolsafe: error: pipe.py: not a regular file",
        "poolsafe: error: zero.py: not a regular file",
    ]
    assert "engine.py:4:10: PGB101" in done.stdout


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    with pytest.raises(OSError, match="larger than 10 bytes"):
        reading.read(str(tmp_path / "a.py"), 10)
    with pytest.raises(IsADirectoryError):
        reading.read(str(tmp_path))
    with pytest.raises(OSError, match="points outside"):
        reading.read_below(str(tmp_path / "b"), str(tmp_path / "a.py"))


def test_requirements_that_include_one_another_without_end(tmp_path: Path) -> None:
    lay(tmp_path, {f"r{number}.txt": f"-r r{number + 1}.txt\nasyncpg\n" for number in range(3_000)})
    assert 0 < len(required_by(str(tmp_path / "r0.txt"), str(tmp_path))) <= 101


# --- nothing steers the terminal

# Colour, the window's title, a C1 control, a reordering of text, a line separator, a clearing of the screen.
EVIL = "\x1b[31m\x1b]0;x\x07\x9b2J\u202e\u2066\u2028\x1b[2J\r"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@POSIX
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_steers_the_terminal(tmp_path: Path, name: str) -> None:
    source = ENGINE.replace("app:hunter2@", f'{EVIL}").replace("a", "a').replace("\r", "")
    source = f"# {EVIL}\n".replace("\r", "") + source + f'create_async_engine(U, connect_args={{"{EVIL[:-1]}": 1}})\n'
    source += '# noqa: PGB101 "' + EVIL[:-1] + '"\n'
    (tmp_path / f"a{EVIL}.py").write_text(source, encoding="utf-8")
    (tmp_path / f"b{EVIL}.py").write_text("create_async_engine(\x1b", encoding="utf-8")
    done = run(tmp_path, "--verbose", f"--output-format={name}", ".", check_code=False)
    assert "PGB101" in done.stdout
    assert STEERING.findall(done.stdout.replace("\t", "") if name == "junit" else done.stdout) == []
    assert STEERING.findall(done.stderr) == []


@POSIX
@pytest.mark.parametrize(
    "arguments",
    [
        ["--show-settings"],
        ["--statistics"],
        [f"no{EVIL}"],
        [f"--config=a{EVIL}"],
        ["--write-baseline", f"b{EVIL}"],
    ],
)
def test_no_line_of_the_command_steers_the_terminal(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / f"a{EVIL}.py").write_text(ENGINE, encoding="utf-8")
    (tmp_path / "poolsafe.toml").write_text('exclude = ["\\u001b[2J\\u202e"]\n', encoding="utf-8")
    done = run(tmp_path, *arguments, check_code=False)
    assert done.stdout + done.stderr
    assert STEERING.findall(done.stdout + done.stderr) == []


def test_no_message_of_the_plugin_steers_the_terminal() -> None:
    source = ENGINE.replace(")\n", f', connect_args={{"server_settings": {{"jit{EVIL}": "off"}}}})\n').replace("\r", "")
    found = list(Plugin(None, "a.py", source.splitlines(keepends=True)).run())  # type: ignore[arg-type]
    assert any("PGB204" in text for _, _, text, _ in found)
    assert not any(STEERING.search(text) for _, _, text, _ in found)


@POSIX
def test_a_name_cannot_forge_a_diff(tmp_path: Path) -> None:
    (tmp_path / "a\n+++ b.py").write_text(ENGINE, encoding="utf-8")
    lines = run(tmp_path, "--diff", "a\n+++ b.py").stdout.splitlines()
    assert lines[:2] == ['--- "a\\012+++ b.py"', '+++ "a\\012+++ b.py"']


# --- no credentials

SECRETS = {
    "app/engine.py": ENGINE + "from app.settings import URL\nother = create_async_engine(URL, pool_size=5)\n",
    "app/__init__.py": "",
    "app/settings.py": 'URL = "postgresql+asyncpg://app:hunter2@pgbouncer/app?password=hunter2&sslmode=require"\n',
    "app/made.py": (
        "from sqlalchemy import URL\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        'url = URL.create("postgresql+asyncpg", "app", password="hunter2", host="pgbouncer")\n'
        'engine = create_async_engine(url, connect_args={"password": "hunter2", "statement_cache_size": "0"})\n'
        'refused = create_async_engine(f"postgresql+asyncpg://a:hunter2@{HOST}/b?statement_cache_size=0")\n'
    ),
    "app/env.py": (
        "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        'engine = create_async_engine(os.environ["DATABASE_URL"])\n'
        'unknown = create_async_engine(read("postgresql+asyncpg://app:hunter2@h/b"))\n'
    ),
    "app/broken.py": 'create_async_engine("postgresql+asyncpg://app:hunter2@h/b"\n',
    ".env": "DATABASE_URL=postgresql+asyncpg://app:hunter2@pgbouncer/app?sslmode=disable\n",
    "app/sql.py": (
        "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        'engine = create_async_engine("postgresql+asyncpg://app:hunter2@h/b")\n'
        "async def f():\n    async with engine.begin() as c:\n"
        "        await c.execute(text(\"CREATE ROLE a PASSWORD 'hunter2'; SELECT 1\"))\n"
    ),
}


def places(tmp_path: Path) -> str:
    """Everything that a run has left behind beside the sources."""
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py" and path.name != ".env"]
    return "".join(path.read_text(encoding="utf-8") for path in kept)


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_holds_credentials(tmp_path: Path, name: str) -> None:
    lay(tmp_path, SECRETS)
    done = run(tmp_path, "--verbose", f"--output-format={name}", ".")
    assert {"PGB101", "PGB009", "PGB301"} <= set(re.findall(r"PGB\d+", done.stdout))
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--write-baseline", "known.json"], ["--output-file=r.sarif", "--output-format=sarif"], ["--apply"]],
)
def test_no_file_that_is_written_holds_credentials(tmp_path: Path, arguments: list[str]) -> None:
    lay(tmp_path, SECRETS)
    done = run(tmp_path, *arguments, ".")
    assert "hunter2" not in done.stdout + done.stderr + places(tmp_path)


def test_the_baseline_outlives_a_new_password(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    run(tmp_path, "--write-baseline", "known.json", ".")
    lay(tmp_path, {"a.py": ENGINE.replace("hunter2", "correct-horse")})
    assert "All checks passed!" in run(tmp_path, "--baseline", "known.json", ".").stdout


@pytest.mark.parametrize("query", ["?statement_cache_size=0", "?prepared_statement_cache_size=0", ""])
def test_no_fix_holds_credentials(tmp_path: Path, query: str) -> None:
    lay(tmp_path, {"a.py": ENGINE.replace("6432/app", f"6432/app{query}")})
    found = json.loads(run(tmp_path, "--unsafe-fixes", "--output-format=json", ".").stdout)
    contents = [edit["content"] for each in found if each["fix"] for edit in each["fix"]["edits"]]
    assert contents
    assert not any("hunter2" in content for content in contents)


def test_the_plugin_says_no_credentials() -> None:
    for name, text in SECRETS.items():
        if name.endswith(".py"):
            found = list(Plugin(None, name, text.splitlines(keepends=True)).run())  # type: ignore[arg-type]
            assert not any("hunter2" in message for _, _, message, _ in found)


def test_an_error_says_no_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--config", "pooler=postgresql://app:hunter2@h/b"]) == 2
    assert "hunter2" not in capsys.readouterr().err


SOURCES = [
    ('create("postgresql+asyncpg://app:S@host/db")', 1),
    ('"postgres://app:" "S@host"', 1),
    ('"postgres://app:" + "S@host"', 1),
    ('"postgres://a:" \\\n    "S@h"', 1),
    ('("postgres://"\n "a:"  # comment\n "S@h")', 1),
    ('"redis://:S@host"', 1),
    ('"postgres://app:S/S@host"', 1),
    ('"postgres://app:S@S@host/db"', 1),
    ('x = """postgres://app:S@host\n"""', 1),
    ("# postgres://app:S@host", 1),
    ('"postgres://host/db?user=app&password=S&x=1"', 1),
    ('"host=db password=S user=app"', 1),
    ("text(\"ALTER ROLE a PASSWORD 'S'; SELECT 1\")", 1),
    ('URL.create("postgresql+asyncpg", password="S", host="h")', 1),
    ('{"password": "S", "user": "app"}', 1),
    ('{"password": "S" if a else "S"}', 2),
    ('os.getenv("DB_PASSWORD", "S")', 1),
    ('os.environ["PGPASSWORD"] = "S"', 1),
    ('db_pass: str = "S"', 1),
    ('def f(token: str = "S", user="app"): ...', 1),
    ('SecretStr("S")', 1),
    ('api_key = Field(\n    default="S",\n)', 1),
    ('password = (\n    "S"\n    "S"\n)', 2),
    ("secret = rb'S'", 1),
]
INNOCENT = [
    'f"postgres://{user}:{password}@{host}"',
    '"postgres://%s:%s@%s"',
    '"postgresql://user@host/db"',
    "password = settings.password",
    'compass = "north"; bypass = "x"',
    'connect(password=p, host="db")',
    "text('UPDATE a SET password = :password')",
    'create_async_engine("postgresql+asyncpg://db:5432/app", pool_size=5)',
    '"${POSTGRES_URL}://${U}:${P}@h"',
]


@pytest.mark.parametrize(("source", "count"), SOURCES)
def test_secrets_of_a_source(source: str, count: int) -> None:
    text = source.replace("S@", "hunter2@").replace("S/", "hunter2/")
    text = re.sub(r"(?<=['\"=])S(?=['\"&\s])", "hunter2", text)
    result = hidden(text)
    assert "hunter2" in text
    assert "hunter2" not in result
    assert len(result) == len(text)
    assert shown(result).count("***") == count


@pytest.mark.parametrize("source", INNOCENT)
def test_what_is_no_secret_stays(source: str) -> None:
    assert hidden(source) == source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot read postgresql://a:b@h/d here", "cannot read postgresql://a:***@h/d here"),
        ("password=b&x=1", "password=***&x=1"),
        ("nothing here", "nothing here"),
        ("sets `statement_cache_size=0`", "sets `statement_cache_size=0`"),
    ],
)
def test_secrets_of_a_message(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_carets_stay_under_what_they_mark(tmp_path: Path) -> None:
    text = ENGINE.replace("engine = create", 'password = "hunter2"; engine = create')
    lay(tmp_path, {"a.py": text})
    lines = run(tmp_path, "--select=PGB101", ".").stdout.splitlines()
    code = next(line for line in lines if "***" in line)
    carets = lines[lines.index(code) + 1]
    assert code[carets.index("^") : carets.rindex("^") + 1].startswith("create_async_engine(")
    assert code[carets.index("^") : carets.rindex("^") + 1].endswith(")")


def test_a_diff_shows_the_source_as_it_is(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    assert "hunter2" in run(tmp_path, "--diff", ".").stdout


# --- the page

ROWS = [line for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
ROWS = [row for row in ROWS if not row.endswith("| Test |")]


def test_every_line_of_the_threat_model_has_its_test() -> None:
    named = re.findall(r"`(test_\w+)`", "\n".join(ROWS))
    assert len(ROWS) > 10
    assert [row for row in ROWS if not re.search(r"`test_\w+`", row)] == []
    elsewhere = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in named if f"def {name}(" not in elsewhere] == []


def test_what_is_read_is_never_a_reason_to_write() -> None:
    """The checker hands back findings; it neither writes nor starts anything."""
    events: list[str] = []
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        mode = arguments[1] if event == "open" and len(arguments) > 1 else ""
        if listening and (event.startswith(("subprocess", "os.system", "socket", "exec")) or "w" in str(mode or "")):
            events.append(event)

    check(Source.from_text("a.py", ENGINE), Deployment())  # imports happen here
    sys.addaudithook(listen)
    check(Source.from_text("a.py", ENGINE.replace("app", "shop")), Deployment())
    listening = False
    assert events == []


@pytest.mark.parametrize("output", sorted(FORMATS))
@pytest.mark.parametrize("name", [".env.example", "docker-compose.yml"])
def test_the_password_of_a_url_beside_the_code_is_masked(tmp_path: Path, output: str, name: str) -> None:
    line = (
        "DATABASE_URL={0}"
        if name.startswith(".env")
        else "services:\n  app:\n    environment:\n      - DATABASE_URL={0}"
    )
    lay(
        tmp_path,
        {
            name: line.format("postgresql+asyncpg://app:hunter2@db/app\n"),
            "db.py": "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
            "engine = create_async_engine(os.environ['DATABASE_URL'])\n",
        },
    )
    done = run(tmp_path, "--isolated", f"--output-format={output}", ".", check_code=False)
    assert "PGB101" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


# --- what a project names lies in it

NESTED = "n/poolsafe.toml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a nested project, and a secret beside it."""
    lay(tmp_path, {"in/.git/HEAD": "", "in/n/a.py": ENGINE, "secret.toml": 'pooler = "hunter2"\n'})
    return tmp_path / "in"


@POSIX
@pytest.mark.parametrize("plugin", [False, True])
@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('baseline = "/dev/zero"', "points outside the project"),
        ('baseline = "zero"', "points outside the project"),
        ('baseline = "pipe"', "not a regular file"),
        ('baseline = "."', "Is a directory"),
        ('baseline = "large"', "larger than 20 MB"),
        ('baseline = "../../secret.toml"', "points outside the project"),
        ('baseline = "loop"', "Too many levels of symbolic links"),
        ('baseline = ""', "must be a string that is not empty"),
        ('extend = "/dev/zero"', "points outside the project"),
        ('extend = "zero"', "points outside the project"),
        ('extend = "pipe"', "not a regular file"),
        ('extend = "large"', "larger than 2 MB"),
        ('extend = "../../secret.toml"', "points outside the project"),
        ('extend = "loop"', "no such file"),
        ('extend = ""', "must be a string that is not empty"),
    ],
)
def test_what_a_nested_configuration_names(checkout: Path, written: str, reason: str, plugin: bool) -> None:
    os.mkfifo(checkout / "n/pipe")
    (checkout / "n/zero").symlink_to("/dev/zero")
    (checkout / "n/loop").symlink_to("loop")
    with (checkout / "n/large").open("wb") as file:
        file.truncate(5_000_000_000)
    lay(checkout, {NESTED: written + "\n"})
    if plugin:
        lines = ENGINE.splitlines(keepends=True)
        with pytest.raises(ExecutionError) as caught:
            list(Plugin(None, str(checkout / "n/a.py"), lines).run())  # type: ignore[arg-type]
        said = str(caught.value)
    else:
        done = run(checkout, ".", check_code=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        said = done.stderr
    assert "n/large: larger" in said or f"{NESTED}: `{written.split()[0]}`" in said
    assert reason in said
    assert "hunter2" not in said


@POSIX
@pytest.mark.parametrize("name", ["poolsafe.toml", ".poolsafe.toml", "pyproject.toml"])
def test_a_configuration_that_is_a_link_out_of_the_checkout(checkout: Path, name: str) -> None:
    (checkout / "n" / name).symlink_to("../../secret.toml")
    done = run(checkout, ".", check_code=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f"n/{name}: points outside the project\n")
    # Inside it is as good as any other.
    lay(checkout, {"shared.toml": "pooler = 'none'\n[tool.poolsafe]\n" if name[0] == "p" and name[1] == "y" else ""})
    (checkout / "n" / name).unlink()
    (checkout / "n" / name).symlink_to("../shared.toml")
    assert run(checkout, ".").returncode == 1


@POSIX
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("nowhere"), Path.mkdir])
def test_a_configuration_that_is_no_file(checkout: Path, make: Callable[[Path], object]) -> None:
    make(checkout / NESTED)
    done = run(checkout, ".", check_code=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert NESTED in done.stderr


def test_the_user_may_name_what_lies_outside(checkout: Path) -> None:
    lay(checkout.parent, {"mine.toml": "pooler = 'none'\n", "known.json": '{"version": 1, "findings": {}}'})
    assert "All checks passed!" in run(checkout, "--config", "../mine.toml", ".").stdout
    assert run(checkout, "--baseline", "../known.json", ".").returncode == 1
    assert run(checkout, "--config", 'baseline = "../known.json"', ".").returncode == 1


# --- what another file says is not quoted

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f'pooler = "{SECRET}"',
        f'exclude = "{SECRET}"',
        f'exclude = ["[{SECRET}"]',
        f"{SECRET} = 1",
        f'"{SECRET}" = 1\n"{SECRET}" = 2',
        f'lint = "{SECRET}"',
        f'lint.select = ["{SECRET}"]',
        f"lint.{SECRET} = 1",
        f'lint.per-file-ignores = {{"{SECRET}" = ["{SECRET}"]}}',
        f'lint.per-file-ignores = {{"[{SECRET}" = ["PGB101"]}}',
        f'required-version = "=={SECRET}"',
        'required-version = "==86.75.309"',
        f'asyncpg-version = "{SECRET}"',
        f'max-prepared-statements = "{SECRET}"',
        f'extension = {{"x" = "{SECRET}"}}',
        f'baseline = "{SECRET}"',
        f'extend = "{SECRET}"',
        f'extend = "${{{SECRET}}}"',
        f"password = {SECRET}",
        f"[{SECRET}\n",
        f"export TOKEN={SECRET}",
        f'a = "{SECRET}',
        f'a = "\\{SECRET}"',
    ],
)
def test_no_error_quotes_a_file_that_is_extended(tmp_path: Path, text: str) -> None:
    lay(tmp_path, {"in/poolsafe.toml": 'extend = "../other"\n', "in/a.py": ENGINE, "other": text + "\n"})
    done = run(tmp_path / "in", ".", check_code=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "other" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "86.75" not in done.stderr


def test_no_error_says_what_a_variable_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home-of-somebody"
    lay(home, {".bashrc": f"export TOKEN={SECRET}\n", "a.toml": 'extend = "b.toml"\n', "b.toml": "pooler = 1\n"})
    monkeypatch.setenv("HOME", str(home))
    for written in (
        "$HOME/.bashrc",
        "~/.bashrc",
        "${HOME}/.bashrc",
        "$HOME",
        "~/a.toml",
        "$HOME/../home-of-somebody/a.toml",
    ):
        lay(tmp_path, {"in/poolsafe.toml": f'extend = "{written}"\n', "in/a.py": ENGINE})
        done = run(tmp_path / "in", ".", check_code=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert written.rpartition("/")[0] in done.stderr
        assert "home-of-somebody" not in done.stderr.replace(written, "").replace("$HOME/../home-of-somebody", "")
        assert SECRET not in done.stderr
    circle = home / "c.toml"
    circle.write_text('extend = "~/c.toml"\n')
    lay(tmp_path, {"in/poolsafe.toml": 'extend = "~/c.toml"\n'})
    assert "home-of-somebody" not in run(tmp_path / "in", ".", check_code=False).stderr


# --- links in circles, names that are none


@POSIX
def test_links_that_cannot_be_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "ring.py").symlink_to("gnir.py")
    (tmp_path / "gnir.py").symlink_to("ring.py")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "nothing.py").symlink_to("nowhere")
    done = run(tmp_path, ".", check_code=False)
    assert done.returncode == 2
    reason = "Too many levels of symbolic links"
    assert done.stderr.splitlines() == [f"poolsafe: error: {name}.py: {reason}" for name in ("gnir", "loop", "ring")]
    assert "a.py:3:10: PGB101" in done.stdout
    # What is left out is not complained about.
    assert run(tmp_path, "--exclude", "*r.py,loop.py,ring.py", ".").stderr == ""


@POSIX
def test_names_that_cannot_be_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    (tmp_path / "loop.py").symlink_to("loop.py")
    long = "n" * 5000
    done = run(tmp_path, "loop.py", long, "a.py", check_code=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "poolsafe: error: loop.py: Too many levels of symbolic links",
        f"poolsafe: error: {long}: File name too long",
    ]
    assert "a.py:3:10: PGB101" in done.stdout


@POSIX
@pytest.mark.parametrize("src", ["**", "/**", "**/**/**", "*/*/*/*/*/*/*/*/*/*/*/*"])
def test_source_roots_do_not_go_round_in_circles(tmp_path: Path, src: str) -> None:
    lay(tmp_path, {"a.py": ENGINE, "poolsafe.toml": f'src = ["{src}"]\n', "lib/deep/b.py": ""})
    for name in "xyz":
        (tmp_path / name).symlink_to(".")
    began = time.process_time()
    assert run(tmp_path, ".").returncode == 1
    assert time.process_time() - began < 10


def test_source_roots(tmp_path: Path) -> None:
    lay(tmp_path, {"libs/a/src/x.py": "", "libs/b/src/y.py": "", ".hidden/src/z.py": ""})

    def expanded(written: str) -> list[str]:
        return [Path(path).relative_to(tmp_path).as_posix() for path in expand(str(tmp_path), written)]

    assert expanded("libs/*/src") == ["libs/a/src", "libs/b/src"]
    assert expanded("**/src") == ["libs/a/src", "libs/b/src"]
    assert expanded("./libs/../libs") == ["libs"]
    assert expanded("libs/a/src/x.py") == expanded("no/*") == []
    assert expanded(str(tmp_path / "libs" / "[a]")) == ["libs/a"]


# --- empty paths


@pytest.mark.parametrize(
    "arguments",
    [
        ["--apply", ""],
        ["a.py", ""],
        ["--apply", "--", ""],
        ["--config", ""],
        ["--config", "pooler='none'", "--config="],
        ["-o", ""],
        ["--baseline", ""],
        ["--write-baseline", ""],
        ["--stdin-filename", "", "-"],
        ["--exclude", ""],
        ["--exclude", "a,,b"],
        ["--extend-exclude", "a,"],
        ["--per-file-ignores", ":PGB101"],
        ["--config", 'exclude = [""]'],
        ["--config", 'src = [""]'],
        ["--config", 'lint.per-file-ignores = {"" = ["PGB101"]}'],
    ],
)
def test_an_empty_path_is_an_error(tmp_path: Path, arguments: list[str]) -> None:
    lay(tmp_path, {"a.py": ENGINE})
    done = run(tmp_path, *arguments, check_code=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == ENGINE


# --- patches


@POSIX
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_git_applies_every_patch(tmp_path: Path, locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("PYTHONUTF8", "0")
    names = [b"a\xff.py", b"\xe9\n.py", b"caf\xc3\xa9.py", b'"q".py', b"a b.py", b"back\\slash\xff.py", b"tab\t.py"]
    head = "# coding: latin-1\n# caf\xe9\n".encode("latin-1")
    for name in names:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(head + ENGINE.encode())
    done = subprocess.run(
        [sys.executable, "-m", "poolsafe", "--isolated", "--diff", "."], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    subprocess.run(["git", "apply", "-p0"], cwd=tmp_path, input=done.stdout, check=True, timeout=PATIENCE)
    for name in names:
        with open(os.fsencode(tmp_path) + b"/" + name, "rb") as file:
            content = file.read()
        assert content.startswith(head)
        assert b"pool_pre_ping=True" in content
