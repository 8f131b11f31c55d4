"""A project's gesture cards for one visitor: their state, and what becomes of each press."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict, cast

from core.errors import MediaError, MudraError, NotFoundError
from core.gestures.labels import explain_gesture
from core.live.channel import Message
from core.live.live import Latest
from core.media.pictures import to_data_url
from core.recording.plans import Plan, RecordingStatus
from core.recording.recorder import Recorder
from core.recording.sample_pictures import encode_sample_picture, encode_thumbnail
from core.store import Gesture, Sample, Store
from core.store.bin import delete_samples
from core.store.index import count_samples, list_newest_ids, read_samples
from core.store.rows import MOVING, STILL
from core.training.runs import describe_error
from core.words import words

THUMBNAILS = 12  # per gesture, at first and whenever the page asks for more
THUMBNAIL_SIZE, ENLARGED_SIZE = 96, 480  # pixels
START_CAMERA = words("Press START and allow the camera.")
CAMERA_STARTING = words("The camera starts …")
REREAD_S = 0.5  # other windows and the writer's thread change the store, too
_AUTOMATIC_KINDS = {"beat", "end", "pictures", "more", "enlarge"}  # sent without a click


class Card(TypedDict):
    """A gesture's card; `how` to perform it, or ""; `crops`, ids of samples, newest first."""

    id: int
    name: str
    emoji: str
    moves: bool
    samples: int
    how: str
    crops: list[int]


class CardsRecording(TypedDict):
    """The running recording; `since`: seconds since its countdown ended, None before a frame."""

    gesture: int | None
    since: float | None
    short: str
    long: str


class DifferentSamples(TypedDict):
    """The `ids` of the `total` samples of a recording of `gesture` that look unlike the others."""

    gesture: int
    ids: list[int]
    total: int


class CardsState(TypedDict):
    """What the cards show.

    Attributes:
        mode: "hold" or "press".
        off: why recording is impossible now, or "".
        alert: why a recording ended early, or "".
        problem: why the command of number `refused` failed, or "".
        note: the counts of the last recording.
        chosen: a gesture's id.
        clicks: seconds and pitches in Hz of a moving gesture's beat.
        different: of the last recording, offered for deletion.
        edits, recorded: of `GestureCards`.
        can_edit: whether gestures can be added, renamed and removed.
    """

    mode: str
    off: str
    alert: str
    problem: str
    refused: int
    note: str
    chosen: int | None
    recording: CardsRecording | None
    different: DifferentSamples | None
    clicks: list[tuple[float, int]]
    edits: int
    recorded: int
    can_edit: bool
    cards: list[Card]


class CardsCommand(TypedDict):
    """A command of the page to the cards, see `GestureCards.receive`; untrusted."""

    n: int
    kind: str
    gesture: NotRequired[int]
    held: NotRequired[float]
    sample: NotRequired[int]
    name: NotRequired[str]
    emoji: NotRequired[str]
    moves: NotRequired[bool]
    ids: NotRequired[list[int]]


class FrameSource(Protocol):
    """A source of frames: the stage's video or a depth camera."""

    def latest(self) -> Latest:
        """Return the result of the last frame."""


@dataclass(frozen=True)
class CardsSetup:
    """What the page that shows the cards wants of them.

    Attributes:
        live: None while the camera is off: nothing can be recorded.
        plan: with a lease, a button records while it is held; otherwise from one press to the next,
            or for the plan's length.
        on_recorded: called when a recording has ended and is stored.
        shows_choice: whether the page shows the selected gesture.
    """

    recorder: Recorder
    live: FrameSource | None
    plan: Plan
    on_recorded: Callable[[], object] = lambda: None
    shows_choice: bool = False

    @property
    def off(self) -> str:
        """Return why recording is impossible now (camera off or starting); "" if it is possible."""
        if self.live is None:
            return START_CAMERA
        latest = self.live.latest()
        return "" if latest.frames and not latest.opening else CAMERA_STARTING


