"""The gesture cards: each gesture's samples, and the button that records it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import streamlit as st

from core.errors import MediaError, MudraError, NotFoundError
from core.gestures.labels import explain_gesture, safe_label
from core.live.live import Latest
from core.recording.plans import Plan, RecordingStatus
from core.recording.recorder import Recorder
from core.recording.sample_pictures import encode_thumbnail
from core.store import Gesture, Project, Store
from core.store.bin import delete_samples
from core.store.index import count_samples, list_newest_ids, read_samples
from core.store.rows import MOVING, STILL
from pages.components import to_data_url
from pages.components.gesture_cards import Inbox, cards_message, draw_cards
from pages.panels.controls import EMOJI_CHOICES
from pages.panels.layout import START_CAMERA, show_errors
from pages.panels.project.projects import BAR

CAMERA_STARTING = "The camera starts …"
MAX_THUMBNAILS = 12  # per gesture, on the widest screen
_AUTOMATIC_KINDS = {"beat", "end", "calm"}  # sent without a click


@dataclass
class CardsState:
    """The cards' state between two runs of the page.

    It is changed in place: Streamlit may interrupt a script at any access to the session state,
    which would leave a message half handled.

    Attributes:
        wanted: id of the last selected gesture; 0 before.
        busy: whether a recording was running at the last check.
        due, calm: samples were recorded since the last pause; recording is paused now.
        chose, changed, acted: another gesture was selected; gestures or samples changed; the
            change can be undone.
        remark: shown once, e.g. that a sample was deleted already.
        problem: why the last message failed, until the next message or visit; `refused` is the
            failed message's number.
        visit: the page visit that this state belongs to.
    """

    inbox: Inbox = field(default_factory=Inbox)
    wanted: int = 0
    busy: bool = False
    due: bool = False
    calm: bool = False
    chose: bool = False
    changed: bool = False
    acted: bool = False
    remark: str = ""
    problem: Exception | None = None
    refused: int = 0
    visit: int = 0


class FrameSource(Protocol):
    """A source of frames: the stage's video or a depth camera."""

    def latest(self) -> Latest:
        """Return the result of the last frame."""


@dataclass
class Cards:
    """A project's gesture cards in one run of a page.

    Attributes:
        live: None while the camera is off: nothing can be recorded.
        plan: with a lease, a button records while it is held; otherwise from one press to the next,
            or for the plan's length.
        key: the component's key.
        watch: whether recordings may start elsewhere and must be shown here.
        on_recorded: called when a recording has ended and is stored; the next press waits for it.
        shows_choice: whether the page shows the selected gesture and reruns for another one.
        talk: this visitor's state of the project's cards; a new visit clears its error.
    """

    project: Project
    recorder: Recorder
    live: FrameSource | None
    plan: Plan
    key: str
    watch: bool = False
    on_recorded: Callable[[], object] = lambda: None
    shows_choice: bool = False

    def __post_init__(self) -> None:
        name, visit = f"cards_{self.project.id}", st.session_state["visit"]
        self.talk: CardsState = st.session_state.setdefault(name, CardsState())
        if self.talk.visit != visit:
            self.talk.visit, self.talk.problem = visit, None

    @property
    def fragment(self) -> str:
        """Key of the fragment that redraws the cards."""
        return f"{self.key}_fragment"

    @property
    def off(self) -> str:
        """Return why recording is impossible now (camera off or starting); "" if it is possible."""
        if self.live is None:
            return START_CAMERA
        latest = self.live.latest()
        return "" if latest.frames and not latest.opening else CAMERA_STARTING

    def gestures(self) -> dict[int, Gesture]:
        """Return the enabled gestures by id, in their order."""
        found = self.recorder.store.gestures(self.project.id, enabled_only=True)
        return {gesture.id: gesture for gesture in found}

    def chosen(self) -> Gesture | None:
        """Return the selected gesture, else the first; None if there is none."""
        gestures = self.gestures()
        return gestures.get(self.talk.wanted) or next(iter(gestures.values()), None)

    def choose(self, gesture_id: int) -> None:
        """Select a gesture."""
        self.talk.chose |= self.talk.wanted != gesture_id
        self.talk.wanted = gesture_id


