"""The gesture cards: each gesture's samples, and the button that records it."""

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import streamlit as st

from core.errors import MediaError, MudraError, NotFoundError
from core.gestures.labels import how_to_perform, safe_label
from core.live.live import Latest
from core.recording.plans import Plan, RecordingStatus
from core.recording.recorder import Recorder
from core.recording.sample_pictures import encode_thumbnail
from core.store import Gesture, Project, Sample, Store
from core.store.bin import delete_samples
from core.store.index import count_samples, list_newest_ids, read_samples
from core.store.rows import MOVING, STILL
from pages.components.gesture_cards import Inbox, cards_message, draw_cards
from pages.panels.controls import EMOJI_CHOICES
from pages.panels.layout import START_CAMERA, show_errors
from pages.panels.project.projects import BAR

CAMERA_STARTING = "The camera starts …"
_AUTOMATIC_KINDS = {
    "beat",
    "end",
    "calm",
}  # the cards say these by themselves, or after another message


@dataclass
class CardsState:
    """What is known between two runs of the page. It is changed in place: Streamlit may break off
    wherever its session state is touched, and then half a message would be done.

    Attributes:
        wanted: the id of the gesture that was chosen last; 0 before.
        busy: something recorded when it was last looked at.
        due, calm: something was recorded since nobody recorded for a moment; that moment is now.
        chose, changed, acted: another gesture was chosen; gestures or samples were changed; that
            can be undone.
        remark: for who did what had been done already.
        problem: what kept a message from being obeyed, until the next one or another visit;
            `refused` is the message's number.
        visit: in which all this was said.
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


def cards_state(project: Project) -> CardsState:
    """This visitor's, on every page that shows the project's cards."""
    found: CardsState = st.session_state.setdefault(f"cards_{project.id}", CardsState())
    visit = st.session_state["visit"]
    if found.visit != visit:
        found.visit, found.problem = visit, None
    return found


class FrameSource(Protocol):
    """What gives frames: the stage's video, or a depth camera."""

    def latest(self) -> Latest:
        """What the last frame gave."""


@dataclass(frozen=True)
class Cards:
    """The cards of a project in one run of the page, see `gesture_cards`."""

    project: Project
    recorder: Recorder
    live: FrameSource | None
    plan: Plan
    key: str
    watch: bool
    talk: CardsState

    @property
    def fragment(self) -> str:
        """The key of what is drawn anew by itself."""
        return f"{self.key}_fragment"

    @property
    def off(self) -> str:
        """Why nothing can be recorded now; "" where it can."""
        if self.live is None:
            return START_CAMERA
        latest = self.live.latest()
        return "" if latest.frames and not latest.opening else CAMERA_STARTING

    def gestures(self) -> dict[int, Gesture]:
        """By id, in their order."""
        found = self.recorder.store.gestures(self.project.id, enabled_only=True)
        return {gesture.id: gesture for gesture in found}

    def chosen(self) -> Gesture | None:
        """The one that was chosen, else the first."""
        gestures = self.gestures()
        return gestures.get(self.talk.wanted) or next(iter(gestures.values()), None)

    def choose(self, gesture_id: int) -> None:
        """Have this one chosen."""
        self.talk.chose |= self.talk.wanted != gesture_id
        self.talk.wanted = gesture_id


def handle_messages(cards: Cards) -> None:
    """Do what is new in what the browser says; what can't be done is the page's to tell."""
    talk, words = cards.talk, cards_message(cards.key)
    for message in talk.inbox.take(words):
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
    kind = message["kind"]
    if kind in ("begin", "beat", "end", "start", "stop"):
        _handle_recording(cards, kind, message)
    elif kind == "choose":
        cards.choose(message["gesture"])
    elif kind == "calm":
        cards.talk.calm = True
    else:
        _handle_edit(cards, kind, message)
        cards.talk.changed = cards.talk.acted = True


def _handle_recording(cards: Cards, kind: str, message: dict[str, Any]) -> None:
    held_s, recorder = message.get("held", 0) / 1000, cards.recorder
    if kind == "beat":
        recorder.renew_hold(held_s)
    elif kind == "end":
        recorder.release_hold(held_s)
    elif kind == "stop":
        recorder.stop()
    elif (kind == "begin") == bool(cards.plan.lease_s):
        if cards.off:  # since a moment: the button was pressed before the browser knew
            raise MediaError(f"Nothing was recorded. {cards.off}")
        gesture = _find_gesture(cards, message["gesture"])
        recorder.start(gesture.id, cards.plan, held_s=held_s)
        cards.choose(gesture.id)
        cards.talk.busy = True


