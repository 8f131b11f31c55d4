"""What is read of a stranger's file, in one table: more is refused before it is decoded."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class PictureLimits:
    """Of one picture; decoding an animation takes several pictures of its size."""

    max_bytes: int
    max_pixels: int
    max_animation_pixels: int
    max_side_px: int


@dataclass(frozen=True)
class VideoLimits:
    """Of one video; what its header says is not believed while it is decoded."""

    max_bytes: int
    max_seconds: int
    max_side_px: int
    max_frames: int


@dataclass(frozen=True)
class ZipLimits:
    """Of one zip, by its directory; small entries may be compressed more than `max_ratio`."""

    max_total_bytes: int
    max_entries: int
    max_entry_bytes: int
    max_ratio: int
    ratio_from_bytes: int
    max_directory_bytes: int


@dataclass(frozen=True)
class JsonLimits:
    """Of one JSON file; the parser's time grows with the square of a token."""

    max_bytes: int
    max_objects: int
    max_object_events: int
    max_depth: int
    max_token_bytes: int


@dataclass(frozen=True)
class NpzLimits:
    """Of one .npz file, unpacked."""

    max_bytes: int
    max_arrays: int


@dataclass(frozen=True)
class ParquetLimits:
    """Of one Parquet table; memory is what reading takes beyond the process's own."""

    max_text_bytes: int
    max_fixed_bytes: int
    max_memory_bytes: int
    max_seconds: float


@dataclass(frozen=True)
class DepthLimits:
    """Of a depth recording and the tables beside it."""

    max_frames: int
    max_pixels: int
    max_frame_bytes: int
    max_camera_bytes: int
    max_table_bytes: int
    max_label_bytes: int
    max_line_chars: int
    max_keypoints: int


PICTURE = PictureLimits(
    max_bytes=20 * MIB, max_pixels=50_000_000, max_animation_pixels=16_000_000, max_side_px=10_000
)
# ten minutes at 250 frames a second
VIDEO = VideoLimits(max_bytes=200 * MIB, max_seconds=600, max_side_px=4096, max_frames=150_000)
# depth recordings: lossless, at 30 frames a second
LOSSLESS_VIDEO = VideoLimits(
    max_bytes=4096 * MIB,
    max_seconds=VIDEO.max_frames // 30,
    max_side_px=VIDEO.max_side_px,
    max_frames=VIDEO.max_frames,
)
ZIP = ZipLimits(
    max_total_bytes=500 * MIB,
    max_entries=50_000,
    max_entry_bytes=64 * MIB,
    max_ratio=100,
    ratio_from_bytes=MIB,
    max_directory_bytes=16 * MIB,
)
# COCO's own keypoints of 2017 have 240 MB
JSON = JsonLimits(
    max_bytes=300 * MIB,
    max_objects=500_000,
    max_object_events=20_000,
    max_depth=20,
    max_token_bytes=MIB,
)
NPZ = NpzLimits(max_bytes=1024 * MIB, max_arrays=10_000)
PARQUET = ParquetLimits(
    max_text_bytes=4096, max_fixed_bytes=64, max_memory_bytes=256 * MIB, max_seconds=60.0
)
# HANDS 2017, the largest published set, has 957,032 frames and 500 MB of labels
DEPTH = DepthLimits(
    max_frames=1_000_000,
    max_pixels=16_000_000,
    max_frame_bytes=20 * MIB,
    max_camera_bytes=65_536,
    max_table_bytes=500 * MIB,
    max_label_bytes=2048 * MIB,
    max_line_chars=10_000,
    max_keypoints=100,
)
