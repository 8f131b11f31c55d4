"""Tables, folders and zips of every supported layout; hostile ones name their lines."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import (
    ArchiveError,
    KindError,
    MediaError,
    NotFoundError,
    SkeletonError,
    StoreFullError,
    TableError,
    WeightsError,
)
from core.media.pictures import encode_jpeg
from core.pose.skeletons.table import BODY_33, SKELETONS, convert_keypoints
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.tables import read_table
from core.store import Store
from core.store.rows import MOVING
from tests.support.stored import count_by_estimator, count_by_gesture


def columns(joints: int, axes: str = "xy") -> list[str]:
    return [f"{axis}{joint}" for joint in range(joints) for axis in axes]


XY = columns(21)


def overview(store: Store, name: str = "p") -> dict[str, int]:
    return count_by_gesture(store, store.project(name))


def table(path: Path, rows: list[list], columns: list[str] | None = None) -> Path:
    pd.DataFrame(rows, columns=columns or ["gesture", *XY]).to_csv(path, index=False)
    return path


def row(gesture: str, start: float = 0.0) -> list:
    return [gesture, *np.arange(start, start + 42)]


# ----------------------------------------------------------------------------------------- tables


def test_the_recorders_of_the_real_table_become_persons(store, shared_data):
    report = import_path(store, "p", shared_data / "hand_keypoints" / "gestures.csv")
    assert report.added == 19_484 and not report.skipped and not report.new_gestures
    project = store.project("p")
    assert len(store.persons(project.id)) == 18
    assert overview(store)["point_left"] == 322 and overview(store)["open_palm"] == 4670
    assert "none" not in overview(store)
    [first] = store.samples(project.id, newest_first=False, limit=1)
    assert first.pose[1] == pytest.approx([0.14976, -0.28985])
    assert first.space == "relative" and not first.mirrored_view and first.size_hw is None


def test_the_seed_s_table_has_thumbs_and_no_background(store, shared_data):
    path = shared_data / "seed_classifier" / "final_dataset_sample.csv"
    assert import_path(store, "p", path, ImportOptions(layout="seed-csv")).added == 3322
    assert overview(store) == {"thumbs_up": 1661, "thumbs_down": 1661}
    project = store.project("p")
    assert count_by_estimator(store, project.id) == {"openpose-hand": 3322}
    [first] = store.samples(project.id, newest_first=False, limit=1)
    assert first.pose.shape == (21, 2) and tuple(first.pose[0]) == (153, 85)


@pytest.mark.parametrize(
    ("beside", "mapping", "names"),
    [
        (True, None, ("open_palm", "fist", "Pointer")),
        (False, {"class 0": "palm", "class 2": "point_up"}, ("open_palm", "class 1", "point_up")),
        (False, {"0": "palm", "1": "👊", "2": "point_up"}, ("open_palm", "fist", "point_up")),
    ],
)
def test_integer_labels_are_read_from_the_file_beside_or_mapped(
    store, shared_data, tmp_path, beside, mapping, names
):
    path = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    path = path if beside else Path(shutil.copy(path, tmp_path / "points.csv"))
    report = import_path(store, "p", path, ImportOptions(mapping=mapping))
    assert overview(store) == dict(zip(names, (1522, 1572, 1356), strict=True))
    assert report.new_gestures == [name for name in names if name in ("Pointer", "class 1")]


@pytest.fixture
def arms(shared_data, tmp_path) -> Path:
    """Real bodies, 33 keypoints each, of the two arm poses that ours are named alike."""
    rows = pd.read_csv(shared_data / "moving" / "pose_arms_xy_relative.csv")
    rows = rows.rename(columns={"label": "gesture"}).assign(skeleton="body_33")
    rows[rows.gesture.str.endswith("out")].to_csv(tmp_path / "arms.csv", index=False)
    return tmp_path / "arms.csv"


def test_a_table_of_bodies_makes_a_project_of_bodies(store, arms):
    report = import_path(store, "p", arms)
    project = store.project("p")
    assert project.skeleton == "body_33" and report.new_gestures == []
    assert overview(store) == {"left_arm_out": 76, "right_arm_out": 65}
    [first] = store.samples(project.id, newest_first=False, limit=1)
    assert first.pose.shape == (33, 2) and first.estimator == "mediapipe-pose"
    assert tuple(first.pose[11]) == pytest.approx((0.3310, 0.2616))
    assert import_path(store, "p", arms).already == 141


def test_of_a_table_that_does_not_say_what_is_hidden_the_picture_s_edge_is(store, arms):
    """Its recorder's program moved what was outside of the picture onto the lower edge."""
    points = read_table(arms).keypoints[0]
    outside = ["left_elbow", "left_wrist", "left_hip", "right_knee", "left_foot_index"]
    assert np.isnan(points[[BODY_33.index(name) for name in outside]]).all()
    inside = ["nose", "left_shoulder", "right_shoulder", "right_elbow", "right_wrist"]
    assert np.isfinite(points[[BODY_33.index(name) for name in inside]]).all()
    text = import_path(store, "p", arms).text
    assert "the table does not say which keypoints are hidden (columns v0 … v32)" in text


