"""Where things lie: asked for, else the environment, else the repository's data folder."""

from pathlib import Path

import pytest

from core.paths import Places


def test_everything_lies_in_the_data_folder_unless_told_otherwise(root: Path) -> None:
    places = Places.find(environ={})
    assert places.workspace == root / "data" / "workspace"
    assert places.weights == root / "data" / "weights"
    assert places.starter == root / "data" / "models" / "starter"


def test_the_environment_moves_workspace_and_weights_apart(tmp_path: Path) -> None:
    environ = {"MUDRA_WORKSPACE": str(tmp_path / "w"), "MUDRA_WEIGHTS": str(tmp_path / "m")}
    places = Places.find(environ=environ)
    assert (places.workspace, places.weights) == (tmp_path / "w", tmp_path / "m")


def test_what_is_asked_for_goes_before_the_environment(tmp_path: Path) -> None:
    places = Places.find(tmp_path / "mine", environ={"MUDRA_WORKSPACE": str(tmp_path / "other")})
    assert places.workspace == tmp_path / "mine"


def test_an_empty_variable_counts_as_none(root: Path) -> None:
    assert Places.find(environ={"MUDRA_WORKSPACE": ""}).workspace == root / "data" / "workspace"


def test_a_tilde_and_dots_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    places = Places.find(environ={"MUDRA_WORKSPACE": "~/a/../b"})
    assert places.workspace == tmp_path / "b"


def test_store_and_runs_lie_in_the_workspace_and_finding_makes_no_folder(tmp_path: Path) -> None:
    places = Places.find(tmp_path / "w", environ={})
    assert places.database == tmp_path / "w" / "mudra.db"
    assert places.runs == tmp_path / "w" / "runs"
    assert not (tmp_path / "w").exists()


def test_a_model_is_the_starter_a_run_or_a_path(tmp_path: Path) -> None:
    places = Places.find(tmp_path, environ={})
    (places.runs / "20260101-waves").mkdir(parents=True)
    assert places.model("starter") == places.starter
    assert places.model("20260101-waves") == places.runs / "20260101-waves"
    assert places.model("some/model.onnx") == Path("some/model.onnx")


@pytest.mark.parametrize("name", ["../outside", "..", "a/b", ""])
def test_a_name_never_leads_out_of_the_runs_folder(tmp_path: Path, name: str) -> None:
    places = Places.find(tmp_path, environ={})
    (places.runs / "a" / "b").mkdir(parents=True)
    assert places.model(name) == Path(name)
