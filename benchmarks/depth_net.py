"""How near a net of hands in depth comes to real hands: mean joint error, mm.

    python -m benchmarks.depth_net DATA NET [--pictures FOLDER]

DATA holds depth/ (rgbd21 with its truth, one frame of NYU and four of its crops) and
samples/nvgesture. Of NYU's 14 keypoints those 11 are compared that a hand of 21 has, too: its wrist
and palm are none of these. “Centred”: the cube is laid round the true keypoints' middle; “found”:
by our own net of palms in depth, every frame anew; “followed”: the cube goes with the hand from
frame to frame. “Lifted” is MediaPipe in the colours, each keypoint at the depth that lies there;
“beside lifted” is how far the net's keypoints are from those, its cube laid round them.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.cubes import Cube, Depth
from core.depth.drawing import colour_depth
from core.depth.frames import DepthFrame
from core.depth.io.images import read_depth
from core.depth.io.joint_files import read_joints
from core.depth.io.recordings import open_depth
from core.estimators.depth_nets import DepthNet
from core.estimators.mediapipe_hands import MediapipeHands
from core.lab.renderer.render import keypoint_weights
from core.paths import Paths
from core.pose.drawing.poses import draw_pose
from core.pose.skeletons.table import HAND_21, NYU_14
from core.pose.types import Frame, Picture, Pose
from core.reading.depth_reading import DepthReader, DepthReading
from core.reading.hand_finding import IN_DEPTH, SIDE_MM, create_finder

Aim = tuple[DepthFrame, Points]  # a frame and its true keypoints, mm
_AROUND_PX = 3  # of a keypoint depth is looked for
_BACKGROUND = 255  # of NYU's crops
_CROPS_SIDE = 128
_SHOWN, _ENLARGED, _COLUMNS = 12, 3, 6  # of the pictures


def as_nyu(hand_mm: Points) -> Points:
    """(21, 3) → (14, 3), NaN for the wrist and the palm, which no keypoints of a hand say."""
    shares = keypoint_weights(NYU_14.name)
    found: Points = shares[:, : HAND_21.size] @ hand_mm
    found[shares[:, HAND_21.size :].any(1)] = np.nan
    return found


def error_mm(found: Points, truth: Points) -> float:
    """Mean distance of the keypoints that both have."""
    return float(np.nanmean(np.linalg.norm(found - truth, axis=-1)))


def round_truth(frame: DepthFrame, truth: Points) -> Cube:
    """The cube round the true keypoints' middle."""
    u, v, d = frame.camera.to_pixels(np.nanmean(truth, axis=0))
    return Cube(frame.camera, (u, v, d), SIDE_MM)


def in_cube(net: DepthNet, frame: DepthFrame, cube: Cube) -> Points:
    """The keypoints that the net says for a cube."""
    return net.find_keypoints_mm(cube, cube.cut_crop(frame.depth_mm))


# --------------------------------------------------------------------------------- the real frames


def of_rgbd21(depth: Path) -> list[Aim]:
    with open_depth(depth / "rgbd21") as source:
        return [(frame, frame.truth_mm) for frame in source if frame.truth_mm is not None]


def of_nyu(depth: Path) -> Iterator[Aim]:
    """The whole frame and the crops."""
    labels, camera = read_joints(depth / "nyu_test_label.txt"), CAMERAS["nyu"]
    whole = read_depth(depth / "depth_1_0000001.png")
    yield DepthFrame(whole, camera, 0, 0), camera.to_mm(labels[0])
    with (depth / "nyu_crops" / "crops.csv").open() as file:
        for row in csv.DictReader(file):
            frame = _frame_of_crop(depth / "nyu_crops" / row["image"], row, camera)
            yield frame, camera.to_mm(labels[int(row["test_row"])])


