"""The GitHub action for users and this project's workflows: they are valid, and their scripts run where possible."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from poolsafe import __version__

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCHEMAS = {
    "action.yml": "vendor.github-actions",
    ".github/dependabot.yml": "vendor.dependabot",
    **{path.relative_to(ROOT).as_posix(): "vendor.github-workflows" for path in WORKFLOWS},
}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BAD = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
    'engine = create_async_engine("postgresql+asyncpg://db/app")\n'
)


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_a_file_has_its_services_schema(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", name]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != ".github/dependabot.yml"])
def test_no_script_holds_an_expression(name: str) -> None:
    """Text that `${{ }}` inserts becomes part of the script, even if an attacker wrote it."""
    read = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    jobs = [read["runs"]] if "runs" in read else read["jobs"].values()
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@dataclass(frozen=True, slots=True)
class Job:
    """A job on a user's runner. This machine runs those steps of the action that are scripts."""

    folder: Path
    poolsafe: str

    def run(self, step: str, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """Runs the step with this name, and returns it with the outputs that it has set."""
        (found,) = (each for each in ACTION["runs"]["steps"] if each["name"] == step)
        values = {f"inputs.{name}": one["default"] for name, one in ACTION["inputs"].items()}
        values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        values |= {"runner.temp": str(self.folder / "temp"), "github.action_path": str(ROOT)}
        values |= {"steps.install.outputs.command": self.poolsafe}

        def filled(text: str) -> str:
            return re.sub(r"\$\{\{ (.+?) \}\}", lambda match: values[match[1]], text)

        (self.folder / "temp").mkdir(exist_ok=True)
        outputs = self.folder / "temp/outputs"
        outputs.write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
        environment |= {name: filled(value) for name, value in found["env"].items()}
        # As the runner calls it for `shell: bash`.
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
            cwd=self.folder / "work" / filled(found.get("working-directory", ".")),
            capture_output=True,
            text=True,
            env={**environment, "GITHUB_OUTPUT": str(outputs)},
        )
        return ran, dict(line.split("=", 1) for line in outputs.read_text().splitlines())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "work/src/a folder").mkdir(parents=True)
    for name in ("db.py", "src/one.py", "src/a folder/two.py"):
        (tmp_path / "work" / name).write_text(BAD)
    installed = Path(sys.executable).with_name("poolsafe")
    if not installed.exists():
        pytest.skip("the command `poolsafe` is not installed beside this Python")
    return Job(tmp_path, str(installed))


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
ANNOTATE, WRITE, INSTALL = "Annotate the findings", "Write the report for code scanning", "Install poolsafe"


def annotated(text: str) -> set[str]:
    return {Path(path).name for path in re.findall(r"^::warning title=[^:]*?,file=(.+?),", text, re.MULTILINE)}


@needs_bash
@pytest.mark.parametrize(
    ("inputs", "files"),
    [
        ({}, {"db.py", "one.py", "two.py"}),
        ({"paths": "src"}, {"one.py", "two.py"}),
        ({"paths": "db.py\nsrc/a folder\n"}, {"db.py", "two.py"}),
        ({"args": "--exclude=a folder\n"}, {"db.py", "one.py"}),
        ({"working_directory": "src"}, {"one.py", "two.py"}),
    ],
)
def test_findings_are_annotated_and_fail_the_job(job: Job, inputs: dict[str, str], files: set[str]) -> None:
    ran, _ = job.run(ANNOTATE, **inputs)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert annotated(ran.stdout) == files


@needs_bash
def test_nothing_to_report_passes(job: Job) -> None:
    ran, _ = job.run(ANNOTATE, args="--pooler=none")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@needs_bash
def test_inputs_are_words_and_no_script(job: Job) -> None:
    hostile = '$(touch ran)`touch ran`"; touch ran; "'
    ran, _ = job.run(ANNOTATE, paths=hostile, args=f"--exclude={hostile}")
    assert ran.returncode == 3
    assert not (job.folder / "work/ran").exists()
    # What follows `--` is a path, however it begins.
    ran, _ = job.run(ANNOTATE, paths="--output-file=ran")
    assert ran.returncode == 3
    assert not (job.folder / "work/ran").exists()


@needs_bash
def test_the_report_for_code_scanning_passes_on_where_it_is(job: Job) -> None:
    ran, outputs = job.run(WRITE, sarif="true", paths="src")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    log = json.loads(Path(outputs["file"]).read_text(encoding="utf-8"))
    assert len(log["runs"][0]["results"]) == 4
    assert all(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("src/")
        for result in log["runs"][0]["results"]
    )


@needs_bash
@pytest.mark.long
def test_the_action_installs_its_own_revision(job: Job) -> None:
    ran, outputs = job.run(INSTALL, python=sys.executable)
    assert ran.returncode == 0, ran.stderr
    shown = subprocess.run([outputs["command"], "--version"], capture_output=True, text=True)
    assert shown.stdout == f"poolsafe {__version__}\n"


@needs_bash
def test_the_notes_of_a_release_are_its_section_of_the_changelog(tmp_path: Path) -> None:
    steps = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]["build"][
        "steps"
    ]
    (script,) = (step["run"] for step in steps if "CHANGELOG.md" in step.get("run", ""))
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)

    def notes(tag: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["bash", "-ec", script], cwd=tmp_path, env={**os.environ, "GITHUB_REF_NAME": tag})

    assert notes("v0.1.0").returncode == 0
    first = (tmp_path / "notes.md").read_text()
    assert notes(f"v{__version__}").returncode == 0
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (tmp_path / "notes.md").read_text() in text
    assert "## [" not in (tmp_path / "notes.md").read_text()
    assert text.endswith(first)
    assert notes("v9.9.9").returncode != 0
