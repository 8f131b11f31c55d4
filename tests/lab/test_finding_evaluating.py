"""Shares of found hands: by hand, from a folder of frames, and by the command."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import TableError
from core.estimators.depth_nets import PalmDetector
from core.lab.finding_evaluating import measure_finding
from core.reading.hand_finding import DepthFinder, SliceFinder
from tests.support.seeing_net import save_seeing_net

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