def _frame_of_crop(path: Path, row: dict[str, str], camera: Camera) -> DepthFrame:
    """An 8-bit crop as what a camera saw that looks at just this part."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None, path
    half = float(row["cube_mm"]) / 2
    steps = grey.astype(np.float32) / 127.5 - 1
    depth_mm: Depth = np.where(grey == _BACKGROUND, 0, float(row["center_d"]) + half * steps)
    left, right, top, bottom = (float(row[n]) for n in ("xstart", "xend", "ystart", "yend"))
    scale = _CROPS_SIDE / max(right - left, bottom - top)
    x_off = (_CROPS_SIDE - (right - left) * scale) / 2
    y_off = (_CROPS_SIDE - (bottom - top) * scale) / 2
    own = replace(
        camera,
        name=path.stem,
        fx=camera.fx * scale,
        fy=camera.fy * scale,
        u0=(camera.u0 + 0.5 - left) * scale - 0.5 + x_off,
        v0=(camera.v0 + 0.5 - top) * scale - 0.5 + y_off,
        width=_CROPS_SIDE,
        height=_CROPS_SIDE,
    )
    return DepthFrame(depth_mm.astype(np.float32), own, 0, 0)


# -------------------------------------------------------------------------------- ways to read them


def read(net: DepthNet, paths: Paths, aims: Sequence[Aim], *, followed: bool) -> list[float]:
    """Errors of the frames in which a hand was found."""
    reader = DepthReader(net, [create_finder(IN_DEPTH, paths)])
    errors = []
    for frame, truth in aims:
        if not followed:
            reader.reset()
        if (joints_mm := reader.read(frame).joints_mm) is not None:
            errors.append(error_mm(joints_mm, truth))
    reader.close()
    return errors


def lifted(paths: Paths, aims: Sequence[Aim]) -> list[tuple[DepthFrame, Points, Points]]:
    """Where MediaPipe finds a hand in the colours: the frame, the truth, and its keypoints at the
    depth that lies there."""
    found = []
    with MediapipeHands(paths.weights) as hands:
        for frame, truth in aims:
            assert frame.rgb is not None
            for pose in hands.estimate(Frame(frame.rgb, frame.time_s, frame.index)).poses[:1]:
                depths = [_depth_at(frame.depth_mm, x, y) for x, y in pose.keypoints.tolist()]
                known = np.where(np.isfinite(depths), depths, np.nanmedian(depths))
                uvd = np.column_stack([pose.keypoints, known])
                found.append((frame, truth, frame.camera.to_mm(uvd)))
    return found


def _depth_at(depth_mm: Depth, x: float, y: float) -> float:
    left, top = (max(0, round(value) - _AROUND_PX) for value in (x, y))
    near = depth_mm[top : top + 2 * _AROUND_PX + 1, left : left + 2 * _AROUND_PX + 1]
    return float(np.median(near[near > 0])) if (near > 0).any() else np.nan


# ------------------------------------------------------------------------------------- the pictures


def pictures(net: DepthNet, paths: Paths, data: Path) -> Picture:
    """Hands of nvGesture's depth video as the net sees them, with what it says; rows of six."""
    reader = DepthReader(net, [create_finder(IN_DEPTH, paths)])
    with open_depth(data / "samples" / "nvgesture" / "sk_depth.avi") as source:
        readings = [(frame, reader.read(frame)) for frame in source]
    reader.close()
    shown = [one for one in readings if one[1].joints_mm is not None]
    print(f"nvgesture: a hand in {len(shown)} of {len(readings)} frames")
    steps = np.unique(np.linspace(0, len(shown) - 1, _SHOWN).astype(int))
    tiles = [_tile(*shown[i]) for i in steps]
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    return np.vstack([row for row in rows if row.shape == rows[0].shape])


def _tile(frame: DepthFrame, one: DepthReading) -> Picture:
    assert one.cube is not None and one.joints_mm is not None
    crop = one.cube.cut_crop(frame.depth_mm)
    near = np.where(crop >= 1, 0, crop + 2).astype(np.float32)
    picture = colour_depth(near, (1.0, 3.0))
    size = (_ENLARGED * picture.shape[1], _ENLARGED * picture.shape[0])
    picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    xy = one.cube.placement.to_crop(one.cube.camera.to_pixels(one.joints_mm))
    places = ((xy + 0.5) * _ENLARGED - 0.5).astype(np.float32)
    return draw_pose(picture, Pose(places, np.ones(len(places), np.float32)), HAND_21)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("net", help="a folder that train-net made, or the name of a net")
    parser.add_argument("--pictures", type=Path, help="folder for nvgesture.png")
    options = parser.parse_args()
    paths = Paths.find()
    net = DepthNet(paths.net(options.net))
    aims = of_rgbd21(options.data / "depth")
    in_colours = lifted(paths, aims)
    told = {
        "rgbd21, centred": [error_mm(in_cube(net, f, round_truth(f, t)), t) for f, t in aims],
        "rgbd21, found": read(net, paths, aims, followed=False),
        "rgbd21, followed": read(net, paths, aims, followed=True),
        "rgbd21, lifted": [error_mm(points, truth) for _, truth, points in in_colours],
        "rgbd21, the net beside lifted": [
            error_mm(in_cube(net, f, round_truth(f, points)), points) for f, _, points in in_colours
        ],
    }
    for name, errors in told.items():
        print(f"{name}: {np.mean(errors):.1f} mm (worst frame {max(errors):.1f}), n {len(errors)}")
    for frame, truth in of_nyu(options.data / "depth"):
        found = as_nyu(in_cube(net, frame, round_truth(frame, truth)))
        print(f"nyu {frame.camera.name}, centred: {error_mm(found, truth):.1f} mm")
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
        shown = pictures(net, paths, options.data)[..., ::-1]
        cv2.imwrite(str(options.pictures / "nvgesture.png"), shown)


if __name__ == "__main__":
    main()
