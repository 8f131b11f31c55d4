"""Folders of rendered hands are the same, however many processes write them."""

import csv

import pytest

from core.depth.io.joint_files import JOINTS_FILE
from core.errors import MediaError, SkeletonError
from core.lab.renderer.render import NYU_HANDS, render_hand, write_rendered_hands


def test_the_table_says_which_hand_a_picture_shows(tmp_path) -> None:
    write_rendered_hands(tmp_path / "new", 3, 4, NYU_HANDS, "nyu_14")
    with (tmp_path / "new" / JOINTS_FILE).open(encoding="utf-8") as file:
        found = [row["hand"] for row in csv.DictReader(file)]
    assert found == ["left" if render_hand(4, n).left else "right" for n in range(3)]


def test_two_processes_write_the_same_bytes_as_one(tmp_path) -> None:
    for workers in (1, 2):
        write_rendered_hands(tmp_path / str(workers), 4, 4, NYU_HANDS, workers=workers)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "12"
    )
    assert one == two
    assert sorted(one) == ["000000.png", "000001.png", "000002.png", "000003.png", JOINTS_FILE]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(MediaError, match="not empty"):
        write_rendered_hands(tmp_path, 1, 0, NYU_HANDS)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_another_skeleton_is_refused_before_anything_is_made(tmp_path) -> None:
    with pytest.raises(SkeletonError, match="body_33"):
        write_rendered_hands(tmp_path / "new", 1, 0, NYU_HANDS, "body_33")
    assert not (tmp_path / "new").exists()
