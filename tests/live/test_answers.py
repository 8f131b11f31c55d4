"""What is said of several hands or people keeps its place, whoever is the surest in a frame."""

from dataclasses import replace

import numpy as np
import pytest

from core.gestures.labels import GestureLabel
from core.gestures.modelfile.drift import MIN_SEEN_S, DriftMonitor
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import SLOW, MotionEvent, NearMiss
from core.jobs.trainings import train_here
from core.live.answers import answers_of, drift_warning
from core.live.live import Latest
from core.paths import Paths
from core.pose.types import LEFT, RIGHT, Estimate, Pose
from core.reading.motions import Motion
from core.reading.reading import HandReader, HandReading
from core.store import NewSample
from core.store.rows import MOVING
from tests.support.performances import SIZE_HW, real_hand


def hand(side, score):
    pose = Pose(np.zeros((21, 2), np.float32), np.full(21, score, np.float32), score, side)
    return HandReading(pose, hand=side)


def person(number):
    pose = Pose(np.zeros((33, 2), np.float32), np.ones(33, np.float32), 1.0)
    return HandReading(pose, hand="body", number=number)


@pytest.mark.parametrize("scores", [(0.9, 0.8), (0.8, 0.9)])
def test_the_left_hand_stands_left_as_on_the_screen(scores):
    surest_first = sorted(map(hand, (LEFT, RIGHT), scores), key=lambda one: -one.pose.score)
    said = answers_of(Latest(tuple(surest_first)))
    assert [one["note"] for one in said] == ["Left hand", "Right hand"]


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_people_stand_in_the_order_of_their_numbers(numbers):
    latest = Latest(tuple(map(person, numbers)), numbered=True)
    assert [one["note"] for one in answers_of(latest, "body_33")] == ["person 1", "person 2"]


def test_who_remains_of_two_people_is_called_by_the_number_that_the_video_shows():
    assert [one["note"] for one in answers_of(Latest((person(2),), numbered=True), "body_33")] == [
        "person 2"
    ]
    assert [one["note"] for one in answers_of(Latest((person(2),)), "body_33")] == [""]


def test_a_body_that_is_seen_half_is_said_beside_its_number():
    people = replace(person(1), half=True), person(2)
    half, whole = answers_of(Latest(people, numbered=True), "body_33")
    assert half["note"].startswith("person 1 · Trained on whole bodies")
    assert whole["note"] == "person 2"


def test_what_was_nearly_a_gesture_is_said_for_a_moment_with_the_reason():
    swipe = GestureLabel("swipe_left", "👈")
    latest = Latest((hand(LEFT, 0.9),), 104.0, missed=(103.0, NearMiss(swipe, 2.0, SLOW)))
    [near] = answers_of(latest)
    assert near["name"] == "No gesture"
    assert near["note"] == "like 👈 swipe_left, but slower than your examples"
    assert answers_of(replace(latest, taken_s=105.1)) == answers_of(replace(latest, missed=None))
    held = replace(hand(LEFT, 0.9), gesture=GestureLabel("fist"))
    assert [one["name"] for one in answers_of(replace(latest, hands=(held,)))] == ["fist"]
    made = (103.5, Motion(MotionEvent(swipe, 1.0, 2.0, 0.9), "Left", 1))
    assert [one["name"] for one in answers_of(replace(latest, made=(made,)))] == ["swipe_left"]


@pytest.fixture
def lifts(store, paths):
    """A model of hands that rise and sink together, three performances each."""
    project = store.create_project("Lifts", skeleton="hands_42")
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "test")
    for gesture in store.gestures(project.id):
        store.delete_gesture(gesture.id)
    for name, way in (("raise", -1), ("lower", 1)):
        gesture = store.add_gesture(project.id, name, "", MOVING)
        for height in (130, 150, 170):
            clip = np.stack([pair(way * height * share) for share in np.linspace(0, 1, 18)])
            sample = NewSample(
                clip,
                np.ones((18, 42), np.float32),
                "webcam",
                True,
                "mediapipe-both-hands",
                size_hw=SIZE_HW,
                skeleton="hands_42",
                time_s=0.0,
                times_s=np.arange(18) / 30,
            )
            store.add_samples(store.start_recording(session, gesture.id), [sample])
    _, run = train_here(store, paths, project, epochs=1, progress=lambda *_: None)
    return GestureModel.load(run.path)


def pair(down):
    """Both hands so many pixels down."""
    one = real_hand() + np.array([0, down], np.float32)
    return np.concatenate([one, one + np.array([200, 0], np.float32)]).astype(np.float32)


def test_a_movement_of_both_hands_is_told_once(lifts):
    read, told = HandReader(), []
    way = [0.0] * 20 + [*np.linspace(0, -150, 14)] + [-150.0] * 20
    for n, down in enumerate(way):
        pose = Pose(pair(down), np.ones(42, np.float32), 0.9)
        seen = Estimate((pose,), SIZE_HW, "mediapipe-both-hands", n / 20, True, skeleton="hands_42")
        read(seen, lifts)
        told += [motion.event.gesture.name for motion in read.motions.made]
    assert told == ["raise"]


def test_live_says_when_most_of_half_a_minute_shows_half_of_a_body():
    arms = GestureModel.load(Paths.arms)
    drift = DriftMonitor(arms.about.usual, arms.skeleton)
    half = Latest(hands=(replace(person(1), half=True),))
    said = [
        drift_warning(drift, replace(half, taken_s=second))  # as seldom as any page looks
        for second in range(int(MIN_SEEN_S) + 1)
    ]
    assert said[0] == ""
    assert said[-1].startswith("The model was trained on whole bodies and sees half of one")
