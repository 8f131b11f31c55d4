"""The stage's JavaScript: its modules by themselves, in Node, and joined to one text."""

import re
import subprocess
from pathlib import Path

import playwright

from pages.components import join_modules

NODE = Path(playwright.__file__).parent / "driver" / "node"
TESTS = Path(__file__).parent / "stage"


def test_its_modules_hold_their_own_tests():
    files = [str(file) for file in sorted(TESTS.glob("*.test.js"))]
    done = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    written = sum(len(re.findall(r"^test\(", Path(file).read_text(), re.M)) for file in files)
    assert f"pass {written}" in done.stdout, done.stdout


def test_a_module_is_joined_once_behind_what_it_imports_and_runs():
    text = join_modules("stage/stage.js")
    assert "import " not in text.replace("importScripts", "")
    assert text.count("class Channel") == 1
    assert text.index("class Channel") < text.index("class Cards") < text.index("export default")
    check = text.replace("export default function", "void function")
    done = subprocess.run([NODE, "--check", "-"], input=check, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
