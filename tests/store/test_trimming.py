"""Clips are trimmed, widened and restored; the clip that was recorded stays in the bin."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import NotFoundError
from core.store.bin import delete_samples, restore_samples
from core.store.deleting import empty_bin
from core.store.index import count_samples, read_restorable_index, read_samples
from core.store.rows import MOVING
from core.store.trimming import clip_times, find_whole_clip, slice_clip, trim_clip
from tests.store.conftest import only_sqlite
from tests.support.performances import perform, performed
from tests.support.stored import record


@pytest.fixture
def clip(store, project):
    gesture = perform(store, project.id, "swipe_left", 1)
    [found] = store.samples(project.id, gesture_id=gesture.id)
    return found


def alive(store, project):
    return [sample.id for sample in store.samples(project.id)]


@only_sqlite
def test_a_clip_is_cut_and_cut_anew_wider_and_all_is_undone(store, project, clip):
    [narrow] = read_samples(store, [trim_clip(store, project.id, clip, slice(4, 12))])
    assert alive(store, project) == [narrow.id]
    assert (narrow.gesture_id, narrow.burst_id) == (clip.gesture_id, clip.burst_id)
    np.testing.assert_array_equal(narrow.keypoints, clip.keypoints[4:12])
    np.testing.assert_allclose(clip_times(narrow), np.arange(8) / 30, atol=1e-9)
    whole, part = find_whole_clip(store, narrow)
    assert (whole.id, part) == (clip.id, slice(4, 12))
    [wide] = read_samples(store, [trim_clip(store, project.id, narrow, slice(2, 18))])
    np.testing.assert_array_equal(wide.keypoints, clip.keypoints[2:18])
    whole, part = find_whole_clip(store, wide)
    assert (whole.id, part) == (clip.id, slice(2, 18))
    assert alive(store, project) == [wide.id]
    for expected in (narrow.id, clip.id):
        store.undo(store.list_history(project.id)[0].id)
        assert alive(store, project) == [expected]
    assert find_whole_clip(store, clip) == (clip, slice(0, clip.frames))


@only_sqlite
def test_a_clip_that_was_deleted_meanwhile_is_not_cut(store, project, clip):
    delete_samples(store, project.id, [clip.id])
    with pytest.raises(NotFoundError, match="deleted or changed elsewhere"):
        trim_clip(store, project.id, clip, slice(0, 8))
    assert alive(store, project) == []


def test_a_clip_is_widened_to_what_it_was_cut_from_which_goes_with_the_bin(store, project):
    all_of_it = replace(performed("swipe_left", np.random.default_rng(0)), region=(1.0, 2.0, 64.0))
    clip = replace(slice_clip(all_of_it, slice(5, 13)), whole=all_of_it, crop_jpeg=b"crop")
    gesture = store.add_gesture(project.id, "swipe_left", "", MOVING)
    other = replace(performed("swipe_left", np.random.default_rng(1)), time_s=9.0)
    first, second = record(store, project, [clip, other], "swipe_left")

    assert count_samples(store, project.id) == {gesture.id: 2}
    assert not len(read_restorable_index(store, project.id))
    assert store.samples(project.id, deleted=True) == []
    assert store.training_data(project.id, clips=True).sample_ids.tolist() == [first, second]
    [there, _] = read_samples(store, [first, second])
    whole, part = find_whole_clip(store, there)
    assert (whole.frames, part, whole.crop_jpeg) == (18, slice(5, 13), b"crop")
    assert restore_samples(store, project.id, [whole.id]) == 0
    [wide] = read_samples(store, [trim_clip(store, project.id, there, slice(2, 18))])
    assert (wide.frames, wide.crop_jpeg, wide.region) == (16, b"crop", (1.0, 2.0, 64.0))
    np.testing.assert_array_equal(wide.keypoints, all_of_it.keypoints[2:])
    assert read_restorable_index(store, project.id).ids.tolist() == [first]

    assert empty_bin(store, project.id)["samples"] == 1  # the one that was cut anew
    assert find_whole_clip(store, wide) == (wide, slice(0, 16))
    assert read_samples(store, [first, whole.id]) == []
