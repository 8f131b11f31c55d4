"""Augmented bodies: every keypoint stays on what it marks, left stays left."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.bodies import Bodies, Body, cut_background, mirror_view
from core.errors import SkeletonError
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.skeletons.table import LSP_14

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
        made.append(Body(file, keypoints, Box(60, 40, 140, 220), "far" if number == 0 else ""))
    return Bodies(LSP_14, made)


def find_light(picture: np.ndarray, channel: int) -> np.ndarray:
    """Centre of the red (0) or green (1) light."""
    y, x = np.nonzero(picture[..., channel] > 110)
    return np.array([x.mean(), y.mean()])


def is_inside(picture: np.ndarray, point: np.ndarray) -> bool:
    return bool((point > 6).all() and (point < np.array(picture.shape[1::-1]) - 6).all())


def test_an_upright_view_keeps_keypoints_on_what_they_mark(bodies: Bodies) -> None:
    picture, keypoints, torso = bodies.load_evaluation_sample(1, SIZE)
    assert picture.shape == (128, 96, 3)
    assert find_light(picture, 0) == pytest.approx(keypoints[LEFT_WRIST], abs=0.5)
    assert find_light(picture, 1) == pytest.approx(keypoints[RIGHT_WRIST], abs=0.5)
    ends = [keypoints[LSP_14.index(name)] for name in ("left_shoulder", "right_hip")]
    assert torso == pytest.approx(np.linalg.norm(ends[0] - ends[1]))


def test_augmented_keypoints_stay_on_what_they_mark_and_change_sides_in_a_mirror(
    bodies: Bodies,
) -> None:
    sides, seen = set(), 0
    for picture, keypoints, weight in islice(bodies.samples(bodies.rows(""), SIZE, 0), 60):
        marks = {0: keypoints[LEFT_WRIST], 1: keypoints[RIGHT_WRIST]}
        if not all(is_inside(picture, point) for point in marks.values()):
            continue
        seen += 1
        # unmirrored, red is the left wrist; in a mirror it shows what is a right wrist there
        straight = np.linalg.norm(find_light(picture, 0) - marks[0]) < 1.5
        sides.add(straight)
        for channel, point in marks.items():
            there = find_light(picture, channel if straight else 1 - channel)
            assert there == pytest.approx(point, abs=1.5)
        assert weight == 1
    assert sides == {True, False} and seen > 20


def test_strongly_changed_keypoints_stay_on_what_they_mark(bodies: Bodies) -> None:
    """The marks are bright before a dark wall, whatever colours they have; a few are hidden."""
    strong = Bodies(LSP_14, bodies.bodies, strong=True)
    bright, empty = [], 0
    for picture, keypoints, _ in islice(strong.samples(strong.rows(""), SIZE, 0), 120):
        empty += bool(np.isnan(keypoints).all())
        grey = cv2.GaussianBlur(picture, (5, 5), 0).max(axis=2)
        for point in keypoints[[LEFT_WRIST, RIGHT_WRIST]]:
            if np.isfinite(point).all() and is_inside(picture, point):
                x, y = point.round().astype(int)
                bright.append(grey[y, x] > np.median(grey) + 20)
    assert 2 <= empty <= 14
    assert len(bright) > 60 and np.mean(bright) > 0.75


def test_half_a_body_ends_at_the_hips(bodies: Bodies) -> None:
    body = bodies.bodies[0]
    keypoints = np.full((14, 2), 100, np.float32) + np.arange(14, dtype=np.float32)[:, None]
    for i, name in enumerate(LSP_14.joints):
        level = {"ankle": 400, "knee": 300, "hip": 200}.get(name.split("_")[-1], 50 + i)
        keypoints[i, 1] = level
    tall = Body(body.picture, keypoints, Box(90, 30, 130, 430))
    upper, lower = (bodies.select_half_body(tall, upper=upper) for upper in (True, False))
    assert upper.y0 < 50 and 200 < upper.y1 < 230
    assert 170 < lower.y0 < 200 and 400 < lower.y1 < 430
    keypoints[: LSP_14.index("right_wrist")] = np.nan  # no leg is known
    assert bodies.select_half_body(Body(body.picture, keypoints, tall.box), upper=False) == tall.box


def make_body(*keypoints: tuple[float, float], box: Box, **about: object) -> Body:
    return Body(Path("a.png"), np.array(keypoints, np.float32), box, **about)  # type: ignore[arg-type]


def test_a_background_has_none_of_the_body_s_keypoints() -> None:
    rng = np.random.default_rng(0)
    picture = np.zeros((100, 140, 3), np.uint8)
    picture[:50] = picture[:, :70] = 200
    corners = ((8, 8), (8, 92), (132, 8))
    for _ in range(20):
        seen = cut_background(picture, make_body(*corners, box=Box(0, 0, 140, 100)), [], SIZE, rng)
        assert seen.shape == (*SIZE, 3) and not seen.any()  # the corner that is left is dark
    everywhere = make_body(*corners, (132, 92), box=Box(0, 0, 140, 100))
    assert np.ptp(cut_background(picture, everywhere, [], SIZE, rng), axis=(0, 1)).max() == 0


@pytest.mark.parametrize("labelled", [True, False])
def test_a_background_has_no_other_person(labelled: bool) -> None:
    """Another person is red, at the lower right; of the others only the head, or nothing."""
    rng = np.random.default_rng(0)
    picture = np.zeros((100, 140, 3), np.uint8)
    picture[60:, 100:, 0] = 200
    there = Box(100.0, 60.0, 140.0, 100.0)
    one = make_body(
        (8, 8), (8, 92), box=Box(0, 0, 40, 100), unlabelled=() if labelled else (there,)
    )
    others = [make_body((120, 62), box=there)] if labelled else []
    for _ in range(200):
        assert not cut_background(picture, one, others, SIZE, rng).any()


def test_training_backgrounds_avoid_everybody_in_the_picture(tmp_path: Path) -> None:
    picture = np.zeros((100, 140, 3), np.uint8)
    picture[60:, 100:] = (0, 0, 255)  # OpenCV writes BGR
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    places = np.full((14, 2), (20, 50), np.float32)
    bodies = [
        Body(tmp_path / "a.png", places, Box(0, 0, 40, 100)),
        Body(tmp_path / "a.png", places + np.float32([100, 15]), Box(100, 60, 140, 100)),
    ]
    data, rng, empty = Bodies(LSP_14, bodies, strong=True), np.random.default_rng(0), 0
    for _ in range(400):
        seen, keypoints = data.augment(0, SIZE, rng)
        if np.isnan(keypoints).all():
            empty += 1
            assert np.median(seen[..., 0]) < 60  # recoloured and partly hidden, but no red
    assert empty > 8


def test_a_mirrored_view_shows_the_mirrored_input() -> None:
    view = PersonView.from_box(Box(60, 40, 140, 220), SIZE, rotation_deg=20)
    point = np.float32([[100, 90]])
    (x, y), (mx, my) = view.to_input(point)[0], mirror_view(view).to_input(point)[0]
    assert mx == pytest.approx(96 - x, abs=1e-3) and my == pytest.approx(y, abs=1e-3)


def test_bodies_of_another_skeleton_are_refused() -> None:
    with pytest.raises(SkeletonError, match="17 keypoints, lsp_14 has 14"):
        Bodies(LSP_14, [make_body(*[(0, 0)] * 17, box=Box(0, 0, 1, 1))])
