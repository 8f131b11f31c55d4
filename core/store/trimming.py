"""Clips with other begins and ends than they were recorded with.

A clip that is cut is another sample; the one that it was cut from lies in the bin, as long as that
is not emptied, and so can be cut anew, wider as well. So does what was recorded before and after a
clip (`NewSample.whole`), which the bin neither shows nor gives back.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from core.errors import NotFoundError, StoreError
from core.store.bin import alive_samples
from core.store.database import schema as t
from core.store.database.transactions import inserted
from core.store.index import read_samples
from core.store.rows import NewSample, Sample, now, to_row
from core.store.store import Store

_UNTIMED_S = 1 / 30
_Clip = TypeVar("_Clip", bound=NewSample)


def clip_times(sample: NewSample) -> NDArray[np.float64]:
    """(T,) seconds of a clip's frames since the first."""
    if sample.times_s is None:
        return np.asarray(np.arange(sample.frames) * _UNTIMED_S, np.float64)
    return np.asarray(sample.times_s - sample.times_s[0], np.float64)


def part_of(clip: _Clip, part: slice) -> _Clip:
    """Some of its frames; the crop and its place stay those of the whole."""
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


def whole_of(store: Store, sample: Sample) -> tuple[Sample, slice]:
    """The longest clip in the bin that this one is a part of, or itself; and which part."""
    of = t.samples.c
    longer = (of.burst_id == sample.burst_id) & (of.frames > sample.frames)
    found = select(of.id).where(longer, of.deleted_at.is_not(None), store.own(of.project_id))
    ids = [row[0] for row in store.rows(found)]
    for clip in sorted(read_samples(store, ids), key=lambda one: -one.frames):
        if clip.times_s is None or sample.times_s is None:
            continue
        begin = int(np.searchsorted(clip.times_s, sample.times_s[0]))
        part = slice(begin, begin + sample.frames)
        if np.array_equal(clip.times_s[part], sample.times_s):
            return _with_crop(clip, sample), part
    return sample, slice(0, sample.frames)


def _with_crop(clip: Sample, of: Sample) -> Sample:
    """The clip, with the crop of its part where it has none."""
    if clip.crop_jpeg is not None:
        return clip
    return replace(clip, crop_jpeg=of.crop_jpeg, region=of.region)


def trim_clip(store: Store, project_id: int, sample: Sample, part: slice) -> int:
    """Put the clip's place to a part of the frames of `whole_of` it; an action that can be undone.

    Returns:
        The new sample's id.

    Raises:
        NotFoundError: the clip is gone.
        StoreError: a single frame would be left.
        ValueError: no frame is in the part.
    """
    whole, _ = whole_of(store, sample)
    cut = part_of(whole, part)
    with store.undoable(project_id, "Changed begin and end of a clip") as undo_log:
        connection = undo_log.connection
        if not alive_samples(connection, project_id, [sample.id]):
            raise NotFoundError("that sample is gone: it was deleted or changed elsewhere")
        if cut.frames == 1:
            raise StoreError("a single frame is no clip: move the handles apart")
        about = {"project_id": project_id, "burst_id": sample.burst_id}
        about |= {"gesture_id": sample.gesture_id}
        new_id = inserted(connection, t.samples, to_row(cut) | about)
        if cut.crop_jpeg is not None:
            crop = {"sample_id": new_id, "frame": cut.frames // 2, "jpeg": cut.crop_jpeg}
            connection.execute(insert(t.crops).values(crop))
        undo_log.added(t.samples, [new_id])
        undo_log.set(t.samples, [sample.id], deleted_at=now())
    return new_id
