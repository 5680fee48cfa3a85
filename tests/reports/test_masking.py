"""Which literals are secrets: by the names that they are bound to, in URLs, and in texts with their own grammar."""

from __future__ import annotations

import pytest
from samples import TORTURE, one_in
from timing import is_linear

from poolsafe.reports.masking import LONGEST, hidden, masked, secrets, shown, visible
from poolsafe.reports.secrets import HINTS
from poolsafe.reports.secrets import secret_names as names
from poolsafe.reports.secrets.secret_names import is_secret
from poolsafe.source import Source


@pytest.mark.parametrize(
    "name",
    [
        "password", "PGPASSWORD", "dbPass", "DB_PASS", "db-pass", "pass1", "DBPass", "userPwd", "userpwd", "myToken",
        "authtoken", "api_key", "apiKey", "apikey", "X-API-Key", "secretKey", "client_secret", "private_key", "pw",
        "credentials", "dbpass", "Authorization", "passwordFile", "sslpassword", "DBPW", "SMTPPASS", "AccountKey",
        "auth", "passwort", "session_key", "jwt",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "compass", "bypass", "tokenizer", "token_count", "password_length", "passenger", "key", "primary_key", "url",
        "statement_cache_size", "prepared_statement_name_func", "user", "tokenType", "_", "x" * 1000, "keyboard",
        "trespass", "auth_type", "author",
    ],
)  # fmt: skip
def test_names_of_nothing_secret(name: str) -> None:
    assert not is_secret(name)


