"""README and docs/ tell the truth: their commands, options, files, links and tests are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from core.cli import app

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("*.md", "docs/**/*.md", "data/starter/*.md", "data/models/*/*.md")
    for path in ROOT.glob(folder)
)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def shown_commands(document: str) -> list[tuple[str, str]]:
    """Each `python -m core NAME REST` of a document's code blocks and tables."""
    text = text_of(document)
    blocks = re.findall(r"^python -m core ([\w-]+)((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return blocks + re.findall(r"`python -m core ([a-z][\w-]*)([^`\n]*)`", text)


COMMANDS = [(d, name, rest) for d in DOCUMENTS for name, rest in shown_commands(d)]
CLI = typer.main.get_command(app)


def names_below(command: Any, prefix: str = "") -> set[str]:
    """The full names of the commands of a group."""
    inner = getattr(command, "commands", {})
    if not inner:
        return {prefix.strip()}
    return {name for k, one in inner.items() for name in names_below(one, f"{prefix} {k}")}


def found(name: str, rest: str) -> tuple[str, Any]:
    """The full name of a shown command and the command itself."""
    command = CLI.commands[name]
    if inner := getattr(command, "commands", {}):
        return f"{name} {rest.split()[0]}", inner[rest.split()[0]]
    return name, command


def test_the_reference_shows_every_command_and_subcommand() -> None:
    shown = {found(name, rest)[0] for name, rest in shown_commands("docs/commands.md")}
    assert shown == names_below(CLI)


@pytest.mark.parametrize(
    ("document", "name", "rest"), COMMANDS, ids=[f"{d}:{name}" for d, name, _ in COMMANDS]
)
def test_a_command_that_a_document_shows_is_there_with_its_options(
    document: str, name: str, rest: str
) -> None:
    _, command = found(name, rest)
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest.split("#")[0])) <= known


def test_the_readme_shows_the_commands_of_a_first_day() -> None:
    assert {"import", "train", "predict", "export", "doctor"} <= {
        name for name, _ in shown_commands("README.md")
    }


def test_make_knows_every_target_that_the_documents_name() -> None:
    targets = re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {
        first or second
        for document in DOCUMENTS
        for first, second in re.findall(
            r"^make ([a-z-]+)|`make ([a-z-]+)", text_of(document), re.MULTILINE
        )
    }
    assert named <= set(targets)


def headings(document: str) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    prose = re.sub(r"^```.*?^```", "", text_of(document), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def leads_somewhere(document: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in headings(target.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings_that_are_there(document: str) -> None:
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", text_of(document))
    assert [link for link in links if not leads_somewhere(document, link)] == []


def test_every_page_of_docs_is_reached_from_the_readme_and_leads_on() -> None:
    pages = {d for d in DOCUMENTS if d.startswith("docs/")}
    assert pages <= set(re.findall(r"\]\(([^)#]+)[^)]*\)", text_of("README.md")))
    assert [d for d in pages if ".md)" not in text_of(d)] == []


def test_a_module_that_a_document_runs_is_there() -> None:
    named = {m for d in DOCUMENTS for m in re.findall(r"-m (benchmarks\.\w+)", text_of(d))}
    assert named
    assert [m for m in named if not (ROOT / f"{m.replace('.', '/')}.py").is_file()] == []


def test_the_readme_is_short_and_its_pictures_are_light() -> None:
    assert len(text_of("README.md").splitlines()) <= 270
    assert [p.name for p in ROOT.glob("docs/pictures/*") if p.stat().st_size > 300_000] == []


def test_what_is_said_beside_the_others_is_shown_by_tests_that_are_there() -> None:
    named = re.findall(r"(?:[a-z]+/)*test_[a-z_]+", text_of("docs/comparison.md"))
    assert len(named) > 40
    assert [name for name in named if not (ROOT / "tests" / f"{name}.py").is_file()] == []
