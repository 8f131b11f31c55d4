"""Projects and samples out and in by the command line."""

import json
from itertools import islice

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import ArchiveError, NotFoundError, StoreError


@pytest.fixture
def run(workspace, monkeypatch):
    """A command in an empty workspace; what it prints as json."""
    monkeypatch.setenv("MUDRA_WORKSPACE", str(workspace))

    def run(*arguments):
        done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


@pytest.fixture
def demo(run, shared_data, tmp_path):
    """A project "demo" of sixty rows of a real table."""
    with (shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv").open() as file:
        (tmp_path / "t.csv").write_text("".join(islice(file, 60)))
    return run("import", tmp_path / "t.csv", "--project", "demo")


def test_a_project_travels_by_the_command_line(run, demo, tmp_path):
    out = tmp_path / "demo.zip"
    went = run("project", "export", "demo", "-o", out)
    assert went["counts"]["samples"] == 60 and went["bytes"] == out.stat().st_size
    assert run("project", "delete", "demo")["deleted"] == "demo"
    assert run("project", "list")["projects"] == []
    assert run("project", "list", "--bin")["projects"][0]["samples"] == 60
    assert run("project", "import", out)["project"] == "demo"
    with pytest.raises(StoreError, match="taken"):
        run("project", "restore", "demo")
    with pytest.raises(NotFoundError, match="in it: “demo”"):
        run("project", "restore", "other")
    run("project", "delete", "demo")
    assert run("project", "restore", "demo")["restored"] == "demo"
    out.write_bytes(b"isn't a zip")
    with pytest.raises(ArchiveError, match="isn't a zip"):
        run("project", "import", out)


def test_a_project_is_given_to_an_owner_who_has_made_nothing_yet(run, demo, tmp_path, monkeypatch):
    run("project", "export", "demo", "-o", tmp_path / "d.zip")
    monkeypatch.setenv("MUDRA_OWNER", "ann")
    assert run("project", "import", tmp_path / "d.zip")["counts"]["samples"] == 60
    assert [project["name"] for project in run("project", "list")["projects"]] == ["demo"]


@pytest.mark.parametrize("name", ["d.csv", "d.json"])
def test_samples_travel_by_the_command_line(name, run, demo, tmp_path):
    went = run("export-data", "--project", "demo", "-o", tmp_path / name)
    assert went == {"samples": 60, "left_out": 0, "files": [str(tmp_path / name)]}
    assert run("import", tmp_path / name, "--project", "copy")["added"] == 60
    arguments = ["export-data", "--project", "demo", "-o", "d.csv", "--kind", "x"]
    assert CliRunner().invoke(app, arguments).exit_code == 2
