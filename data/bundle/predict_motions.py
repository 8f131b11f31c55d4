"""python predict.py CLIP.json [--mirrored] prints a line of JSON a clip: the gesture that moves.
CLIP.json: {"keypoints": frames of [x, y] each (null where missing), "times": seconds of each}, a
list of such, or vectors.json. A clip is one movement, cut to it. Of x, y and z where the model
knows hands in space. It takes numpy and onnxruntime. --mirrored: the person saw it mirrored."""

import json
import os
import sys
from pathlib import Path

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime would report to its maker
import onnxruntime

name, *flags = sys.argv[1:] or sys.exit(__doc__)
here = Path(__file__).resolve().parent
about = json.loads((here / "metadata.json").read_text(encoding="utf-8"))
said = json.loads(Path(name).read_text(encoding="utf-8"))


def window(clip):  # evenly spaced in time; what is missing for a while lies in between
    points = np.array(clip["keypoints"], np.float32)
    times, columns = np.array(clip["times"], float), points.reshape(len(points), -1).T
    wanted, seen = np.linspace(times[0], times[-1], about["steps"]), np.isfinite(columns)
    rows = [np.interp(wanted, times[s], c[s]) if s.any() else wanted * np.nan
            for c, s in zip(columns, seen, strict=True)]  # fmt: skip
    return np.stack(rows, 1).reshape(-1, *points.shape[1:])


if not isinstance(said, dict) or "times" in said:
    said = {"keypoints": [window(clip) for clip in (said if isinstance(said, list) else [said])]}
points = np.array(said["keypoints"], np.float32)
mirrored = np.array(said.get("mirrored_view", ["--mirrored" in flags] * len(points)), bool)
session = onnxruntime.InferenceSession((here / "model.onnx").read_bytes())
rows, *scores = session.run(None, {"keypoints": points, "mirrored_view": mirrored})
foreign = scores[0] > about["rejection"]["threshold"] if scores else np.zeros(len(rows), bool)
for row, p, no in zip(rows, rows.max(1).tolist(), foreign.tolist(), strict=True):
    name = about["gestures"][row.argmax()]["name"] if p >= about["threshold"] else None
    print(json.dumps({"gesture": None if no else name, "probability": p, "rejected": no}))
