"""Samples out as tables and in again: to the last bit where the format has room."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.errors import StoreError, TableError
from core.exchange.tables.data_in import import_data
from core.exchange.tables.data_out import export_data, to_screen_keypoints
from core.pose.skeletons.table import HAND_21
from core.recording.imports.importing import import_path
from core.store import NewSample
from core.store.bin import delete_samples
from tests.exchange.conftest import content, sample
from tests.support.stored import record

EXACT = ("a.csv", "a.parquet", "a.json")
RISKY = ("=1+1", "+x", "-2", "@me", "−3")  # gestures named like formulas


@pytest.fixture
def project(store):
    """Four persons, risky names, odd numbers, a table's sample, and something binned."""
    made = store.create_project("Äpfel")
    for name in RISKY:
        store.add_gesture(made.id, name, "➕")
    named = {g.name: g.id for g in store.gestures(made.id)}
    store.update_gesture(named["ok"], emoji="", position=20, enabled=True)
    for number, (person, gesture) in enumerate(
        [("Ada", "ok"), ("=cmd|'/c calc'!A1", "=1+1"), ("Bob", "-2"), ("Ada", "fist")]
    ):
        who = store.ensure_person(made.id, person)
        session = store.start_session(made.id, who.id, f"@visit, “{number}”\n'x'")
        for take in range(2):
            burst = store.start_recording(session, named[gesture])
            new = [sample(10 * number + 3 * take + i) for i in range(3)]
            store.add_samples(burst, new)
    keypoints = np.full((21, 2), np.nan, np.float32)
    keypoints[:2] = [[0.1, 1 / 3], [1e-30, -65504.1]]
    store.add_samples(
        burst, [NewSample(keypoints, np.ones(21, np.float32), "", False, "table", space="relative")]
    )
    delete_samples(store, made.id, [store.samples(made.id)[5].id])
    return made


@pytest.mark.parametrize("name", EXACT)
def test_samples_come_back_to_the_last_bit(name, store, project, tmp_path):
    told = []
    went = export_data(store, project, tmp_path / name, progress=lambda *a: told.append(a))
    assert (went.samples, went.left_out, told[-1]) == (24, 0, (24, 24))
    came = import_data(store, "copy", tmp_path / name)
    assert came.added == 24 and not came.skipped
    mine, theirs = (content(store, one, pictures=False) for one in ("Äpfel", "copy"))
    used = {row["gesture"] for row in mine if isinstance(row, dict)}
    mine[1] = [g for g in mine[1] if g[0] in used]  # gestures without samples are left out
    theirs[1] = [g for g in theirs[1] if g[0] in used]
    assert theirs == mine
    again = import_data(store, "copy", tmp_path / name)
    assert (again.added, again.already) == (0, 24)
    assert len(store.persons(store.project("copy").id)) == 3


def test_two_projects_become_one(store, project, tmp_path):
    export_data(store, project, tmp_path / "a.csv")
    other = store.create_project("other")
    own = store.add_gesture(other.id, "wave", "👋")
    ok = next(g for g in store.gestures(other.id) if g.name == "ok")
    assert import_data(store, "OTHER", tmp_path / "a.csv").added == 24
    there = {g.name: g for g in store.gestures(other.id)}
    assert there["ok"] == ok and there["wave"] == own  # what was there stays as it is
    assert there["=1+1"].position > own.position and there["=1+1"].emoji == "➕"


