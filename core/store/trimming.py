"""Change the start and end of recorded clips.

Trimming replaces a clip by a new sample and puts the old one into the bin, so it can be trimmed
again, also to a longer clip, until the bin is emptied. The same holds for the longer clip that a
recording was cut from (`NewSample.whole`), which the bin doesn't show.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from core.errors import NotFoundError, StoreError
from core.store.bin import filter_sample_ids
from core.store.database import schema as t
from core.store.database.transactions import insert_row
from core.store.index import read_samples
from core.store.rows import NewSample, Sample, now, to_crop_rows, to_row
from core.store.store import Store
from core.words import words

_DEFAULT_FRAME_S = 1 / 30
_Clip = TypeVar("_Clip", bound=NewSample)


def clip_times(sample: NewSample) -> NDArray[np.float64]:
    """Return a clip's frame times, s since the first frame, as (T,); if unknown, at 30 fps."""
    if sample.times_s is None:
        return np.asarray(np.arange(sample.frames) * _DEFAULT_FRAME_S, np.float64)
    return np.asarray(sample.times_s - sample.times_s[0], np.float64)


def slice_clip(clip: _Clip, part: slice) -> _Clip:
    """Return a clip of only these frames; crop and region stay those of the whole clip."""
    return replace(
        clip,
        keypoints=clip.keypoints[part],
        scores=clip.scores[part],
        world=None if clip.world is None else clip.world[part],
        visibility=None if clip.visibility is None else clip.visibility[part],
        times_s=None if clip.times_s is None else clip.times_s[part],
        time_s=clip.time_s if clip.times_s is None else float(clip.times_s[part][0]),
        other_crops={},
    )


def find_whole_clip(store: Store, sample: Sample) -> tuple[Sample, slice]:
    """Return the longest clip in the bin that this clip was trimmed from, or the clip itself if
    there is none, and the slice of it that the trimmed clip covers."""
    of = t.samples.c
    longer = (of.burst_id == sample.burst_id) & (of.frames > sample.frames)
    found = select(of.id).where(longer, of.deleted_at.is_not(None), store.is_own(of.project_id))
    ids = [row[0] for row in store.fetch_all(found)]
    for clip in sorted(read_samples(store, ids), key=lambda one: -one.frames):
        if clip.times_s is None or sample.times_s is None:
            continue
        start = int(np.searchsorted(clip.times_s, sample.times_s[0]))
        part = slice(start, start + sample.frames)
        if np.array_equal(clip.times_s[part], sample.times_s):
            if clip.crop_jpeg is None:
                clip = replace(clip, crop_jpeg=sample.crop_jpeg, region=sample.region)
            return clip, part
    return sample, slice(0, sample.frames)


def trim_clip(store: Store, project_id: int, sample: Sample, part: slice) -> int:
    """Replace a clip by a slice of the clip it was first trimmed from, and return the new sample's
    id; can be undone. Raise NotFoundError if the clip was deleted, StoreError if only a single
    frame would be left, ValueError if the slice is empty."""
    whole, _ = find_whole_clip(store, sample)
    trimmed = slice_clip(whole, part)
    with store.begin_undoable(project_id, words("Changed begin and end of a clip")) as undo_log:
        connection = undo_log.connection
        if not filter_sample_ids(connection, project_id, [sample.id]):
            raise NotFoundError(words("that sample is gone: it was deleted or changed elsewhere"))
        if trimmed.frames == 1:
            raise StoreError(words("a single frame is no clip: move the handles apart"))
        home = {
            "project_id": project_id,
            "burst_id": sample.burst_id,
            "gesture_id": sample.gesture_id,
        }
        new_id = insert_row(connection, t.samples, to_row(trimmed) | home)
        if crops := to_crop_rows(new_id, trimmed):
            connection.execute(insert(t.crops), crops)
        undo_log.record_inserts(t.samples, [new_id])
        undo_log.update_ids(t.samples, [sample.id], deleted_at=now())
    return new_id