def handle_messages(cards: Cards) -> None:
    """Handle the browser's new messages; if one fails, store its error for the page to show. After
    an edit, redraw the cards and undo bar."""
    talk = cards.talk
    for message in talk.inbox.take(cards_message(cards.key)):
        if message["kind"] not in _AUTOMATIC_KINDS:
            talk.problem = None
        try:
            _handle_message(cards, message)
        except (MudraError, OSError, MemoryError) as problem:
            talk.problem, talk.refused = problem, message["n"]
    acted, talk.acted = talk.acted, False
    if acted:
        st.rerun([BAR, cards.fragment])


def _handle_message(cards: Cards, message: dict[str, Any]) -> None:
    """Dispatch a browser message by kind: recording, selection, idle ("calm"), else an edit."""
    kind = message["kind"]
    if kind in ("begin", "beat", "end", "start", "stop"):
        _handle_recording_message(cards, kind, message)
    elif kind == "choose":
        cards.choose(message["gesture"])
    elif kind == "calm":
        cards.talk.calm = True
    else:
        _handle_edit_message(cards, kind, message)
        cards.talk.changed = cards.talk.acted = True


def _handle_recording_message(cards: Cards, kind: str, message: dict[str, Any]) -> None:
    """Start, extend or stop a recording by a message; raise MediaError if the camera is off. A
    start for the other mode is ignored."""
    held_s, recorder = message.get("held", 0) / 1000, cards.recorder
    if kind == "beat":
        recorder.renew_hold(held_s)
    elif kind == "end":
        recorder.release_hold(held_s)
    elif kind == "stop":
        recorder.stop()
    elif (kind == "begin") == bool(cards.plan.lease_s):
        if cards.off:  # pressed before the browser knew
            raise MediaError(f"Nothing was recorded. {cards.off}")
        gesture = _find_gesture(cards, message["gesture"])
        recorder.start(gesture.id, cards.plan, held_s=held_s)
        cards.choose(gesture.id)
        cards.talk.busy = True


def _handle_edit_message(cards: Cards, kind: str, message: dict[str, Any]) -> None:
    """Delete a sample, or add, rename or remove a gesture, by a message."""
    store, project = cards.recorder.store, cards.project
    if kind == "delete":
        if not delete_samples(store, project.id, [message["sample"]]):
            cards.talk.remark = "That sample was deleted already."
    elif kind == "add":
        kind = MOVING if message["moves"] else STILL
        cards.choose(store.add_gesture(project.id, message["name"], message["emoji"], kind).id)
    elif kind == "rename":
        gesture = _find_gesture(cards, message["gesture"])
        store.update_gesture(gesture.id, name=message["name"], emoji=message["emoji"])
    elif kind == "remove":
        store.delete_gesture(_find_gesture(cards, message["gesture"]).id)


def _find_gesture(cards: Cards, gesture_id: int) -> Gesture:
    """Return an enabled gesture of the project; raise NotFoundError if it is gone."""
    found = cards.gestures().get(gesture_id)
    if found is None:
        raise NotFoundError("That gesture is gone: it was removed or switched off elsewhere.")
    return found


def draw_gesture_cards(cards: Cards) -> Gesture | None:
    """Draw a card per enabled gesture with its record button; return the selected gesture."""
    st.fragment(_draw_cards_fragment, key=cards.fragment)(cards)
    return cards.chosen()


