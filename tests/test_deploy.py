"""The container's and proxy's files name what is there: files, ports, settings, headers."""

import json
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from core.admin.login import HEADER, SECRET, SECRET_HEADER, is_by_proxy
from core.paths import Paths

GIVEN = {"MUDRA_LOGIN_SECRET": "a-secret-of-the-proxy", "MUDRA_DB_PASSWORD": "geheim"}


@pytest.fixture
def services(root: Path) -> dict:
    text = (root / "compose.yaml").read_text()
    names = r"\$\{(\w+)(?::?[-?]([^}]*))?\}"
    return yaml.safe_load(re.sub(names, lambda m: GIVEN.get(m[1], m[2] or ""), text))["services"]


def test_the_container_holds_what_the_studio_needs_and_no_secret(root):
    left_out = (root / ".dockerignore").read_text().split()
    there = {p.name for p in root.iterdir() if not any(fnmatch(p.name, line) for line in left_out)}
    assert {"app.py", "core", "pages", "data", "requirements.txt", ".streamlit"} <= there
    assert not {".git", ".venv", ".env", "tests"} & there
    ignored = (root / ".gitignore").read_text().split()
    for secret in (".env", "deploy/users", ".streamlit/secrets.toml"):
        assert secret in left_out and secret in ignored


def test_the_dockerfile_copies_files_that_are_there_and_installs_what_the_ci_does(root):
    text = (root / "Dockerfile").read_text()
    for names in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((root / name).exists() for name in names.split())
    ci = (root / ".ci" / "run").read_text()
    listed = set(re.search(r"--no-install-recommends \\\n\s*(.+) \\", text)[1].split())
    assert listed == {"libglib2.0-0", *re.search(r"packages=\((.+)\)", ci)[1].split()}
    assert (
        f'"{re.search(r"^torch==.+$", (root / "requirements.txt").read_text(), re.M)[0]}"' in text
    )
    environment = dict(re.findall(r"(\w+)=(/?[\w.]+)", text[text.index("ENV") :]))
    assert environment["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"
    assert str(Paths.find(environ=environment).workspace) in re.findall(r"VOLUME (\S+)", text)


def test_the_services_know_each_other_s_names_ports_and_secrets(root, services):
    dockerfile = (root / "Dockerfile").read_text()
    port = re.search(r"EXPOSE (\d+)", dockerfile)[1]
    studio, caddy, database = (services[name] for name in ("studio", "caddy", "database"))
    assert studio["expose"] == [port] and "ports" not in studio and "ports" not in database
    assert caddy["environment"]["MUDRA_STUDIO"] == f"studio:{port}"
    own = studio["environment"]
    assert is_by_proxy(own) and own[SECRET] == caddy["environment"][SECRET]
    given = database["environment"]
    user, password = given["POSTGRES_USER"], given["POSTGRES_PASSWORD"]
    assert Paths.find(environ=own).store == (
        f"postgresql://{user}:{password}@database/{given['POSTGRES_DB']}"
    )
    volumes = [v.split(":")[0] for one in services.values() for v in one["volumes"]]
    files = {v.removeprefix("./") for v in volumes if v.startswith("./")}
    assert files == {"deploy/Caddyfile", "deploy/users"}
    workspace = re.search(r"MUDRA_WORKSPACE=(\S+)", dockerfile)[1]
    assert f"workspace:{workspace}" in studio["volumes"]


def test_the_proxy_replaces_the_headers_that_the_studio_believes(root, services):
    text = (root / "deploy" / "Caddyfile").read_text()
    own = services["studio"]["environment"]
    assert f"header_up {own[HEADER]} {{http.auth.user.id}}" in text
    assert f"header_up {SECRET_HEADER} {{$MUDRA_LOGIN_SECRET}}" in text
    read = set(re.findall(r"\{\$(\w+)", text))
    assert set(services["caddy"]["environment"]) <= read


# ------------------------------------------------------------------------------------ the image


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True)


@pytest.fixture
def engine(root):
    """Docker, and the image that ours begins with."""
    if not shutil.which("docker") or docker("version", "--format", "{{.Server.Os}}").returncode:
        pytest.skip("no Docker engine")
    base = re.search(r"^FROM (\S+)", (root / "Dockerfile").read_text(), re.MULTILINE)[1]
    if docker("image", "inspect", base).returncode and docker("pull", base).returncode:
        pytest.skip(f"no registry gives {base}")


def test_the_image_is_built_and_holds_all_that_the_studio_needs(engine, root):
    built = docker("build", "--tag", "mudra:tested", str(root))
    assert built.returncode == 0, built.stderr[-3000:]
    # without a network nothing can be fetched that it lacks
    doctor = ["python", "-m", "core", "doctor", "--json"]
    asked = docker("run", "--rm", "--network", "none", "mudra:tested", *doctor)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert json.loads(asked.stdout)["well"]
