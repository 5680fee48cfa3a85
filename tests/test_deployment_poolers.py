"""Poolers that a project configures: pgbouncer.ini, Compose, Kubernetes, Helm and the operators."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.deployment.evidence import deployment_for
from poolsafe.facts.deployment import Deployment, PoolMode

INI = """\
[databases]
; app = host=db pool_mode=statement
app = host=db port=5432 dbname=app

[pgbouncer]
listen_port = 6432
;pool_mode = statement
pool_mode = transaction
"""
NO_MODE = "[pgbouncer]\nlisten_port = 6432\n"
OWN_MODES = """\
[databases]
app = host=db dbname=app pool_mode=transaction
jobs = host=db dbname=app pool_mode='session'
[pgbouncer]
pool_mode = session
"""
EDOBURU = """\
services:
  api:
    image: api
  pgbouncer:
    image: edoburu/pgbouncer:v1.23.1-p2
    environment:
      DATABASE_URL: postgres://app@db/app
      POOL_MODE: transaction
      MAX_PREPARED_STATEMENTS: "100"
"""
BITNAMI = """\
services:
  pooler:
    image: bitnami/pgbouncer:1
    environment:
      - PGBOUNCER_POOL_MODE=session   # one backend for each client
"""
DEFAULTED = "  image: edoburu/pgbouncer\n  environment:\n    POOL_MODE: ${POOL_MODE:-transaction}\n"
OPEN = "  image: edoburu/pgbouncer\n  environment:\n    POOL_MODE: ${POOL_MODE}\n"
KUBERNETES = """\
kind: Deployment
spec:
  containers:
    - name: pgbouncer
      env:
        - name: PGBOUNCER_POOL_MODE
          value: "transaction"
        - name: PGBOUNCER_MAX_PREPARED_STATEMENTS
          value: '0'
"""
CNPG = """\
kind: Pooler
spec:
  type: rw
  pgbouncer:
    poolMode: transaction
    parameters:
      max_prepared_statements: "200"
      ignore_startup_parameters: "extra_float_digits, jit"
"""
ZALANDO = """\
kind: postgresql
spec:
  connectionPooler:
    numberOfInstances: 2
    mode: "transaction"
  mode: session
