"""What is said of several hands or people keeps its place, whoever is the surest in a frame."""

import numpy as np
import pytest

from core.pose.types import LEFT, RIGHT, Pose
from core.recognition.live import Latest
from core.recognition.reading import Reading
from pages.panels.live.readings import said_of


def hand(side, score):
    pose = Pose(np.zeros((21, 2), np.float32), np.full(21, score, np.float32), score, side)
    return Reading(pose, hand=side)


def person(number):
    pose = Pose(np.zeros((33, 2), np.float32), np.ones(33, np.float32), 1.0)
    return Reading(pose, hand="body", number=number)


@pytest.mark.parametrize("scores", [(0.9, 0.8), (0.8, 0.9)])
def test_the_left_hand_stands_left_as_on_the_screen(scores):
    surest_first = sorted(map(hand, (LEFT, RIGHT), scores), key=lambda one: -one.pose.score)
    said = said_of(Latest(tuple(surest_first)))
    assert [one["note"] for one in said] == ["Left hand", "Right hand"]


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_people_stand_in_the_order_of_their_numbers(numbers):
    latest = Latest(tuple(map(person, numbers)), numbered=True)
    assert [one["note"] for one in said_of(latest, "body_33")] == ["person 1", "person 2"]