def test_no_cell_of_the_csv_is_a_formula_and_numbers_are_numbers(store, project, tmp_path):
    export_data(store, project, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [c for c in rows[0] if isinstance(rows[0][c], str) and not c[-1].isdigit()]
    for row in rows:
        for name in texts:
            if not _number(row[name]):
                assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "−")), row[name]
    assert {row["gesture"] for row in rows} == {"ok", "'=1+1", "'-2", "fist"}
    cells = {"y1": "-65504.1", "x0": "0.1", "y0": "0.33333334", "x2": "", "y2": "", "wx0": ""}
    assert {name: rows[-1][name] for name in cells} == cells


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_other_programs_read_the_tables(store, project, tmp_path):
    for name in ("a.csv", "a.parquet"):
        export_data(store, project, tmp_path / name)
    text, table = pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "a.parquet")
    assert list(text.columns) == list(table.columns) and len(text) == len(table) == 24
    assert table["gesture"].iloc[-1] == "fist" and set(table["gesture"]) >= {"=1+1", "-2"}
    np.testing.assert_array_equal(text["x5"].astype("float32"), table["x5"])


def test_coco_has_boxes_flags_and_a_skeleton(store, tmp_path):
    made = store.create_project("one")
    keypoints = np.stack([np.arange(21), 2 * np.arange(21)], 1).astype(np.float32) + 10
    keypoints[20] = np.nan
    new = NewSample(keypoints, np.ones(21, np.float32), "webcam", True, "m", size_hw=(480, 640))
    record(store, made, [new])
    export_data(store, made, tmp_path / "c.json")
    coco = json.loads((tmp_path / "c.json").read_text())
    [image], [annotation], [category] = coco["images"], coco["annotations"], coco["categories"]
    assert (image["width"], image["height"], image["file_name"]) == (640, 480, "webcam")
    assert annotation["bbox"] == [10, 10, 19, 38] and annotation["area"] == 19 * 38
    assert annotation["num_keypoints"] == 20 and annotation["iscrowd"] == 0
    assert annotation["keypoints"][:6] == [10, 10, 2, 11, 12, 2]
    assert annotation["keypoints"][-3:] == [0, 0, 0]
    assert annotation["image_id"] == image["id"] and annotation["category_id"] == category["id"]
    assert category["name"] == "ok" and category["keypoints"] == list(HAND_21.joints)
    assert category["skeleton"][0] == [1, 2] and len(category["skeleton"]) == 20


# ----------------------------------------------------------------------------------- keypoint.csv


def test_as_seen_by_hand():
    points = np.float32([[10, 20], [12, 16], [9, 20]])
    assert to_screen_keypoints(points, False).tolist() == [0, 0, 0.5, -1, -0.25, 0]
    assert to_screen_keypoints(points, True).tolist() == [0, 0, -0.5, -1, 0.25, 0]
    for odd in (points * np.nan, points * 0):
        assert to_screen_keypoints(odd, False) is None


def test_kazuhito_s_own_table_goes_in_and_out_unchanged(store, shared_data, tmp_path):
    """His numbers are from the wrist and divided already, so that the same numbers come out."""
    source = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    import_path(store, "p", source)
    out = tmp_path / "keypoint.csv"
    assert export_data(store, store.project("p"), out, kind="kazuhito").samples == 4450
    labels = (tmp_path / "keypoint_classifier_label.csv").read_text("utf-8-sig").split()
    mine, his = (np.loadtxt(path, delimiter=",", dtype=np.float32) for path in (out, source))
    np.testing.assert_array_equal(mine[:, 1:], his[:, 1:])
    meant = ["open_palm", "fist", "Pointer"]  # his Open and Close are names of ours, too
    assert [labels[int(i)] for i in mine[:, 0]] == [meant[int(i)] for i in his[:, 0]]


def test_keypoint_csv_comes_back_by_name(store, tmp_path):
    made = store.create_project("k")
    store.add_gesture(made.id, "=a,b")
    rng = np.random.default_rng(0)
    for gesture in store.gestures(made.id):
        points = rng.normal(200, 60, (3, 21, 2)).astype(np.float32)
        ones = np.ones(21, np.float32)
        new = [NewSample(p, ones, "webcam", True, "m") for p in points]
        record(store, made, new, gesture.name)
    export_data(store, made, tmp_path / "k.csv", kind="kazuhito")
    assert import_path(store, "back", tmp_path / "k.csv").added == 30
    back = store.project("back")
    assert "=a,b" in [g.name for g in store.gestures(back.id)]
    for name in ("k", "back"):
        export_data(store, store.project(name), tmp_path / f"{name}2.csv", kind="kazuhito")
    mine, theirs = (
        np.loadtxt(tmp_path / f"{n}2.csv", delimiter=",", dtype=np.float32) for n in ("k", "back")
    )
    np.testing.assert_array_equal(mine, theirs)


