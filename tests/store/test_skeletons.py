"""Projects of other skeletons, and samples that are clips."""

import numpy as np
import pytest

from core.errors import SkeletonError
from core.gestures.labels import ARM_POSES, DEFAULT_GESTURES, MOTIONS, TWO_HANDED
from core.store import NewSample
from core.store.index import read_poses, read_samples
from core.store.rows import MOVING
from tests.store.conftest import person
from tests.support.stored import start_recording


@pytest.fixture
def bodies(store):
    return store.create_project("Bodies", skeleton="body_33")


@pytest.fixture
def burst(store, bodies):
    store.add_gesture(bodies.id, "hands up", "🙌")
    return start_recording(store, bodies, "hands up")


@pytest.fixture
def motion(store, bodies):
    """A recording of a gesture that moves."""
    store.add_gesture(bodies.id, "jump", "", MOVING)
    return start_recording(store, bodies, "jump")


@pytest.mark.parametrize(
    ("skeleton", "motions", "first"),
    [
        ("hand_21", False, DEFAULT_GESTURES),
        ("hand_21", True, MOTIONS),
        ("body_33", False, ARM_POSES),
        ("hands_42", False, TWO_HANDED),
    ],
)
def test_a_project_begins_with_the_gestures_of_its_skeleton(store, skeleton, motions, first):
    project = store.create_project("New", skeleton=skeleton, motions=motions)
    gestures = store.gestures(project.id)
    assert store.project("new").skeleton == skeleton
    assert [gesture.label for gesture in gestures] == [*first]
    assert {gesture.moves for gesture in gestures} == {motions}


def test_an_unknown_skeleton_makes_no_project(store):
    with pytest.raises(SkeletonError, match="no skeleton “face_68”"):
        store.create_project("Faces", skeleton="face_68")
    assert store.projects() == []


def test_samples_of_another_skeleton_are_refused_whole(store, bodies, burst):
    hand = NewSample(np.zeros((21, 2), np.float32), np.ones(21, np.float32), "x", True, "m")
    with pytest.raises(SkeletonError, match="samples are hand_21, “Bodies” takes body_33"):
        store.add_samples(burst, [person(), hand])
    assert store.samples(bodies.id) == []


def test_a_sample_whose_numbers_do_not_fit_is_none():
    with pytest.raises(ValueError, match="keypoints"):
        person(keypoints=np.zeros((2, 33, 2), np.float32))
    with pytest.raises(ValueError, match="visibility"):
        person(frames=2, visibility=np.zeros((2, 32), np.float32))
    with pytest.raises(SkeletonError, match="has 33"):
        person(keypoints=np.zeros((21, 2), np.float32), scores=np.zeros(21, np.float32))


def test_a_clip_comes_back_as_it_went_in(store, bodies, motion):
    clip = person(
        1,
        5,
        world=np.random.default_rng(2).normal(0, 1, (5, 33, 3)).astype(np.float32),
        visibility=np.random.default_rng(3).random((5, 33), np.float32),
        time_s=1.5,
        times_s=np.array([1.5, 1.54, 1.58, 1.7, 1.71]),
        crop_jpeg=b"\xff\xd8middle",
        other_crops={0: b"\xff\xd8first", 4: b"\xff\xd8last"},
    )
    [sample_id] = store.add_samples(motion, [clip])
    [back] = store.samples(bodies.id)
    for name in ("keypoints", "scores", "world", "visibility", "times_s"):
        np.testing.assert_array_equal(getattr(back, name), getattr(clip, name))
    assert (back.frames, back.time_s, back.crop_jpeg) == (5, 1.5, b"\xff\xd8middle")
    assert store.crops(sample_id) == {0: b"\xff\xd8first", 2: b"\xff\xd8middle", 4: b"\xff\xd8last"}
    np.testing.assert_array_equal(back.pose, clip.keypoints[2])
    assert [s.crop_jpeg for s in read_samples(store, [sample_id])] == [b"\xff\xd8middle"]


def test_three_dimensions_stay_three(store, bodies, burst):
    keypoints = np.random.default_rng(4).normal(0, 300, (33, 3)).astype(np.float32)
    store.add_samples(burst, [person(keypoints=keypoints, space="millimetres")])
    [back] = store.samples(bodies.id)
    np.testing.assert_array_equal(back.pose, keypoints)
    assert store.training_data(bodies.id).keypoints.shape == (1, 33, 3)


def test_a_clip_is_looked_at_as_its_middle_frame(store, bodies, burst, motion):
    clips = [person(1), person(2, frames=4), person(3, frames=7)]
    ids = store.add_samples(burst, clips[:1]) + store.add_samples(motion, clips[1:])
    poses = read_poses(store, bodies.id, ids)
    for found, clip in zip(poses.keypoints, clips, strict=True):
        np.testing.assert_array_equal(found, clip.pose)
    wanted = [clip.scores[clip.frames // 2].mean() for clip in clips]
    np.testing.assert_allclose(poses.scores, wanted, rtol=1e-6)
    assert poses.features().shape[0] == 3


def test_a_project_s_keypoints_are_all_in_the_picture_or_all_in_space(store, bodies, burst, motion):
    deep = person(keypoints=np.ones((33, 3), np.float32))
    with pytest.raises(SkeletonError, match=r"in space \(x, y, z\), those of “Bodies” in the pic"):
        store.add_samples(burst, [person(), deep])
    store.add_samples(motion, [person(frames=4)])
    with pytest.raises(SkeletonError, match="create a project for them"):
        store.add_samples(burst, [deep])
    assert len(store.samples(bodies.id)) == 1
