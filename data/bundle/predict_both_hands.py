"""python predict.py KEYPOINTS.json|PICTURE [--mirrored] prints the gesture of both hands as JSON.
KEYPOINTS.json: 42 [x, y] in pixels, the left hand's first ([null, null] where missing), a list of
such, or vectors.json. A PICTURE takes mediapipe, too, and Google's hand_landmarker.task here.
--mirrored: the person saw it as in a mirror."""

import json
import os
import sys
from pathlib import Path

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime would report to its maker
import onnxruntime

name, *flags = sys.argv[1:] or sys.exit(__doc__)
file, here = Path(name), Path(__file__).resolve().parent
about = json.loads((here / "metadata.json").read_text(encoding="utf-8"))
if file.suffix == ".json":
    said = json.loads(file.read_text(encoding="utf-8"))
elif about["estimator"] != "mediapipe-both-hands" or not (here / "hand_landmarker.task").is_file():
    sys.exit(f"no hand_landmarker.task in {here}, or a model of {about['estimator']}:\n{__doc__}")
else:
    import mediapipe as mp

    vision, image = mp.tasks.vision, mp.Image.create_from_file(str(file))
    task = mp.tasks.BaseOptions(model_asset_path=str(here / "hand_landmarker.task"))
    how = vision.HandLandmarkerOptions(task, vision.RunningMode.VIDEO, num_hands=2)
    with vision.HandLandmarker.create_from_options(how) as finder:  # the fourth look has settled
        look = [finder.detect_for_video(image, ms) for ms in (0, 33, 66, 99)][-1]
    said, hands = {}, zip(look.handedness, look.hand_landmarks, strict=True)
    for side, hand in sorted(hands, key=lambda one: -one[0][0].score):  # the surer one chooses
        place = int(side[0].category_name == "Right")
        points = [(p.x * image.width - 0.5, p.y * image.height - 0.5) for p in hand]
        said[1 - place if place in said else place] = points
    said = [[said.get(n, [(np.nan,) * 2] * 21) for n in (0, 1)]] if said else []
said = said if isinstance(said, dict) else {"keypoints": said}
session = onnxruntime.InferenceSession((here / "model.onnx").read_bytes())
points = np.array(said["keypoints"], np.float32).reshape(-1, *session.get_inputs()[0].shape[1:])
mirrored = np.array(said.get("mirrored_view", ["--mirrored" in flags] * len(points)), bool)
rows, *scores = session.run(None, {"keypoints": points, "mirrored_view": mirrored})
foreign = scores[0] > about["rejection"]["threshold"] if scores else np.zeros(len(rows), bool)
for row, p, no in zip(rows, rows.max(1).tolist(), foreign.tolist(), strict=True):
    name = about["gestures"][row.argmax()]["name"] if p >= about["threshold"] else None
    print(json.dumps({"gesture": None if no else name, "probability": p, "rejected": no}))