# ---------------------------------------------------------------------------------------- refused


def test_what_can_t_be_written_is_said(store, project, tmp_path):
    with pytest.raises(TableError, match=r"\.csv, \.parquet or \.json"):
        export_data(store, project, tmp_path / "a.xlsx")
    with pytest.raises(StoreError, match="can't be written"):
        export_data(store, project, Path("/proc/none/a.csv"))


def spoiled(store, project, tmp_path, column, line, value) -> Path:
    export_data(store, project, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with (tmp_path / "h.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "h.csv"


HOSTILE = [
    ("x3", "abc", r"x3 must be numbers \(1 line: 5\)"),
    ("x3", "inf", r"keypoints must be finite .* \(1 line: 5\)"),
    ("score0", "1e9", r"scores must be finite .* \(1 line: 5\)"),
    ("taken_at", "yesterday", r"taken_at: .* \(1 line: 5\)"),
    ("gesture", "", r"gesture: Field required \(1 line: 5\)"),
    ("gesture", "a\u202eb", r"gesture: .* \(1 line: 5\)"),
    ("person", "x" * 50, r"person: .* \(1 line: 5\)"),
    ("mirrored_view", "perhaps", r"mirrored_view: .* \(1 line: 5\)"),
    ("instance", "1.5", r"instance: .* \(1 line: 5\)"),
    ("instance", "-1", r"instance: .* \(1 line: 5\)"),
    ("joints", "999", r"joints: .* \(1 line: 5\)"),
    ("joints", "22", r"keypoints has 42 numbers for 22 keypoints \(1 line: 5\)"),
    ("width", "", r"half a size or square \(1 line: 5\)"),
    ("space", "outer", r"space: .* \(1 line: 5\)"),
]


@pytest.mark.parametrize(("column", "value", "words"), HOSTILE)
def test_a_wrong_cell_is_named_by_its_line_and_nothing_comes_in(
    column, value, words, store, project, tmp_path
):
    path = spoiled(store, project, tmp_path, column, 5, value)
    with pytest.raises(TableError, match=words):
        import_data(store, "copy", path)
    assert [p.name for p in store.projects()] == ["Äpfel"]
    with pytest.raises(TableError, match=words):
        import_data(store, "Äpfel", path)
    assert len(store.samples(project.id)) == 24


def test_a_wrong_row_of_a_parquet_is_named_by_its_number(store, project, tmp_path):
    export_data(store, project, tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet", dtype_backend="pyarrow")
    table.loc[3, "x3"] = np.inf
    table.to_parquet(tmp_path / "h.parquet")
    with pytest.raises(TableError, match=r"keypoints must be finite .* \(1 line: 4\)"):
        import_data(store, "copy", tmp_path / "h.parquet")


def test_a_parquet_that_is_no_table_is_refused(store, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but no table")
    with pytest.raises(TableError, match=r"a\.parquet isn't a table"):
        import_data(store, "copy", tmp_path / "a.parquet")
    assert store.projects() == []


def test_a_missing_score_is_zero(store, project, tmp_path):
    import_data(store, "copy", spoiled(store, project, tmp_path, "score0", 5, ""))
    scores = [one.scores[0, 0] for one in store.samples(store.project("copy").id, limit=99)]
    assert scores.count(0) == 1


def test_a_row_too_short_and_a_column_twice_are_refused(store, project, tmp_path):
    export_data(store, project, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    (tmp_path / "short.csv").write_text(text + "1,2,3\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text(text.replace('"y20"', '"x20"', 1), encoding="utf-8")
    (tmp_path / "less.csv").write_text(text.replace('"y20"', '"yy"', 1), encoding="utf-8")
    says = {"short": "columns", "twice": "twice", "less": "lacks the columns y20"}
    for name, words in says.items():
        with pytest.raises(TableError, match=words):
            import_data(store, "copy", tmp_path / f"{name}.csv")
    assert len(store.projects()) == 1


def test_a_text_that_unpacks_to_gigabytes_is_refused(store, project, tmp_path):
    export_data(store, project, tmp_path / "a.parquet")
    table = pa.concat_tables([parquet.read_table(tmp_path / "a.parquet")] * 40)
    text = pa.array(["x" * (30 * 2**20)])  # 28 GB in 960 rows
    often = pa.DictionaryArray.from_arrays(pa.array([0] * len(table), pa.int32()), text)
    table = table.set_column(table.column_names.index("source"), "source", often)
    parquet.write_table(
        table, tmp_path / "h.parquet", compression="zstd", dictionary_pagesize_limit=2**30
    )
    assert (tmp_path / "h.parquet").stat().st_size < 2**20
    with pytest.raises(TableError, match="a text of 31,457,280 bytes"):
        import_data(store, "copy", tmp_path / "h.parquet")


COCO = {
    "no json": b"\x80\x04pickle",
    "cut": b'{"images": [{"id": 1',
    "of nothing": b"{}",
    "deep": b"[" * 10**6,
    "a deep annotation": b'{"annotations": [{"keypoints": ' + b"[" * 10**6,
    "an endless annotation": b'{"annotations": [{"keypoints": [' + b"0," * 10**6 + b"0]}]}",
    "an unknown category": b'{"annotations": [{"category_id": 3, "keypoints": [1, 1, 2]}]}',
    "a category as a list": b'{"annotations": [{"category_id": [], "keypoints": [1, 1, 2]}]}',
}
ONE = {"category_id": 1, "image_id": 1, "keypoints": [1, 1, 2]}
ITEMS = {
    "texts": {"keypoints": ["a", "b", "c"]},
    "two numbers": {"keypoints": [1, 2]},
    "a number beyond": {"keypoints": [10**400, 1, 2]},
    "nan": {"keypoints": [float("nan"), 1, 2]},
    "a world of texts": {"mudra": {"world": "x"}},
    "other columns": {"mudra": {"taken_at": 5}},
}


@pytest.mark.parametrize("what", [*COCO, *ITEMS])
def test_hostile_json_is_refused(what, store, tmp_path):
    about = {"images": [{"id": 1}], "categories": [{"id": 1, "name": "wave"}]}
    annotations = {"annotations": [ONE, ONE | ITEMS.get(what, {})]}
    (tmp_path / "h.json").write_bytes(COCO.get(what) or json.dumps(about | annotations).encode())
    with pytest.raises(TableError):
        import_data(store, "copy", tmp_path / "h.json")
    assert store.projects() == store.projects(deleted=True) == []


@pytest.mark.parametrize("name", EXACT)
def test_a_file_of_ours_with_another_skeleton_is_refused(name, store, tmp_path):
    """Written by a Mudra that took bodies for hands."""
    made = store.create_project("bodies")
    record(store, made, [sample(1, world=None)])
    with store.begin_write() as connection:
        connection.exec_driver_sql(
            "UPDATE samples SET keypoints=zeroblob(136), scores=zeroblob(68)"
        )
    export_data(store, made, tmp_path / name)
    with pytest.raises(TableError, match="poses have 17 keypoints, hand_21 has 21"):
        import_data(store, "copy", tmp_path / name)
    assert [p.name for p in store.projects()] == ["bodies"]
