"""python predict.py KEYPOINTS.json|PICTURE [--mirrored] prints a line of JSON a hand: its gesture.
KEYPOINTS.json: 21 [x, y, z] (right, down, away; null: missing), a list of such, or vectors.json. A
PICTURE also takes mediapipe, and Google's hand_landmarker.task here. --mirrored: seen mirrored."""

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
elif about["estimator"] != "mediapipe-hands" or not (here / "hand_landmarker.task").is_file():
    sys.exit(f"no hand_landmarker.task in {here}, or a model of {about['estimator']}:\n{__doc__}")
else:
    import mediapipe as mp

    vision, image = mp.tasks.vision, mp.Image.create_from_file(str(file))
    task = mp.tasks.BaseOptions(model_asset_path=str(here / "hand_landmarker.task"))
    how = vision.HandLandmarkerOptions(task, vision.RunningMode.VIDEO, num_hands=2)
    with vision.HandLandmarker.create_from_options(how) as finder:  # the fourth look has settled
        looks = [finder.detect_for_video(image, ms).hand_world_landmarks for ms in (0, 33, 66, 99)]
    said = [[(p.x, p.y, p.z) for p in hand] for hand in looks[-1]]
said = said if isinstance(said, dict) else {"keypoints": said}
session = onnxruntime.InferenceSession((here / "model.onnx").read_bytes())
points = np.array(said["keypoints"] or np.empty((0, 3)), np.float32)
points = points.reshape(-1, 21, points.shape[-1])  # the graph refuses any that are not x, y, z
mirrored = np.array(said.get("mirrored_view", ["--mirrored" in flags] * len(points)), bool)
rows, *scores = session.run(None, {"keypoints": points, "mirrored_view": mirrored})
foreign = scores[0] > about["rejection"]["threshold"] if scores else np.zeros(len(rows), bool)
for row, p, no in zip(rows, rows.max(1).tolist(), foreign.tolist(), strict=True):
    name = about["gestures"][row.argmax()]["name"] if p >= about["threshold"] else None
    print(json.dumps({"gesture": None if no else name, "probability": p, "rejected": no}))
