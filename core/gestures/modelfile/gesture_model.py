"""A gesture model in use: `model.onnx` + `metadata.json`, run by onnxruntime alone.

Convention: inputs `keypoints` float32 (N, K, D), D = 2 in pixels or 3 in space, and `mirrored_view`
bool (N,); of moving gestures, `keypoints` are windows of T frames evenly spaced in time, (N, T,
K, D). Outputs `probabilities` (N, C) and, except in early models, `rejection` (N,): no gesture is
given above the metadata's threshold. A model file is untrusted: it is read as bytes and checked
before it runs.

A training writes its model twice, each time the graph first; the metadata contain the graph's
sha256, so that a graph is never read with another model's metadata.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.files import update_json
from core.gestures.features import FEATURE_SETS
from core.gestures.labels import GestureLabel, safe_emoji
from core.gestures.modelfile.metadata import MOVING, ModelMetadata
from core.gestures.motion.motion_features import MOTION_FEATURES
from core.modelfiles.graph_checks import find_graph_fault
from core.modelfiles.onnx_session import open_session
from core.pose.finders import keypoints_by
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named
from core.pose.smoothing import Smoothing
from core.words import join_words, mark, words

MODEL, METADATA = "model.onnx", "metadata.json"
ONNX_SHA256, PRELIMINARY = "onnx_sha256", "preliminary"  # in the metadata; early models lack them
MOTIONS = "motions"  # folder inside a model's folder, with the model of moving gestures
_MAX_BETWEEN_WRITES_S = 2.0  # usually a fraction of a millisecond
MAX_BYTES = 20 * 2**20
MAX_METADATA = 2**20
MAX_MEMORY = 512 * 2**20  # bytes that a graph may use while it runs
_MAX_ROWS, _MAX_WINDOWS = 8192, 512  # per run, to stay below that
_INPUTS = {"keypoints": "tensor(float)", "mirrored_view": "tensor(bool)"}
OUTPUTS = ("probabilities", "rejection")
_DEFAULT_LEAVE = 0.75  # `Smoothing.leave` as a fraction of `enter`


@dataclass(frozen=True, eq=False)
class GestureModel:
    """Keypoints in, probabilities out."""

    path: Path  # the folder, or the `.gesture` file, that it came from
    metadata: dict[str, Any]
    onnx: bytes
    beside: "GestureModel | None" = None  # of moving gestures, from the same `.gesture` file

    @classmethod
    def load(cls, path: Path) -> "GestureModel":
        """Read a model from its folder (also a run's) or its model.onnx. Raise ModelError if it is
        missing, too large, damaged, or of another feature version."""
        folder = path.parent if path.suffix == ".onnx" else path
        return cls(folder, *_read_files(folder))

    def __reduce__(self) -> Any:
        """Pickle without the onnxruntime session."""
        return GestureModel, (self.path, self.metadata, self.onnx, self.beside)

    @cached_property
    def _session(self) -> Any:
        """The onnxruntime session. Raise ModelError if the graph isn't a gesture model's."""
        try:
            session = open_session(self.onnx, max_memory_bytes=MAX_MEMORY)
        except Exception as error:  # onnxruntime raises a dozen types
            raise self._make_run_error(error) from error
        found = {i.name: i.type for i in session.get_inputs()}
        shapes = {i.name: tuple(i.shape) for i in session.get_inputs()}
        if found != _INPUTS or not _shapes_fit(self.shape, **shapes):
            raise ModelError(
                f"{self.path / MODEL} takes {found} of {shapes}, a gesture model takes {_INPUTS} "
                f"of (N, {self._shape_text}) and (N,)"
            )
        outputs = {o.name: o.shape for o in session.get_outputs()}
        ranks = [len(shape) for shape in outputs.values()]
        if [*outputs] != [*OUTPUTS][: len(outputs)] or ranks != [2, 1][: len(ranks)] or not ranks:
            raise ModelError(
                f"{self.path / MODEL} gives {outputs}, expected are probabilities (N, C) and, "
                "where it can reject hands, rejection (N,)"
            )
        answers = outputs["probabilities"][1]
        if answers != len(self.gestures):
            raise ModelError(
                f"{self.path / MODEL} gives {answers} answers, but the metadata name "
                f"{len(self.gestures)} gestures"
            )
        return session

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs; early models have no rejection."""
        return tuple(output.name for output in self._session.get_outputs())

    def _make_run_error(self, error: Exception) -> ModelError:
        """Describe an error of onnxruntime in one line."""
        reason = str(error).splitlines()[0]
        return ModelError(f"{self.path / MODEL} can't be run: {reason[:300]}")

    @cached_property
    def about(self) -> ModelMetadata:
        """The checked metadata. Raise ModelError if they are invalid."""
        return ModelMetadata.parse(self.metadata)

    @cached_property
    def gestures(self) -> tuple[GestureLabel, ...]:
        """The C gestures, in the order of the output."""
        return tuple(GestureLabel(g.name, safe_emoji(g.emoji)) for g in self.about.gestures)

    @property
    def estimators(self) -> tuple[str, ...]:
        """All estimators whose keypoints the model was trained on."""
        return tuple(self.about.estimators) or (self.about.estimator,)

    def knows(self, estimator: str) -> bool:
        """Return whether the model was trained on keypoints of this estimator."""
        return keypoints_by(estimator) in self.estimators

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton of its keypoints; a hand's if the metadata name none."""
        return skeleton_named(self.about.skeleton)

    @property
    def axes(self) -> int:
        """2 for 2-D keypoints in the picture, 3 for 3-D keypoints."""
        return self.about.axes

    @property
    def steps(self) -> int | None:
        """Number of frames T per window; None for a model of still gestures."""
        return self.about.steps if self.about.kind == MOVING else None

    @cached_property
    def motions(self) -> "GestureModel | None":
        """The model of moving gestures: this one or the one saved with it; None if there is none.
        Raise ModelError if it can't be read."""
        if self.steps is not None:
            return self
        if self.beside is not None:
            return self.beside
        folder = self.path / MOTIONS
        return GestureModel.load(folder) if (folder / METADATA).is_file() else None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample: (K, D), or (T, K, D) for moving gestures."""
        frames = () if self.steps is None else (self.steps,)
        return (*frames, self.skeleton.size, self.axes)

    @property
    def max_batch(self) -> int:
        """The largest batch size that its graph is run with."""
        return _MAX_ROWS if self.steps is None else _MAX_WINDOWS

    @property
    def _shape_text(self) -> str:
        return ", ".join(map(str, self.shape))

    @property
    def rejects_above(self) -> float:
        """Rejection score above which the prediction is "no gesture"; inf if it has no score."""
        return np.inf if self.about.rejection is None else self.about.rejection.threshold

    def check_estimator(self, name: str, skeleton: str = HAND_21.name) -> None:
        """Raise ModelError unless the model was trained on this estimator and skeleton."""
        if skeleton != self.skeleton.name:
            raise ModelError(
                words(
                    "the model knows {own} keypoints, these are {skeleton}: choose a model that "
                    "was trained on them",
                    own=self.skeleton.name,
                    skeleton=skeleton,
                )
            )
        if not self.knows(name):
            known = join_words(self.estimators, mark("{first} and {rest}"))
            raise ModelError(
                words(
                    "the model was trained on {known} keypoints, these come from {name}: choose a "
                    "model trained on them",
                    known=known,
                    name=name,
                )
            )

    def predict(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return (N, C) probabilities and (N,) rejection scores (0 if the model has none) of (N, K,
        D) keypoints or (N, T, K, D) windows, NaN where missing, and (N,) bool. Raise ModelError for
        another skeleton, or if the model can't be run."""
        if keypoints.shape[1:] != self.shape:
            raise ModelError(
                f"the model knows {self.skeleton.name} keypoints (N, {self._shape_text}), "
                f"these are {keypoints.shape}: choose a model that was trained on them"
            )
        keypoints = np.ascontiguousarray(keypoints, np.float32)
        mirrored_view = np.ascontiguousarray(mirrored_view, bool)
        if len(keypoints) <= self.max_batch:
            return self._run_batch(keypoints, mirrored_view)
        starts = range(0, len(keypoints), self.max_batch)
        slices = [slice(start, start + self.max_batch) for start in starts]
        parts = [self._run_batch(keypoints[s], mirrored_view[s]) for s in slices]
        probabilities, rejections = map(np.concatenate, zip(*parts, strict=True))
        return probabilities, rejections

    def _run_batch(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the graph on one batch; return probabilities and rejection scores (0 if it has none).
        Raise ModelError if it fails."""
        session, feed = self._session, {"keypoints": keypoints, "mirrored_view": mirrored_view}
        try:
            found = [np.asarray(out, np.float32) for out in session.run(None, feed)]
        except Exception as error:  # see `_session`
            raise self._make_run_error(error) from error
        probabilities, *rejection = found
        answers = probabilities, rejection[0] if rejection else np.zeros(len(keypoints), np.float32)
        rows = [len(answer) for answer in answers]
        if set(rows) != {len(keypoints)}:
            raise ModelError(f"{self.path / MODEL} gives {rows} rows for {len(keypoints)} hands")
        return answers


def _shapes_fit(
    shape: tuple[int, ...], keypoints: tuple[Any, ...], mirrored_view: tuple[Any, ...]
) -> bool:
    """Return whether inputs are (N, …, K, D) and (N,); K may be any, as in early models."""
    own = keypoints[1:]
    same = len(own) == len(shape) and own[-1] == shape[-1] and own[:-2] == shape[:-2]
    return same and len(mirrored_view) == 1


def _read_files(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Read a model's metadata and graph; retry while a training run replaces them, then raise
    ModelError if their hashes differ."""
    end = time.monotonic() + _MAX_BETWEEN_WRITES_S
    while True:
        metadata, data = _read_metadata(folder / METADATA), _read_bounded(folder / MODEL, MAX_BYTES)
        found = hashlib.sha256(data).hexdigest()
        wanted = metadata.get(ONNX_SHA256, found)
        if found == wanted:
            if fault := find_graph_fault(data):
                raise ModelError(f"{folder / MODEL} {fault}")
            return metadata, data
        if time.monotonic() > end:
            raise ModelError(
                words(
                    "{path} has the sha256 {found}, but {metadata} contains {wanted}: train again",
                    path=folder / MODEL,
                    found=found,
                    metadata=METADATA,
                    wanted=wanted,
                )
            )
        time.sleep(0.01)


def _read_metadata(path: Path) -> dict[str, Any]:
    """Read metadata.json; raise ModelError if it is damaged or its features aren't supported."""
    try:
        content = json.loads(_read_bounded(path, MAX_METADATA).decode())
    except (ValueError, RecursionError) as error:
        raise ModelError(
            words("{path} is no gesture model's metadata ({error})", path=path, error=repr(error))
        ) from error
    if not isinstance(content, dict):
        raise ModelError(
            words("{path} is no gesture model's metadata: it is not a JSON object", path=path)
        )
    _check_features(ModelMetadata.parse(content), path.parent)
    return content


def _check_features(metadata: ModelMetadata, folder: Path) -> None:
    """Raise ModelError for an unknown skeleton, another feature version, or no gestures."""
    skeleton, axes = metadata.skeleton, metadata.axes
    features = MOTION_FEATURES if metadata.kind == MOVING else FEATURE_SETS
    known = features.get((skeleton, axes))
    if known is None:
        names = ", ".join(name for name, own_axes in features if own_axes == axes)
        raise ModelError(
            words(
                "{path} was made for the skeleton “{skeleton}”, this Mudra knows {known}: use a "
                "newer Mudra",
                path=folder,
                skeleton=skeleton,
                known=names,
            )
        )
    if metadata.feature_version != known.version:
        raise ModelError(
            words(
                "{path} was made for feature version {version} of {skeleton}, this Mudra has "
                "{own}: train it again",
                path=folder,
                version=metadata.feature_version,
                skeleton=skeleton,
                own=known.version,
            )
        )
    if not metadata.gestures:
        raise ModelError(f"{folder / METADATA} names no gestures")


def _read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a model's file. Raise ModelError if it is missing or too large."""
    if not path.is_file():
        raise ModelError(
            words(
                "no gesture model at {folder}: {file} is missing; train one",
                folder=path.parent,
                file=path.name,
            )
        )
    if (size := path.stat().st_size) > max_bytes:
        raise ModelError(
            words(
                "{path} has {size:,} bytes; the limit is {most:,}",
                path=path,
                size=size,
                most=max_bytes,
            )
        )
    return path.read_bytes()


@lru_cache(maxsize=8)  # called for each frame
def read_smoothing(model: GestureModel | None) -> Smoothing:
    """Return the smoothing in a model's metadata, by default the standard one with the model's
    threshold. Raise ModelError if the metadata are invalid."""
    if model is None:
        return Smoothing()
    threshold = model.about.threshold
    default = Smoothing(enter=threshold, leave=_DEFAULT_LEAVE * threshold)
    return model.about.smoothing or default


def save_smoothing(folder: Path, smoothing: Smoothing) -> None:
    """Write the smoothing into the metadata of a model's folder, atomically. Raise ModelError if
    there is no model, or the folder can't be written."""
    path = folder / METADATA
    try:
        update_json(path, {"smoothing": asdict(smoothing)})
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            words("the smoothing can't be saved in {path}: {error}", path=path, error=str(error))
        ) from error
