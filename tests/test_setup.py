"""The ground: what is missing is found and fixed by one line, an environment is filled once, and
the studio is bound to this machine."""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "prepare.py"
NOT_ON_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="make is not for Windows")


prepare = SimpleNamespace(**runpy.run_path(str(SCRIPT)))  # it lies outside the importable tree


@pytest.fixture(scope="module")
def bare_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real environment with nothing in it, not even pip."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(folder, with_pip=False)
    return folder


def pretend_torch(environment: Path, version: str) -> None:
    """Leave in an environment what an installed torch leaves there: its metadata."""
    (site,) = environment.glob("lib/python3*/site-packages")
    for old in site.glob("torch-*.dist-info"):
        shutil.rmtree(old)
    info = site / f"torch-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")


# --- what is missing


def test_this_machine_which_runs_the_tests_lacks_nothing() -> None:
    assert prepare.trouble(sys.platform, needs_venv=True) is None


def test_an_old_python_is_told_its_number_what_is_wanted_and_what_to_do() -> None:
    assert prepare.old_python_trouble((3, 11), "linux") is None
    text = prepare.old_python_trouble((3, 9), "darwin")
    assert "Python 3.9 is too old" in text
    assert "3.11 or newer" in text
    assert "brew install python@3.12" in text
    assert "make run PYTHON=" in text


@pytest.mark.parametrize(("root", "sudo"), [(True, ""), (False, "sudo ")])
def test_one_line_fixes_every_missing_package(root: bool, sudo: str) -> None:
    line = f"{sudo}apt-get update && {sudo}apt-get install -y libgl1 libegl1"
    assert prepare.apt_line(["libgl1", "libegl1"], root=root) == line


def test_a_library_that_is_not_there_is_noticed_and_only_linux_is_asked_for_gl_libraries() -> None:
    assert not prepare.has_library("libNoSuchThing.so.1")
    assert prepare.missing_packages("darwin", needs_venv=True) == []


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    named |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} <= sys.stdlib_module_names


# --- filling the environment


def test_requirements_are_read_through_files_that_name_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# tools\n-r b.txt\nruff==0.1  # lint\n\n")
    (tmp_path / "b.txt").write_text("numpy==2.4.6\ntorch==2.13.0\n")
    lines = prepare.requirement_lines(tmp_path / "a.txt")
    assert lines == ["numpy==2.4.6", "torch==2.13.0", "ruff==0.1"]


@pytest.mark.parametrize(
    ("line", "is_torch"),
    [
        ("torch==2.13.0", True),
        ("torch >= 2.13", True),
        ("Torch", True),
        ("torchvision==0.28", False),
        ("torch-geometric", False),
    ],
)
def test_torch_is_told_from_what_starts_like_it(line: str, is_torch: bool) -> None:
    assert prepare.is_torch(line) is is_torch


def test_every_direct_dependency_is_pinned_to_one_version() -> None:
    lines = prepare.requirement_lines(ROOT / "requirements-dev.txt")
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", line)] == []
    assert "torch==2.13.0" in lines


def test_the_fingerprint_changes_with_a_requirement_and_with_the_python() -> None:
    one = prepare.fingerprint(["numpy==2.4.6"], "3.11.7")
    assert one == prepare.fingerprint(["numpy==2.4.6"], "3.11.7")
    assert one != prepare.fingerprint(["numpy==2.4.7"], "3.11.7")
    assert one != prepare.fingerprint(["numpy==2.4.6"], "3.12.1")


@NOT_ON_WINDOWS
def test_an_environment_without_pip_or_without_a_python_is_not_usable(
    bare_venv: Path, tmp_path: Path
) -> None:
    assert prepare.is_usable(Path(sys.prefix))
    assert not prepare.is_usable(bare_venv)
    assert not prepare.is_usable(tmp_path / "nothing")