def test_keypoints_of_a_body_that_happen_to_be_level_are_not_at_the_edge(tmp_path):
    names = ["gesture", *columns(33)]
    points = np.random.default_rng(0).uniform(0, 400, (1, 33, 2))
    points[0, 27:30, 1] = 410  # both ankles and a heel
    points[0, 13:19, 1] = 200  # the arms, in the middle
    table(tmp_path / "a.csv", [["t_pose", *points.ravel()]], names)
    assert np.isfinite(read_table(tmp_path / "a.csv", skeleton="body_33").keypoints).all()


def test_what_a_table_says_is_hidden_is_missing(tmp_path):
    names = ["gesture", *columns(33, "xyv")]
    cells = np.arange(2 * 99, dtype=float).reshape(2, 99)
    cells[:, 2::3] = 0.9
    cells[0, 2 + 3 * 25] = 0.49
    table(tmp_path / "a.csv", [["t_pose", *row] for row in cells.tolist()], names)
    read = read_table(tmp_path / "a.csv", skeleton="body_33")
    points = read.keypoints
    assert read.remark == ""
    assert np.argwhere(np.isnan(points)).tolist() == [[0, 25, 0], [0, 25, 1]]
    assert points[1, 2].tolist() == [105, 106]


def test_bodies_and_hands_stay_apart(store, arms, tmp_path):
    rows = [[*row("ok"), "hand_21"], [*row("wave"), "hand_21"]]
    hands = table(tmp_path / "hands.csv", rows, ["gesture", *XY, "skeleton"])
    import_path(store, "p", arms)
    import_path(store, "q", hands)
    for name, other in (("p", hands), ("q", arms)):
        before = store.list_history(store.project(name).id)
        with pytest.raises(SkeletonError, match="can't be turned into"):
            import_path(store, name, other)
        assert store.list_history(store.project(name).id) == before
    assert "wave" not in {gesture.name for gesture in store.gestures(store.project("p").id)}


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_a_table_has_the_skeleton_that_its_column_or_the_caller_names(tmp_path, skeleton):
    numbers = np.random.default_rng(0).uniform(0, 400, 2 * skeleton.size)
    names = ["gesture", *columns(skeleton.size)]
    path = table(tmp_path / "a.csv", [["ok", *numbers]], names)
    given = read_table(path, "keypoints-csv", skeleton=skeleton.name)
    named = table(tmp_path / "b.csv", [["ok", *numbers, skeleton.name]], [*names, "skeleton"])
    for read in (given, read_table(named, "keypoints-csv", skeleton="hand_21")):
        assert (read.skeleton, "skeleton" in read.remark) == (skeleton.name, False)
        np.testing.assert_allclose(read.keypoints, numbers.reshape(1, -1, 2), rtol=1e-5)
    if skeleton.size > 21:
        with pytest.raises(TableError, match=f"{skeleton.size} keypoints a row.*{skeleton.name}"):
            read_table(path, "keypoints-csv")
    elif skeleton.size == 21:
        assert "does not name its skeleton: read as hand_21" in read_table(path).remark


