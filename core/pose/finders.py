"""Who finds the same keypoints: a model trained on those of one understands those of the other."""

from collections.abc import Iterable

MEDIAPIPE, BOTH_HANDS = "mediapipe-hands", "mediapipe-both-hands"
# on the server → in a visitor's browser, by the same model files
IN_BROWSER = {name: f"{name}-web" for name in (MEDIAPIPE, BOTH_HANDS, "mediapipe-pose")}
_SAME = {web: server for server, web in IN_BROWSER.items()}
_SAME["movenet.multipose"] = "movenet.thunder"  # which finds its keypoints


def keypoints_by(estimator: str) -> str:
    """Return the name of an estimator's keypoints: that of the server's estimator of its model."""
    return _SAME.get(estimator, estimator)


def keypoints_of_all(estimators: Iterable[str]) -> tuple[str, ...]:
    """Return the names of several estimators' keypoints (`keypoints_by`) without duplicates,
    MediaPipe's hands first."""
    names = dict.fromkeys(map(keypoints_by, estimators))
    return tuple(sorted(names, key=lambda name: name != MEDIAPIPE))


def finders_of(keypoints: Iterable[str]) -> list[str]:
    """Return every estimator that finds some of these keypoints, on the server or in a browser."""
    names = [*keypoints]
    return [*names, *(name for name, same in _SAME.items() if same in names)]
