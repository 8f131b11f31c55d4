"""The map on data whose best picture is known."""

import numpy as np
import pytest

from core.gestures.evaluation.embedding import embed_by_pca, embed_by_tsne, sample_evenly


def test_a_flat_cloud_in_many_dimensions_is_drawn_as_it_is():
    rng = np.random.default_rng(0)
    flat = rng.normal(0, (5, 2), (60, 2))
    tilted = np.linalg.qr(rng.normal(size=(9, 9)))[0][:2]
    points, explained = embed_by_pca((flat @ tilted + 100).astype(np.float32))
    assert explained == pytest.approx(1, abs=1e-5)
    between = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(
        between, np.linalg.norm(flat[:, None] - flat[None], axis=2), atol=1e-3
    )


def test_the_directions_their_signs_and_shares_by_hand():
    # 50 of the squares lie along (0.6, 0.8, 0), 2 along (0.8, -0.6, 0), 0.5 along (0, 0, 1)
    around = [[3, 4, 0], [-3, -4, 0], [0.8, -0.6, 0], [-0.8, 0.6, 0], [0, 0, 0.5], [0, 0, -0.5]]
    features = np.array(around, np.float32) + 10
    points, explained = embed_by_pca(features)
    np.testing.assert_allclose(embed_by_pca(features[::-1])[0], points[::-1], atol=1e-6)
    wanted = [[5, 0], [-5, 0], [0, 1], [0, -1], [0, 0], [0, 0]]
    np.testing.assert_allclose(points, wanted, atol=1e-6)
    assert explained == pytest.approx(52 / 52.5)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("draw", [embed_by_pca, embed_by_tsne])
def test_a_few_points_or_equal_ones_are_a_map_too(draw, n):
    for features in (np.ones((n, 5), np.float32), np.eye(n, 5, dtype=np.float32)):
        points, _ = draw(features)
        assert points.shape == (n, 2) and np.isfinite(points).all()


def test_t_sne_keeps_apart_what_is_apart():
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2], 20)
    features = rng.normal(0, 0.1, (60, 40)) + 5 * np.eye(40)[groups]
    points, _ = embed_by_tsne(features.astype(np.float32))
    middles = np.stack([points[groups == g].mean(axis=0) for g in range(3)])
    nearest = np.linalg.norm(points[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == groups).all()


def test_small_groups_are_picked_whole_and_large_ones_share_the_rest():
    groups = np.repeat([7, 8, 9], [2, 50, 1000])
    rows = sample_evenly(groups, 42)
    assert np.bincount(groups[rows])[7:].tolist() == [2, 20, 20]
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, sample_evenly(groups, 42))
    assert sample_evenly(groups, 2000).tolist() == list(range(1052))
    assert len(sample_evenly(np.arange(100), 7)) == 7  # more groups than room
