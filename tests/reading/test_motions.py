"""Gestures that move in a stream of hands: made once each, by which hand, told soon after."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.actions.actions import Actions
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import UNLIKE
from core.jobs.trainings import train_here
from core.live.live import LiveProcessor, Options
from core.paths import Paths
from core.pose.boxes import rescale_keypoints
from core.reading.reading import HandReader
from core.store import Store
from tests.support.performances import (
    SIZE_HW,
    STREAM_FPS,
    WAYS,
    frames_of,
    made,
    perform,
    real_hand,
    seen,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> GestureModel:
    """Of three gestures that move, from three performances of each."""
    paths = Paths.find(tmp_path_factory.mktemp("moves"))
    store = Store(paths.database)
    project = store.create_project("Moves")
    for name in WAYS:
        perform(store, project.id, name, 3)
    _, run = train_here(store, paths, project, progress=lambda *_: None)
    store.close()
    return GestureModel.load(run.path)


def test_each_movement_is_told_once_and_soon_and_a_rest_is_none(model):
    parts = ("rest", "swipe_left", "rest", "swipe_right", "rest", "clockwise", "rest")
    found = made(model, frames_of(*parts))
    assert [m.event.gesture.name for _, m in found] == ["swipe_left", "swipe_right", "clockwise"]
    ends = [1.7, 3.4, 5.1]
    for (told_s, motion), end_s in zip(found, ends, strict=True):
        assert 0 < told_s - end_s < 0.45 and abs(motion.event.end_s - end_s) < 0.2
        assert motion.hand == "Right" and motion.event.confidence > 0.9
    order = [gesture.name for gesture in model.gestures]
    assert [m.number for _, m in found] == [order.index(m.event.gesture.name) + 1 for _, m in found]


def test_pictures_that_become_smaller_in_a_movement_change_nothing(model):
    read, found, half = HandReader(), [], (SIZE_HW[0] // 2, SIZE_HW[1] // 2)
    for time_s, way in frames_of("rest", "swipe_left", "rest", "swipe_right", "rest"):
        estimate = seen(time_s, way)
        if 1.3 <= time_s < 3:  # from the middle of the first to the middle of the second
            points = rescale_keypoints(estimate.poses[0].keypoints, SIZE_HW, half)
            pose = replace(estimate.poses[0], keypoints=points)
            estimate = replace(estimate, poses=(pose,), size_hw=half)
        read(estimate, model)
        found += [motion.event.gesture.name for motion in read.motions.made]
    assert found == ["swipe_left", "swipe_right"]


def test_what_no_example_is_like_is_no_gesture(model):
    times = np.arange(0, 6, 1 / STREAM_FPS)
    talking = np.stack([np.sin(7 * times), np.cos(9 * times + 1)], 1) * 60
    down = np.stack([0 * times, 200 * np.clip(times - 2, 0, 1)], 1)
    assert made(model, zip(times, talking, strict=True)) == []
    assert made(model, zip(times, down, strict=True)) == []


def test_a_movement_that_is_too_small_is_nearly_a_gesture_until_one_is_made(model):
    """Half as far as the shortest example may be; a quarter of that is nobody's gesture."""
    options, clock = Options(model), itertools.count(100, 1 / STREAM_FPS)
    live = LiveProcessor(lambda _: None, options, clock=clock.__next__)
    small = [(time_s, 0.4 * way) for time_s, way in frames_of("rest", "swipe_left", "rest")]
    for time_s, way in small:
        live.step(seen(time_s, 0.25 * way))
    assert live.latest().missed is None
    for time_s, way in small:
        live.step(seen(4 + time_s, way))
    latest = live.latest()
    assert latest.missed is not None and latest.made == ()
    known_s, near = latest.missed
    assert (near.gesture.name, near.why) == ("swipe_left", UNLIKE)
    assert near.end_s == pytest.approx(5.7, abs=0.1) and known_s < latest.taken_s - 0.5
    for time_s, way in frames_of("rest", "swipe_right", "rest"):
        live.step(seen(8 + time_s, way))
    [(_, motion)] = live.latest().made
    assert motion.event.gesture.name == "swipe_right" and live.latest().missed is None
    live.close()


def test_a_swipe_that_ends_outside_the_picture_counts(model):
    [(_, motion)] = made(model, frames_of("rest", "swipe_left", "away", "rest"))
    assert (motion.event.gesture.name, motion.hand) == ("swipe_left", "Right")


def test_two_hands_are_followed_apart(model):
    read, found = HandReader(), []
    left = dict(frames_of("rest", "rest", "swipe_right", "rest", "rest"))
    for time_s, way in frames_of("rest", "swipe_left", "rest", "rest", "rest"):
        other = left.get(time_s)
        read(seen(time_s, way, None if other is None else other + np.array([0, 180])), model)
        found += read.motions.made
    assert [(m.event.gesture.name, m.hand) for m in found] == [
        ("swipe_left", "Right"),
        ("swipe_right", "Left"),
    ]


def test_a_model_of_still_gestures_alone_makes_nothing(starter):
    assert made(starter, frames_of("rest", "swipe_left", "rest")) == []


def test_a_receiver_is_told_a_movement_once(model):
    read, actions, told = HandReader(), Actions(wall_clock=lambda: 0.0), []
    for time_s, way in frames_of("rest", "swipe_left", "rest", "rest"):
        hands = read(seen(time_s, way), model)
        told += actions.offer(hands, time_s, None, read.motions.made)
    actions.close()
    number = [gesture.name for gesture in model.gestures].index("swipe_left") + 1
    assert [change.number for change in told] == [number, 0]
    assert told[0].gesture.name == "swipe_left" and told[0].hand == "Right"


def test_the_way_of_the_fingertip_is_drawn_as_in_a_mirror(model):
    read = HandReader()
    for time_s, way in frames_of("swipe_left"):
        read(seen(time_s, way), model)
    picture = np.zeros((*SIZE_HW, 3), np.uint8)
    drawn = np.flatnonzero(read.motions.draw_paths(picture).any((0, 2)))
    tip = 639 - real_hand()[8, 0]
    assert drawn.min() < tip - 120 and tip - 5 < drawn.max() < tip + 12
