"""What a net is shown of a body: every keypoint stays on what it marks, left stays left."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.bodies import Bodies, Body, mirrored
from core.errors import SkeletonError
from core.pose.person_view import person_view
from core.pose.skeletons import LSP_14

SIZE = (128, 96)
LEFT_WRIST, RIGHT_WRIST = LSP_14.index("left_wrist"), LSP_14.index("right_wrist")


@pytest.fixture
def bodies(tmp_path: Path) -> Bodies:
    """A dark picture of 260 x 200 with a red spot at the left wrist, a green one at the right."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(4):
        keypoints = rng.uniform((60, 40), (140, 220), (14, 2)).astype(np.float32)
        keypoints[LEFT_WRIST], keypoints[RIGHT_WRIST] = (70, 60), (130, 200)
        picture = np.full((260, 200, 3), 15, np.uint8)
        cv2.circle(picture, (70, 60), 4, (0, 0, 255), -1)  # OpenCV writes BGR
        cv2.circle(picture, (130, 200), 4, (0, 255, 0), -1)
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), picture)
        made.append(Body(file, keypoints, (60, 40, 80, 180), "far" if number == 0 else ""))
    return Bodies(LSP_14, made)


def spot(picture: np.ndarray, channel: int) -> np.ndarray:
    """The middle of the red (0) or green (1) light."""
    y, x = np.nonzero(picture[..., channel] > 110)
    return np.array([x.mean(), y.mean()])


def whole(picture: np.ndarray, point: np.ndarray) -> bool:
    return bool((point > 6).all() and (point < np.array(picture.shape[1::-1]) - 6).all())


def test_an_upright_view_keeps_keypoints_on_what_they_mark(bodies: Bodies) -> None:
    picture, keypoints, torso = bodies.upright(1, SIZE)
    assert picture.shape == (128, 96, 3)
    assert spot(picture, 0) == pytest.approx(keypoints[LEFT_WRIST], abs=0.5)
    assert spot(picture, 1) == pytest.approx(keypoints[RIGHT_WRIST], abs=0.5)
    ends = [keypoints[LSP_14.index(name)] for name in ("left_shoulder", "right_hip")]
    assert torso == pytest.approx(np.linalg.norm(ends[0] - ends[1]))


def test_augmented_keypoints_stay_on_what_they_mark_and_change_sides_in_a_mirror(
    bodies: Bodies,
) -> None:
    sides, seen = set(), 0
    for picture, keypoints, weight in islice(bodies.samples(bodies.rows(""), SIZE, 0), 60):
        marks = {0: keypoints[LEFT_WRIST], 1: keypoints[RIGHT_WRIST]}
        if not all(whole(picture, point) for point in marks.values()):
            continue
        seen += 1
        # unmirrored, red is the left wrist; in a mirror it shows what is a right wrist there
        straight = np.linalg.norm(spot(picture, 0) - marks[0]) < 1.5
        sides.add(straight)
        for channel, point in marks.items():
            there = spot(picture, channel if straight else 1 - channel)
            assert there == pytest.approx(point, abs=1.5)
        assert weight == 1
    assert sides == {True, False} and seen > 20


def test_every_row_comes_once_before_any_comes_again(bodies: Bodies) -> None:
    rows = bodies.rows("")
    assert rows.tolist() == [1, 2, 3] and bodies.rows("far").tolist() == [0]
    assert bodies.held_out_sets == ["far"]
    seen: list[int] = []
    augmented = bodies.augmented

    def counted(row: int, *rest: object) -> object:
        seen.append(row)
        return augmented(row, *rest)  # type: ignore[arg-type]

    bodies.augmented = counted  # type: ignore[method-assign,assignment]
    stream: Iterator[object] = bodies.samples(rows, SIZE, 3)
    list(islice(stream, 6))
    assert sorted(seen[:3]) == sorted(seen[3:]) == [1, 2, 3]


def test_a_mirrored_view_shows_the_mirrored_input() -> None:
    view = person_view((60, 40, 80, 180), SIZE, turn_deg=20)
    point = np.float32([[100, 90]])
    (x, y), (mx, my) = view.to_input(point)[0], mirrored(view).to_input(point)[0]
    assert mx == pytest.approx(96 - x, abs=1e-3) and my == pytest.approx(y, abs=1e-3)


def test_bodies_of_another_skeleton_are_refused() -> None:
    with pytest.raises(SkeletonError, match="17 keypoints, lsp_14 has 14"):
        Bodies(LSP_14, [Body(Path("x.jpg"), np.zeros((17, 2), np.float32), (0, 0, 1, 1))])
