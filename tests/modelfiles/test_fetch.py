"""A download ends in complete, verified weights or in a clear error, and leaves no file behind."""

import pytest

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles.catalogue import WeightsFile
from core.modelfiles.converted_weights import verify_weights
from core.modelfiles.fetch import fetch_weights

NAME = "cpm.seed_hand"
ZEROS = "0" * 64


def test_a_file_without_a_published_sha256_is_converted_once_its_own_is_accepted(
    serve, hand_file, scratch
):
    server, folder, reports = serve(hand_file), scratch / "accepted", []
    found, size = sha256_of(hand_file), hand_file.stat().st_size
    with pytest.raises(WeightsError, match=f"no sha256.*--accept-hash {found}"):
        fetch_weights(
            NAME, folder, source=server.source("good"), progress=lambda *at: reports.append(at)
        )
    assert reports[-1] == (size, size)
    assert not (folder / f"{NAME}.safetensors").exists()
    fetch_weights(NAME, folder, source=server.source("good"), accept_hash=found.upper())
    assert server.asked == ["/good"]  # the first download is used
    record = verify_weights(NAME, folder)
    assert (record["source_sha256"], record["parameters"]) == (found, 24_316_162)
    assert sorted(p.name for p in folder.iterdir()) == [f"{NAME}.json", f"{NAME}.safetensors"]


@pytest.mark.parametrize(
    ("published", "accepts_download"), [(True, False), (False, False), (True, True)]
)
def test_another_sha256_is_refused_and_the_file_deleted(
    serve, small_file, tmp_path, published, accepts_download
):
    found = sha256_of(small_file)
    source = serve(small_file).source("good", sha256=ZEROS if published else None)
    with pytest.raises(WeightsError, match=f"{found}, expected {ZEROS}"):
        accepted = found if accepts_download else ZEROS
        fetch_weights(NAME, tmp_path, source=source, accept_hash=accepted)
    assert not list(tmp_path.iterdir())


def test_a_file_whose_sha256_does_not_start_as_its_name_says_is_deleted(
    serve, small_file, tmp_path
):
    server, found = serve(small_file), sha256_of(small_file)
    wrong = server.source("good", sha256_start="0" * 8)
    with pytest.raises(WeightsError, match="expected one that starts with 00000000"):
        fetch_weights(NAME, tmp_path, source=wrong, accept_hash=found)
    assert not list(tmp_path.iterdir())
    with pytest.raises(WeightsError, match=f"--accept-hash {found}"):
        fetch_weights(NAME, tmp_path, source=server.source("good", sha256_start=found[:8]))


@pytest.mark.parametrize(
    ("path", "size", "error"),
    [
        ("cut", None, "cut off"),
        ("unsized-cut", 10_000, "cut off"),
        ("unsized", 10_000, "cut off"),
        ("good", 10, "more than the 10 bytes"),
        ("page", None, "a web page came"),
        ("gone", None, "Not Found"),
    ],
)
def test_an_incomplete_or_wrong_file_is_an_error(serve, small_file, tmp_path, path, size, error):
    with pytest.raises(WeightsError, match=error) as caught:
        fetch_weights(NAME, tmp_path, source=serve(small_file).source(path, bytes=size))
    assert f"weights import {NAME} FILE" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_second_url_is_tried_when_the_first_fails(serve, small_file, tmp_path):
    server = serve(small_file)
    with pytest.raises(WeightsError, match="--accept-hash"):
        fetch_weights(NAME, tmp_path, source=server.source("gone", "cut", "good"))
    assert server.asked == ["/gone", "/cut", "/good"]


def test_offline_and_without_a_url_the_error_says_so(serve, small_file, tmp_path):
    server = serve(small_file)
    server.shutdown()
    server.server_close()
    by_hand = WeightsFile("a.pth", "pth", "none", where="the archive")
    for source, error in (
        (server.source("good"), r"refused.*Go online"),
        (by_hand, "no URL, look in the archive"),
    ):
        with pytest.raises(WeightsError, match=error):
            fetch_weights(NAME, tmp_path, source=source)
    assert not list(tmp_path.iterdir())


def test_complete_weights_of_another_net_are_an_error_and_deleted(serve, small_file, tmp_path):
    source = serve(small_file).source("good", sha256=sha256_of(small_file))
    with pytest.raises(WeightsError, match="other weights"):
        fetch_weights(NAME, tmp_path, source=source)
    assert not list(tmp_path.iterdir())
