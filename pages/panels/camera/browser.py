"""The camera whose pictures stay in the browser: it sends keypoints and gets gesture answers."""

from typing import Any

from core.live import browser_frames
from core.live.streams import BrowserStream
from core.modelfiles.browser_files import get_browser_folder, sum_download_mb
from core.paths import Paths
from core.words import mark
from pages.components import stage
from pages.panels.access import visitor_path
from pages.panels.camera.session import live_session
from pages.panels.language import t

PRIVACY = mark(
    "Your pictures stay in this browser. Only keypoints leave it, and the crops of what you record "
    "unless the project stores keypoints only."
)
_HAND_TEXTS = {
    "opening": mark("Loading the model that finds hands, {size} MB the first time …"),
    "unable": mark(
        "This browser can't find hands itself: that needs WebAssembly with SIMD and WebGL 2. "
        "Choose “the server” under Hand tracking runs on in the settings."
    ),
    "unfetched": mark(
        "The model that finds hands did not load: are you online? Press START to try again."
    ),
    "GPU": mark("Hands are found by this device's graphics card."),
    "CPU": mark("Hands are found by this device's processor."),
}
_BODY_TEXTS = {
    "opening": mark("Loading the model that finds bodies, {size} MB the first time …"),
    "unable": mark(
        "This browser can't find bodies itself: that needs WebAssembly with SIMD and WebGL 2. "
        "Choose “the server” under Hand tracking runs on in the settings."
    ),
    "unfetched": mark(
        "The model that finds bodies did not load: are you online? Press START to try again."
    ),
    "GPU": mark("Bodies are found by this device's graphics card."),
    "CPU": mark("Bodies are found by this device's processor."),
}


def open_browser_stream(is_on: bool) -> BrowserStream | None:
    """Return the stream of the browser's camera, created when it starts; None while it is off."""
    if not is_on:
        stop_browser_camera()
    elif not isinstance(live_session().stream, BrowserStream):
        live_session().start(BrowserStream())
    stream = live_session().stream
    return stream if isinstance(stream, BrowserStream) else None


def stop_browser_camera() -> None:
    """Close the browser's camera stream, if there is one."""
    session = live_session()
    if isinstance(stream := session.stream, BrowserStream):
        session.start(None)
        stream.close()


def camera_data() -> dict[str, Any]:
    """Return what `draw_camera` needs to find keypoints in the browser: file URLs, estimators."""
    return {
        "files": stage.browser_file_urls(get_browser_folder(Paths.find().weights), visitor_path),
        "finders": {
            name: stage.describe_browser_estimator(one) | {"words": _estimator_texts(one)}
            for name, one in browser_frames.BROWSER_ESTIMATORS.items()
        },
    }


def _estimator_texts(estimator: browser_frames.BrowserEstimator) -> dict[str, str]:
    """Return the texts shown while an estimator's model loads, fails or runs in the browser."""
    texts = _BODY_TEXTS if estimator.skeleton.is_body else _HAND_TEXTS
    size = sum_download_mb(Paths.find().weights, estimator.model)
    video = t("Your camera with the keypoints of your {what}", what=t(estimator.skeleton.title))
    return {name: t(text, size=size) for name, text in texts.items()} | {"video": video}
