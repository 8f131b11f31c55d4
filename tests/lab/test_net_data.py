"""What nets learn from: a pack of hand crops belongs to the data that it was made of; depth is
rendered where no folder is given."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.datasets.hand_crops import read_pack
from core.errors import TrainingError
from core.lab.net_data import (
    RENDERED,
    load_training_data,
    locate_landmarks,
    prepare_hand_pack,
)
from core.lab.renderer.rendered_hands import HELD_OUT, RenderedHands
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.lab.starter_data import SOURCES
from core.paths import Paths

NET = "crossinfonet.synthetic_light"
XY = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]


@pytest.fixture
def paths(tmp_path):
    return replace(Paths.find(tmp_path / "workspace"), weights=tmp_path)


def make_data(folder, brightness):
    """One crop of a hand before a plain wall; the other sources are empty."""
    (folder / "hand_crops").mkdir(parents=True)
    (folder / "hand_images").mkdir()
    name = f"wall_{brightness}.png"
    cv2.imwrite(str(folder / "hand_crops" / name), np.full((90, 120, 3), brightness, np.uint8))
    points = dict(zip(XY, np.linspace(20, 70, 42), strict=True))
    row = {"file": name, "source_repo": "a/b", "teacher_err": "", **points}
    pd.DataFrame([row]).to_csv(folder / "hand_crops" / "crops.csv", index=False)
    return folder


def find_no_hands(paths, data):
    """The keypoints of the picture sources, which show none."""
    folder = locate_landmarks(paths, data)
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        pd.DataFrame({"source": [], "score": [], **{column: [] for column in XY}}).to_parquet(
            folder / f"{name}.parquet"
        )


def test_each_data_folder_has_a_pack_of_its_own(paths, tmp_path):
    packs = []
    for brightness in (40, 200):
        data = make_data(tmp_path / str(brightness), brightness)
        find_no_hands(paths, data)
        packs.append(prepare_hand_pack(paths, data, lambda *_: None))
    middles = [read_pack(pack).pictures[0, 104, 104, 0] for pack in packs]
    assert middles == [40, 200]


def test_a_pack_is_made_once_and_anew_when_the_pictures_change(paths, tmp_path, monkeypatch):
    data = make_data(tmp_path / "data", 40)
    find_no_hands(paths, data)
    first = prepare_hand_pack(paths, data, lambda *_: None)
    monkeypatch.setenv("RANK", "0")  # here a missing pack would be an error
    moved = data.rename(tmp_path / "moved")
    assert prepare_hand_pack(paths, moved, lambda *_: None) == first
    cv2.imwrite(str(moved / "hand_crops" / "more.png"), np.zeros((9, 12, 3), np.uint8))
    with pytest.raises(TrainingError, match="train for a minute without torchrun first"):
        prepare_hand_pack(paths, moved, lambda *_: None)


def test_a_folder_without_hands_is_refused_also_when_a_pack_of_others_is_there(paths, tmp_path):
    data = make_data(tmp_path / "data", 40)
    find_no_hands(paths, data)
    prepare_hand_pack(paths, data, lambda *_: None)
    with pytest.raises(TrainingError, match=r"has no hand_crops/ and hand_images/"):
        prepare_hand_pack(paths, tmp_path / "none", lambda *_: None)


def test_hands_are_learned_from_whatever_the_teacher_says_of_their_side(paths, tmp_path, caplog):
    """Its score is how sure it is of left or right; a picture that can't be read is counted."""
    data = make_data(tmp_path / "data", 40)
    folder = data / "hand_images" / "didi"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((90, 120, 3), 120, np.uint8))
    (folder / "b.png").write_bytes(b"damaged")
    find_no_hands(paths, data)
    points = {column: [value] * 2 for column, value in zip(XY, range(20, 62), strict=True)}
    table = pd.DataFrame({"source": ["a.png", "b.png"], "score": [0.51, 0.99], **points})
    table.to_parquet(locate_landmarks(paths, data) / "didi.parquet")
    pack = read_pack(prepare_hand_pack(paths, data, lambda *_: None))
    assert pack.table["source"].tolist() == ["a/b", "didi"]
    [told] = caplog.messages
    assert "skipped 1 unreadable pictures" in told and told.endswith("b.png")


def test_hands_are_rendered_where_no_folder_is_named(workspace: Path) -> None:
    data = load_training_data(Paths.find(workspace), NET, Path(RENDERED), lambda done, total: None)
    assert isinstance(data, RenderedHands)
    assert data.skeleton.name == "hand_21"
    assert len(data.rows(HELD_OUT)) == 200


def test_a_folder_of_that_name_is_taken_for_what_it_holds(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / RENDERED).mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError, match="none of NYU"):
        load_training_data(Paths.find(workspace), NET, Path(RENDERED), lambda done, total: None)


def test_a_net_of_palms_learns_from_rendered_scenes_alone(workspace: Path, tmp_path: Path) -> None:
    paths = Paths.find(workspace)
    data = load_training_data(paths, "palmnet.synthetic", Path(RENDERED), lambda done, total: None)
    assert isinstance(data, RenderedScenes)
    with pytest.raises(TrainingError, match="rendered scenes alone: give --data rendered"):
        load_training_data(paths, "palmnet.synthetic", tmp_path, lambda done, total: None)