"""
CONFIG_MAP = "kind: ConfigMap\ndata:\n  pgbouncer.ini: |\n    [pgbouncer]\n    pool_mode = transaction\n"
HELM = "pgbouncer:\n  enabled: true\n  poolMode: transaction\n  maxPreparedStatements: 50\n"

AUTO, TRANSACTION, SESSION, STATEMENT = PoolMode.AUTO, PoolMode.TRANSACTION, PoolMode.SESSION, PoolMode.STATEMENT

# files, mode, max_prepared_statements, and where the mode stands
PROJECTS = [
    ("nothing", {}, AUTO, None, ""),
    ("pgbouncer.ini", {"deploy/pgbouncer.ini": INI}, TRANSACTION, None, "deploy/pgbouncer.ini:8"),
    ("a template", {"deploy/pgbouncer.ini.j2": INI}, TRANSACTION, None, "deploy/pgbouncer.ini.j2:8"),
    ("a mode that is filled in", {"pgbouncer.ini": "[pgbouncer]\npool_mode = {{ mode }}\n"}, AUTO, None, ""),
    # PgBouncer's documented default, where nothing else can set the mode.
    ("no mode", {"pgbouncer.ini": "[databases]\n[pgbouncer]\nlisten_port = 6432\n"}, SESSION, None, "pgbouncer.ini:2"),
    (
        "no mode but a database's",
        {"pgbouncer.ini": NO_MODE + "[databases]\na = pool_mode=transaction\n"},
        TRANSACTION,
        None,
        "pgbouncer.ini:4",
    ),
    ("no mode, included", {"pgbouncer.ini": "[pgbouncer]\n%include other.ini\n"}, AUTO, None, ""),
    ("no mode, a template", {"pgbouncer.ini.j2": "[pgbouncer]\n{{ settings }}\n"}, AUTO, None, ""),
    ("databases only", {"pgbouncer_databases.ini": "[databases]\napp = host=db\n"}, AUTO, None, ""),
    (
        "no mode, and one in Compose",
        {"pgbouncer.ini": NO_MODE, "compose.yml": EDOBURU},
        TRANSACTION,
        100,
        "compose.yml:8",
    ),
    ("no mode, and a variable", {"pgbouncer.ini": NO_MODE, "compose.yml": OPEN}, AUTO, None, ""),
    ("session, and a variable", {"compose.prod.yaml": BITNAMI, "compose.yml": OPEN}, AUTO, None, ""),
    (
        "too large a number",
        {"pgbouncer.ini": INI + f"max_prepared_statements = {'9' * 5000}\n"},
        TRANSACTION,
        None,
        "pgbouncer.ini:8",
    ),
    ("carries", {"pgbouncer.ini": INI + "max_prepared_statements = 200\n"}, TRANSACTION, 200, "pgbouncer.ini:8"),
    ("carries nothing", {"pgbouncer.ini": INI + "max_prepared_statements=0\n"}, TRANSACTION, 0, "pgbouncer.ini:8"),
    ("modes of databases", {"pgbouncer.ini": OWN_MODES}, TRANSACTION, None, "pgbouncer.ini:2"),
    ("session only", {"pgbouncer.ini": "[pgbouncer]\npool_mode = session\n"}, SESSION, None, "pgbouncer.ini:2"),
    ("statement", {"pgbouncer.ini": "[pgbouncer]\npool_mode = statement\n"}, STATEMENT, None, "pgbouncer.ini:2"),
    ("Compose", {"docker-compose.yml": EDOBURU}, TRANSACTION, 100, "docker-compose.yml:8"),
    ("Compose with a list", {"compose.prod.yaml": BITNAMI}, SESSION, None, "compose.prod.yaml:5"),
    ("a default", {"compose.yml": DEFAULTED}, TRANSACTION, None, "compose.yml:3"),
    ("a variable", {"compose.yml": OPEN}, AUTO, None, ""),
    ("commented out", {"compose.yml": EDOBURU.replace("      POOL", "      # POOL")}, AUTO, 100, ""),
    ("Kubernetes", {"k8s/pooler.yaml": KUBERNETES}, TRANSACTION, 0, "k8s/pooler.yaml:7"),
    (
        "CloudNativePG",
        {"k8s/pooler.yaml": CNPG.replace("kind", "# pgbouncer\nkind")},
        TRANSACTION,
        200,
        "k8s/pooler.yaml:6",
    ),
    ("Zalando", {"db.yaml": ZALANDO}, TRANSACTION, None, "db.yaml:5"),
    ("a ConfigMap", {"k8s/config.yaml": CONFIG_MAP}, TRANSACTION, None, "k8s/config.yaml:5"),
    ("Helm", {"chart/values.yaml": HELM}, TRANSACTION, 50, "chart/values.yaml:3"),
    ("somebody else's mode", {"app.yaml": "pool_mode: transaction\n"}, AUTO, None, ""),
    ("two of them", {"compose.yml": BITNAMI, "prod/pgbouncer.ini": INI}, TRANSACTION, None, "prod/pgbouncer.ini:8"),
    ("one of two carries", {"compose.yml": EDOBURU, "pgbouncer.ini": INI}, TRANSACTION, None, "compose.yml:8"),
    ("the least counts", {"a/compose.yml": EDOBURU, "b/values.yml": HELM}, TRANSACTION, 50, "a/compose.yml:8"),
    ("foreign folders", {"node_modules/x/pgbouncer.ini": INI, ".venv/pgbouncer.ini": INI}, AUTO, None, ""),
    ("an environment", {"py/pyvenv.cfg": "", "py/pgbouncer.ini": INI}, AUTO, None, ""),
]


def written(root: Path, files: dict[str, str]) -> str:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return str(root / "src" / "app" / "db.py")


@pytest.mark.parametrize(
    ("files", "mode", "prepared", "where"), [pytest.param(*row, id=name) for name, *row in PROJECTS]
)
def test_projects(tmp_path: Path, files: dict[str, str], mode: PoolMode, prepared: int | None, where: str) -> None:
    found = deployment_for(written(tmp_path, files), str(tmp_path), Deployment())
    assert (found.pooler, found.max_prepared_statements) == (mode, prepared)
    evidence = found.because("pooler")
    place = f"{Path(evidence.path).relative_to(tmp_path).as_posix()}:{evidence.row}" if evidence else ""
    assert place == where
    assert evidence is None or evidence.value == mode.value


@pytest.mark.parametrize(
    ("configured", "mode", "prepared"),
    [
        (Deployment(PoolMode.SESSION), SESSION, 100),
        (Deployment(PoolMode.NONE), PoolMode.NONE, None),
        (Deployment(PoolMode.TRANSACTION, 0), TRANSACTION, 0),
        (Deployment(PoolMode.AUTO, 5), TRANSACTION, 5),
    ],
)
def test_configuration_goes_first(tmp_path: Path, configured: Deployment, mode: PoolMode, prepared: int | None) -> None:
    found = deployment_for(written(tmp_path, {"compose.yml": EDOBURU}), str(tmp_path), configured)
    assert (found.pooler, found.max_prepared_statements) == (mode, prepared)


def test_parameters_that_the_pooler_accepts(tmp_path: Path) -> None:
    ini = INI + "ignore_startup_parameters = extra_float_digits, JIT\ntrack_extra_parameters = IntervalStyle\n"
    found = deployment_for(written(tmp_path, {"pgbouncer.ini": ini}), str(tmp_path), Deployment())
    assert found.parameters == {"extra_float_digits", "jit", "intervalstyle"}


def test_files_too_large_are_left_alone(tmp_path: Path) -> None:
    found = deployment_for(written(tmp_path, {"compose.yml": EDOBURU + "#" * 300_001}), str(tmp_path), Deployment())
    assert found == Deployment()
