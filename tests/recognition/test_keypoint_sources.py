"""Which nets are offered for hands: those whose skeleton is the hand's, whatever their name."""

import json
import shutil

import pytest

from core.capture.demo import ReplayEstimator, read_demo
from core.errors import EstimatorError
from core.estimators import ESTIMATORS
from core.learning.netfile import save_net
from core.nets.cpm import LightCPM
from core.paths import Places
from core.recognition.keypoint_sources import KeypointSource, estimators, nets, stages_of

LIGHT = "cpm.hand_light"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A workspace with a body net of 14 joints and 6 stages, and a hand net by another name."""
    found = Places.find(tmp_path_factory.mktemp("nets"))
    body = LightCPM(joints=14, stages=6, input_size=64, width=8)
    save_net(body, found.nets / "cpm.body", "cpm.body", {})
    shutil.copytree(found.net(LIGHT), found.nets / "resnet.my_hand")
    return found


def test_a_body_net_is_not_offered_for_hands_and_a_hand_net_of_any_name_is(places):
    assert set(nets(places)) == {LIGHT, "resnet.my_hand"}


def test_a_body_net_that_is_asked_for_hands_is_refused(places):
    with pytest.raises(EstimatorError, match=r"cpm\.body .* lsp_14, .*cpm\.hand_light"):
        KeypointSource("cpm.body").open(places)


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ({"skeleton": "hand_21"}, True),
        ({"skeleton": "nyu_14"}, False),  # written down counts, whatever the number of joints
        ({"skeleton": 7}, False),
        ({"joints": 14}, False),
        ({"joints": None}, False),
    ],
)
def test_the_skeleton_is_what_the_metadata_say(tmp_path, said, offered):
    places = Places.find(tmp_path)
    folder = places.nets / "cpm.mine"
    shutil.copytree(places.net(LIGHT), folder)
    path = folder / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | said))
    assert ("cpm.mine" in nets(places)) == offered


def test_metadata_that_cannot_be_read_are_offered_to_nobody(tmp_path):
    places = Places.find(tmp_path)
    for name, content in (("cpm.cut", "{"), ("cpm.list", "[]")):
        (places.nets / name).mkdir(parents=True)
        (places.nets / name / "metadata.json").write_text(content)
    assert set(nets(places)) == {LIGHT}


def test_a_net_has_the_stages_that_its_metadata_say(places):
    assert stages_of(KeypointSource(LIGHT), places) == 3
    save_net(LightCPM(stages=6, input_size=64, width=8), places.nets / "cpm.six", "cpm.six", {})
    assert stages_of(KeypointSource("cpm.six"), places) == 6
    shutil.rmtree(places.nets / "cpm.six")


def test_an_estimator_is_offered_once_it_stands_in_the_table(places, monkeypatch):
    hands = read_demo(places.demo)
    monkeypatch.setitem(ESTIMATORS, "replay", lambda weights, num_hands: ReplayEstimator(hands))
    assert {"mediapipe-hands", "replay"} <= {*estimators()}
    with KeypointSource("replay").open(places) as estimator:
        assert isinstance(estimator, ReplayEstimator)
    assert not KeypointSource("replay").is_net