class GestureCards:
    """The cards of one project; the page sets them up, the channel's threads do the rest.

    Args:
        as_visitor: entered while the store is changed, so that the page can offer to undo it.

    Attributes:
        edits: number of changes that the page must be drawn anew for.
        recorded: number of recordings that have ended, here or elsewhere.
    """

    can_edit = True

    def __init__(
        self,
        project_id: int,
        setup: CardsSetup,
        as_visitor: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.project_id, self._setup, self._as_visitor = project_id, setup, as_visitor
        self.edits = self.recorded = 0
        self._wanted = 0
        self._busy = False
        self._problem, self._refused = "", 0
        self._pictures: list[int] = []
        self._enlarged: list[int] = []
        self._different: DifferentSamples | None = None  # of the last recording
        self._shown: dict[int, int] = {}  # by gesture: number of thumbnails
        self._rows: list[Card] = []
        self._counts: dict[int, int] = {}
        self._read_s = float("-inf")
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """Name of the cards' topic and receiver."""
        return f"cards {self.project_id}"

    def set_up(self, setup: CardsSetup, *, forget_problem: bool) -> None:
        """Use the page's newest setup."""
        with self._lock:
            self._setup, self._read_s = setup, float("-inf")
            if forget_problem:
                self._problem = ""

    @property
    def store(self) -> Store:
        """The project's store."""
        return self._setup.recorder.store

    def gestures(self) -> dict[int, Gesture]:
        """Return the enabled gestures by id, in their order."""
        found = self.store.gestures(self.project_id, enabled_only=True)
        return {gesture.id: gesture for gesture in found}

    def chosen(self) -> Gesture | None:
        """Return the selected gesture, else the first; None if there is none."""
        gestures = self.gestures()
        return gestures.get(self._wanted) or next(iter(gestures.values()), None)

    def choose(self, gesture_id: int) -> None:
        """Select a gesture."""
        if self._setup.shows_choice and self._wanted != gesture_id:
            self.edits += 1
        self._wanted = gesture_id

    def own_sessions(self) -> Collection[int] | None:
        """Return the store's sessions whose samples are shown; None: all."""
        return None

    # ------------------------------------------------------------------------ what is pressed

    def receive(self, command: Message) -> None:
        """Apply a command of the page; if it fails, the cards show why. By `kind`:

        "begin" (gesture), "beat" and "end" of a hold, each with the milliseconds `held`; "start"
        (gesture) and "stop" by a press; "choose" (gesture), "delete" (sample), "rename" (gesture,
        name, emoji), "add" (name, emoji, moves), "remove" (gesture); "delete_different" and
        "keep_different", the offered samples of the last recording; "pictures" (ids), the samples
        whose thumbnails the page lacks; "more" (gesture), to show older samples, too; "enlarge"
        (sample), whose large picture the page lacks; without `sample`, it lacks none.
        """
        with self._lock, self._as_visitor():
            kind = command["kind"]
            if kind not in _AUTOMATIC_KINDS:
                self._problem = ""
            try:
                self.apply(kind, cast(CardsCommand, command))
            except (MudraError, OSError, MemoryError) as problem:
                self._problem, self._refused = describe_error(problem), int(command["n"])
            self._read_s = float("-inf")

    def apply(self, kind: str, command: CardsCommand) -> None:
        """Dispatch a command by kind: recording, selection, pictures, else an edit."""
        if kind in ("begin", "beat", "end", "start", "stop"):
            self._record(kind, command)
        elif kind == "choose":
            self.choose(int(command["gesture"]))
        elif kind == "pictures":
            self._pictures = [int(one) for one in command["ids"]]
        elif kind == "keep_different":
            self._different = None
        elif kind == "enlarge":
            sample = command.get("sample")
            self._enlarged = [] if sample is None else [int(sample)]
        elif kind == "more":
            gesture_id = self._find_gesture(command).id
            self._shown[gesture_id] = self._shown.get(gesture_id, THUMBNAILS) + THUMBNAILS
        else:
            self._edit(kind, command)
            self.edits += 1

    def _record(self, kind: str, command: CardsCommand) -> None:
        """Start, extend or stop a recording; raise MediaError if the camera is off. A start for the
        other mode is ignored."""
        held_s, setup = float(command.get("held", 0)) / 1000, self._setup
        recorder = setup.recorder
        if kind == "beat":
            recorder.renew_hold(held_s)
        elif kind == "end":
            recorder.release_hold(held_s)
        elif kind == "stop":
            recorder.stop()
        elif (kind == "begin") == bool(setup.plan.lease_s):
            if setup.off:  # pressed before the browser knew
                raise MediaError(words("Nothing was recorded. {reason}", reason=setup.off))
            gesture = self._find_gesture(command)
            self._different = None
            recorder.start(gesture.id, setup.plan, held_s=held_s)
            self.choose(gesture.id)
            self._busy = True

    def _edit(self, kind: str, command: CardsCommand) -> None:
        """Delete samples, or add, rename or remove a gesture."""
        if kind == "delete":
            if not delete_samples(self.store, self.project_id, [int(command["sample"])]):
                raise NotFoundError(words("That sample was deleted already."))
        elif kind == "delete_different":
            offered, self._different = self._different, None
            if offered is not None:
                delete_samples(self.store, self.project_id, offered["ids"])
        elif kind == "add":
            sort = MOVING if command["moves"] else STILL
            label = str(command["name"]), str(command["emoji"])
            self.choose(self.store.add_gesture(self.project_id, *label, sort).id)
        elif kind == "rename":
            gesture, name = self._find_gesture(command), str(command["name"])
            self.store.update_gesture(gesture.id, name=name, emoji=str(command["emoji"]))
        elif kind == "remove":
            self.store.delete_gesture(self._find_gesture(command).id)

    def _find_gesture(self, command: CardsCommand) -> Gesture:
        """Return the command's enabled gesture; raise NotFoundError if it is gone."""
        found = self.gestures().get(int(command["gesture"]))
        if found is None:
            raise NotFoundError(
                words("That gesture is gone: it was removed or switched off elsewhere.")
            )
        return found

    # --------------------------------------------------------------------- what the cards show

    def state(self) -> CardsState:
        """Return what the cards show now; store the samples of a recording that has ended."""
        with self._lock:
            setup, progress = self._setup, self._setup.recorder.status()
            if self._busy and progress.state == "idle":
                progress = setup.recorder.stop()  # waits until all samples are stored
                self.recorded += 1
                self._read_s = float("-inf")
                ids, total = setup.recorder.different_samples()
                gesture = progress.gesture_id
                self._different = (
                    {"gesture": gesture, "ids": ids, "total": total}
                    if ids and gesture is not None
                    else None
                )
                setup.on_recorded()
            self._busy = progress.state != "idle"
            if time.monotonic() - self._read_s > REREAD_S:
                is_own = self._busy or self._read_s < 0  # after a command it is -inf
                if self._read_rows() and not is_own:
                    self.recorded += 1
            names = {row["id"]: row["name"] for row in self._rows}
            chosen = self._wanted if self._wanted in names else next(iter(names), None)
            return {
                "mode": "hold" if setup.plan.lease_s else "press",
                "off": setup.off,
                "alert": progress.error or progress.note,
                "problem": self._problem,
                "refused": self._refused,
                "note": _describe_counts(progress, names),
                "chosen": chosen,
                "recording": _recording_data(progress),
                "clicks": setup.plan.for_clips().metronome_clicks,
                "different": self._different,
                "edits": self.edits,
                "recorded": self.recorded,
                "can_edit": self.can_edit,
                "cards": self._rows,
            }

    def _read_rows(self) -> bool:
        """Read the gestures with their samples from the store; return whether counts changed."""
        counts = count_samples(self.store, self.project_id, self.own_sessions())
        self._rows = [self._card_data(g, counts.get(g.id, 0)) for g in self.gestures().values()]
        before, self._counts, self._read_s = self._counts, counts, time.monotonic()
        return counts != before

    def _card_data(self, gesture: Gesture, samples: int) -> Card:
        """Return a gesture card's data: label, sample count, thumbnails, or how to perform it."""
        how = words(explain_gesture(gesture.name)) or words("Each sample is one performance.")
        limit, sessions = self._shown.get(gesture.id, THUMBNAILS), self.own_sessions()
        newest = list_newest_ids(self.store, self.project_id, gesture.id, limit, sessions)
        return {
            "id": gesture.id,
            "name": gesture.name,
            "emoji": gesture.label.emoji,
            "moves": gesture.moves,
            "samples": samples,
            "how": how if gesture.moves and not samples else "",
            "crops": newest if samples else [],
        }

    def pictures(self) -> dict[str, str]:
        """Return the requested thumbnails as data URLs by sample id; none are cached, so deleted
        ones vanish."""
        return {
            str(sample.id): to_data_url(encode_thumbnail(sample, THUMBNAIL_SIZE))
            for sample in self.read_own(self._pictures)
        }

    def enlarged_picture(self) -> dict[str, str]:
        """Return the picture of the requested sample, with its skeleton, like `pictures`."""
        return {
            str(sample.id): to_data_url(encode_sample_picture(sample, ENLARGED_SIZE))
            for sample in self.read_own(self._enlarged)
        }

    def read_own(self, ids: list[int]) -> Sequence[Sample]:
        """Read samples of this project that the cards may show."""
        own = self.own_sessions()
        return read_samples(self.store, ids, project_id=self.project_id, sessions=own)


def _recording_data(progress: RecordingStatus) -> CardsRecording | None:
    """Return the running recording's gesture, texts and seconds since its countdown, or None."""
    if progress.state == "idle":
        return None
    short, long = progress.button_texts
    gesture, since = progress.gesture_id, progress.since_s
    return {"gesture": gesture, "since": since, "short": short, "long": long}


def _describe_counts(progress: RecordingStatus, names: dict[int, str]) -> str:
    """Return the last recording's gesture with its counts of saved and skipped samples."""
    name = names.get(progress.gesture_id or 0)
    return words("{gesture}: {counts}", gesture=name, counts=progress.text) if name else ""
