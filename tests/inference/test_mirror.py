"""The tests of the interpreter mirror its files: `inference/calls.py` is tested by `inference/test_calls.py`."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent.parent / "src/poolsafe/inference"

# A file of more lines has tests of its own,
LARGE = 60
# unless it is one of these, for a reason.
ELSEWHERE = {
    "answers.py": "test_names.py and test_import_changes.py: what has been asked of modules",
    "context.py": "every program: the frame and the run that all parts pass on",
    "models/library_models.py": "tests/inference/models: each model is found through it",
    "models/primitives.py": "tests/inference/models: the stubs that import them",
    "namespaces.py": "test_names.py and test_classes.py: the names of modules and of class bodies",
    "observations.py": "test_exploration.py: which observations of a call are kept",
    "scope_lines.py": "test_slices.py: what a scope consists of",
    "scope_reader.py": "test_slices.py: what is read shows in what is run",
    "scopes.py": "test_slices.py",
    "slice_closure.py": "test_slices.py",
    "models/validator_paths.py": "models/test_pydantic.py: what a validator changes shows in what is read",
    "loops.py": "test_statements.py, with all other statements",
    "attempts.py": "test_exceptions.py, with what raises",
    "text_methods.py": "test_texts.py: methods of strings",
    "values.py": "test_lattice.py: values are what is joined",
    "snapshots.py": "every test of a value: what is revealed is a snapshot",
    "objects.py": "tests/inference/models: each class of objects belongs to a model",
}


def sources() -> dict[str, Path]:
    """The files of the package, a stub as the model that it is; those called `__init__` only export."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return {path.relative_to(PACKAGE).as_posix().replace("/stubs/", "/"): path for path in paths}


def mirrored() -> set[str]:
    """The files that a test file mirrors."""
    paths = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if path.name != Path(__file__).name]
    return {path.with_name(path.name.removeprefix("test_")).as_posix() for path in paths}


def test_each_test_file_mirrors_a_file() -> None:
    assert mirrored() - sources().keys() == set()


def test_each_large_file_has_tests_of_its_own() -> None:
    large = {name for name, path in sources().items() if len(path.read_text(encoding="utf-8").splitlines()) > LARGE}
    assert large - mirrored() == ELSEWHERE.keys() & large


def test_no_exception_is_out_of_date() -> None:
    assert ELSEWHERE.keys() - sources().keys() | ELSEWHERE.keys() & mirrored() == set()
