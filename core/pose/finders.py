"""Who finds the same keypoints: a model trained on those of one understands those of the other."""

# on the server → in a visitor's browser, by the same model files
IN_BROWSER = {"mediapipe-hands": "mediapipe-hands-web", "mediapipe-pose": "mediapipe-pose-web"}
_SAME = {web: server for server, web in IN_BROWSER.items()}


def keypoints_by(estimator: str) -> str:
    """After whom an estimator's keypoints are called; most are called after it."""
    return _SAME.get(estimator, estimator)


def finders_of(keypoints: str) -> list[str]:
    """Every estimator that finds them."""
    return [keypoints, *(name for name, same in _SAME.items() if same == keypoints)]
