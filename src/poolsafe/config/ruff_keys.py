"""The keys of ruff that mean nothing here: they are told from slips of the pen."""

from __future__ import annotations

# Ruff's, at the top and below `lint`, less those that poolsafe has as well. A table stands for all that is in it.
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
    """Returns whether a dotted key is one of ruff's alone; those of `lint` may stand at the top, as they once did."""
    top, _, name = path.partition(".")
    return top in RUFFS_TOP or top in RUFFS_LINT or (top == "lint" and name.partition(".")[0] in RUFFS_LINT)
