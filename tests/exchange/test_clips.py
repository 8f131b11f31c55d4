"""Samples of several frames, and bodies, leave in every kind of file and come back whole."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import ArchiveError, SkeletonError, TableError
from core.exchange.project.project_file import export_project, import_project
from core.exchange.tables.data_in import import_data
from core.exchange.tables.data_out import export_data
from core.media.pictures import encode_jpeg
from core.paths import Paths
from core.store import NewSample
from core.store.rows import MOVING
from tests.store.conftest import person
from tests.support.stored import record


def jpeg(shade: int) -> bytes:
    return encode_jpeg(np.full((20, 30, 3), shade, np.uint8))


def body(seed: int, frames: int) -> NewSample:
    """A body of which a keypoint is missing in the first frame."""
    rng = np.random.default_rng(seed)
    world = rng.normal(0, 1, (frames, 33, 3)).astype(np.float32)
    times = np.linspace(1, 2, frames) + rng.random(frames) / 100
    times_s = times if frames > 1 else None
    made = person(seed, frames, world=world, time_s=float(times[0]), times_s=times_s)
    made.keypoints[0, 7] = np.nan
    return made


@pytest.fixture
def bodies(store):
    """A still pose, a wave of four frames with crops of three, one of two frames, a still one."""
    project = store.create_project("Bodies", skeleton="body_33")
    store.add_gesture(project.id, "hands up", "🙌")
    store.add_gesture(project.id, "wave", "👋", MOVING)
    clip = replace(body(2, 4), crop_jpeg=jpeg(2), other_crops={0: jpeg(0), 3: jpeg(3)})
    record(store, project, [body(1, 1)], "hands up")
    record(store, project, [clip, body(3, 2)], "wave")
    record(store, project, [body(4, 1)], "hands up")
    return project


def check(store, project, wanted, *, crops):
    assert project.skeleton == "body_33"
    kinds = {g.name: g.kind for g in store.gestures(project.id)}
    assert (kinds["hands up"], kinds["wave"]) == ("still", "moving")
    found = store.samples(project.id, newest_first=False)
    assert [sample.frames for sample in found] == [1, 4, 2, 1]
    for one, like in zip(found, wanted, strict=True):
        for name in ("keypoints", "scores", "world", "times_s"):
            np.testing.assert_array_equal(getattr(one, name), getattr(like, name))
        assert one.time_s == like.time_s
    assert store.crops(found[1].id) == ({0: jpeg(0), 2: jpeg(2), 3: jpeg(3)} if crops else {})


def test_a_project_file_carries_clips_and_all_their_crops(store, bodies, tmp_path):
    wanted = store.samples(bodies.id, newest_first=False)
    paths = Paths.find(tmp_path)
    export_project(store, paths, "Bodies", tmp_path / "p.zip")
    opened = import_project(store, paths, tmp_path / "p.zip")
    check(store, store.project(opened.project), wanted, crops=True)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_table_has_a_row_a_frame_and_comes_back_as_clips(store, bodies, suffix, tmp_path):
    wanted = store.samples(bodies.id, newest_first=False)
    written = export_data(store, bodies, tmp_path / f"p.{suffix}")
    assert (written.samples, written.left_out) == (4, 0)
    assert import_data(store, "again", tmp_path / f"p.{suffix}").added == 4
    check(store, store.project("again"), wanted, crops=False)
    assert import_data(store, "again", tmp_path / f"p.{suffix}").already == 4


def test_a_table_of_bodies_does_not_go_into_a_project_of_hands(store, bodies, project, tmp_path):
    export_data(store, bodies, tmp_path / "p.csv")
    with pytest.raises(TableError, match="samples are body_33, “Demo” takes hand_21"):
        import_data(store, project.name, tmp_path / "p.csv")
    assert store.samples(project.id) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_samples_in_space_alone_come_back_to_the_last_bit(store, tmp_path, suffix):
    project = store.create_project("In space")
    deep = np.random.default_rng(3).normal(0, 400, (2, 21, 3)).astype(np.float32)
    deep[1, 4] = np.nan
    seen = np.isfinite(deep).all(-1).astype(np.float32)
    new = [
        NewSample(hand, score, "depth", False, "d", space="millimetres")
        for hand, score in zip(deep, seen, strict=True)
    ]
    record(store, project, new)
    out = tmp_path / f"p.{suffix}"
    assert export_data(store, project, out).samples == 2
    assert import_data(store, "copy", out).added == 2
    copy = store.project("copy")
    assert copy.in_space
    data = store.training_data(copy.id)
    np.testing.assert_array_equal(data.keypoints, deep)
    assert [s.space for s in store.samples(copy.id)] == ["millimetres"] * 2
    assert import_data(store, "copy", out).already == 2
    flat = NewSample(deep[0, :, :2], seen[0], "webcam", True, "mediapipe-hands")
    record(store, store.create_project("flat"), [flat])
    says = r"in space \(x, y, z\), those of “flat” in the picture"
    with pytest.raises(SkeletonError, match=says):
        import_data(store, "flat", out)
    with pytest.raises(TableError, match="holds x and y of each keypoint"):
        export_data(store, copy, tmp_path / "k.csv", kind="kazuhito")


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_clip_of_which_a_frame_lacks_keypoints_in_space_is_refused_with_its_row(
    store, bodies, tmp_path, suffix
):
    """It was added before, and no page could show the project's samples any more."""
    out = tmp_path / f"t{suffix}"
    export_data(store, bodies, out)
    if suffix == ".csv":
        table = pd.read_csv(out, dtype=str, keep_default_na=False)
        table.loc[3, [name for name in table.columns if re.fullmatch(r"w[xyz]\d+", name)]] = ""
        table.to_csv(out, index=False)
        place = "line 5: world .* its first frame is line 3"
    else:
        content = json.loads(out.read_text())
        content["annotations"][3]["mudra"]["world"] = None
        out.write_text(json.dumps(content))
        place = r"annotation \d+: world .* its first frame is annotation \d+"
    with pytest.raises(TableError, match=place):
        import_data(store, "copy", out)
    assert [project.name for project in store.projects()] == ["Bodies"]


def test_clips_do_not_come_into_a_still_gesture_of_their_name(store, bodies, tmp_path):
    export_data(store, bodies, tmp_path / "t.csv")
    other = store.create_project("other", skeleton="body_33")
    store.add_gesture(other.id, "wave")
    with pytest.raises(TableError, match="line 3: “wave” is a still gesture"):
        import_data(store, "other", tmp_path / "t.csv")
    assert store.samples(other.id) == []


def test_a_project_file_with_single_frames_of_a_moving_gesture_is_refused(store, bodies, tmp_path):
    with store.begin_write() as connection:
        connection.exec_driver_sql("UPDATE gestures SET kind = 'moving' WHERE name = 'hands up'")
    paths = Paths.find(tmp_path)
    export_project(store, paths, "Bodies", tmp_path / "p.zip")
    with pytest.raises(ArchiveError, match="sample 1: “hands up” is a moving gesture"):
        import_project(store, paths, tmp_path / "p.zip")
    assert [project.name for project in store.projects()] == ["Bodies"]
