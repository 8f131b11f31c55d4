"""Which nets are offered for hands: those whose skeleton is the hand's, whatever their name."""

import json
import shutil

import pytest

from core.errors import EstimatorError
from core.estimators import ESTIMATORS
from core.paths import Paths
from core.reading.keypoint_sources import (
    KeypointSource,
    available_nets,
    default_source,
    estimator_names,
)
from core.recording.demo import ReplayEstimator, read_demo_hands
from tests.support.relabelled_net import save_relabelled_net

LIGHT = "cpm.hand_light"


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """A workspace with a body net of 14 keypoints and 6 stages, and a hand net by another name."""
    found = Paths.find(tmp_path_factory.mktemp("nets"))
    save_relabelled_net(found.own_nets / "cpm.body", joints=14, stages=6)
    shutil.copytree(found.net(LIGHT), found.own_nets / "resnet.my_hand")
    return found


def test_a_body_net_is_not_offered_for_hands_and_a_hand_net_of_any_name_is(paths):
    assert set(available_nets(paths)) == {LIGHT, "resnet.my_hand"}


def test_a_body_net_that_is_asked_for_hands_is_refused(paths):
    with pytest.raises(EstimatorError, match=r"cpm\.body .* no known skeleton, .*hand_21"):
        KeypointSource("cpm.body").open(paths)


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ({"skeleton": "hand_21"}, True),
        ({"skeleton": "nyu_14"}, False),  # written down counts, whatever the number of keypoints
        ({"skeleton": 7}, False),
        ({"joints": 14}, False),
        ({"joints": None}, False),
    ],
)
def test_the_skeleton_is_what_the_metadata_say(tmp_path, said, offered):
    paths = Paths.find(tmp_path)
    for name, content in (("cpm.cut", "{"), ("cpm.list", "[]")):  # offered to nobody
        (paths.own_nets / name).mkdir(parents=True)
        (paths.own_nets / name / "metadata.json").write_text(content)
    folder = paths.own_nets / "cpm.mine"
    shutil.copytree(paths.net(LIGHT), folder)
    path = folder / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | said))
    assert set(available_nets(paths)) == {LIGHT, *["cpm.mine"] * offered}


def test_an_estimator_is_offered_once_it_stands_in_the_table(paths, monkeypatch):
    hands = read_demo_hands(paths.demo)

    class Replay(ReplayEstimator):
        def __init__(self, weights, num_poses):
            super().__init__(hands)

    monkeypatch.setitem(ESTIMATORS, "replay", Replay)
    assert {"mediapipe-hands", "replay"} <= {*estimator_names("hand_21")} < {*estimator_names()}
    with KeypointSource("replay").open(paths) as estimator:
        assert isinstance(estimator, ReplayEstimator)
    assert not KeypointSource("replay").is_net


def test_without_a_choice_hands_are_found_by_hands_and_bodies_by_the_pose_landmarker():
    assert estimator_names("hand_21") == ["mediapipe-hands"] and estimator_names("nyu_14") == []
    assert default_source("hand_21").name == default_source("nyu_14").name == "mediapipe-hands"
    assert default_source("body_33").name == default_source("lsp_14").name == "mediapipe-pose"
    assert default_source("coco_17").name == "movenet.multipose"
