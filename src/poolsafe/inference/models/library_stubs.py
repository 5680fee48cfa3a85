"""Stubs of libraries: Python source in `stubs/`, one file for each top-level package, that the interpreter runs.

`stubs/testcontainers.py` stands for all modules of testcontainers: in `testcontainers.postgres.PostgresContainer`, the
parts before the first name that the stub binds count as modules. A stub is parsed when a program first uses its
library, and it is never imported. It is not a module of the project: positions in it are never shown, and its calls are
observed at the place where the program calls the stub (`Frame.program`). A stub imports what Python cannot express from
`poolsafe.primitives`, whose functions are implemented in `primitives`.
"""

from __future__ import annotations

import functools
import os

from poolsafe.inference.attributes import attribute
from poolsafe.inference.context import Frame
from poolsafe.inference.modules import Module, StubModule
from poolsafe.inference.names import module_name
from poolsafe.inference.namespaces import namespace_of
from poolsafe.inference.values import Value
from poolsafe.reading import read
from poolsafe.source import Source

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stubs")


def stubbed(frame: Frame, name: str) -> Value | None:
    """Returns the value that the stub of a library binds to a dotted name, or None if there is none."""
    package, *parts = name.split(".")
    if package not in _packages():
        return None
    module = _stub(package)
    bound = namespace_of(frame.run, module).scope.bound
    while parts and parts[0] not in bound:
        del parts[0]
    if not parts:
        return None
    value = module_name(frame, module, parts[0])
    for part in parts[1:]:
        value = attribute(frame, value, part, module.body.statements[0])
    return value


@functools.cache
def _packages() -> frozenset[str]:
    """Returns the packages that have a stub."""
    return frozenset(entry.removesuffix(".py") for entry in os.listdir(FOLDER) if entry.endswith(".py"))


@functools.cache
def _stub(package: str) -> Module:
    """Returns the stub of a package, parsed once in a process."""
    path = os.path.join(FOLDER, f"{package}.py")
    source = Source.decode(path, read(path))
    return StubModule(source)
