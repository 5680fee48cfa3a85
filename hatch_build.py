"""Builds poolsafe for a site: with `POOLSAFE_SITE=https://example.com/poolsafe/`, findings link to its pages."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "POOLSAFE_SITE"
MODULE = "poolsafe/website.py"
# The address is written to the source of a module and to terminals.
ADDRESS = re.compile(r"https?://[\w.:/~-]+/")


class SiteAddress(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the address of the site to the package, if the environment contains one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Replaces the module with the address. Raises ValueError unless it is the address of a directory."""
        site = os.environ.get(VARIABLE, "")
        if not site or version == "editable":
            return
        if not ADDRESS.fullmatch(site):
            raise ValueError(
                f"{VARIABLE}: must be the address of a directory, such as https://example.com/docs/, not {site!r}"
            )
        with open(os.path.join(self.root, "src", MODULE), encoding="utf-8") as file:
            source = file.read()
        self._folder = tempfile.TemporaryDirectory()
        replaced = os.path.join(self._folder.name, "website.py")
        with open(replaced, "w", encoding="utf-8", newline="\n") as file:
            file.write(re.sub('^SITE = ".*"$', f'SITE = "{site}"', source, flags=re.MULTILINE))
        inside = f"src/{MODULE}" if self.target_name == "sdist" else MODULE
        build_data["force_include"][replaced] = inside

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the files that `initialize` has written."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
