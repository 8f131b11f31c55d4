"""The films of a moved hand and how what was told of them is counted."""

import numpy as np
import pytest

from benchmarks import moved_hand
from benchmarks.motion_minute import Shown, Told, compared
from benchmarks.moved_hand import FPS, METRE_PX, SQUARE, Part

TURN = np.linspace(0, 2 * np.pi, 41)


def as_leap(way):
    """A way on the screen as SFINGE 3D has it: metres, y up, depth last."""
    return np.c_[way * [1, -1], np.zeros(len(way))] + [0.1, 1.2, 0.3]


@pytest.mark.parametrize(
    ("label", "way", "name"),
    [
        ("swipe_left", [[0.2, 0.0], [-0.2, 0.05]], "swipe_left"),
        ("swipe_left", [[0.2, 0.0], [-0.2, 0.0], [0.1, 0.0]], None),  # it comes back
        ("swipe_right", [[0.2, 0.0], [-0.2, 0.05]], None),
        ("swipe_o", np.stack([np.cos(TURN), np.sin(TURN)], 1) * 0.15, "clockwise"),
        ("swipe_o", np.stack([np.cos(TURN), -np.sin(TURN)], 1) * 0.15, "counter_clockwise"),
        ("swipe_o", np.stack([np.cos(TURN), np.sin(TURN)], 1) * 0.05, None),  # 0.008 m²
        ("tap", [[0.2, 0.0], [-0.2, 0.05]], None),
    ],
)
def test_a_way_is_named_by_what_the_viewer_sees(label, way, name):
    named = moved_hand.named([(label, as_leap(np.array(way)))])
    assert list(named) == ([name] if name else [])
    for [found] in named.values():
        np.testing.assert_allclose(found.max(0) + found.min(0), 0, atol=1e-9)


def test_a_film_shows_the_mirrored_place_and_the_number_of_its_part(tmp_path):
    photo = np.full((11, 11, 3), 255, np.uint8), np.ones((11, 11), np.float32)
    way = np.array([[0.1, 0.0]])
    film = moved_hand.write(
        tmp_path / "film.y4m", [Part("x", way[:0], 1)] * 4 + [Part("x", way, 2)], photo
    )
    header, *frames = film.read_bytes().split(b"FRAME\n")
    assert header == f"YUV4MPEG2 W640 H480 F{FPS}:1\n".encode()
    assert len(frames) == 6
    bright = np.frombuffer(frames[5][: 480 * 640], np.uint8).reshape(480, 640)
    bits = bright[SQUARE // 2, SQUARE // 2 : 3 * SQUARE : SQUARE] > 127
    assert bits.tolist() == [True, False, True]  # 5
    rows, columns = np.nonzero(bright[SQUARE:] > 200)
    assert columns.mean() == pytest.approx((640 - 11) / 2 - 0.1 * METRE_PX + 5, abs=0.6)
    assert rows.mean() + SQUARE == pytest.approx((480 + SQUARE - 11) / 2 + 5, abs=0.6)


def test_each_performance_counts_once_and_what_talk_tells_counts_against():
    shown = [
        Shown(10.0, 11.0, "swipe_left"),
        Shown(14.0, 15.0, "clockwise"),
        Shown(18.0, 19.0, "clockwise"),
        Shown(22.0, 26.0, "none"),
        Shown(30.0, 31.0, "swipe_left"),
    ]
    told = [
        Told(11.25, "swipe_left", 0.9),
        Told(15.5, "clockwise", 0.9),
        Told(15.75, "swipe_left", 0.8),
        Told(24.0, "clockwise", 0.7),
        Told(40.0, "clockwise", 0.7),  # long after anything
    ]
    found = compared(told, shown)
    assert (found["performances"], found["told_once_and_right"]) == (4, 1)
    assert (found["missed"], found["told_more_than_once"]) == (2, 1)
    assert found["told_of_other_movement"] == 2
    assert found["other_movement_s"] == 4.0
    assert found["after_end_ms_median"] == 250.0
