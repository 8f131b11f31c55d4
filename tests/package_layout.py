"""Reads a source tree and says where it breaks the rules of the package layout: which package may
import which, and which library belongs to which package. Every import counts, also inside functions
and for types only.

Not import-linter: it does not see `import_module("…")`, and it forbids libraries module by module,
where our rules name the one file that may use one; the order alone is twenty lines here.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_MAP = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\ncore/\n")[1]
ORDER = (*re.findall(r"^  (\w+)(?:\.py)?  ", _MAP.split("\npages/")[0], re.M), "pages", "app")
SCREEN = ("app.py", "pages/*")
TORCH = (
    "core/nets/*",
    "core/datasets/*",
    "core/training/*",
    "core/gestures/classifier/*",
    "core/gestures/openset/*",
    "core/gestures/motion/motion_*.py",
    "core/gestures/modelfile/export.py",
    "core/gestures/loading.py",  # loads it whole, before SciPy asks for half of it
)
DATABASE = ("core/store/*",)
NOWHERE: tuple[str, ...] = ()
LIBRARIES = (
    {  # library -> the only files that may import it
        "streamlit": SCREEN,
        "streamlit_webrtc": SCREEN,
        "av": (*SCREEN, "core/media/*"),
        "mediapipe": (
            "core/estimators/landmarkers.py",
            "core/modelfiles/formats/tflite_metadata.py",
        ),
        "sqlalchemy": DATABASE,
        "sqlite3": DATABASE,
        "torch": (
            *TORCH,
            "core/modelfiles/formats/torch_checkpoint.py",
            "core/modelfiles/catalogue.py",
        ),
        "torchvision": TORCH,
        "lightning": TORCH,
        "lightning_fabric": TORCH,
        "sklearn": ("core/gestures/*",),
        "onnxscript": TORCH,
        "itsdangerous": ("core/admin/login.py",),  # the format of Streamlit's login cookie
        "cryptography": ("core/admin/certificate.py",),
        "ifaddr": ("core/admin/lan.py",),
        "segno": ("pages/panels/phone.py",),
        "typer": ("core/cli*", "core/__main__.py"),
        "pickle": ("core/modelfiles/formats/numpy_pickle.py",),  # fenced: it runs nothing
        "h5py": ("core/modelfiles/formats/keras_h5.py", "core/datasets/body_files.py"),
        "pythonosc": ("core/actions/osc.py",),
        "filelock": ("core/files.py",),
        "pynput": ("core/actions/machine.py",),
        "mido": ("core/actions/machine.py",),
        "paho": ("core/actions/machine.py",),
        "websockets": ("core/actions/websocket.py",),
        "ray": ("core/parallel.py",),
        "pycocotools": ("core/measuring/coco_evaluation.py",),
    }
    | dict.fromkeys(("dill", "cloudpickle", "joblib", "shelve", "marshal"), NOWHERE)
    | dict.fromkeys(("tensorflow", "keras", "albumentations", "xtcocotools"), NOWHERE)
)
# Where hands are truly meant: their skeleton, the nets, tables and models that know nothing else.
HANDS = (
    "core/pose/skeletons/table.py",
    "core/pose/skeletons/hands.py",
    "core/pose/drawing/poses.py",
    "core/depth/*",
    "core/modelfiles/*",
    "core/nets/*",
    "core/cli/depth.py",
    "core/datasets/*",
    "core/training/published_nets.py",
    "core/estimators/*",
    "core/gestures/modelfile/drift.py",
    "core/gestures/openset/outliers.py",
    "core/gestures/classifier/augmentation.py",
    "core/gestures/classifier/dense_model.py",
    "core/recording/demo.py",
    "core/recording/imports/cells.py",
    "core/recording/imports/tables.py",
    "core/jobs/net_training.py",
    "core/exchange/model_files.py",
    "core/live/browser_frames.py",
    "core/offline/extracting.py",
    "core/reading/keypoint_sources.py",
    "core/lab/*",
)
# Where HAND_21 is what older files, databases and models mean that name no skeleton.
OLDER = (
    "core/gestures/data.py",
    "core/gestures/modelfile/gesture_model.py",
    "core/gestures/modelfile/metadata.py",
    "core/store/*",
    "core/exchange/tables/data_in.py",
    "core/exchange/tables/columns.py",
    "core/exchange/project/manifest.py",
    "core/pose/types.py",
)
_SIZES = (21, 33, 42, 63)  # keypoints of a hand or a body, and their coordinates in a row
_MAKERS = ("arange", "zeros", "ones", "full", "empty", "reshape", "linspace")

MATHS = ("numpy", "scipy", "cv2", "PIL")  # what pure maths may know beside the standard library
THREADS = ("threading", "multiprocessing", "concurrent", "asyncio")


@dataclass(frozen=True)
class Module:
    """A source file: its path from the root with slashes, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name; a package's is the folder's."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def read_tree(root: Path) -> list[Module]:
    """Every module of the app, the pages and the library under a root."""
    files = [*root.glob("app.py"), *root.glob("pages/**/*.py"), *root.glob("core/**/*.py")]
    paths = {file: file.relative_to(root).as_posix() for file in sorted(files)}
    texts = {file: file.read_text(encoding="utf-8") for file in paths}
    return [Module(paths[file], text, ast.parse(text)) for file, text in texts.items()]


