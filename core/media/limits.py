"""What is read of a stranger's file, in one table: more is refused before it is decoded."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class PictureLimits:
    """Of one picture; decoding an animation takes several pictures of its size."""

    max_bytes: int = 20 * MIB
    max_pixels: int = 50_000_000
    max_animation_pixels: int = 16_000_000
    max_side_px: int = 10_000


@dataclass(frozen=True)
class VideoLimits:
    """Of one video; what its header says is not believed while it is decoded."""

    max_bytes: int = 200 * MIB
    max_seconds: int = 600
    max_side_px: int = 4096
    max_frames: int = 150_000  # ten minutes at 250 frames a second


@dataclass(frozen=True)
class ZipLimits:
    """Of one zip, by its directory; small entries may be compressed more than `max_ratio`."""

    max_total_bytes: int = 500 * MIB
    max_entries: int = 50_000
    max_entry_bytes: int = 64 * MIB
    max_ratio: int = 100
    ratio_from_bytes: int = MIB
    max_directory_bytes: int = 16 * MIB


@dataclass(frozen=True)
class JsonLimits:
    """Of one JSON file; the parser's time grows with the square of a token."""

    max_bytes: int = 300 * MIB  # COCO's own keypoints of 2017 have 240 MB
    max_objects: int = 500_000
    max_object_events: int = 20_000
    max_depth: int = 20
    max_token_bytes: int = MIB


@dataclass(frozen=True)
class NpzLimits:
    """Of one .npz file, unpacked."""

    max_bytes: int = 1024 * MIB
    max_arrays: int = 10_000


@dataclass(frozen=True)
class ParquetLimits:
    """Of one Parquet table; memory is what reading takes beyond the process's own."""

    max_text_bytes: int = 4096
    max_fixed_bytes: int = 64
    max_memory_bytes: int = 256 * MIB
    max_seconds: float = 60.0


@dataclass(frozen=True)
class DepthLimits:
    """Of a depth recording and the tables beside it; HANDS 2017, the largest published set, has
    957,032 frames and 500 MB of labels."""

    max_frames: int = 1_000_000
    max_pixels: int = 16_000_000
    max_frame_bytes: int = 20 * MIB
    max_camera_bytes: int = 65_536
    max_table_bytes: int = 500 * MIB
    max_label_bytes: int = 2048 * MIB
    max_line_chars: int = 10_000
    max_keypoints: int = 100


@dataclass(frozen=True)
class ModelLimits:
    """Of a model file from outside; those of gesture models are in `gestures.modelfile`."""

    max_published_bytes: int = 1024 * MIB  # unpacked; the largest published weights have 650 MB
    max_onnx_bytes: int = 150 * MIB  # in memory three times while it is checked
    max_keras_array_bytes: int = 256 * MIB


PICTURE = PictureLimits()
VIDEO = VideoLimits()
# depth recordings: lossless, at 30 frames a second
LOSSLESS_VIDEO = VideoLimits(max_bytes=4096 * MIB, max_seconds=VIDEO.max_frames // 30)
ZIP = ZipLimits()
JSON = JsonLimits()
NPZ = NpzLimits()
PARQUET = ParquetLimits()
DEPTH = DepthLimits()
MODEL = ModelLimits()