def test_every_name_of_a_secret_has_a_hint() -> None:
    words = {*names._SECRETS, *names._PARTS, *names._ENDINGS, "auth", "key"}
    assert [word for word in words if not any(hint in word for hint in HINTS)] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Each element of a tuple goes to the name in its place.
        ('user, password = "app", "x1"', 'user, password = "app", "***"'),
        ('[password, user] = ["x1", "app"]', '[password, user] = ["***", "app"]'),
        ('a, *password = "x1", "x2"', 'a, *password = "***", "***"'),
        ('URL.create("d", "u", "x1", "h")', 'URL.create("d", "u", "***", "h")'),
        ('URL.create("d", "u", host="h", port=1)', 'URL.create("d", "u", host="h", port=1)'),
        ('def f(a, pwd): ...\nf("b", "x1")', 'def f(a, pwd): ...\nf("b", "***")'),
        ('class A:\n  def __init__(self, pwd): ...\nA("x1")', 'class A:\n  def __init__(self, pwd): ...\nA("***")'),
        ('{"password": "x1", "user": "app"}', '{"password": "***", "user": "app"}'),
        ('f(password=lambda: "x1")', 'f(password=lambda: "***")'),
        ('f(key=lambda token: "a")', 'f(key=lambda token: "a")'),
        ("password = 123456", "password = ***"),
        ("password = 12", "password = 12"),
        ("port = 123456", "port = 123456"),
        ('password = os.environ["DB_PASSWORD"]', 'password = os.environ["DB_PASSWORD"]'),
        ('if key == "password": ...', 'if key == "password": ...'),
        ('if "x1" == password: ...', 'if "***" == password: ...'),
        ('for a in ["x1"]: password = "x2"', 'for a in ["x1"]: password = "***"'),
        ('x = a if b else "c"', 'x = a if b else "c"'),
        ('"://u:" + (a if b == 1 else "x1") + "@h"', '"://u:" + (a if b == 1 else "***") + "@h"'),
        ('f((password == "x1"))', 'f((password == "***"))'),
        ('(password := "x1")', '(password := "***")'),
        ('password = f"{a["b"]}x1"', 'password = f"{a["b"]}***"'),
        ('password = f"{a:>{b}}x1"', 'password = f"{a:>{b}}***"'),
        ('password = f"{{x1}}"', 'password = f"***"'),
        ('password = rf"\\{a}x1"', 'password = rf"***{a}***"'),
        # URLs, however they are put together.
        ('"://u:x1" + at + "@h"', '"://u:***" + at + "@h"'),
        ('f"postgres://{u}:{p}@{h}:5432/d"', 'f"postgres://{u}:{p}@{h}:5432/d"'),
        ('"postgres://[::1]:5432/d"', '"postgres://[::1]:5432/d"'),
        ('"postgres://u:x1@[::1]:5432/d"', '"postgres://u:***@[::1]:5432/d"'),
        ('"postgres://a:5432,b:5433/d"', '"postgres://a:5432,b:5433/d"'),
        ('"sqlite:///c:/d"', '"sqlite:///c:/d"'),
        ('"http://h:8000 postgres://u:x1@h"', '"http://h:8000 postgres://u:***@h"'),
        ('"postgres://u:x1://x@h"', '"postgres://u:***@h"'),
        ('"://{}:{}@h".format(u, "x1") + "a"', '"://{}:{}@h".format(u, "***") + "a"'),
        ('"a {}".format("b")', '"a {}".format("b")'),
        ('"a %s" % "b"', '"a %s" % "b"'),
        ('", ".join(["a", "b"])', '", ".join(["a", "b"])'),
        ('":".join(parts)', '":".join(parts)'),
        ('"u:x1@h/d"', '"u:***@h/d"'),
        ('"postgres://u:\\\nx1@h"', '"postgres://u:\\\n***@h"'),
        ('f"postgres://u:\\\nx1@{h}"', 'f"postgres://u:\\\n***@{h}"'),
        ("f\"postgres://u:{get('A', 'x1')}@h\"", "f\"postgres://u:{get('A', '***')}@h\""),
        ("f\"postgres://u:{get('A')}@{get('B', 'h')}\"", "f\"postgres://u:{get('A')}@{get('B', 'h')}\""),
        ('"://u:" + {"a": "x1"}[b] + "@h"', '"://u:" + {"***": "***"}[b] + "@h"'),
        ('"://u:<p>@h".replace("<p>", "x1")', '"://u:<p>@h".replace("<p>", "***")'),
        ('"a <p>".replace("<p>", "b")', '"a <p>".replace("<p>", "b")'),
        ('"://{u}:{p}@h".format_map({"p": "x1"})', '"://{u}:{p}@h".format_map({"***": "***"})'),
        ('"//u:x1@h"', '"//u:***@h"'),
        # What calls, labels and comparisons bind a literal to.
        ('compare_digest(password, "x1")', 'compare_digest(password, "***")'),
        ('user.password.startswith("x1")', 'user.password.startswith("***")'),
        ('name.startswith("x1")', 'name.startswith("x1")'),
        ('"x1" == cfg["password"]', '"***" == cfg["password"]'),
        ('match password:\n  case "x1": ...', 'match password:\n  case "***": ...'),
        ('match a:\n  case "x1": ...', 'match a:\n  case "x1": ...'),
        ('Field("x1", alias="password")', 'Field("***", alias="***")'),
        ('Field("x1", alias="a")', 'Field("x1", alias="a")'),
        ('{"name": "TOKEN", "value": "x1"}', '{"***": "***", "***": "***"}'),
        ('Option("x1", "--password")', 'Option("***", "***")'),
        ('execute("PASSWORD %s", ["x1"])', 'execute("***", ["***"])'),
        ('execute(text("SET password = :p"), {"a": "x1"})', 'execute(text("***"), {"***": "***"})'),
        ('execute("SET a = :a", {"a": "x1"})', 'execute("SET a = :a", {"a": "x1"})'),
        ("'''\n>>> f('a', pw='x1')\n'''", "'''\n>>> f('a', pw='***')\n'''"),
        # Other texts.
        ('"password=**x1"', '"password=***"'),
        ('"host=h\\npw=x1"', '"host=h\\npw=***"'),
        ('"postgres:\\/\\/u:x1@h"', '"postgres:\\/\\/u:***@h"'),
        ("text('{\"password\": \"x1\", \"a\": 1}')", "text('{\"password\": \"***\", \"a\": 1}')"),
        ("'{\"password\": {\"a\": \"x1\"}}'", "'{\"password\": ***'"),
        ("\"password='x1 it''s' host=h\"", "\"password='***' host=h\""),
        ("\"password='x1\"", "\"password='***\""),
        ('"password=x1 host=h"', '"password=*** host=h"'),
        ('"a?password=\'x1`&b=c"', '"a?password=***&b=c"'),
        ('"PASSWORD $$x1$$ LOGIN"', '"PASSWORD $$***$$ LOGIN"'),
        ('"PASSWORD $a$x1"', '"PASSWORD ***"'),
        ("\"PASSWORD E'x1' LOGIN\"", "\"PASSWORD E'***' LOGIN\""),
        ("\"INSERT INTO a (password) VALUES ('x1')\"", "\"INSERT INTO a (password) VALUES ('***')\""),
        ('"UPDATE a SET password = %s, b = 1"', '"UPDATE a SET password = %s, b = 1"'),
        ('"no password here"', '"no password here"'),
        ('"password=$a$x1 b"', '"password=***"'),
        ("# token: x1", "# token: ***"),
        ("# f(\n#     password='x1',\n# )", "# f(\n#     password='***',\n# )"),
        ("a = 1  # one\nb = 2  # two", "a = 1  # one\nb = 2  # two"),
        # What is broken is read all the same.
        ('password = "x1', 'password = "***'),
        ('f(password="x1"]', 'f(password="***"]'),
        ('f"{a\npassword = "x1"', 'f"{a\npassword = "***"'),
        ('f"{(a\n)}"; password = "x1"', 'f"{(a\n)}"; password = "***"'),
        ('f"{)}"; password = "x1"', 'f"{)}"; password = "***"'),
        ("(" * 60 + 'password="x1"' + ")" * 60, "(" * 60 + 'password="***"' + ")" * 60),
        ("a\\\n = 1 \\", "a\\\n = 1 \\"),
    ],
)  # fmt: skip
def test_what_is_shown_of_a_source(source: str, expected: str) -> None:
    assert shown(hidden(source)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`sslpassword` in the URL: connecting raises", "`sslpassword` in the URL: connecting raises"),
        ("the token is wrong", "the token is wrong"),
        ("pass `pool_size` as an engine argument", "pass `pool_size` as an engine argument"),
        ("`ALTER ROLE a PASSWORD 'x1'`", "`ALTER ROLE a PASSWORD '***'`"),
        ("password: x1 in a.toml", "password: *** in a.toml"),
        ("postgres://u:x1 x2@h: no such file", "postgres://u:***@h: no such file"),
    ],
)
def test_what_is_said_in_a_message(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_what_is_shown_of_other_files() -> None:
    text = "DB_PASSWORD=x1 'x2\nURL=postgres://u:x1@h/d\nA=b\n"
    assert (
        shown(visible(Source.from_text("/a/.env", text), code=False).text)
        == "DB_PASSWORD=***\nURL=postgres://u:***@h/d\nA=b\n"
    )


@pytest.mark.parametrize("path", ["/work/-", "/work/script", "/work/app.wsgi", "/work/A.PY"])
def test_what_is_shown_of_python_by_any_name(path: str) -> None:
    text = 'user, password = "app", "x1"\n'
    assert shown(visible(Source.from_text(path, text)).text) == 'user, password = "app", "***"\n'


def test_nothing_is_shown_of_a_source_that_is_too_long() -> None:
    source = Source.from_text("/a.py", "a = 1\n" + "#" * LONGEST)
    assert visible(source).text == "\n"
    assert secrets(source) == frozenset()


def test_the_secrets_of_a_source() -> None:
    assert secrets(Source.from_text("/a.py", 'password = "hunter2"; pwd = "x1"')) == {"hunter2"}


PIECES = [
    "(", "{", '"a" % ', '"{}".format(', '"a" + ', 'f"{', 'f"{x:{', "\\N{", 'f"\\N{', "password=", 'password="',
    '"password",', "password a ", "# password: \n", "://u:a@", '"://u:" + ', "://", "password=a x=b ", "$$",
    "password $a$", "password='", "a = ", "a in ", "values '", "password) values 'a", "?password=&", "Aa", "x" * 50,
    "\\", "*", "password=*", "password='\\", "a-", 'f("://u:" + ', 'd["://u:" + f(0, ', "\\\n", ">>> ", "case ",
    "#\n", '"x".join([', "def f(a, password): f(", "a://b:c@d ", "'", "password is ", "--password ", "`",
]  # fmt: skip


@pytest.mark.parametrize("piece", one_in(8, PIECES, TORTURE))
def test_reading_takes_linear_time(piece: str) -> None:
    def read(size: int) -> None:
        text = (piece * size)[:size]
        hidden(text)
        masked(text)

    assert is_linear(read, 20_000)
