"""Projects and samples out and in by the command line."""

from itertools import islice

import pytest

from core.errors import ArchiveError, NotFoundError, StoreError
from tests.cli.conftest import invoke, said

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def demo(shared_data, tmp_path):
    """A project "demo" of sixty rows of a real table."""
    with (shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv").open() as file:
        (tmp_path / "t.csv").write_text("".join(islice(file, 60)))
    return said("import", tmp_path / "t.csv", "--project", "demo")


def test_a_project_travels_by_the_command_line(demo, tmp_path):
    out = tmp_path / "demo.zip"
    went = said("project", "export", "demo", "-o", out)
    assert went["counts"]["samples"] == 60 and went["bytes"] == out.stat().st_size
    assert said("project", "delete", "demo")["deleted"] == "demo"
    assert said("project", "list")["projects"] == []
    assert said("project", "list", "--bin")["projects"][0]["samples"] == 60
    assert said("project", "import", out)["project"] == "demo"
    with pytest.raises(StoreError, match="taken"):
        said("project", "restore", "demo")
    with pytest.raises(NotFoundError, match="in it: “demo”"):
        said("project", "restore", "other")
    said("project", "delete", "demo")
    assert said("project", "restore", "demo")["restored"] == "demo"
    out.write_bytes(b"isn't a zip")
    with pytest.raises(ArchiveError, match="isn't a zip"):
        said("project", "import", out)


def test_a_project_is_given_to_an_owner_who_has_made_nothing_yet(demo, tmp_path, monkeypatch):
    said("project", "export", "demo", "-o", tmp_path / "d.zip")
    monkeypatch.setenv("MUDRA_OWNER", "ann")
    assert said("project", "import", tmp_path / "d.zip")["counts"]["samples"] == 60
    assert [project["name"] for project in said("project", "list")["projects"]] == ["demo"]


@pytest.mark.parametrize("name", ["d.csv", "d.json"])
def test_samples_travel_by_the_command_line(name, demo, tmp_path):
    went = said("export-data", "--project", "demo", "-o", tmp_path / name)
    assert went == {"samples": 60, "left_out": 0, "files": [str(tmp_path / name)]}
    assert said("import", tmp_path / name, "--project", "copy")["added"] == 60
    wrong = invoke("export-data", "--project", "demo", "-o", "d.csv", "--kind", "x")
    assert wrong.exit_code == 2
