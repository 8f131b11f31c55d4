"""What nets of depth learn from where no folder is given."""

from pathlib import Path

import pytest

from core.errors import TrainingError
from core.lab.net_data import RENDERED, training_data
from core.lab.renderer.rendered_hands import HELD_OUT, RenderedHands
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.paths import Paths

NET = "crossinfonet.synthetic_light"


def test_hands_are_rendered_where_no_folder_is_named(workspace: Path) -> None:
    data = training_data(Paths.find(workspace), NET, Path(RENDERED), lambda done, total: None)
    assert isinstance(data, RenderedHands)
    assert data.skeleton.name == "hand_21"
    assert len(data.rows(HELD_OUT)) == 200


def test_a_folder_of_that_name_is_taken_for_what_it_holds(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / RENDERED).mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError, match="none of NYU"):
        training_data(Paths.find(workspace), NET, Path(RENDERED), lambda done, total: None)


def test_a_net_of_palms_learns_from_rendered_scenes_alone(workspace: Path, tmp_path: Path) -> None:
    paths = Paths.find(workspace)
    data = training_data(paths, "palmnet.synthetic", Path(RENDERED), lambda done, total: None)
    assert isinstance(data, RenderedScenes)
    with pytest.raises(TrainingError, match="rendered scenes alone: give --data rendered"):
        training_data(paths, "palmnet.synthetic", tmp_path, lambda done, total: None)