def test_hands_in_another_order_are_stored_in_the_project_s(store, tmp_path):
    path = table(tmp_path / "a.csv", [row("ok")])
    assert import_path(store, "p", path, ImportOptions(skeleton="msra_21")).added == 1
    [sample] = store.samples(store.project("p").id)
    assert (sample.skeleton, sample.estimator) == ("hand_21", "msra_21")
    points = np.arange(42, dtype=np.float32).reshape(21, 2)
    np.testing.assert_array_equal(
        sample.pose, convert_keypoints(points, SKELETONS["msra_21"], SKELETONS["hand_21"])
    )
    assert not np.array_equal(sample.pose, points)


def test_names_aliases_and_emoji_mean_the_built_in_gestures(store, tmp_path):
    rows = [row("Thumbs Up"), row("👍"), row("👍🏽"), row("closed_fist"), row("wave")]
    report = import_path(store, "p", table(tmp_path / "a.csv", rows))
    assert overview(store) == {"thumbs_up": 3, "fist": 1, "wave": 1}
    assert report.new_gestures == ["wave"]


def test_a_parquet_table_is_the_same_as_its_csv(store, tmp_path):
    rows = pd.DataFrame([row("ok", 0.5), row("fist")], columns=["gesture", *XY])
    rows.to_parquet(tmp_path / "a.parquet")
    read = read_table(tmp_path / "a.parquet")
    assert list(read.gestures) == ["ok", "fist"] and read.keypoints[0, 0, 0] == 0.5


def test_blank_lines_at_the_end_are_no_rows(tmp_path):
    path = table(tmp_path / "a.csv", [row("ok")])
    path.write_text(path.read_text() + "\n\n")
    assert len(read_table(path)) == 1


def test_long_names_of_recorders_stay_different(store, tmp_path):
    who = ["team/hand-gesture-recognition-using-mediapipe" + end for end in ("", "-v2")]
    rows = [[*row("ok"), name] for name in who]
    import_path(store, "p", table(tmp_path / "a.csv", rows, ["gesture", *XY, "source_repo"]))
    persons = [p.name for p in store.persons(store.project("p").id)]
    assert len(persons) == 2 and all(len(name) == 40 for name in persons)


def test_consecutive_rows_of_one_recorder_and_gesture_are_one_recording(store, tmp_path):
    said = [("ok", "a"), ("ok", "a"), ("fist", "a"), ("ok", "a"), ("ok", "b")]
    rows = [[*row(gesture, i), who] for i, (gesture, who) in enumerate(said)]
    import_path(store, "p", table(tmp_path / "a.csv", rows, ["gesture", *XY, "source_repo"]))
    data = store.training_data(store.project("p").id)
    assert [data.recordings.tolist().index(b) for b in data.recordings] == [0, 0, 2, 3, 4]
    assert [data.sessions.tolist().index(s) for s in data.sessions] == [0, 0, 0, 0, 4]


MAPS = [None, {"ok": "fist"}, {"fist": "ok", "wave": "none"}]


@pytest.mark.parametrize("second", MAPS)
@pytest.mark.parametrize("first", MAPS)
def test_a_row_comes_in_once_whatever_it_is_called(first, second, store, tmp_path):
    """Another mapping makes other runs of the same rows."""
    labels = ["ok", "fist", "fist", "wave", "ok", "ok"]
    path = table(tmp_path / "a.csv", [row(name, i) for i, name in enumerate(labels)])
    assert import_path(store, "p", path, ImportOptions(mapping=first, person="Ana")).added == 6
    before = overview(store)
    again = import_path(store, "p", path, ImportOptions(mapping=second, person="Eve"))
    assert (again.added, again.already) == (0, 6) and overview(store) == before
    assert "not added again" in again.text
    assert [person.name for person in store.persons(store.project("p").id)] == ["Ana"]


