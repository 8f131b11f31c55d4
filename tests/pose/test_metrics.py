"""PCK, PCKh, AUC and EPE: toy cases by hand, and published figures from the real files."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from core.pose.metrics import (
    epe,
    keypoint_distances,
    mean_error_by_keypoint,
    oks,
    oks_nms,
    pck,
    pck_interval,
    success_rates,
    torso_lengths,
)

# Places in LSP's files: R ankle, knee, hip, L hip, knee, ankle, R wrist, elbow, shoulder,
# L shoulder, elbow, wrist, neck, head top
LSP_RIGHT_HIP, LSP_LEFT_SHOULDER = 2, 9
# ankle, knee, hip, wrist, elbow, shoulder, neck, head top; their published PCK
LSP_PARTS = ((0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9), (12,), (13,))
LSP_PUBLISHED = [89.90, 90.85, 91.50, 83.90, 87.05, 92.50, 98.2, 97.4]
# head, shoulder, elbow, wrist, hip, knee, ankle; their published PCKh
MPII_PARTS = ((9,), (12, 13), (11, 14), (10, 15), (2, 3), (1, 4), (0, 5))
MPII_PUBLISHED = [95.6, 92.7, 83.4, 76.7, 81.9, 73.4, 65.4]
MPII_WITHOUT_PELVIS_AND_THORAX = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]


@pytest.fixture(scope="module")
def lsp(shared_data: Path):
    """Distances over torso sizes: model, target → (1000, 14)."""

    def measure(model: str, target: str) -> np.ndarray:
        folder = shared_data / "body" / "lsp"
        joints = loadmat(folder / f"lsp-joints-{target}.mat")["joints"]
        true = joints[:2, :, 1000:].transpose(2, 1, 0)
        found = loadmat(folder / f"LSP_prediction_model_{model}.mat")["prediction_all"]
        sizes = torso_lengths(true, LSP_LEFT_SHOULDER, LSP_RIGHT_HIP)
        return keypoint_distances(found.transpose(2, 0, 1), true, sizes)

    return measure


@pytest.fixture(scope="module")
def mpii(shared_data: Path) -> np.ndarray:
    """Distances over head sizes, (2958, 14)."""
    file = loadmat(shared_data / "body" / "mpii" / "detections_our_format.mat")
    found, true = (file[key].transpose(2, 0, 1) for key in ("pos_pred_src", "pos_gt_src"))
    true = np.where(file["jnt_missing"].T[..., None] > 0, np.nan, true)
    corners = file["headboxes_src"].reshape(2, 2, -1).astype(np.float64)
    sizes = 0.6 * np.linalg.norm(corners[1] - corners[0], axis=0)  # of the head box's diagonal
    return keypoint_distances(found, true, sizes)


@pytest.mark.parametrize(
    ("model", "target", "published"),
    [
        ("MPII_LSP_6s", "PC", 90.500),
        ("LSP_6s", "PC", 84.321),
        ("MPII_LSP_6s", "OC", 72.643),  # left and right as the viewer sees them: the wrong pairing
        ("LSP_6s", "OC", 69.457),
    ],
)
def test_the_published_predictions_have_the_published_pck(lsp, model, target, published) -> None:
    found = pck(lsp(model, target), 0.2)
    assert found.mean * 100 == pytest.approx(published, abs=5e-4)
    if published == 90.5:
        parts = [100 * found.joints[list(part)].mean() for part in LSP_PARTS]
        assert parts == pytest.approx(LSP_PUBLISHED)


@pytest.mark.parametrize(("limit", "published"), [(0.5, 82.337), (0.1, 28.975)])
def test_mpiis_mean_weighs_keypoints_by_their_number(mpii, limit, published) -> None:
    share = pck(mpii[:, MPII_WITHOUT_PELVIS_AND_THORAX], limit).overall_rate
    assert share * 100 == pytest.approx(published, abs=5e-4)
    if limit == 0.5:
        parts = [100 * pck(mpii[:, list(part)], 0.5).mean for part in MPII_PARTS]
        assert parts == pytest.approx(MPII_PUBLISHED, abs=0.05)


def test_a_keypoint_without_samples_does_not_count_in_the_mean() -> None:
    # two poses; keypoint 1 is 10 px off in one of them, keypoint 2 is nowhere in the target
    true = np.array([[[10, 0], [10, 10], [np.nan, np.nan], [30, 30], [0, 10]]] * 2)
    found = np.nan_to_num(true)
    found[0, 1, 0] = 20
    found[:, 3, 0] = 35  # exactly at the limit
    result = pck(keypoint_distances(found, true, 10), 0.5)
    assert result.joints == pytest.approx([1, 0.5, np.nan, 1, 1], nan_ok=True)
    assert result.counts.tolist() == [2, 2, 0, 2, 2]
    assert result.mean == pytest.approx(0.875)


FOUND = np.array([[[10.0, 4], [10, 18], [0, 0], [40, 40], [20, 10]]])
TRUE = np.array([[[10.0, 0], [10, 10], [np.nan, np.nan], [30, 30], [0, 10]]])


def test_a_keypoint_that_was_not_found_is_wrong_and_has_no_error() -> None:
    # 4, 8, 14.14 and 20 px off
    assert epe(keypoint_distances(FOUND, TRUE)) == pytest.approx(11.5355339)
    found = FOUND.copy()
    found[0, 0] = np.nan
    apart = keypoint_distances(found, TRUE)
    assert apart[0, 0] == np.inf
    assert pck(apart, 100).joints == pytest.approx([0, 1, np.nan, 1, 1], nan_ok=True)
    assert epe(apart) == pytest.approx((8 + 200**0.5 + 20) / 3)


def test_nothing_to_measure_is_nan_everywhere() -> None:
    apart = keypoint_distances(FOUND, np.full_like(TRUE, np.nan))
    result = pck(apart, 0.5)
    assert np.isnan([result.mean, result.overall_rate, epe(apart)]).all()


def test_shapes_that_differ_and_sizes_of_zero_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 5, 2\), \(1, 4, 2\)"):
        keypoint_distances(FOUND, TRUE[:, :4])
    with pytest.raises(ValueError, match=r"above 0, got 0\.0"):
        keypoint_distances(FOUND, TRUE, [0])


SIGMAS = [0.05, 0.1]


def test_oks_by_hand() -> None:
    # 6 px at sigma .05 and area 3600: exp(-36 / (2 · 3600 · .01)) = exp(-.5); the other is right
    true = np.array([[[10.0, 10], [40, 10]], [[10, 10], [np.nan, np.nan]], [[np.nan] * 2] * 2])
    found = np.array([[[16.0, 10], [40, 10]], [[np.nan, np.nan], [0, 0]], [[1, 2], [3, 4]]])
    similar = oks(found, true, 3600, SIGMAS)
    assert similar[0] == pytest.approx((np.exp(-0.5) + 1) / 2)
    assert similar[1] == 0  # what is not found counts 0
    assert np.isnan(similar[2])  # nothing to be like


def test_oks_nms_keeps_the_best_of_each_person() -> None:
    one, beside, other = np.zeros((2, 2)), np.full((2, 2), 2.0), np.full((2, 2), 300.0)
    poses, areas = [beside, one, other], [3600.0, 3600, 3600]
    # 8 px² at areas of 3600: e^(-8 / 72) and e^(-8 / 288), .934 in the mean
    assert oks_nms(poses, [0.5, 0.9, 0.7], areas, SIGMAS, limit=0.9) == [1, 2]
    assert oks_nms(poses, [0.5, 0.9, 0.7], areas, SIGMAS, limit=0.94) == [1, 2, 0]
    # the mean of both areas counts: with one of 400 they are too far apart
    assert oks_nms(poses, [0.5, 0.9, 0.7], [400, 400, 3600], SIGMAS, limit=0.9) == [1, 2, 0]


def test_an_interval_counts_poses_and_not_keypoints() -> None:
    # 40 poses of 10 keypoints, all right or all wrong: as uncertain as 40 answers, not as 400
    apart = np.repeat((np.arange(40) % 2).astype(float)[:, None], 10, axis=1)
    low, high = pck_interval(apart, 0.5, np.random.default_rng(0))
    assert low == pytest.approx(0.5 - 1.96 * 0.5 / np.sqrt(40), abs=0.02)
    assert high == pytest.approx(0.5 + 1.96 * 0.5 / np.sqrt(40), abs=0.02)
    # and as 20 when two of the same kind are in one picture
    wide = pck_interval(
        np.repeat(apart[:20], 2, 0), 0.5, np.random.default_rng(0), np.arange(40) // 2
    )
    assert wide == pytest.approx((0.5 - 0.219, 0.5 + 0.219), abs=0.04)  # in steps of .05
    # three seeds that say the same say no more
    rng = np.random.default_rng(0)
    assert pck_interval(np.stack([apart] * 3), 0.5, rng) == pytest.approx((low, high))


def test_a_frame_succeeds_by_its_worst_keypoint_and_the_limit_itself_counts():
    apart = np.array([[1.0, 10.0], [4.0, 4.0], [0.0, 10.5], [np.nan, 3.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(success_rates(apart, [2, 3, 4, 10, 11]), [0, 0.25, 0.5, 0.75, 1])
    assert np.isnan(success_rates(apart[4:], [10])).all()
    not_found = np.array([[1.0, np.inf], [2.0, 2.0]])
    assert success_rates(not_found, [1e6]).tolist() == [0.5]


def test_each_keypoint_has_its_own_mean_over_the_frames_that_have_it():
    apart = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [8.0, np.inf, np.nan]])
    np.testing.assert_array_equal(mean_error_by_keypoint(apart), [4, 5, np.nan])