def _draw_cards_fragment(cards: Cards) -> None:
    """Handle unread messages, draw the cards with errors and notes, and rerun a page that is out of
    date. The browser reruns this fragment while recording."""
    talk = cards.talk
    handle_messages(cards)  # left by an interrupted callback
    progress = cards.recorder.status()
    over = talk.busy and progress.state == "idle"
    if over:
        progress = cards.recorder.stop()  # waits until all samples are stored
    talk.busy = progress.state != "idle"
    calm, talk.calm = talk.calm and talk.due and not talk.busy, False
    talk.due = (talk.due or over) and not calm
    draw_cards(cards.key, cards_data(cards, progress), lambda: handle_messages(cards))
    with show_errors():
        if talk.problem:
            raise talk.problem
    if progress.error:
        st.error(safe_label(progress.error), icon="💾")
    remark, talk.remark = talk.remark, ""
    if remark:
        st.toast(remark, icon="🗑️")
    if over:
        cards.on_recorded()
    _rerun_if_due(cards, is_calm=calm)


def _rerun_if_due(cards: Cards, *, is_calm: bool) -> None:
    """Rerun the page after an edit, a selection that it shows, or a pause of recording; edits and
    selections wait until a recording ends."""
    state = cards.talk
    chose, changed = state.chose and not state.busy, state.changed and not state.busy
    state.chose, state.changed = state.chose and not chose, state.changed and not changed
    if changed or (chose and cards.shows_choice) or is_calm:
        st.rerun()


def cards_data(cards: Cards, progress: RecordingStatus) -> dict[str, Any]:
    """Return the data of `draw_cards`: gestures, samples, recording state and thumbnails."""
    talk, gestures, chosen = cards.talk, cards.gestures(), cards.chosen()
    counts = count_samples(cards.recorder.store, cards.project.id)
    return {
        "page": talk.inbox.page,
        "heard": talk.inbox.heard,
        "refused": talk.refused,
        "mode": "hold" if cards.plan.lease_s else "press",
        "off": cards.off,
        "alert": progress.note,
        "note": _describe_counts(progress, gestures),
        "watch": cards.watch or (cards.live is not None and bool(cards.off)),
        "due": talk.due,
        "chosen": chosen.id if chosen else None,
        "recording": _recording_data(progress),
        "clicks": cards.plan.for_clips().metronome_clicks,
        "cards": [
            _card_data(cards, gesture, counts.get(gesture.id, 0)) for gesture in gestures.values()
        ],
        "pictures": thumbnail_urls(cards.recorder.store, talk.inbox.missing),
        "signs": EMOJI_CHOICES,
    }


def _card_data(cards: Cards, gesture: Gesture, samples: int) -> dict[str, Any]:
    """Return a gesture card's data: label, sample count, thumbnails, or how to perform it."""
    store, project = cards.recorder.store, cards.project
    how = explain_gesture(gesture.name) or "Each sample is one performance."
    return {
        "id": gesture.id,
        "name": gesture.name,
        "emoji": gesture.label.emoji,
        "moves": gesture.moves,
        "samples": samples,
        "how": how if gesture.moves and not samples else "",
        "crops": list_newest_ids(store, project.id, gesture.id, MAX_THUMBNAILS) if samples else [],
    }


def thumbnail_urls(store: Store, ids: list[int]) -> dict[str, str]:
    """Return thumbnails as data URLs by sample id; none are cached, so deleted ones vanish."""
    samples = read_samples(store, ids) if ids else []
    return {str(sample.id): to_data_url(encode_thumbnail(sample)) for sample in samples}


def _recording_data(progress: RecordingStatus) -> dict[str, Any] | None:
    """Return the running recording's gesture, texts and seconds since its countdown, or None."""
    if progress.state == "idle":
        return None
    left = "" if progress.left_s is None else f" {math.ceil(progress.left_s)} s"
    short, long = f"● {progress.part or f'{progress.saved} saved'}", f"● Recording{left}"
    if progress.state == "countdown":
        short, long = f"⏳{left}", f"⏳ Get ready{left}"
    texts = {"short": short, "long": long}
    return {"gesture": progress.gesture_id, "since": progress.since_s, **texts}


def _describe_counts(progress: RecordingStatus, gestures: dict[int, Gesture]) -> str:
    """Return the last recording's gesture with its counts of saved and skipped samples."""
    gesture = gestures.get(progress.gesture_id or 0)
    return f"{gesture.name}: {progress.text}" if gesture else ""
