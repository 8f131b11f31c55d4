"""Single pictures become samples: what was kept of files, and why the others were refused."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.errors import MediaError
from core.estimators import Estimator
from core.media.pictures import read_picture
from core.pose.types import Frame
from core.recording.recorder import Recorder
from core.recording.samples import STORED, judged, sample_of
from core.store import NewSample


@dataclass(frozen=True)
class Added:
    """What became of files: how many samples were kept, why others were not, and what is new in
    the store, ids by table."""

    kept: int
    refused: tuple[tuple[str, str], ...] = ()
    new: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """“kept 41 / refused 9 (a.jpg: no hand, …)”, at most five named."""
        named = ", ".join(f"{name}: {reason}" for name, reason in self.refused[:5])
        more = ", …" if len(self.refused) > 5 else ""
        text = f"kept {self.kept} / refused {len(self.refused)}"
        return text + (f" ({named}{more})" if named else "")


def add_pictures(
    recorder: Recorder,
    gesture_id: int,
    pictures: Sequence[tuple[str, bytes]],
    estimator: Estimator,
    *,
    progress: Callable[[float], None] = lambda share: None,
    kept: list[int] | None = None,
) -> Added:
    """Store samples from single pictures as one recording of the recorder's session.

    Args:
        pictures: (name, content of a JPEG, PNG or WEBP file) each.
        progress: told the share that is done, 0..1.
        kept: gets the new samples' ids at once, also where a later picture ends it all.
    """
    kept = [] if kept is None else kept
    known = recorder.store.stored_file_hashes(recorder.project_id)
    recording_id: int | None = None
    refused = list[tuple[str, str]]()
    for i, (name, content) in enumerate(pictures):
        digest = hashlib.sha256(content).hexdigest()
        found = (
            STORED if digest in known else _sample_from_picture(name, content, recorder, estimator)
        )
        if isinstance(found, str):
            refused.append((name, found))
        else:
            recording_id = (
                recorder.begin_recording(gesture_id) if recording_id is None else recording_id
            )
            one = replace(found, file_hash=digest)
            kept += recorder.store.add_samples(recording_id, [one])
            known.add(digest)
        progress((i + 1) / len(pictures))
    return Added(len(kept), tuple(refused), {"samples": kept})


def _sample_from_picture(
    name: str, content: bytes, recorder: Recorder, estimator: Estimator
) -> NewSample | str:
    """Make a sample from a picture, or return why there is none."""
    try:
        frame = Frame(read_picture(content, name=name), source=name)
    except MediaError as error:
        return str(error)
    estimate = estimator.estimate_still(frame.rgb)
    found = judged(estimate, None, recorder.limits)
    if isinstance(found, str):
        return found
    picture = recorder.with_pictures
    return sample_of(frame, found, estimate, version=estimator.version, with_picture=picture)
