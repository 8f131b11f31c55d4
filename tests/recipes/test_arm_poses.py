"""Arms that are turned into poses keep what was seen of them."""

import numpy as np

from core.gestures.labels import ARM_POSES
from core.pose.skeletons import BODY_33, LSP_14, convert
from core.recipes.arm_poses import People, source_of, truth_of_lspet, turned, view_of
from core.recipes.arm_rule import UNCLEAR, label_of, taught_label_of
from tests.recipes.conftest import AT, DOWN, UP, figure


def test_a_picture_s_source_is_known_by_its_name():
    assert source_of("images/im03792.jpg") == "Leeds Sports Pose Extended"
    assert source_of("images/000000217285.jpg") == "COCO 2017"


def test_somebody_upside_down_is_turned_upright_with_the_picture():
    middle = np.float32([300, 240])
    fallen = 2 * middle - figure(UP, UP)  # a handstand
    assert label_of(fallen) == UNCLEAR
    view, upright = view_of(np.zeros((480, 640, 3), np.uint8), fallen, 256)
    assert view.shape == (256, 256, 3) and ARM_POSES[label_of(upright)].name == "hands_up"
    x, y = (np.nanmin(upright, 0) + np.nanmax(upright, 0)) / 2
    assert abs(x - 127.5) < 1e-3 and abs(y - 127.5) < 1e-3
    np.testing.assert_allclose(
        (np.nanmax(upright, 0) - np.nanmin(upright, 0)).max(), 128, atol=1e-3
    )


def test_arms_as_seen_turn_with_the_true_ones_and_stay_as_far_off():
    truth = figure((20, 10), DOWN)
    seen = np.full((33, 2), np.nan, np.float32)
    for joint in ("shoulder", "elbow", "wrist", "hip"):
        for side in ("left", "right"):
            seen[BODY_33.index(f"{side}_{joint}")] = truth[AT(f"{side}_{joint}")]
    wrist = BODY_33.index("left_wrist")
    seen[wrist] += [6, -4]
    people = People(truth[None], seen[None], np.array(["a.jpg"]), np.array([0]))
    made, labels = turned(people, np.random.default_rng(0), each=100, nones=400)
    assert {*labels.tolist()} == set(range(len(ARM_POSES)))
    assert [taught_label_of(person) for person in made.truth] == labels.tolist()
    ruled = np.array([label_of(person) for person in made.truth])
    between = ruled == UNCLEAR  # is taught, too, and on either side of the border
    assert (ruled == labels)[~between].all() and len({*labels[between].tolist()}) > 4
    lsp = convert(made.seen, BODY_33, LSP_14)
    off = np.linalg.norm(lsp[:, AT("left_wrist")] - made.truth[:, AT("left_wrist")], axis=1)
    there = np.isfinite(off)  # crossed arms may hide a wrist
    np.testing.assert_allclose(off[there], np.hypot(6, 4), rtol=1e-3)
    np.testing.assert_allclose(
        lsp[:, AT("right_elbow")], made.truth[:, AT("right_elbow")], atol=1e-3
    )


def test_real_people_are_read_with_what_is_not_labelled_missing(shared_data):
    path, people = next(iter(truth_of_lspet(shared_data / "body" / "lspet")))
    assert path.is_file() and people.shape == (1, 14, 2)
    # the first row of joints.csv
    np.testing.assert_allclose(people[0, AT("right_wrist")], [11.0, 124.1])
    np.testing.assert_allclose(people[0, AT("head_top")], [84.1, 72.8])