def test_an_import_that_was_cut_short_goes_on_under_another_mapping(store, tmp_path):
    """Rows that are the same count each."""
    path = table(tmp_path / "a.csv", [row("ok"), row("fist", 1), row("ok", 2), row("ok")])
    with pytest.raises(KeyboardInterrupt):
        import_path(store, "p", path, ImportOptions(progress=failing_at(2)))
    rest = import_path(store, "p", path, ImportOptions(mapping={"fist": "ok"}))
    assert (rest.added, rest.already) == (2, 2) and overview(store) == {"ok": 3, "fist": 1}
    found = store.samples(store.project("p").id, newest_first=False)
    assert [s.pose[0, 0] for s in found] == [0, 1, 2, 0]


def test_a_table_that_an_older_mudra_imported_is_known(store, tmp_path):
    """It marked the rows by the number of their run."""
    path = table(tmp_path / "a.csv", [row("ok", 1), row("ok", 2), row("fist", 3)])
    import_path(store, "p", path)
    with store.begin_write() as connection:
        for sample_id, block in ((1, 0), (2, 0), (3, 1)):
            connection.exec_driver_sql(
                f"UPDATE samples SET file_hash = substr(file_hash, 1, 65) || '{block}' "
                f"WHERE id = {sample_id}"
            )
    again = import_path(store, "p", path, ImportOptions(mapping={"fist": "ok"}))
    assert (again.added, again.already) == (0, 3)


def failing_at(row, error=KeyboardInterrupt):
    """A progress that ends the import once so many rows are done."""

    def progress(done, *_):
        if done == row:
            raise error

    return progress


@pytest.mark.parametrize("said", ["gesture", "person"])
def test_a_name_that_is_none_stops_a_table_and_leaves_no_project_behind(said, store, tmp_path):
    rows = [[*row("ok"), "a"], [*row("a\u202eb" if said == "gesture" else "ok"), "\u202ea"]]
    path = table(tmp_path / "a.csv", rows, ["gesture", *XY, "source_repo"])
    there = store.create_project("there")
    for name in ("new", "there"):
        with pytest.raises(TableError, match=r"U\+202E"):
            import_path(store, name, path)
    assert store.projects() == [there] and store.projects(deleted=True) == []
    assert store.samples(there.id) == []


def test_an_import_without_its_estimator_leaves_no_project_behind(store, photos):
    def lacking():
        raise WeightsError("no hand models: run `make setup`")

    store.create_project("there")
    for name in ("new", "there"):
        with pytest.raises(WeightsError):
            import_path(store, name, photos, ImportOptions(lacking))
        with pytest.raises(MediaError, match="but none was given"):
            import_path(store, name, photos)
    assert [p.name for p in store.projects()] == ["there"]
    assert store.projects(deleted=True) == []


NAMES = ",".join(["gesture", *XY])
OK = "ok" + ",1" * 42


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "isn't a readable table"),
        ("a,b,c\n1,2,3\n", "3 columns"),
        (f"{NAMES[:-4]}\n", "y20"),
        (f"{NAMES},x0\n", "x0"),
        (f"{NAMES}\n", "no rows"),
        (f"{NAMES}\n{OK}\n{OK},7\n{OK}\n{OK},7,8", r"more columns than .* \(2 lines: 3, 5\)"),
        (f"{NAMES}\n{OK[2:]}\n", "gesture is empty"),
        (f"{NAMES}\nok{',1e39' * 42}\n", "finite"),
        (f"{NAMES}\nok,1,2\n", "finite"),
        (f"{NAMES}\n{OK}\nok,nan{OK[4:]}\n{OK[:-1]}seven\n{OK[:-1]}inf", r"\(3 lines: 3, 4, 5\)"),
        (f"{NAMES}\n{f'{OK}x{chr(10)}' * 30}", r"30 lines: 2, .*, 21 …\)"),
        (f"{NAMES}\n{OK}\n{'x' * 301}{OK[2:]}", r"gesture has texts of over 300 .* \(1 line: 3\)"),
        (f"{NAMES},person\n{OK},{'x' * 301}", r"person has texts of over 300 .* \(1 line: 2\)"),
        (f"{NAMES},estimator\n{OK},a\n{OK},b", "mixes the estimators a, b"),
        (f"{NAMES},skeleton\n{OK},hand_21\n{OK},msra_21", "mixes the skeletons"),
        (f"{NAMES},skeleton\n{OK},nobody", "no skeleton “nobody”"),
        (",".join(map(str, range(44))) + ",class\n" + "1," * 44 + "2\n", "0 or 1"),
        ("\x00\x01\x02", "isn't UTF-8 text"),
        (b"\xff\xfe binary" * 20, "isn't a readable table"),
        (f"0{OK[2:]}\n1,2\n", "finite"),
        (f"0{OK[2:]}\na{OK[2:]}\n1.5{OK[2:]}", r"whole number \(2 lines: 2, 3\)"),
        (f"1{',1' * 44}", "45 columns that begin"),
    ],
)
def test_hostile_tables_end_in_a_clear_error(tmp_path, text, says):
    path = tmp_path / "bad.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError, match=says):
        read_table(path)


