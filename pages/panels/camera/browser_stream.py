"""A camera whose pictures stay in the browser, as the server has it: words in, answers out."""

import itertools
import weakref
from collections.abc import Callable
from typing import Any

from core.live.browser_channel import announce, withdraw
from core.live.browser_finders import FINDERS, count_of
from core.live.browser_frames import BrowserFrames, Told
from core.live.live import LiveProcessor, Options
from core.pose.boxes import bounding_box
from core.pose.drawing.poses import person_color
from core.reading.reading import HandReading
from core.recording.recorder import Recorder
from pages.components import hex_of
from pages.panels.camera.stream import no_end
from pages.panels.live.readings import said_of


class BrowserStream:
    """A camera whose pictures stay in the browser.

    Attributes:
        on_end: called once the stream is over.
        recorder: of the page that is shown, where it records.
        token: by which the browser's own connection reaches it.
        keeps: the page may soon ask for crops of the last second.
        direct: the browser has that connection; else the page's messages bring what it tells.
        by: which of FINDERS a page wanted last; None before one did.
    """

    by: str | None = None

    def __init__(self) -> None:
        self.live = LiveProcessor(_opens_nothing, Options(paused=True))
        self.frames = BrowserFrames(self.live)
        self.on_end: Callable[[], object] = no_end
        self.recorder: Recorder | None = None
        self.token, self.direct, self.keeps = announce(self), False, False
        self._turns = itertools.count(1)  # a page's news and the connection's, each in its thread
        weakref.finalize(self, self.live.close)  # the tab may be closed without a word

    def answer(self, told: Told) -> dict[str, Any]:
        """Hear a word of the browser's own connection. Runs in a thread: no `st` in here."""
        self.frames.hear(told)
        news = self.news()
        if news["paused"]:
            return news
        skeleton = FINDERS[self.live.options.keypoints.name].skeleton.name
        return news | {"answer": said_of(self.live.latest(), skeleton)}

    def news(self) -> dict[str, Any]:
        """What changes while the camera runs, see `show_camera`."""
        turn = next(self._turns)
        latest, options, recorder = self.live.latest(), self.live.options, self.recorder
        recording = recorder is not None and recorder.progress().state != "idle"
        if not options.paused:  # on a page that wants none it stays ready for the next
            self.by = options.keypoints.name
        return {
            "turn": turn,
            "by": self.by,
            "count": count_of(options.keypoints.name, options.hands),
            "paused": options.paused,
            "bare": options.body is not None and not options.body.skeleton,
            "recording": recording,
            "crops": recorder is not None and recording and recorder.with_pictures,
            "names": [_named(hand, numbered=latest.numbered) for hand in latest.hands],
            "keeps": self.keeps,
            "asked": self.frames.asked,
            "note": latest.note,
            "page": self.frames.page,
            "heard": self.frames.heard,
        }

    def end(self) -> None:
        """The camera was stopped."""
        withdraw(self.token)
        self.live.close()
        self.on_end()


def _opens_nothing(options: Options) -> Any:
    raise AssertionError("no picture comes, so no estimator is wanted")


def _named(hand: HandReading, *, numbered: bool) -> dict[str, Any]:
    """A number as the server's video shows it."""
    gesture = hand.gesture
    text = f"{gesture.emoji} {gesture.name}".strip() if gesture else ""
    x0, y0, x1, y1 = bounding_box(hand.pose.keypoints)
    return {
        "side": hand.pose.handedness,
        "text": f"{hand.number} {text}".rstrip() if numbered else text,
        "color": hex_of(person_color(hand.number)) if numbered else "",
        "at": [round((x0 + x1) / 2), round((y0 + y1) / 2)],
    }