def package_of(name: str) -> str | None:
    """The package a dotted name lies in: "core" for the root, None for what is not ours."""
    first, *rest = name.split(".")
    if first != "core":
        return first if first in ("pages", "app") else None
    package = rest[0] if rest else "core"
    return "cli" if package == "__main__" or package.startswith("cli") else package


def imports(module: Module, names: set[str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, as far down as `names` knows."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, name) for name in _from_names(node, names))
        elif isinstance(node, ast.Call) and (name := _called_by_name(node)):
            yield node.lineno, name


def _from_names(node: ast.ImportFrom, names: set[str]) -> list[str]:
    """What `from base import a, b` imports: `base.a` where that is a module, else `base`."""
    base = node.module or ""
    found = [f"{base}.{alias.name}" for alias in node.names]
    return [name if name in names else base for name in found]


def _called_by_name(node: ast.Call) -> str | None:
    """The module in `import_module("x")` or `__import__("x")`, else None."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else None
    called = node.func.id if isinstance(node.func, ast.Name) else called
    if called not in ("import_module", "__import__") or not node.args:
        return None
    first = node.args[0]
    return str(first.value) if isinstance(first, ast.Constant) else None


def wrong_imports(modules: list[Module]) -> list[str]:
    """Imports that go against the order of the packages, and packages that have no place in it."""
    names = {m.name for m in modules}
    return [
        f"{m.path}:{line}: {package_of(m.name)} may not import {package_of(target)} ({target})"
        for m in modules
        for line, target in imports(m, names)
        if not _is_allowed(package_of(m.name), package_of(target))
    ]


def _is_allowed(package: str | None, target: str | None) -> bool:
    if target is None:
        return True
    if package not in ORDER or target not in ORDER:
        return False
    return ORDER.index(target) <= ORDER.index(package)


def import_cycles(modules: list[Module]) -> list[str]:
    """The first import cycle, as the chain of its modules; none if there is none."""
    names = {m.name for m in modules}
    graph = {m.name: {t for _, t in imports(m, names) if t in names} - {m.name} for m in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


def misplaced_libraries(modules: list[Module]) -> list[str]:
    """Libraries imported outside the packages that they belong to."""
    names = {m.name for m in modules}
    return [
        f"{m.path}:{line}: {target} does not belong here"
        for m in modules
        for line, target in imports(m, names)
        if not _may_import(m.path, target.split(".")[0])
    ]


def _may_import(path: str, library: str) -> bool:
    if path in ("core/errors.py", "core/__init__.py"):
        return library in sys.stdlib_module_names and library not in LIBRARIES
    if path.startswith("core/pose/") and library not in sys.stdlib_module_names:
        return library in (*MATHS, "core")
    if path.startswith(("pages/", "app.py")) and library in THREADS:
        return False
    return library not in LIBRARIES or any(fnmatch(path, p) for p in LIBRARIES[library])


def written_sizes(modules: list[Module]) -> list[str]:
    """Numbers of keypoints, and the hand's skeleton by name, in code that serves any skeleton."""
    return [
        f"{m.path}:{node.lineno}: {what} belongs to a skeleton"
        for m in modules
        if not any(fnmatch(m.path, p) for p in HANDS)
        for node, what in _sizes_in(m)
    ]


def _sizes_in(module: Module) -> Iterator[tuple[Any, str]]:
    older = any(fnmatch(module.path, p) for p in OLDER)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in _SIZES:
            yield node, str(node.value)
        if isinstance(node, ast.Constant) and node.value == "hand_21" and not older:
            yield node, "hand_21"
        if isinstance(node, ast.Name) and node.id == "HAND_21" and not older:
            yield node, node.id
        if isinstance(node, ast.Call) and _name_of(node.func) in _MAKERS:
            inside = [n for argument in node.args for n in ast.walk(argument)]
            yield from ((n, "20") for n in inside if isinstance(n, ast.Constant) and n.value == 20)


def _name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def function_lengths(modules: list[Module]) -> list[int]:
    """Lines of every function, its docstring included."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for m in modules for node in ast.walk(m.tree) if isinstance(node, kinds))
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes]
