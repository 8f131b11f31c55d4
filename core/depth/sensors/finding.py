"""Which depth cameras there are: each kind by an optional library, looked up when asked for."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.depth.frames import DepthSource
from core.depth.sensors import azure, openni2, orbbec, realsense
from core.depth.sensors.live import LiveSensor, in_words
from core.errors import MediaError


@dataclass(frozen=True)
class Kind:
    """A kind of cameras.

    Attributes:
        cameras: which ones, for people.
        package: what pip installs; modules: what it brings, any of them.
    """

    cameras: str
    package: str
    modules: tuple[str, ...]
    sensor: type[LiveSensor]


KINDS = {
    "openni2": Kind(
        "Orbbec Astra and Astra Mini, PrimeSense, Asus Xtion",
        "openni",
        ("openni.openni2", "primesense.openni2"),
        openni2.OpenNI2,
    ),
    "realsense": Kind("Intel RealSense", "pyrealsense2", ("pyrealsense2",), realsense.RealSense),
    "orbbec": Kind(
        "Orbbec Gemini, Femto, Astra 2", "pyorbbecsdk2", ("pyorbbecsdk",), orbbec.Orbbec
    ),
    "azure": Kind("Azure Kinect", "pyk4a", ("pyk4a",), azure.AzureKinect),
}


@dataclass(frozen=True)
class Found:
    """What was found of one kind.

    Attributes:
        devices: that are plugged in.
        problem: why there is none, with what to do; "" where there is one.
    """

    name: str
    cameras: str
    devices: tuple[str, ...]
    problem: str


def found_sensors() -> list[Found]:
    """Every kind, with its devices or what it lacks."""
    return [_found(name, kind) for name, kind in KINDS.items()]


def _found(name: str, kind: Kind) -> Found:
    try:
        devices = tuple(_list_devices(kind, _library(kind)))
    except MediaError as error:
        return Found(name, kind.cameras, (), str(error))
    return Found(name, kind.cameras, devices, "" if devices else "none is plugged in")


def _list_devices(kind: Kind, library: Any) -> list[str]:
    with in_words(f"{kind.cameras}: they can't be listed"):
        return kind.sensor.list_devices(library)


def open_sensor(name: str) -> DepthSource:
    """A camera, started; to be closed after use.

    Args:
        name: openni2, realsense, orbbec or azure; realsense:1 is the second one of its kind.

    Raises:
        MediaError: no such kind, its library is missing, or no such device.
    """
    kind_name, _, digits = name.partition(":")
    kind = KINDS.get(kind_name)
    if kind is None or not (digits or "0").isdecimal():
        raise MediaError(
            f"no depth camera “{name[:40]}”; there are {', '.join(KINDS)}, and NAME:1 is the "
            "second one of a kind"
        )
    library, number = _library(kind), int(digits or 0)
    devices = _list_devices(kind, library)
    if number >= len(devices):
        raise MediaError(
            f"{kind.cameras}: number {number} isn't plugged in, there are {len(devices)}"
        )
    return kind.sensor(devices[number], library, number)


def _library(kind: Kind) -> Any:
    for module in kind.modules:
        try:
            return import_module(module)
        except ModuleNotFoundError as error:
            if error.name not in (module, module.partition(".")[0]):
                raise _unloadable(module, error) from error
        except Exception as error:  # a system library or driver of it is missing
            raise _unloadable(module, error) from error
    raise MediaError(f"its library isn't installed: pip install {kind.package}")


def _unloadable(module: str, error: Exception) -> MediaError:
    said = " ".join(str(error).split())[:200]
    return MediaError(f"{module} is installed but can't be loaded: {said}")
