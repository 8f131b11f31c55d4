"""Frames whose palm is known: real ones of three cameras, tables that are damaged, and how often a
hand is found in them."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import TableError
from core.estimators.depth_nets import PalmDetector
from core.lab.palm_frames import locate_palm_centre, measure_finding, read_palm_frames
from core.lab.renderer.render import RenderSettings, write_rendered_hands
from core.pose.skeletons.table import HAND_21, ICVL_16, MSRA_21, NYU_14
from core.reading.hand_finding import DepthFinder, SliceFinder
from tests.support.seeing_net import save_seeing_net


@pytest.mark.parametrize(
    ("folder", "count", "rgb"), [("sr305", 14, False), ("rgbd21", 26, True), (".", 1, False)]
)
def test_real_frames_are_read_with_a_palm_that_is_seen_there(
    shared_data: Path, folder: str, count: int, rgb: bool
) -> None:
    frames = list(read_palm_frames(shared_data / "depth" / folder))
    assert len(frames) == count
    for one in frames:
        u, v, d = one.frame.camera.to_pixels(one.palm_mm)
        around = one.frame.depth_mm[round(v) - 3 : round(v) + 4, round(u) - 3 : round(u) + 4]
        # labels lie on the surface or in the hand; a palm's surface is at most 40 mm before it
        assert abs(d - 15 - np.median(around[around > 0])) < 26
        assert (one.frame.rgb is not None) == rgb


def test_a_palm_is_the_set_s_own_or_the_mean_of_wrist_and_knuckles() -> None:
    hand = np.arange(63, dtype=float).reshape(21, 3)
    # wrist 0, knuckles 5, 9, 13, 17; as MSRA counts 0 and 1, 5, 9, 13: the mean index times 3
    assert locate_palm_centre(HAND_21, hand)[0] == pytest.approx(3 * 44 / 5)
    assert locate_palm_centre(MSRA_21, hand)[0] == pytest.approx(3 * 28 / 5)
    assert locate_palm_centre(NYU_14, hand[:14]).tolist() == hand[13].tolist()
    assert locate_palm_centre(ICVL_16, hand[None, :16]).tolist() == hand[None, 0].tolist()


def test_rendered_palms_are_told_by_the_table_s_names_in_any_order(tmp_path: Path) -> None:
    write_rendered_hands(tmp_path / "hands", 1, 5, RenderSettings(window_mm=None))
    (usual,) = read_palm_frames(tmp_path / "hands")
    assert usual.frame.depth_mm.shape == (480, 640)
    np.testing.assert_allclose(usual.palm_mm, usual.frame.truth_mm[[0, 5, 9, 13, 17]].mean(0))
    table = tmp_path / "hands" / "joints.csv"
    rows = pd.read_csv(table)
    rows[[*rows.columns[::-1]]].to_csv(table, index=False)
    (turned,) = read_palm_frames(tmp_path / "hands")
    np.testing.assert_allclose(turned.palm_mm, usual.palm_mm)
    rows.columns = [column.replace("wrist", "joint0") for column in rows.columns]
    rows.to_csv(table, index=False)
    with pytest.raises(TableError, match=r"joints\.csv doesn't name its joints"):
        next(read_palm_frames(tmp_path / "hands"))


def test_a_folder_without_palms_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no annotated palms: expected are frames\.csv"):
        read_palm_frames(tmp_path)


@pytest.mark.parametrize("row", ["1,2", "1,2,far", "1,2,0", "1,inf,500"])
def test_a_damaged_table_of_palms_is_told(tmp_path: Path, row: str) -> None:
    columns = "image,palm_u,palm_v,palm_d_mm"
    for header in (columns, columns.removesuffix(",palm_d_mm")):
        (tmp_path / "frames.csv").write_text(f"{header}\na.png,{row}\n")
        with pytest.raises(TableError, match=r"frames\.csv.*expected are"):
            list(read_palm_frames(tmp_path))


def test_a_frame_of_nyu_without_a_label_is_told(tmp_path: Path, shared_data: Path) -> None:
    depth = shared_data / "depth"
    labels = (depth / "nyu_test_label.txt").read_text().splitlines()[:2]
    (tmp_path / "nyu_test_label.txt").write_text("\n".join(labels) + "\n")
    shutil.copyfile(depth / "depth_1_0000001.png", tmp_path / "depth_1_0000003.png")
    with pytest.raises(TableError, match=r"0000003\.png: nyu_test_label\.txt has 2 lines"):
        list(read_palm_frames(tmp_path))


# ------------------------------------------------------------------------ how often it is found

# SR305's: 1 px is 1.05 mm at 500 mm; its principal point is 313.683, 242.755
PALMS = {
    "a.png": (313.0, 242.0, 500.0),  # the hand
    "b.png": (313.0, 285.0, 500.0),  # 45 mm below it
    "c.png": (313.0, 242.0, 555.0),  # 55 mm behind it
    "d.png": (100.0, 100.0, 500.0),  # nothing is seen
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hand = np.zeros((480, 640), np.uint16)
    hand[192:293, 263:364] = 4000  # eighths of a mm; its middle 313, 242
    for name in PALMS:
        depth = hand if name != "d.png" else np.zeros_like(hand)
        assert cv2.imwrite(str(tmp_path / name), depth)
    rows = [",".join(map(str, (name, *uvd))) for name, uvd in PALMS.items()]
    table = "\n".join(["image,palm_u,palm_v,palm_d_mm", *rows]) + "\n"
    (tmp_path / "frames.csv").write_text(table)
    return tmp_path


def test_a_hand_counts_as_found_within_50_mm(folder: Path) -> None:
    found = measure_finding([SliceFinder()], folder)
    assert found.pop("ms") >= 0
    assert found == {
        "n": 4,
        "found": 0.5,
        "seen": 0.75,
        "median_mm": 45.2,  # 43 px
        "missed": ["c.png", "d.png"],
        "by": {"slices": 3},
    }


def test_a_place_that_holds_no_hand_is_left_to_the_next_finder(folder: Path, tmp_path_factory):
    """As on Depth. The net sees a palm where each of the few pixels that it looks at is a speck."""
    own = tmp_path_factory.mktemp("palmnet.mine")
    save_seeing_net(own)
    for name in PALMS:
        depth = cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)
        depth[410:480:20, 570:640:20] = 4000
        assert cv2.imwrite(str(folder / name), depth)
    net = DepthFinder(PalmDetector(own))
    alone = measure_finding([net], folder)
    assert alone["seen"] == 0 and alone["by"] == {"depth": 0}
    found = measure_finding([net, SliceFinder()], folder)
    assert found["found"] == 0.5 and found["by"] == {"depth": 0, "slices": 3}


def test_the_command_measures_the_finders_that_are_named(folder: Path) -> None:
    command = ["evaluate-finding", "--data", str(folder), "--finder", "slices"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["found"] == 0.5
    done = CliRunner().invoke(app, command)
    assert "4 frames, 50.0 % found within 50 mm (3 by slices); median 45.2 mm" in done.stdout


def test_a_folder_without_frames_is_told(tmp_path: Path) -> None:
    (tmp_path / "frames.csv").write_text("image,palm_u,palm_v,palm_d_mm\n")
    with pytest.raises(TableError, match="no frames of depth with a palm"):
        measure_finding([SliceFinder()], tmp_path)