@NOT_ON_WINDOWS
@pytest.mark.parametrize(
    ("installed", "commands"),
    [
        ("2.13.1+cpu", ["torch==2.13.1+cpu numpy==2.4.6"]),
        ("2.12.0", ["torch==2.13.0 --index-url https://mirror.example/cpu", "numpy==2.4.6"]),
    ],
)
def test_a_torch_2_13_is_kept_and_another_is_replaced_first(
    bare_venv: Path, tmp_path: Path, installed: str, commands: list[str]
) -> None:
    """A stand-in for pip writes down what it is asked to do."""
    pretend_torch(bare_venv, installed)
    assert prepare.torch_version(prepare.venv_python(bare_venv)) == installed
    (site,) = bare_venv.glob("lib/python3*/site-packages")
    notes = tmp_path / "notes"
    (site / "pip.py").write_text(
        "import sys\n"
        f"open({str(notes)!r}, 'a').write(' '.join(a for a in sys.argv[2:] "
        "if a not in ('--no-input', '--disable-pip-version-check')) + '\\n')\n"
    )
    lines = ["torch==2.13.0", "numpy==2.4.6"]
    prepare.install(bare_venv, lines, "torch==2.13.0 --index-url https://mirror.example/cpu")
    (site / "pip.py").unlink()
    # the other case's stand-in is as long, and within a second as old: Python would run this one's
    shutil.rmtree(site / "__pycache__", ignore_errors=True)
    asked = notes.read_text().splitlines()
    assert len(asked) == len(commands)
    assert all(line.endswith(end) for line, end in zip(asked, commands, strict=True))


@NOT_ON_WINDOWS
def test_a_filled_environment_is_left_alone_the_second_time(tmp_path: Path) -> None:
    """A stand-in for pip that fails whenever it is called."""
    stamped = tmp_path / "venv"
    venv.create(stamped, with_pip=False, system_site_packages=True)
    version = prepare.answer(prepare.venv_python(stamped), "import sys; print(sys.version)")
    (site,) = stamped.glob("lib/python3*/site-packages")
    (site / "pip.py").write_text("if __name__ == '__main__':\n    raise SystemExit('called')\n")
    for name, file in ((".mudra-run", "requirements.txt"), (".mudra-dev", "requirements-dev.txt")):
        lines = prepare.requirement_lines(ROOT / file)
        (stamped / name).write_text(prepare.fingerprint(lines, version))
    prepare.fill_environment(stamped, dev=True, torch="torch==2.13.0")
    (stamped / ".mudra-dev").write_text("made from other requirements")
    with pytest.raises(subprocess.CalledProcessError):
        prepare.fill_environment(stamped, dev=True, torch="torch==2.13.0")


# --- commands and settings


def make_commands(target: str) -> str:
    """What `make` would run for a target."""
    make = shutil.which("make")
    if not make:
        pytest.skip("no make on this machine")
    done = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@NOT_ON_WINDOWS
def test_make_test_runs_lint_types_and_tests_in_this_order() -> None:
    commands = make_commands("test")
    command = r"(?:-m|bin/deno) (ruff check|ruff format --check|mypy|check|pytest)"
    steps = re.findall(command, commands)
    tests = ["pytest"] * 3  # the browser's apart, and once more
    assert steps == ["ruff check", "ruff format --check", "mypy", "check", *tests]


@NOT_ON_WINDOWS
def test_the_ci_script_is_sound_bash_and_may_be_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0


def test_the_studio_listens_to_this_machine_alone_and_phones_nobody() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"


def test_streamlit_knows_every_setting() -> None:
    """Streamlit only warns about a name that it does not know."""
    names = ["runner.postScriptGC", "global.minCachedMessageSize"]
    code = f"from streamlit import config; print(*map(config.get_option, {names}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "1000000000000.0"]
    assert "not a valid config option" not in done.stdout + done.stderr


def test_what_a_user_makes_or_fetches_is_not_in_git() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert {"data/weights/", "data/workspace/", ".venv/", ".streamlit/secrets.toml"} <= set(ignored)
