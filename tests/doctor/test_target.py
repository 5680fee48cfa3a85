"""URLs and keywords for a server: what is read from them, and what is never shown."""

from __future__ import annotations

import pytest

from poolsafe.config.errors import UsageError
from poolsafe.doctor.target import Target, read, shows_password


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("postgresql://db/app", Target("db", 5432, database="app")),
        ("postgres://u:p@db:6543/app", Target("db", 6543, "u", "p", "app")),
        ("postgresql+asyncpg://u:p%40ss@db/app", Target("db", 5432, "u", "p@ss", "app")),
        ("postgresql+psycopg://u@db", Target("db", 5432, "u")),
        ("asyncpg://u:p@db/app", Target("db", 5432, "u", "p", "app")),
        ("postgresql://u:a:b@db/app", Target("db", 5432, "u", "a:b", "app")),
        ("postgresql://[::1]:6432/app", Target("::1", 6432, database="app")),
        ("postgresql:///app", Target("localhost", 5432, database="app")),
        ("postgresql:///app?host=/run/postgresql&port=6432", Target("/run/postgresql", 6432, database="app")),
        ("postgresql://%2Frun%2Fpg/app", Target("/run/pg", 5432, database="app")),
        ("postgresql://a:1,b:2/app", Target("a", 1, database="app", other_hosts=1)),
        ("postgresql://u:p@ss@db/app", Target("db", 5432, "u", "p@ss", "app")),
        ("postgresql://u:p@s/s@db/app", Target("db", 5432, "u", "p@s/s", "app")),
        ("postgresql://u:p@db/app?x=a@b", Target("db", 5432, "u", "p", "app", left_out=("x",))),
        ("postgresql+asyncpg:///app?host=a:6543&user=u", Target("a", 6543, "u", database="app")),
        ("postgresql://db/app?password=p&dbname=other", Target("db", 5432, None, "p", "other")),
        ("postgresql://db/app?sslmode=require", Target("db", 5432, database="app", tls={"sslmode": "require"})),
        ("postgresql+asyncpg://db/app?ssl=verify-full&sslrootcert=/ca", Target(
            "db", 5432, database="app", tls={"sslmode": "verify-full", "sslrootcert": "/ca"})),
        ("postgresql://db/app?supa=x&a=1", Target("db", 5432, database="app", left_out=("a", "supa"))),
        ("postgresql://db/app?options=endpoint%3Dep-1", Target("db", 5432, database="app", options="endpoint=ep-1")),
        ("postgresql://db/app?options=-csearch_path%3Dx", Target("db", 5432, database="app", left_out=("options",))),
        ("host=db port=6432 user=u password='a b' dbname=app", Target("db", 6432, "u", "a b", "app")),
        (r"host=db password='it\'s'", Target("db", 5432, None, "it's")),
        ("hostaddr=10.0.0.1 dbname=app", Target("10.0.0.1", 5432, database="app")),
    ],
)  # fmt: skip
def test_what_is_read(said: str, target: Target) -> None:
    assert read(said) == target


def test_a_variable_holds_the_url() -> None:
    assert read("env:URL", {"URL": " postgresql://db/app\n"}) == Target("db", 5432, database="app")


def test_libpq_s_variables_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGPORT", "6432")
    assert read("postgresql:///app") == Target("elsewhere", 6432, database="app")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("env:URL", "the environment variable `URL` is not set or is empty"),
        ("env:", "`env:` must be followed by the name of a variable"),
        ("hunter2", "not a PostgreSQL URL"),
        ("postgresql://u:x@hunter2?y@db/app", "in a password, percent-encode `?` and `@`"),
        ("mysql://u:hunter2@db/app", "`mysql` is not PostgreSQL"),
        ("postgresql://u:hunter2@db:port/app", "the port must be a number from 1 to 65535"),
        ("postgresql://u:hunter2@db:70000/app", "the port must be a number from 1 to 65535"),
        ("postgresql://u:hunter2@db/app?sslmode=on", "`sslmode` must be one of `disable`,"),
        ("host=db hunter2", "neither a URL nor `key=value` pairs"),
    ],
)
def test_what_is_no_server(said: str, text: str) -> None:
    with pytest.raises(UsageError) as error:
        read(said, {})
    assert text in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_variable_without_its_prefix() -> None:
    with pytest.raises(UsageError, match="write `env:URL` for the one in that environment variable"):
        read("URL", {"URL": "postgresql://u:hunter2@db/app"})


@pytest.mark.parametrize("text", ["a:p@ss w", "a p%40ss%20w", "a p%40ss+w"])
def test_a_password_is_hidden_however_it_is_written(text: str) -> None:
    assert "ss" not in Target("db", 1, "u", "p@ss w").without_secrets(text)


def test_without_a_password_nothing_is_hidden() -> None:
    assert Target("db", 1).without_secrets("text") == "text"
    assert Target("db", 1, tls={"sslpassword": "secret"}).without_secrets("a secret") == "a ***"


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        ("postgresql://u:p@db/app", True),
        ("postgresql://u@db/app", False),
        ("env:URL", False),
        ("host=a password=b", True),
    ],
)
def test_a_password_in_the_option_itself(said: str, shows: bool) -> None:
    assert shows_password(said) is shows


@pytest.mark.parametrize(("host", "address"), [("db", "db:5432"), ("::1", "[::1]:5432")])
def test_the_address(host: str, address: str) -> None:
    assert Target(host, 5432).address == address
