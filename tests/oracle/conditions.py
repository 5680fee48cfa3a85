"""Generates tests in a program: of its environment, its URL and its dicts."""

from __future__ import annotations

from collections.abc import Callable

from .draft import Draft, Lines, Scope


def condition(scope: Scope) -> str:
    """An expression that is asked for its truth."""
    choices = scope.choices
    asked = choices.weighted(_KINDS)(scope)
    if choices.chance(8):
        return f"not ({asked})" if " " in asked else f"not {asked}"
    if choices.chance(8):
        return f"{asked} {choices.one(('and', 'or'))} {choices.weighted(_KINDS)(scope)}"
    return asked


def environment(draft: Draft) -> str:
    """A question about an environment variable, and about a constant where the program reads enough of them."""
    name, values, forms = draft.choices.one(_VARIABLES)
    if not draft.variable(name, *values):
        return constant(draft)
    return draft.choices.one(forms)


_VARIABLES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "APP_ENV",
        ("test", "production", "prod", "staging"),
        (
            'os.environ.get("APP_ENV") == "test"',
            'os.environ.get("APP_ENV", "production") == "test"',
            'os.environ.get("APP_ENV") != "production"',
            'os.getenv("APP_ENV") in ("production", "staging")',
            'os.getenv("APP_ENV", "").startswith("prod")',
            '"APP_ENV" in os.environ and os.environ["APP_ENV"] == "test"',
        ),
    ),
    ("DEBUG", ("1", ""), ('os.environ.get("DEBUG")', 'os.getenv("DEBUG") is not None', 'bool(os.getenv("DEBUG"))')),
    (
        "CI",
        ("true", "no"),
        ('"CI" in os.environ', 'os.environ.get("CI") is None', 'os.getenv("CI", "false") == "true"'),
    ),
    (
        "WORKERS",
        ("1", "01", "2", "8"),
        (
            'int(os.environ.get("WORKERS", "4")) > 2',
            'int(os.getenv("WORKERS", "1")) == 1',
            'os.environ.get("WORKERS", "1") != "1"',
        ),
    ),
    (
        "LAZY",
        ("1", "yes", "no"),
        (
            'os.environ.get("LAZY", "").lower() in ("1", "true", "yes")',
            'os.environ.get("LAZY") == "1"',
            'os.getenv("LAZY", "1") == "1"',
        ),
    ),
)


def constant(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        return [f"{name} = {draft.choices.one(('True', 'False'))}"]

    name = draft.helper("flag", "VERBOSE", "LOCAL", "STRICT", lines=lines)
    return draft.choices.one((name, name, "True", f"{name} is True"))


def _url(scope: Scope) -> str:
    url, draft = scope.url, scope.draft
    if scope.url_object:
        return scope.choices.one(
            (
                f'{url}.drivername == "postgresql+asyncpg"',
                f'{url}.drivername.startswith("sqlite")',
                f'{url}.get_backend_name() == "postgresql"',
                f'"asyncpg" in {url}.drivername',
            )
        )
    form = scope.choices.one(
        (
            '{url}.startswith("postgresql")',
            '{url}.startswith("sqlite")',
            '"asyncpg" in {url}',
            '"sqlite" in {url}',
            'make_url({url}).drivername == "postgresql+asyncpg"',
            '{url}.split(":", 1)[0] == "postgresql+asyncpg"',
            '{url}.partition("://")[0].endswith("asyncpg")',
        )
    )
    if "make_url" in form:
        draft.use("sqlalchemy", "make_url")
    return form.format(url=url)


def _dict(scope: Scope) -> str:
    args, options = scope.args, list(scope.options)
    if args and (not options or scope.choices.chance(50)):
        return scope.choices.one(
            (
                '"timeout" in {}',
                "{}",
                "not {}",
                "len({}) > 1",
                '{}.get("timeout") is None',
                '"statement_cache_size" not in {}',
                '{}.get("statement_cache_size") == 0',
            )
        ).format(scope.choices.one(args))
    if not options:
        return environment(scope.draft)
    return scope.choices.one(
        (
            '"connect_args" in {}',
            '"connect_args" not in {}',
            '{}.get("echo")',
            '{}.get("connect_args")',
            "{}",
            'not {}.get("pool_pre_ping")',
        )
    ).format(scope.choices.one(options))


Kind = Callable[[Scope], str]
_KINDS: tuple[tuple[int, Kind], ...] = (
    (12, lambda scope: environment(scope.draft)),
    (4, _url),
    (5, _dict),
    (3, lambda scope: constant(scope.draft)),
)
