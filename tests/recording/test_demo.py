"""The shipped hands: small, from named sources, replayed as by a camera, trainable."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor, Options
from core.paths import Paths
from core.pose.types import Frame
from core.recording.demo import (
    DEMO_PROJECT,
    SHOW_S,
    TRANSITION_S,
    ReplayEstimator,
    demo_background,
    fill_demo_project,
    read_demo_hands,
)
from tests.support.stored import count_by_gesture

NAMES = [gesture.name for gesture in DEFAULT_GESTURES]


@pytest.fixture(scope="module")
def hands():
    return read_demo_hands(Paths.find().demo)


def frame(time_s, mirrored=True):
    return Frame(demo_background(), time_s, mirrored_view=mirrored)


def test_the_table_is_small_names_its_sources_and_has_every_gesture(hands):
    table = Paths.find().demo
    assert table.stat().st_size <= 400_000
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert {(row["source_repo"], row["license"]) for row in rows} == {
        ("ardamavi/Sign-Language-Digits-Dataset", "Apache-2.0"),
        ("emrecandir9/custom-gesture-dataset", "MIT"),
    }
    assert [len(hands.select(name)) for name in NAMES] == [40] * len(NAMES)
    turned = {row["gesture"] for row in rows if row["source_label"].endswith("turned")}
    assert turned == {"point_left", "point_right"}


def test_a_pointing_hand_points_where_its_name_says(hands):
    for name, axis, sign in (("point_right", 0, 1), ("point_left", 0, -1), ("point_up", 1, -1)):
        finger = hands.select(name)[:, 8] - hands.select(name)[:, 5]
        assert (np.sign(finger[:, axis]) == sign).mean() > 0.95


def test_the_hand_moves_without_a_jump_and_stays_in_the_picture(hands):
    replay = ReplayEstimator(hands)
    before = None
    for time_s in np.arange(100, 100 + 6 * (SHOW_S + TRANSITION_S), 0.02):
        [pose] = replay.estimate(frame(float(time_s))).poses
        assert (pose.keypoints >= 0).all() and (pose.keypoints < [640, 480]).all()
        assert before is None or np.abs(pose.keypoints - before).max() < 60
        before = pose.keypoints


def test_a_mirrored_frame_holds_the_mirrored_hand(hands):
    as_seen = ReplayEstimator(hands).estimate(frame(0.0, mirrored=False)).poses[0]
    in_camera = ReplayEstimator(hands).estimate(frame(0.0)).poses[0]
    np.testing.assert_allclose(639 - in_camera.keypoints[:, 0], as_seen.keypoints[:, 0], atol=0.01)


@pytest.mark.parametrize("gesture", NAMES[:-1])
def test_the_starter_model_reads_what_is_shown(hands, gesture):
    model = GestureModel.load(Paths.find().starter)
    shown = hands.select(gesture)
    replay = ReplayEstimator(replace(hands, keypoints=shown, gestures=[gesture] * len(shown)))
    right = []
    for time_s in np.arange(0, 10 * (SHOW_S + TRANSITION_S), 0.3):
        for pose in replay.estimate(frame(float(time_s))).poses:
            row = model.predict(pose.keypoints[None], np.array([True]))[0][0]
            right.append(model.gestures[int(row.argmax())].name == gesture)
    assert np.mean(right) > 0.9


def test_the_live_picture_shows_the_hand_on_the_plain_ground(hands):
    live = LiveProcessor(lambda number: ReplayEstimator(hands), Options())
    picture = live.process(demo_background())
    live.close()
    assert live.latest().error == "" and len(live.latest().hands) == 1
    assert (picture != demo_background()).any()


def test_the_demo_project_is_filled_once_and_leaves_others_alone(store):
    mine = store.create_project("Mine")
    made = fill_demo_project(store, Paths.find().demo)
    again = fill_demo_project(store, Paths.find().demo)
    assert made.id == again.id and made.name == DEMO_PROJECT
    assert count_by_gesture(store, made) == dict.fromkeys(NAMES, 40)
    assert len(np.unique(store.training_data(made.id).recordings)) >= 2 * len(NAMES)
    assert count_by_gesture(store, mine) == {}


def test_a_project_of_ones_own_with_the_demos_name_stays_as_it_is(store):
    mine = store.create_project("demo")
    made = fill_demo_project(store, Paths.find().demo)
    assert made.name == f"{DEMO_PROJECT} 2"
    assert fill_demo_project(store, Paths.find().demo).id == made.id
    assert count_by_gesture(store, mine) == {}
