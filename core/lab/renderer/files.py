"""Rendered hands as a folder: 000000.png, …, 16 bits, mm, 0 without a measurement, and joints.csv
with a row per picture: its camera's intrinsics (they differ between crops) and its joints in mm.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from core.depth.io.joint_tables import JOINTS_FILE, joint_columns, joint_fields
from core.depth.io.recorder import encode_depth
from core.errors import MediaError
from core.files import write_whole
from core.lab.renderer.render import RenderSettings, keypoint_weights, render_hand
from core.parallel import map_parallel
from core.pose.skeletons.table import SKELETONS

_LAST = 10_000_000  # file names stay sortable


def write_rendered_hands(
    folder: Path,
    count: int,
    seed: int,
    settings: RenderSettings,
    skeleton: str = "hand_21",
    workers: int = 1,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Render hands into an empty or new folder: depth PNGs, then the table of their keypoints.
    Raises MediaError: wrong count or folder; SkeletonError: unsupported skeleton."""
    keypoint_weights(skeleton)  # raises before the first picture
    if not 1 <= count < _LAST:
        raise MediaError(f"{count} pictures were asked for; expected are 1 to {_LAST - 1}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise MediaError(f"{folder} is not empty: name another folder, or empty it")
        rows: list[list[str]] = []
        write = partial(_write_hands, folder, seed, settings, skeleton)
        with map_parallel(write, range(count), workers=workers) as made:
            for row in made:
                rows.append(row)
                progress(len(rows), count)
        header = ["picture", "hand", *joint_columns(SKELETONS[skeleton].joints)]
        table = "".join(",".join(row) + "\n" for row in [header, *rows])
        write_whole(folder / JOINTS_FILE, table.encode())
    except OSError as error:
        raise MediaError(f"{folder} can't be written: {error.strerror}") from error


def _write_hands(
    folder: Path, seed: int, settings: RenderSettings, skeleton: str, numbers: Iterable[int]
) -> Iterator[list[str]]:
    """Render hands and write their depth PNGs; yield each hand's row of the keypoint table."""
    for number in numbers:
        hand = render_hand(seed, number, settings)
        name = f"{number:06d}.png"
        write_whole(folder / name, encode_depth(hand.depth_mm))
        fields = joint_fields(hand.camera, hand.joints_mm(skeleton))
        yield [name, "left" if hand.left else "right", *fields]
