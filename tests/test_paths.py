"""Where things lie: asked for, else the environment, else the repository's data folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreError
from core.paths import Paths


@pytest.mark.parametrize("environ", [{}, {"MUDRA_WORKSPACE": ""}])
def test_everything_lies_in_the_data_folder_unless_told_otherwise(root: Path, environ) -> None:
    paths = Paths.find(environ=environ)
    assert paths.workspace == root / "data" / "workspace"
    assert paths.weights == root / "data" / "weights"


def test_the_environment_moves_workspace_and_weights_and_what_is_asked_for_goes_before_it(
    tmp_path: Path,
) -> None:
    environ = {"MUDRA_WORKSPACE": str(tmp_path / "w"), "MUDRA_WEIGHTS": str(tmp_path / "m")}
    paths = Paths.find(environ=environ)
    assert (paths.workspace, paths.weights) == (tmp_path / "w", tmp_path / "m")
    assert Paths.find(tmp_path / "mine", environ=environ).workspace == tmp_path / "mine"


def test_a_tilde_and_dots_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = Paths.find(environ={"MUDRA_WORKSPACE": "~/a/../b"})
    assert paths.workspace == tmp_path / "b"


def test_finding_makes_no_folder(tmp_path: Path) -> None:
    Paths.find(tmp_path / "w", environ={})
    assert not (tmp_path / "w").exists()


def test_the_environment_names_a_database_but_a_workspace_that_was_asked_for_has_its_own(
    tmp_path: Path,
) -> None:
    url = "postgresql://me:secret@host/mudra"
    environ = {"MUDRA_DATABASE": url, "MUDRA_WORKSPACE": str(tmp_path)}
    paths = Paths.find(environ=environ)
    assert (paths.store, paths.workspace) == (url, tmp_path)
    assert "secret" not in repr(paths)
    assert Paths.find(tmp_path, environ=environ).store == tmp_path / "mudra.db"
    assert Paths.find(environ=environ | {"MUDRA_DATABASE": ""}).store == tmp_path / "mudra.db"


@pytest.mark.parametrize("place", ["host=h password=secret", "postgresql:/me:secret@h/mudra"])
def test_a_database_that_is_no_url_is_refused_without_its_password(place: str) -> None:
    with pytest.raises(StoreError, match="write postgresql://name") as raised:
        Paths.find(environ={"MUDRA_DATABASE": place})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "postgresql://me:secret@host/mudra"])
def test_another_process_finds_the_same_places(tmp_path: Path, url: str) -> None:
    paths = Paths.find(environ={"MUDRA_WORKSPACE": str(tmp_path), "MUDRA_DATABASE": url})
    assert Paths.find(environ=paths.environment()) == paths


def test_whoever_logs_in_has_a_workspace_of_their_own_and_shares_the_database(
    tmp_path: Path,
) -> None:
    paths = Paths.find(tmp_path, environ={})
    names = ("anna", "Anna", "../../etc", "a" * 500, "Ünï ✋", "https://login.example 17")
    own = [paths.of(name) for name in names]
    assert len({one.workspace for one in own}) == len(names)
    assert {one.workspace.parent for one in own} == {tmp_path / "owners"}
    assert {one.store for one in own} == {tmp_path / "mudra.db"}
    assert paths.of("") == paths and own[0].of("Anna") == own[1]
    assert Paths.find(environ=own[0].environment()) == replace(own[0], weights=paths.weights)


def test_a_model_is_the_starter_a_run_or_a_path_that_does_not_lead_out_of_the_runs(
    tmp_path: Path,
) -> None:
    paths = Paths.find(tmp_path, environ={})
    (paths.runs / "a" / "b").mkdir(parents=True)
    assert paths.model("starter") == paths.starter
    assert paths.model("a") == paths.runs / "a"
    for name in ("some/model.onnx", "../outside", "..", "a/b", ""):
        assert paths.model(name) == Path(name)
