"""The README tells the truth: its commands, options, files and make targets are there."""

import re
from pathlib import Path

import pytest
import typer.main

from core.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m core ([\w-]+)((?:.*\\\n)*.*)$", README, re.MULTILINE)
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def test_the_readme_shows_every_command_of_the_line() -> None:
    assert {name for name, _ in COMMANDS} == set(typer.main.get_command(app).commands)


@pytest.mark.parametrize(("name", "rest"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_a_command_knows_the_options_that_the_readme_gives_it(name: str, rest: str) -> None:
    command = typer.main.get_command(app).commands[name]
    for inner in getattr(command, "commands", {}).items():  # of a group, the one that is shown
        command = inner[1] if rest.split()[:1] == [inner[0]] else command
    known = {o for p in command.params for o in p.opts}
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)) <= known


def test_make_knows_every_target_that_the_readme_names() -> None:
    targets = re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", README, re.MULTILINE))
    assert {first or second for first, second in named} <= set(targets)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_that_are_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert text.rstrip().endswith("limitations under the License.")


def test_what_is_said_beside_the_others_is_shown_by_tests_that_are_there() -> None:
    table = README.split("## Beside the others")[1].split("\n## ")[0]
    named = re.findall(r"(?:[a-z]+/)*test_[a-z_]+", table)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / "tests" / f"{name}.py").is_file()] == []
