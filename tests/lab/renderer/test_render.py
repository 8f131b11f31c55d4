"""Rendered hands: the same seed gives the same bytes, and joints lie in what is seen."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.depth.cameras import get_camera
from core.depth.io.joint_files import JOINTS_FILE
from core.errors import MediaError, SkeletonError
from core.lab.renderer.noise import NOISES
from core.lab.renderer.render import (
    JOINTS,
    NYU_HANDS,
    RenderedHand,
    keypoint_weights,
    render_hand,
    write_rendered_hands,
)
from core.pose.skeletons.table import SKELETONS

CLEAN = replace(NYU_HANDS, noise=NOISES["none"])
NYU = get_camera("nyu")


def joints_uvd(hand: RenderedHand, skeleton: str) -> np.ndarray:
    return hand.camera.to_pixels(hand.joints_mm(skeleton))


def test_a_window_is_its_part_of_the_whole_picture() -> None:
    part, whole = (render_hand(5, 0, replace(CLEAN, window_mm=side)) for side in (300.0, None))
    left, top = round(NYU.u0 - part.camera.u0), round(NYU.v0 - part.camera.v0)
    high, wide = part.depth_mm.shape
    assert whole.depth_mm.shape == (480, 640)
    assert np.array_equal(part.depth_mm, whole.depth_mm[top : top + high, left : left + wide])
    shift = joints_uvd(whole, "nyu_14") - joints_uvd(part, "nyu_14")
    assert np.allclose(shift, (left, top, 0))


def test_a_window_holds_the_hand() -> None:
    for number in range(30):
        hand = render_hand(6, number)
        uv = joints_uvd(hand, "hand_21")[:, :2]
        inside = (uv >= 0).all(1) & (uv < (hand.camera.width, hand.camera.height)).all(1)
        assert inside.mean() > 0.7  # the rest of a hand may be outside the camera's picture
        assert hand.depth_mm.shape == (hand.camera.height, hand.camera.width)


def test_joints_lie_behind_what_is_seen_and_most_within_their_radius() -> None:
    near = []
    for number in range(25):
        hand = render_hand(8, number, CLEAN)
        u, v, d = joints_uvd(hand, "hand_21").T
        inside = (u > 1) & (v > 1) & (u < hand.camera.width - 2) & (v < hand.camera.height - 2)
        u, v = np.round(u[inside]).astype(int), np.round(v[inside]).astype(int)
        seen = hand.depth_mm[v, u]
        assert (seen > 0).all()
        assert (seen <= d[inside] + 1).all()
        near.extend(d[inside] - seen < 20)
    assert np.mean(near) > 0.6


def test_left_and_right_hands_are_mirror_images() -> None:
    """The thumb of a raised right hand that shows its palm is at the right in the picture."""
    sides = set()
    for number in range(25):
        hand = render_hand(9, number, CLEAN)
        wrist, index, little = hand.joints_mm("hand_21")[[0, 5, 17]]
        knuckles = hand.joints_mm("hand_21")[[5, 9, 13, 17]]
        tips = hand.joints_mm("hand_21")[[8, 12, 16, 20]]
        palm = np.cross(index - wrist, little - wrist)  # of a right hand: to the palm's side
        towards_mm = (tips - knuckles).mean(0) @ palm / np.linalg.norm(palm)
        if abs(towards_mm) > 25:  # bent fingers
            assert (towards_mm > 0) == (not hand.left)
            sides.add(hand.left)
    assert sides == {True, False}


@pytest.mark.parametrize("skeleton", JOINTS)
def test_each_order_has_its_skeletons_joints(skeleton: str) -> None:
    assert len(JOINTS[skeleton]) == SKELETONS[skeleton].size
    assert keypoint_weights(skeleton).sum(1) == pytest.approx(1)


def test_nyus_order_is_the_one_of_its_skeleton() -> None:
    """Its roots are the second joints, its tips the tips, little finger first."""
    hand = render_hand(2, 1, CLEAN)
    nyu, own = hand.joints_mm("nyu_14"), hand.joints_mm("hand_21")
    names, theirs = SKELETONS["nyu_14"].joints, SKELETONS["hand_21"].joints
    for finger in ("little", "ring", "middle", "index"):
        for joint, same in (("tip", "tip"), ("root", "pip")):
            at = names.index(f"{finger}_{joint}")
            assert np.array_equal(nyu[at], own[theirs.index(f"{finger}_{same}")])
    assert np.array_equal(nyu[names.index("thumb_middle")], own[theirs.index("thumb_ip")])


def test_another_skeleton_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SkeletonError, match=r"coco_17.*hand_21, nyu_14, icvl_16"):
        render_hand(1, 0, CLEAN).joints_mm("coco_17")


def test_the_table_says_which_hand_a_picture_shows(tmp_path) -> None:
    write_rendered_hands(tmp_path / "new", 3, 4, NYU_HANDS, "nyu_14")
    with (tmp_path / "new" / JOINTS_FILE).open(encoding="utf-8") as file:
        found = [row["hand"] for row in csv.DictReader(file)]
    assert found == ["left" if render_hand(4, n).left else "right" for n in range(3)]


def test_two_processes_write_the_same_bytes_as_one(tmp_path) -> None:
    for workers in (1, 2):
        write_rendered_hands(tmp_path / str(workers), 4, 4, NYU_HANDS, workers=workers)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "12"
    )
    assert one == two
    assert sorted(one) == ["000000.png", "000001.png", "000002.png", "000003.png", JOINTS_FILE]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(MediaError, match="not empty"):
        write_rendered_hands(tmp_path, 1, 0, NYU_HANDS)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_another_skeleton_is_refused_before_anything_is_made(tmp_path) -> None:
    with pytest.raises(SkeletonError, match="body_33"):
        write_rendered_hands(tmp_path / "new", 1, 0, NYU_HANDS, "body_33")
    assert not (tmp_path / "new").exists()