def test_a_row_of_unnamed_columns_has_so_many(tmp_path):
    (tmp_path / "a.csv").write_text("1" + ",1" * 44)
    with pytest.raises(TableError, match="45 columns without names"):
        read_table(tmp_path / "a.csv", "keypoints-csv")


def with_world(path: Path, rows: int, *, but: tuple[int, ...] = ()) -> Path:
    """A table of so many hands with keypoints in space, which the rows `but` lack."""
    cells = pd.DataFrame([row("ok", 50 * n) for n in range(rows)], columns=["gesture", *XY])
    names = [f"w{name}" for name in columns(21, "xyz")]
    world = pd.DataFrame(np.arange(63 * rows).reshape(rows, 63) / 100, columns=names)
    world.loc[[*but], "wy3"] = np.nan
    pd.concat([cells, world], axis=1).to_csv(path, index=False)
    return path


def test_a_row_without_keypoints_in_space_leaves_the_others_theirs(store, tmp_path):
    report = import_path(store, "p", with_world(tmp_path / "a.csv", 4, but=(1, 3)))
    assert report.added == 4
    assert "no keypoints in space (wx0 …) in some rows" in report.remark
    assert "(2 lines: 3, 5)" in report.text
    project = store.project("p").id
    first, second, third, fourth = store.samples(project, newest_first=False)
    assert second.world is None and fourth.world is None
    assert first.world[0, 20, 2] == pytest.approx(0.62)
    assert third.world[0, 0, 0] == pytest.approx(1.26)
    assert store.training_data(project, in_space=True).keypoints.shape == (2, 21, 3)


def test_only_rows_without_keypoints_in_space_are_worth_a_remark(tmp_path):
    whole = read_table(with_world(tmp_path / "whole.csv", 2), skeleton="hand_21")
    assert whole.world.shape == (2, 21, 3) and not whole.remark
    none = read_table(with_world(tmp_path / "none.csv", 2, but=(0, 1)), skeleton="hand_21")
    assert none.world is None and not none.remark


@pytest.mark.parametrize("name", ["wx0", "person", "estimator", "x3"])
def test_a_column_that_is_there_twice_is_refused(tmp_path, name):
    path = with_world(tmp_path / "a.csv", 2)
    header, *rows = path.read_text().splitlines()
    twice = [f"{header},{name},{name}", *(f"{line},1,1" for line in rows)]
    path.write_text("\n".join(twice))
    with pytest.raises(TableError, match=f"once each: {name}"):
        read_table(path)


# -------------------------------------------------------------------------------------- pictures


