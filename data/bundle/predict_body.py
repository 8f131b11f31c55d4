"""python predict.py KEYPOINTS.json|PICTURE [--mirrored] prints a person's gesture, a line of JSON.
KEYPOINTS.json: 33 [x, y] in pixels ([null, null] where hidden), a list of such, or vectors.json. A
PICTURE takes mediapipe, too, and Google's pose_landmarker.task here. --mirrored: seen mirrored."""

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
elif about["estimator"] != "mediapipe-pose" or not (here / "pose_landmarker.task").is_file():
    sys.exit(f"no pose_landmarker.task in {here}, or a model of {about['estimator']}:\n{__doc__}")
else:
    import mediapipe as mp

    vision, image = mp.tasks.vision, mp.Image.create_from_file(str(file))
    task = mp.tasks.BaseOptions(model_asset_path=str(here / "pose_landmarker.task"))
    how = vision.PoseLandmarkerOptions(task, vision.RunningMode.VIDEO)
    with vision.PoseLandmarker.create_from_options(how) as finder:  # the fourth look has settled
        looks = [finder.detect_for_video(image, ms).pose_landmarks for ms in (0, 33, 66, 99)]
    said = [[(p.x, p.y) if p.visibility >= 0.5 else (np.nan,) * 2 for p in b] for b in looks[-1]]
    said = np.array(said).reshape(-1, 33, 2) * (image.width, image.height) - 0.5
said = said if isinstance(said, dict) else {"keypoints": said}
session = onnxruntime.InferenceSession((here / "model.onnx").read_bytes())
points = np.array(said["keypoints"], np.float32).reshape(-1, *session.get_inputs()[0].shape[1:])
mirrored = np.array(said.get("mirrored_view", ["--mirrored" in flags] * len(points)), bool)
rows, *scores = session.run(None, {"keypoints": points, "mirrored_view": mirrored})
foreign = scores[0] > about["rejection"]["threshold"] if scores else np.zeros(len(rows), bool)
for row, p, no in zip(rows, rows.max(1).tolist(), foreign.tolist(), strict=True):
    name = about["gestures"][row.argmax()]["name"] if p >= about["threshold"] else None
    print(json.dumps({"gesture": None if no else name, "probability": p, "rejected": no}))
