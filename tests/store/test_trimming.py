"""Begin and end of clips, moved, moved back and undone: the clip that was recorded is kept."""

import numpy as np
import pytest

from core.errors import NotFoundError
from core.store.bin import delete_samples
from core.store.index import read_samples
from core.store.trimming import clip_times, find_whole_clip, trim_clip
from tests.store.conftest import only_sqlite
from tests.support.performances import perform

pytestmark = only_sqlite


@pytest.fixture
def clip(store, project):
    gesture = perform(store, project.id, "swipe_left", 1)
    [found] = store.samples(project.id, gesture_id=gesture.id)
    return found


def alive(store, project):
    return [sample.id for sample in store.samples(project.id)]


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


def test_a_clip_that_was_deleted_meanwhile_is_not_cut(store, project, clip):
    delete_samples(store, project.id, [clip.id])
    with pytest.raises(NotFoundError, match="deleted or changed elsewhere"):
        trim_clip(store, project.id, clip, slice(0, 8))
    assert alive(store, project) == []
