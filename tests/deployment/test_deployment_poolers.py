"""Poolers that a project configures: pgbouncer.ini, Compose, Kubernetes, Helm and the operators."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.checker import check_in_project
from poolsafe.deployment.evidence import deployment_for
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.source import Source

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

NO_ENVIRONMENT = "services:\n  pooler:\n    image: edoburu/pgbouncer:v1.23.1-p2\n"
OTHER_SERVICE = "  api:\n    env_file: .env\n    environment:\n      POOL: 1\n"
CONTAINER = "kind: Deployment\nspec:\n  containers:\n    - name: pooler\n      image: edoburu/pgbouncer\n"
OWN_NUMBER = "      MAX_PREPARED_STATEMENTS: 0\n"
PGCAT = "prepared_statements_cache_size = 500\n"
ODYSSEY = 'database "app" {\n  # pool "session"\n  pool "transaction"\n}\n'
SUPABASE = '[db]\npool_mode = "session"\n[db.pooler]\nenabled = true\npool_mode = "transaction"\n'


def tagged(tag: str, owner: str = "edoburu") -> str:
    key = "POOL_MODE" if owner == "edoburu" else "PGBOUNCER_POOL_MODE"
    return f"services:\n  pooler:\n    image: {owner}/pgbouncer:{tag}\n    environment:\n      {key}: transaction\n"


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
    ("commented out", {"compose.yml": EDOBURU.replace("      POOL", "      # POOL")}, SESSION, 100, "compose.yml:5"),
    # PgBouncer's images without a mode run in its default, unless something else may write one.
    ("an image alone", {"compose.yml": NO_ENVIRONMENT}, SESSION, None, "compose.yml:3"),
    ("an image in a list", {"k8s.yaml": CONTAINER}, SESSION, None, "k8s.yaml:5"),
    ("an env file", {"compose.yml": NO_ENVIRONMENT + "    env_file: .env\n"}, AUTO, None, ""),
    ("an anchor", {"compose.yml": NO_ENVIRONMENT + "    environment: *env\n"}, AUTO, None, ""),
    ("a mounted file", {"compose.yml": NO_ENVIRONMENT + "    volumes:\n      - ./c:/etc/pgbouncer\n"}, AUTO, None, ""),
    ("envFrom", {"k8s.yaml": CONTAINER + "      envFrom: []\n"}, AUTO, None, ""),
    ("another container's envFrom", {"k8s.yaml": CONTAINER + "    - envFrom: []\n"}, SESSION, None, "k8s.yaml:5"),
    ("another service's env_file", {"compose.yml": NO_ENVIRONMENT + OTHER_SERVICE}, SESSION, None, "compose.yml:3"),
    ("somebody's own image", {"compose.yml": NO_ENVIRONMENT.replace("edoburu", "acme")}, AUTO, None, ""),
    # By the image's release, statements are carried or not.
    ("1.24", {"compose.yml": tagged("v1.24.1-p1")}, TRANSACTION, 200, "compose.yml:5"),
    ("1.25 of bitnami", {"compose.yml": tagged("1.25.0-debian-12-r1", "bitnami")}, TRANSACTION, 200, "compose.yml:5"),
    ("1.23", {"compose.yml": tagged("v1.23.1")}, TRANSACTION, 0, "compose.yml:5"),
    ("1", {"compose.yml": tagged("1")}, TRANSACTION, None, "compose.yml:5"),
    ("latest", {"compose.yml": tagged("latest")}, TRANSACTION, None, "compose.yml:5"),
    ("a number is written", {"compose.yml": tagged("1.25.0") + OWN_NUMBER}, TRANSACTION, 0, "compose.yml:5"),
    # Other poolers.
    ("pgpool", {"compose.yml": "services:\n  db:\n    image: pgpool/pgpool:4.5\n"}, SESSION, None, "compose.yml:3"),
    ("PgCat", {"pgcat.toml": '[pools.app]\npool_mode = "transaction"\n'}, TRANSACTION, None, "pgcat.toml:2"),
    ("PgCat in session mode", {"pgcat.toml": '[pools.app]\npool_mode = "session"\n'}, SESSION, None, "pgcat.toml:2"),
    ("PgCat with a cache", {"pgcat.toml": PGCAT}, TRANSACTION, 500, "pgcat.toml:1"),
    ("PgDog", {"pgdog.toml": "[general]\n"}, TRANSACTION, None, "pgdog.toml:1"),
    ("PgDog without", {"pgdog.toml": 'prepared_statements = "disabled"\n'}, TRANSACTION, 0, "pgdog.toml:1"),
    ("Odyssey", {"etc/odyssey.conf": ODYSSEY}, TRANSACTION, None, "etc/odyssey.conf:3"),
    (
        "Odyssey without",
        {"odyssey.conf": ODYSSEY + "pool_reserve_prepared_statement no\n"},
        TRANSACTION,
        0,
        "odyssey.conf:3",
    ),
    ("Supabase's CLI", {"supabase/config.toml": SUPABASE}, TRANSACTION, None, "supabase/config.toml:5"),
    ("switched off", {"supabase/config.toml": SUPABASE.replace("true", "false")}, AUTO, None, ""),
    ("another config.toml", {"config.toml": SUPABASE}, AUTO, None, ""),
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


def engine_at(address: str) -> str:
    return (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"engine = create_async_engine('postgresql+asyncpg://app@{address}/app', pool_pre_ping=True)\n"
    )


PLAIN = "services:\n  db:\n    image: postgres:16\n    ports:\n      - {}\n"
POOLED = NO_ENVIRONMENT + '    ports: ["6432:5432"]\n'
LISTENING = "services:\n  pooler:\n    image: acme/pgbouncer\n    ports:\n      - 6432:5432\n"
INI_TOO = {"pgbouncer.ini": INI}

OBJECT = "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata:\n  name: rw\nspec:\n  pgbouncer:\n    x: 1\n"
OBJECTS = (
    "kind: Cluster\n---\n" + OBJECT + "---\n" + OBJECT.replace("rw", "ro").replace("x: 1", "poolMode: transaction")
)

# files, the server of the URL, and what is reported
JOINED = [
    ("a published server", {"compose.yml": PLAIN.format('"6432:5432"')}, "localhost:6432", ""),
    ("with an address", {"compose.yml": PLAIN.format("127.0.0.1:6543:5432")}, "127.0.0.1:6543", ""),
    ("with a variable", {"compose.yml": PLAIN.format('"${PORT:-6543}:5432"')}, "localhost:6543", ""),
    ("another port", {"compose.yml": PLAIN.format("6432:5432")}, "localhost:6543", "warning"),
    ("another host", {"compose.yml": PLAIN.format("6432:5432")}, "db.example:6432", "warning"),
    # Without a pooler's port nothing speaks against a pooler in production.
    ("the usual port", {"compose.yml": PLAIN.format("5432:5432")}, "localhost:5432", "warning"),
    ("somebody's pooler", {"compose.yml": LISTENING}, "localhost:6432", "warning"),
    ("a session pooler by name", {"compose.yml": NO_ENVIRONMENT, **INI_TOO}, "pooler:5432", ""),
    ("another name", {"compose.yml": NO_ENVIRONMENT, **INI_TOO}, "other:5432", "error"),
    ("a transaction pooler by name", {"compose.yml": tagged("v1.23.1")}, "pooler:5432", "error"),
    ("one that carries by name", {"compose.yml": tagged("v1.24.1"), **INI_TOO}, "pooler:5432", ""),
    ("an object", {"k.yaml": OBJECTS}, "rw:5432", ""),
    ("an object in its namespace", {"k.yaml": OBJECTS}, "rw.prod.svc.cluster.local:5432", ""),
    ("an object with a mode", {"k.yaml": OBJECTS}, "ro.prod.svc:5432", "error"),
    ("no object", {"k.yaml": OBJECTS}, "other:5432", "error"),
    ("an object alone", {"k.yaml": OBJECT}, "other:5432", ""),
    ("a template", {"k.yaml": OBJECT.replace("x: 1", "{{ settings }}")}, "rw:5432", "warning"),
    ("another kind", {"k.yaml": OBJECT.replace("cnpg.io", "acme.io")}, "rw:5432", "warning"),
    ("a provider goes first", {"compose.yml": NO_ENVIRONMENT}, "a.pooler.supabase.com:6543", "error"),
    ("a provider's session pooler goes first", INI_TOO, "a.pooler.supabase.com:5432", ""),
    (
        "two files that disagree",
        {"compose.yml": NO_ENVIRONMENT, "compose.prod.yml": tagged("v1.23.1")},
        "pooler:5432",
        "error",
    ),
    ("PgCat", {"pgcat.toml": '[pools.app]\npool_mode = "transaction"\n'}, "db", "error"),
    ("PgDog", {"pgdog.toml": "[general]\n"}, "db", ""),
    ("Odyssey", {"odyssey.conf": ODYSSEY}, "db", ""),
]


@pytest.mark.parametrize(("files", "server", "weight"), [pytest.param(*row, id=name) for name, *row in JOINED])
def test_services_are_joined_to_the_url(tmp_path: Path, files: dict[str, str], server: str, weight: str) -> None:
    path = written(tmp_path, {"pyproject.toml": "", **files})
    source = Source.from_text(path, engine_at(server))
    found = check_in_project(source, Deployment())
    assert [finding.severity.value for finding in found.findings] == ([weight] if weight else [])


def test_messages_name_the_pooler_of_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"pyproject.toml": "", "pgcat.toml": '[pools.app]\npool_mode = "transaction"\n'})
    (finding,) = check_in_project(Source.from_text(path, engine_at("db")), Deployment()).findings
    assert "behind PgCat (pgcat.toml)" in finding.message
    (place,) = finding.related
    assert (Path(place.path).name, place.row) == ("pgcat.toml", 2)


def test_messages_name_the_pooler_of_a_service(tmp_path: Path) -> None:
    object_ = OBJECT.replace("x: 1", "poolMode: transaction")
    path = written(tmp_path, {"pyproject.toml": "", "pgbouncer.ini": INI, "k.yaml": object_})
    (finding,) = check_in_project(Source.from_text(path, engine_at("rw.prod.svc")), Deployment()).findings
    assert "behind CloudNativePG's Pooler (k.yaml)" in finding.message