def _handle_edit(cards: Cards, kind: str, message: dict[str, Any]) -> None:
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
    """The project's gesture; a message may be about one that is gone by now."""
    found = cards.gestures().get(gesture_id)
    if found is None:
        raise NotFoundError("That gesture is gone: it was removed or switched off elsewhere.")
    return found


Callback = Callable[[], object]
MAX_THUMBNAILS = 12  # of each gesture, on the widest screen


def _do_nothing() -> None:
    pass


def gesture_cards(
    project: Project,
    recorder: Recorder,
    live: FrameSource | None,
    plan: Plan,
    *,
    key: str,
    on_recorded: Callback = _do_nothing,
    on_calm: Callback = _do_nothing,
    on_chosen: Callback = _do_nothing,
    on_changed: Callback = _do_nothing,
    watch: bool = False,
) -> Gesture | None:
    """The project's enabled gestures, with what is recorded of them and how.

    Args:
        live: None while the camera is off: nothing can be recorded.
        plan: with a lease, a button records while it is held; else from one press to the next, or
            as long as the plan says.
        on_recorded: called when a recording has ended and is in the store; the next press waits
            for it.
        on_calm: called after recordings, once nobody records for a moment: the time to draw the
            page anew.
        on_chosen: called when another gesture was chosen.
        on_changed: called when gestures or samples were changed on the cards.
        watch: whether recordings may begin elsewhere, and are to be seen here.

    Returns:
        The chosen gesture; None where there is none.
    """
    cards = Cards(project, recorder, live, plan, key, watch, cards_state(project))
    hooks = _Callbacks(on_recorded, on_calm, on_chosen, on_changed)
    st.fragment(_draw_cards_fragment, key=cards.fragment)(cards, hooks)
    return cards.chosen()


@dataclass(frozen=True)
class _Callbacks:
    """Whom to tell what."""

    recorded: Callback
    calm: Callback
    chosen: Callback
    changed: Callback


def _draw_cards_fragment(cards: Cards, hooks: _Callbacks) -> None:
    """A fragment: it is run by what the browser says, several times a second while it records."""
    talk = cards.talk
    handle_messages(cards)  # what a callback that was broken off has left
    progress = cards.recorder.status()
    over = talk.busy and progress.state == "idle"
    if over:
        progress = cards.recorder.stop()  # all of it is in the store before it is counted
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
    _run_callbacks(talk, hooks, over=over, calm=calm)


def _run_callbacks(talk: CardsState, hooks: _Callbacks, *, over: bool, calm: bool) -> None:
    """Call who wants to know; a page that is drawn anew would hold up a recording."""
    chose, changed = talk.chose and not talk.busy, talk.changed and not talk.busy
    talk.chose, talk.changed = talk.chose and not chose, talk.changed and not changed
    for due, hook in (
        (over, hooks.recorded),
        (changed, hooks.changed),
        (chose, hooks.chosen),
        (calm, hooks.calm),
    ):
        if due:
            hook()


def cards_data(cards: Cards, progress: RecordingStatus) -> dict[str, Any]:
    """Everything that is shown now, and the pictures that the browser lacks."""
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
    store, project = cards.recorder.store, cards.project
    return {
        "id": gesture.id,
        "name": gesture.name,
        "emoji": gesture.label.emoji,
        "moves": gesture.moves,
        "samples": samples,
        "how": _how_to_perform(gesture) if gesture.moves and not samples else "",
        "crops": list_newest_ids(store, project.id, gesture.id, MAX_THUMBNAILS) if samples else [],
    }


def _how_to_perform(gesture: Gesture) -> str:
    return how_to_perform(gesture.name) or "Each sample is one performance."


def thumbnail_urls(store: Store, ids: list[int]) -> dict[str, str]:
    """The small pictures of samples by id, as addresses that hold them. The server keeps none: what
    is forgotten or deleted is shown no more."""
    found = read_samples(store, ids) if ids else []
    return {str(sample.id): _thumbnail_url(sample) for sample in found}


def _thumbnail_url(sample: Sample) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(encode_thumbnail(sample)).decode()}"


def _recording_data(progress: RecordingStatus) -> dict[str, Any] | None:
    if progress.state == "idle":
        return None
    left = "" if progress.left_s is None else f" {math.ceil(progress.left_s)} s"
    short, long = f"● {progress.part or f'{progress.saved} saved'}", f"● Recording{left}"
    if progress.state == "countdown":
        short, long = f"⏳{left}", f"⏳ Get ready{left}"
    return {
        "gesture": progress.gesture_id,
        "since": progress.since_s,
        "short": short,
        "long": long,
    }


def _describe_counts(progress: RecordingStatus, gestures: dict[int, Gesture]) -> str:
    """What became of the recording, or how it stands; "" before the first."""
    gesture = gestures.get(progress.gesture_id or 0)
    if gesture is None:
        return ""
    return f"{gesture.name}: {progress.text}"
