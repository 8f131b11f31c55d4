"""The kinds of depth cameras, what is plugged in, and how one is opened."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.depth.frames import DepthSource
from core.depth.sensors.makers import (
    AzureKinect,
    LiveSensor,
    OpenNI2,
    Orbbec,
    RealSense,
    shorten_error,
    wrap_driver_errors,
)
from core.errors import MediaError
from core.words import mark, words


@dataclass(frozen=True)
class SensorKind:
    """A kind of depth cameras."""

    cameras: str  # their product names
    package: str  # its library's name for pip
    # names by which its library may be imported, the first that exists is used
    modules: tuple[str, ...]
    sensor: type[LiveSensor]

    def import_library(self) -> Any:
        """Import the first installed one of the maker's library names; raise MediaError if none is
        installed or it can't be loaded."""
        for module in self.modules:
            try:
                return import_module(module)
            except Exception as error:  # also of a missing system library
                names = module, module.partition(".")[0]
                if not isinstance(error, ModuleNotFoundError) or error.name not in names:
                    problem = words(
                        "{module} is installed but can't be loaded: {error}",
                        module=module,
                        error=shorten_error(error),
                    )
                    raise MediaError(problem) from error
        raise MediaError(
            words("its library isn't installed: pip install {package}", package=self.package)
        )

    def list_devices(self, library: Any) -> list[str]:
        """Return the names of the devices that are plugged in."""
        with wrap_driver_errors(words("{cameras}: they can't be listed", cameras=self.cameras)):
            return self.sensor.list_devices(library)


SENSOR_KINDS = {
    "openni2": SensorKind(
        mark("Orbbec Astra and Astra Mini, PrimeSense, Asus Xtion"),
        "openni",
        ("openni.openni2", "primesense.openni2"),
        OpenNI2,
    ),
    "realsense": SensorKind("Intel RealSense", "pyrealsense2", ("pyrealsense2",), RealSense),
    "orbbec": SensorKind("Orbbec Gemini, Femto, Astra 2", "pyorbbecsdk2", ("pyorbbecsdk",), Orbbec),
    "azure": SensorKind("Azure Kinect", "pyk4a", ("pyk4a",), AzureKinect),
}


@dataclass(frozen=True)
class SensorStatus:
    """Whether a kind of cameras can be used."""

    name: str
    cameras: str
    devices: tuple[str, ...]  # names of those plugged in
    problem: str  # why there is none and what to do, "" if there is one


def list_sensors() -> list[SensorStatus]:
    """List each kind of depth camera with its devices, or with the reason why none is available."""
    found = []
    for name, kind in SENSOR_KINDS.items():
        devices: tuple[str, ...] = ()
        try:
            devices = tuple(kind.list_devices(kind.import_library()))
            problem = "" if devices else words("none is plugged in")
        except MediaError as error:
            problem = error.text
        found.append(SensorStatus(name, kind.cameras, devices, problem))
    return found


def open_sensor(name: str) -> DepthSource:
    """Start a depth camera: openni2, realsense, orbbec or azure; realsense:1 is the second one.
    Close it after use. Raise MediaError if its library or the device is missing."""
    kind_name, _, digits = name.partition(":")
    kind = SENSOR_KINDS.get(kind_name)
    if kind is None or not (digits or "0").isdecimal():
        raise MediaError(
            f"no depth camera “{name[:40]}”; there are {', '.join(SENSOR_KINDS)}, and NAME:1 is "
            "the second one of a kind"
        )
    library, number = kind.import_library(), int(digits or 0)
    devices = kind.list_devices(library)
    if number >= len(devices):
        raise MediaError(
            words(
                "{cameras}: number {number} isn't plugged in, there are {count}",
                cameras=kind.cameras,
                number=number,
                count=len(devices),
            )
        )
    return kind.sensor(devices[number], library, number)
