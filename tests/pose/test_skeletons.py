"""Skeletons: every entry of the table is sound; one turns into another where that is meant."""

import itertools

import numpy as np
import pytest

from core.errors import SkeletonError
from core.pose.skeletons.hands import KNUCKLES, TIPS, WRIST
from core.pose.skeletons.table import (
    BODY_33,
    COCO_17,
    HAND_21,
    HANDS17_21,
    ICVL_16,
    LSP_14,
    MSRA_21,
    NYU_14,
    SKELETONS,
    Skeleton,
    convert_keypoints,
    skeleton_named,
)
from core.pose.skeletons.titles import TITLES, joint_title

every = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)


@every
def test_edges_groups_and_feature_points_name_keypoints_that_are_there(skeleton: Skeleton) -> None:
    assert skeleton.name.endswith(f"_{skeleton.size}")
    assert len(set(skeleton.joints)) == skeleton.size
    used = {j for edge in (*skeleton.edges, *skeleton.mirror_pairs, *skeleton.scale) for j in edge}
    used |= {j for group in skeleton.groups.values() for j in group}
    used |= {*skeleton.root, *skeleton.heading}
    assert used <= set(range(skeleton.size))
    assert len(skeleton.colors) == len(skeleton.edges) == len(set(skeleton.edges))
    assert skeleton.root and skeleton.heading
    assert len(skeleton.oks_sigmas) in (0, skeleton.size)
    joined = {frozenset(edge) for edge in skeleton.edges}
    for group in skeleton.groups.values():
        assert all(frozenset(pair) in joined for pair in itertools.pairwise(group))


@every
def test_mirror_pairs_are_left_and_right_of_one_name(skeleton: Skeleton) -> None:
    for left, right in skeleton.mirror_pairs:
        assert skeleton.joints[left] == skeleton.joints[right].replace("right_", "left_")
    sided = [j for j in skeleton.joints if j.startswith(("left_", "right_"))]
    assert len(sided) == 2 * len(skeleton.mirror_pairs)
    twice = [skeleton.mirror_order[j] for j in skeleton.mirror_order]
    assert twice == list(range(skeleton.size))


def test_hands_have_the_orders_of_mediapipe_and_of_the_published_files() -> None:
    assert HAND_21.joints[0] == "wrist" and HAND_21.joints[20] == "little_tip"
    assert HAND_21.groups["index"] == (5, 6, 7, 8) and len(HAND_21.edges) == 20
    assert (WRIST, *TIPS, *KNUCKLES) == (0, 4, 8, 12, 16, 20, 5, 9, 13, 17)
    assert ICVL_16.joints[:4] == ("palm", "thumb_root", "thumb_middle", "thumb_tip")
    assert ICVL_16.joints[4] == "index_root" and ICVL_16.joints[15] == "little_tip"
    assert MSRA_21.joints[:5] == ("wrist", "index_mcp", "index_pip", "index_dip", "index_tip")
    assert MSRA_21.joints[13] == "little_mcp" and MSRA_21.joints[17:] == HAND_21.joints[1:5]
    fives = ("thumb_cmc", "index_mcp", "middle_mcp", "ring_mcp", "little_mcp")
    assert HANDS17_21.joints[1:6] == fives
    assert HANDS17_21.joints[6:9] == ("thumb_mcp", "thumb_ip", "thumb_tip")
    assert HANDS17_21.groups["little"] == (5, 18, 19, 20)


@pytest.mark.parametrize("other", [MSRA_21, HANDS17_21], ids=lambda s: s.name)
def test_hands_of_21_keypoints_turn_into_each_other_by_name(other: Skeleton) -> None:
    hand = np.arange(63, dtype=np.float32).reshape(21, 3)
    there = convert_keypoints(hand, HAND_21, other)
    thumb, little = HAND_21.index("thumb_tip"), HAND_21.index("little_mcp")
    np.testing.assert_array_equal(there[other.index("thumb_tip")], hand[thumb])
    np.testing.assert_array_equal(there[other.index("little_mcp")], hand[little])
    np.testing.assert_array_equal(convert_keypoints(there, other, HAND_21), hand)


def test_33_keypoints_turn_into_coco_s_17_by_the_published_indices() -> None:
    body = np.arange(66, dtype=np.float32).reshape(33, 2)
    rows = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
    np.testing.assert_array_equal(convert_keypoints(body, BODY_33, COCO_17), body[rows])


@pytest.mark.parametrize(("source", "target"), [(COCO_17, LSP_14), (LSP_14, COCO_17)])
def test_17_and_14_keypoints_turn_into_each_other_by_name(source, target) -> None:
    body = np.arange(source.size * 6, dtype=np.float32).reshape(2, source.size, 3)
    found = convert_keypoints(body, source, target)
    shared = [joint for joint in target.joints if joint in source.joints]
    for joint in shared:
        np.testing.assert_array_equal(
            found[:, target.index(joint)], body[:, source.index(joint)], joint
        )
    missing = [*{*target.joints} - {*shared, "neck"}]  # the head's top, or the face
    assert len(shared) == 12 and np.isnan(found[:, [target.index(j) for j in missing]]).all()


def test_the_neck_lies_between_the_shoulders_and_is_missing_where_one_is() -> None:
    body = np.zeros((17, 2), np.float32)
    body[5], body[6] = (10, 4), (30, 8)
    neck = LSP_14.index("neck")
    assert convert_keypoints(body, COCO_17, LSP_14)[neck].tolist() == [20, 6]
    body[5] = np.nan
    assert np.isnan(convert_keypoints(body, COCO_17, LSP_14)[neck]).all()


def test_what_has_no_way_from_one_to_the_other_is_refused_in_words() -> None:
    with pytest.raises(SkeletonError, match="hand_21 keypoints can't be turned into nyu_14"):
        convert_keypoints(np.zeros((21, 2), np.float32), HAND_21, NYU_14)
    with pytest.raises(SkeletonError, match="have 20 keypoints, hand_21 has 21"):
        convert_keypoints(np.zeros((20, 2), np.float32), HAND_21, COCO_17)


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    assert skeleton_named("body_33") is BODY_33
    with pytest.raises(
        SkeletonError, match="no skeleton “hand_22”; there are: hand_21, hands_42, "
    ):
        skeleton_named("hand_22")


@pytest.mark.parametrize("skeleton", [HAND_21, BODY_33, COCO_17, LSP_14], ids=lambda one: one.name)
def test_every_keypoint_that_the_pages_name_has_a_title_to_translate(skeleton):
    assert {joint.replace("_", " ") for joint in skeleton.joints} <= {*TITLES}
    assert [joint_title(joint) for joint in skeleton.joints] == [
        joint.replace("_", " ") for joint in skeleton.joints
    ]
