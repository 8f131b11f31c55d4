"""The rules of the package layout hold: imports go one way, each library stays in its package,
files stay short."""

import ast
import fnmatch
import inspect
import re
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

import pytest

from core import errors
from tests import package_layout
from tests.package_layout import ROOT

MODULES = package_layout.read_tree(ROOT)
HEAVY = ("torch", "sklearn", "mediapipe")
DRAWN_BY_CLOCK = {
    "pages/panels/invitation.py",
    "pages/body.py",
    "pages/demo.py",
    "pages/depth.py",
    "pages/panels/depth/sources.py",
    "pages/panels/live/smoothing.py",
    "pages/panels/phone.py",
    "pages/train.py",
}
STREAMLIT_TYPES = {  # for annotations alone: Streamlit has no shorter name for them
    "streamlit.delta_generator",  # DeltaGenerator, a container
    "streamlit.navigation.page",  # StreamlitPage, what `st.navigation` returns
}
# what the Record and Live pages and the command line open with
LIVE_PATH = ("app.py", "pages/record.py", "pages/live.py", "core/cli/__init__.py")


def made_tree(root: Path, files: dict[str, str]) -> list[package_layout.Module]:
    """A small tree with one module in each given path, read back."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return package_layout.read_tree(root)


# --- the rules, held against this repository


def test_imports_go_one_way() -> None:
    assert package_layout.wrong_imports(MODULES) == []


def test_every_module_lies_in_a_package_of_the_map_and_the_map_names_no_other() -> None:
    assert {package_layout.package_of(m.name) for m in MODULES} == {*package_layout.ORDER, "core"}


def test_imports_run_in_no_cycle() -> None:
    assert package_layout.import_cycles(MODULES) == []


def test_every_library_stays_in_its_package() -> None:
    assert package_layout.misplaced_libraries(MODULES) == []


def test_code_that_serves_any_skeleton_names_none_and_counts_no_keypoints() -> None:
    assert package_layout.written_sizes(MODULES) == []


def test_every_place_where_hands_are_meant_is_there() -> None:
    paths = [m.path for m in MODULES]
    listed = (*package_layout.HANDS, *package_layout.OLDER)
    assert [p for p in listed if not fnmatch.filter(paths, p)] == []


def test_a_module_opens_by_saying_what_it_is_for() -> None:
    assert [m.path for m in MODULES if not ast.get_docstring(m.tree)] == []


def test_a_file_stays_short_enough_to_read() -> None:
    limits = {"": 60, "pages": 300}  # app.py and the pages; every other module 400
    lines = {m.path: len(m.text.splitlines()) for m in MODULES}
    assert [p for p, n in lines.items() if n > limits.get(p.rpartition("/")[0], 400)] == []


def test_functions_are_short() -> None:
    lengths = package_layout.function_lengths(MODULES)
    assert median(lengths) <= 10
    assert quantiles(lengths, n=10)[-1] <= 40


def test_no_file_is_a_drawer_for_everything() -> None:
    assert [m.path for m in MODULES if re.search(r"(^|/)(utils?|helpers?)\.py$", m.path)] == []


def test_nothing_is_shown_as_raw_html() -> None:
    assert [m.path for m in MODULES if "unsafe_allow_html" in m.text] == []


def test_a_download_runs_no_page_again() -> None:
    # a run that ends while the file is made or fetched may take it away
    [(path, words)] = [
        (module.path, {word.arg: ast.unparse(word.value) for word in node.keywords})
        for module in MODULES
        if "download_button" in module.text
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.download_button"
    ]
    assert path == "pages/panels/controls.py" and words["on_click"] == "'ignore'"


def test_nothing_but_what_contributing_lists_is_drawn_by_the_clock() -> None:
    by_clock = {m.path for m in MODULES if re.search(r"\brun_every=", m.text)}
    assert by_clock == DRAWN_BY_CLOCK  # the table of fragments in CONTRIBUTING has the reasons


def test_of_streamlit_only_what_it_calls_public_is_imported() -> None:
    found = {
        (module.path, line)
        for module in MODULES
        for line in re.findall(r"^\s*(?:from|import) (streamlit\.[\w.]+)", module.text, re.M)
    }
    assert found and {line for _, line in found} <= STREAMLIT_TYPES, found


def test_the_look_hangs_on_no_inner_name_of_streamlit() -> None:
    files = [p for p in (ROOT / "pages").rglob("*") if p.suffix in (".py", ".css", ".js")]
    assert len(files) > 60
    assert [p.name for p in files if "data-testid" in p.read_text(encoding="utf-8")] == []


def test_javascript_lies_in_files_of_its_own() -> None:
    assert [m.path for m in MODULES if re.search(r"export default|=> \{|<script", m.text)] == []


def test_the_recipes_of_contributing_name_files_and_tables_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:core|pages|tests|benchmarks)/[\w/]+(?:\.py)?)`", text))
    assert len(named) > 10
    assert [n for n in named if "NAME" not in n and not (ROOT / n).exists()] == []
    code = "\n".join(m.text for m in MODULES)
    code += "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py"))
    tables = set(re.findall(r"`(_?[A-Z]{4,})`", text))
    assert [n for n in tables if not re.search(rf"^{n}\b.* = ", code, re.M)] == []


def test_the_way_to_the_live_page_loads_no_heavy_library() -> None:
    """Runs the imports with which its files open in a fresh Python and looks at what got loaded."""
    code = ["import sys"]
    for path in LIVE_PATH:
        (found,) = [m for m in MODULES if m.path == path]
        opening = [n for n in found.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        code += [
            *map(ast.unparse, opening),
            f"assert not set({HEAVY!r}) & set(sys.modules), {path!r}",
        ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_what_tests_share_lies_in_no_test_and_no_program_needs_them() -> None:
    """Tests import from conftests and tests/support, benchmarks from core and tests/support."""
    not_for_tests = re.compile(r"^\s*(from|import) (tests[\w.]*\.test_|benchmarks\b)", re.M)
    any_test = re.compile(r"^\s*(from|import) tests\b", re.M)
    no_helper = re.compile(r"^\s*(from|import) tests\b(?!\.support)", re.M)
    rules = [
        ("tests/**/*.py", not_for_tests),
        ("benchmarks/*.py", no_helper),
        ("core/**/*.py", any_test),
    ]
    found = [
        str(path.relative_to(ROOT))
        for pattern, wrong in rules
        for path in sorted(ROOT.glob(pattern))
        if wrong.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_error_is_a_mudra_error() -> None:
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]
    assert len(classes) > 10 and all(issubclass(cls, errors.MudraError) for cls in classes)


# --- the rules, held against trees made to break them


@pytest.mark.parametrize(
    "text",
    [
        "from core.gestures import data",
        "import core.gestures.data",
        "def f():\n    from core.gestures.data import GestureData",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import core.gestures.data",
        "from importlib import import_module\nm = import_module('core.gestures.data')",
    ],
)
def test_an_import_against_the_order_is_found_in_every_form(tmp_path: Path, text: str) -> None:
    modules = made_tree(tmp_path, {"core/pose/a.py": text, "core/gestures/data.py": ""})
    (line,) = package_layout.wrong_imports(modules)
    assert line.startswith("core/pose/a.py:")
    assert "pose may not import gestures" in line


def test_a_cycle_inside_a_package_is_found_through_a_third_module(tmp_path: Path) -> None:
    texts = {"a": "from core.pose import b", "b": "import core.pose.c", "c": "import core.pose.a"}
    modules = made_tree(tmp_path, {f"core/pose/{n}.py": text for n, text in texts.items()})
    [first, *chain] = package_layout.import_cycles(modules)
    assert chain[-1] == first and "core.pose.a core.pose.b core.pose.c" in " ".join(chain * 2)


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("wrong_imports", "core/store/a.py", "import pages.live"),
        ("misplaced_libraries", "core/live/live.py", "import streamlit as st"),
        ("misplaced_libraries", "core/estimators/other.py", "from mediapipe.tasks import python"),
        ("misplaced_libraries", "core/live/live.py", "def f():\n    import torch"),
        ("misplaced_libraries", "core/modelfiles/readers.py", "import pickle"),
        ("misplaced_libraries", "core/nets/cpm.py", "import tensorflow"),
        ("misplaced_libraries", "core/errors.py", "import numpy"),
        ("misplaced_libraries", "core/pose/metrics.py", "import pandas"),
        ("misplaced_libraries", "pages/train.py", "import threading"),
        ("written_sizes", "core/review/a.py", "points = row.reshape(-1, 21, 2)"),
        ("written_sizes", "core/review/a.py", "bones = np.zeros((20, 2))"),
        ("written_sizes", "core/review/a.py", "import table\nsize = HAND_21.size"),
        ("written_sizes", "core/review/a.py", "create_project('A', skeleton='hand_21')"),
    ],
)
def test_what_breaks_a_rule_is_found(tmp_path: Path, rule: str, path: str, text: str) -> None:
    (line,) = getattr(package_layout, rule)(made_tree(tmp_path, {path: text}))
    assert line.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("written_sizes", "core/review/a.py", "chosen = found[:20]"),
        ("written_sizes", "core/pose/skeletons/table.py", "points = row.reshape(-1, 21, 2)"),
    ],
)
def test_what_breaks_no_rule_is_left_alone(tmp_path: Path, rule: str, path: str, text: str) -> None:
    assert getattr(package_layout, rule)(made_tree(tmp_path, {path: text})) == []


def test_what_drives_a_browser_lies_where_make_browser_looks_for_it():
    mark = "mark." + "browser"
    marked = [path for path in (ROOT / "tests").rglob("*.py") if mark in path.read_text("utf-8")]
    assert marked and {path.parent for path in marked} == {ROOT / "tests" / "browser"}