def test_a_folder_per_class_gives_samples_with_crops_once(store, photos, make_estimator):
    seen = []
    options = ImportOptions(make_estimator, progress=lambda *done: seen.append(done))
    report = import_path(store, "p", photos, options)
    assert report.added == 6 and overview(store) == {"ok": 3, "fist": 3}
    assert seen[-1] == (6, 6)
    [sample] = store.samples(store.project("p").id, limit=1)
    assert sample.crop_jpeg.startswith(b"\xff\xd8") and sample.size_hw is not None
    x0, y0, side = sample.region
    low, high = sample.pose.min(0), sample.pose.max(0)
    assert side == pytest.approx(1.8 * max(high - low), rel=1e-5)
    assert (low > [x0, y0]).all() and (high < [x0 + side, y0 + side]).all()
    assert sample.world.shape == (1, 21, 3) and sample.handedness in ("Left", "Right")
    assert not sample.mirrored_view and sample.estimator_version.endswith("/full")
    shutil.copytree(photos, photos.parent / "copy")
    again = import_path(store, "p", photos.parent / "copy", ImportOptions(make_estimator))
    assert (again.added, again.already) == (0, 6)


def test_what_cannot_be_used_is_named_and_the_rest_goes_in(store, photos, make_estimator):
    (photos / "ok" / "broken.jpg").write_bytes(b"no picture")
    (photos / "ok" / "empty.jpg").write_bytes(encode_jpeg(np.full((200, 200, 3), 90, np.uint8)))
    (photos / "ok" / "notes.txt").write_text("not looked at")
    report = import_path(store, "p", photos, ImportOptions(make_estimator))
    assert report.added == 6
    reasons = dict(report.skipped)
    assert set(reasons) == {"ok/broken.jpg", "ok/empty.jpg"}
    assert "no hand" in reasons["ok/empty.jpg"] and "a JPEG" in reasons["ok/broken.jpg"]


def test_folders_of_a_zip_are_gestures_and_its_name_says_what_lies_at_its_top(
    store, photos, make_estimator
):
    (photos / "ok").rename(photos / "9")
    (photos / "fist").rename(photos / "Stein")
    options = ImportOptions(make_estimator, mapping={"9": "ok"})
    for name, folder in (("photos", photos), ("fist", photos / "9")):
        archive = Path(shutil.make_archive(str(photos.parent / name), "zip", folder))
        report = import_path(store, name, archive, options)
        assert report.new_gestures == (["Stein"] if name == "photos" else [])
    assert overview(store, "photos") == {"ok": 3, "Stein": 3}
    assert overview(store, "fist") == {"fist": 3}


def test_a_full_disk_ends_an_import_instead_of_refusing_each_picture(store, photos, make_estimator):
    store.create_project("p")
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError):
        import_path(store, "p", photos, ImportOptions(make_estimator))


def test_pictures_are_no_table(store, photos, make_estimator):
    with pytest.raises(TableError, match="no csv or parquet"):
        import_path(store, "p", photos, ImportOptions(make_estimator, layout="seed-csv"))


def test_a_path_that_is_nothing_of_that_is_named(store, tmp_path, make_estimator):
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "void").mkdir()
    errors = {"a.txt": MediaError, "gone": MediaError, "void": MediaError, "bad.zip": ArchiveError}
    for name, error in errors.items():
        with pytest.raises(error, match=name.split(".")[0]):
            import_path(store, "p", tmp_path / name, ImportOptions(make_estimator))
    assert store.projects() == []


def test_videos_in_a_folder_per_class_are_sampled(store, make_estimator, shared_data, tmp_path):
    (tmp_path / "classes" / "fist").mkdir(parents=True)
    shutil.copy(shared_data / "hand_videos" / "fist.mp4", tmp_path / "classes" / "fist")
    (tmp_path / "classes" / "fist" / "broken.mp4").write_bytes(b"\0" * 100)
    report = import_path(store, "p", tmp_path / "classes", ImportOptions(make_estimator))
    assert [name for name, _ in report.skipped] == ["fist/broken.mp4"]
    assert overview(store) == {"fist": report.added} and report.added >= 5
    again = import_path(store, "p", tmp_path / "classes", ImportOptions(make_estimator))
    assert (again.added, again.already) == (0, 1)


