"""The documentation site: it builds without warnings, has no dead links, and its search finds exceptions."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import tomli

from poolsafe.rules.registry import names

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomli.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
HERE = "https://site.invalid/poolsafe/"
INSTALLED = importlib.util.find_spec("zensical") is not None


def pages(entries: list[Any]) -> list[str]:
    """Yields the files that a part of the navigation leads to."""
    found: list[str] = []
    for entry in entries:
        for target in entry.values():
            found += [target] if isinstance(target, str) else pages(target)
    return found


def test_the_navigation_leads_to_every_page() -> None:
    """The pages of the rules are linked from their index."""
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(pages(PROJECT["nav"])) == sorted(written - {f"rules/{name}.md" for name in names().values()})


def built(folder: Path) -> subprocess.CompletedProcess[str]:
    # In CI nothing may be left out.
    if not INSTALLED and "CI" not in os.environ:
        pytest.skip("the extra `docs` is not installed")
    shutil.copytree(ROOT / "docs", folder / "docs", dirs_exist_ok=True)
    shutil.copy(ROOT / "zensical.toml", folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ran = built(folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "site"


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and not value.startswith("data:"):
                self.links.append(value)


def dead(site: Path) -> list[str]:
    """Returns the links of a site that lead to no file, or to no anchor of the page."""
    read = {path: Page(path) for path in site.rglob("*.html")}
    found = []
    for path, page in read.items():
        # Of the page for missing addresses nobody knows where it is shown.
        if path.name == "404.html":
            continue
        address = urljoin(HERE, path.relative_to(site).as_posix())
        for link in page.links:
            whole, anchor = urldefrag(urljoin(address, link.replace(PROJECT["site_url"], HERE)))
            if not whole.startswith(HERE):
                continue
            target = site / unquote(urlsplit(whole).path.removeprefix("/poolsafe/"))
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (target in read and unquote(anchor) not in read[target].anchors):
                found.append(f"{path.relative_to(site)}: {link}")
    return found


@pytest.mark.long
def test_no_link_is_dead(site: Path) -> None:
    assert len(list(site.rglob("index.html"))) == len(list((ROOT / "docs").rglob("*.md")))
    assert dead(site) == []


def found(site: Path, word: str) -> list[str]:
    """Returns the pages with a word, in the order of the site's search: the earlier in a section, the better."""
    entries = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    texts = [(re.split(r"\W+", re.sub("<[^>]+>", " ", entry["text"]).strip()), entry["location"]) for entry in entries]
    ranked = sorted((words.index(word), location) for words, location in texts if word in words)
    return [location.partition("#")[0] for _, location in ranked]


@pytest.mark.long
@pytest.mark.parametrize(
    ("exception", "rule"),
    [
        ("DuplicatePreparedStatementError", "missing-cache-size"),
        ("InvalidSQLStatementNameError", "missing-cache-size"),
        ("ConnectionDoesNotExistError", "missing-pre-ping"),
    ],
)
def test_the_search_leads_from_an_exception_to_its_rule(site: Path, exception: str, rule: str) -> None:
    pages = found(site, exception)
    assert pages[0] == f"rules/{rule}/"
    assert "symptoms/" in pages


def test_no_table_is_on_one_line() -> None:
    """A table that was wrapped like a paragraph is no longer a table."""
    written = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    assert [path.name for path in written if re.search(r"\| \|-{3}", path.read_text(encoding="utf-8"))] == []


@pytest.mark.long
def test_scripts_styles_and_images_are_the_sites_own(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    fetched = re.findall(r'<(?:script|img|link rel="?stylesheet)[^>]*\b(?:src|href)="?(https?:[^">\s]+)', text)
    assert fetched == []


@pytest.mark.long
@pytest.mark.parametrize("link", ["nowhere.md", "adoption.md#nowhere"])
def test_a_dead_link_stops_the_build(tmp_path: Path, link: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/broken.md").write_text(f"# Broken\n\n[there]({link})\n")
    assert built(tmp_path).returncode != 0


def test_dead_links_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/index.html").write_text('<h2 id="here">x</h2><a href="#here"><a href="../b/"><a href="#there">')
    (tmp_path / "index.html").write_text(
        '<a href="a/#here"><a href="a/#there"><img src="c.png"><a href="https://x.y/">'
    )
    assert sorted(dead(tmp_path)) == [
        "a/index.html: #there",
        "a/index.html: ../b/",
        "index.html: a/#there",
        "index.html: c.png",
    ]
