"""A camera whose pictures stay in the browser, as the server has it: words in, answers out."""

import weakref
from collections.abc import Callable
from typing import Any

from core.capture.recording import Recorder
from core.recognition.browser_channel import announce, withdraw
from core.recognition.browser_frames import BrowserFrames, Told
from core.recognition.live import LiveProcessor, Options
from core.recognition.reading import Reading
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
    """

    def __init__(self) -> None:
        self.live = LiveProcessor(_opens_nothing, Options(paused=True))
        self.frames = BrowserFrames(self.live)
        self.on_end: Callable[[], object] = no_end
        self.recorder: Recorder | None = None
        self.token, self.direct, self.keeps = announce(self), False, False
        weakref.finalize(self, self.live.close)  # the tab may be closed without a word

    def answer(self, told: Told) -> dict[str, Any]:
        """Hear a word of the browser's own connection. Runs in a thread: no `st` in here."""
        self.frames.hear(told)
        news = self.news()
        return news if news["paused"] else news | {"answer": said_of(self.live.latest())}

    def news(self) -> dict[str, Any]:
        """What changes while the camera runs, see `show_camera`."""
        latest, options, recorder = self.live.latest(), self.live.options, self.recorder
        recording = recorder is not None and recorder.progress().state != "idle"
        return {
            "hands": options.hands,
            "paused": options.paused,
            "recording": recording,
            "crops": recorder is not None and recording and recorder.with_pictures,
            "names": [_named(hand) for hand in latest.hands],
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


def _named(hand: Reading) -> dict[str, Any]:
    gesture = hand.gesture
    text = f"{gesture.emoji} {gesture.name}".strip() if gesture else ""
    return {"side": hand.pose.handedness, "text": text}
