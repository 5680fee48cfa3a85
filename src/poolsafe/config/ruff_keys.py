"""The keys of ruff that poolsafe does not support, to distinguish them from misspelled keys."""

from __future__ import annotations

# Ruff's keys, at the top level and in `lint`, without those that poolsafe also has. A table stands for all its keys.
RUFFS_TOP = frozenset(
    (
        "analyze",
        "builtins",
        "cache-dir",
        "format",
        "indent-width",
        "namespace-packages",
        "output-prefer-rule-codes",
        "per-file-target-version",
        "target-version",
    )
)
RUFFS_LINT = frozenset(
    (
        "allowed-confusables",
        "dummy-variable-rgx",
        "flake8-annotations",
        "flake8-bandit",
        "flake8-boolean-trap",
        "flake8-bugbear",
        "flake8-builtins",
        "flake8-comprehensions",
        "flake8-copyright",
        "flake8-errmsg",
        "flake8-gettext",
        "flake8-implicit-str-concat",
        "flake8-import-conventions",
        "flake8-pytest-style",
        "flake8-quotes",
        "flake8-self",
        "flake8-tidy-imports",
        "flake8-type-checking",
        "flake8-unused-arguments",
        "future-annotations",
        "ignore-init-module-imports",
        "isort",
        "logger-objects",
        "mccabe",
        "pep8-naming",
        "pycodestyle",
        "pydoclint",
        "pydocstyle",
        "pyflakes",
        "pylint",
        "pyupgrade",
        "ruff",
        "task-tags",
        "typing-extensions",
        "typing-modules",
    )
)


def is_ruffs(path: str) -> bool:
    """Returns whether a dotted key exists only in ruff. Old versions of ruff have keys of `lint` at the top level."""
    top, _, name = path.partition(".")
    return top in RUFFS_TOP or top in RUFFS_LINT or (top == "lint" and name.partition(".")[0] in RUFFS_LINT)