def test_a_parquet_of_numbered_columns_has_no_line_of_names_among_its_rows(tmp_path):
    columns = {str(i): [float(i), float(i) + 1] for i in range(1, 43)}
    pd.DataFrame({"0": [3, 4], **columns}).to_parquet(tmp_path / "a.parquet")
    read = read_table(tmp_path / "a.parquet", "keypoints-csv")
    assert read.gestures.tolist() == ["class 3", "class 4"]
    np.testing.assert_array_equal(read.keypoints[:, 0], [[1, 2], [2, 3]])


def test_a_parquet_of_texts_without_end_is_refused(tmp_path):
    rows = pd.DataFrame(dict.fromkeys(XY, np.zeros(45_000)))
    rows.assign(gesture="x" * 4000).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"a\.parquet unpacks to over 160 MB: split it"):
        read_table(tmp_path / "a.parquet")


def test_a_file_of_labels_without_end_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("0" + ",1" * 42 + "\n")
    (tmp_path / "a_classifier_label.csv").write_text("ok\n" * 400_000)
    with pytest.raises(TableError, match=r"a_classifier_label\.csv has over 1 MB"):
        read_table(tmp_path / "a.csv")


def test_pictures_of_a_moving_gesture_are_refused_and_the_rest_goes_in(
    store, photos, make_estimator
):
    project = store.create_project("p")
    store.add_gesture(project.id, "ok_moves", kind=MOVING)
    first = sorted(photos.iterdir())[0].name
    mapping = {first: "ok_moves"}
    report = import_path(store, "p", photos, ImportOptions(make_estimator, mapping=mapping))
    assert report.added and "ok_moves" not in overview(store)
    refused = [reason for file, reason in report.skipped if file.startswith(first)]
    assert refused and all("“ok_moves” is a moving gesture" in reason for reason in refused)


def test_a_table_of_still_hands_is_refused_whole_where_one_gesture_moves(store, tmp_path):
    project = store.create_project("p")
    store.add_gesture(project.id, "swipe", kind=MOVING)
    with pytest.raises(KindError, match="“swipe” is a moving gesture"):
        import_path(store, "p", table(tmp_path / "a.csv", [row("ok"), row("swipe", 9)]))
    assert overview(store) == {}


def test_file_names_that_are_not_utf_8_come_in_under_a_name_that_can_be_stored(
    store, photos, make_estimator
):
    """They ended the import after part of it was stored."""
    first = next(photos.rglob("*.jpg"))
    first.rename(Path(os.fsdecode(os.fsencode(first.parent) + b"/caf\xe9.jpg")))
    whole = import_path(store, "p", photos, ImportOptions(make_estimator))
    sources = [one.source for one in store.samples(store.project("p").id)]
    assert f"{first.parent.name}/caf?.jpg" in sources and len(sources) == whole.added
    odd = Path(os.fsdecode(os.fsencode(photos.parent) + b"/t\xe9.csv"))
    assert import_path(store, "p", table(odd, [row("ok")])).added == 1
    assert store.list_history(store.project("p").id)[0].title == "Imported 1 sample from t?.csv"


def test_a_project_that_was_renamed_meanwhile_is_filled_and_none_is_made(store, tmp_path):
    project = store.create_project("p")
    store.rename_project(project.id, "q")
    assert import_path(store, project, table(tmp_path / "a.csv", [row("ok")])).added == 1
    assert [one.name for one in store.projects()] == ["q"] and overview(store, "q") == {"ok": 1}
    store.delete_project(project.id)
    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        import_path(store, project, table(tmp_path / "b.csv", [row("ok", 5)]))
    assert store.projects() == []


def test_what_came_in_before_an_import_failed_can_be_undone(store, tmp_path):
    project = store.create_project("p")
    rows = table(tmp_path / "a.csv", [row("ok"), row("fist", 5), row("ok", 9)])
    with pytest.raises(MediaError, match="cut off"):
        import_path(store, "p", rows, ImportOptions(progress=failing_at(2, MediaError("cut off"))))
    assert overview(store) == {"ok": 1, "fist": 1}
    [act] = store.list_history(project.id)
    assert act.title == "Imported 2 samples from a.csv" and store.undo(act.id)
    assert overview(store) == {}
