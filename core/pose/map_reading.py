"""How the maps of a top-down net are read as it was trained.

How a net's cells lie on its input, W and w wide: "cells": in the middle of their stride's pixels;
"stride": x = W/w · cell (Xiao et al. 2018); "ends": x = (W − 1)/(w − 1) · cell, the box's ends on
the first and the last pixel's centre (Huang et al. 2020).
"""

from dataclasses import dataclass
from typing import Literal

Alignment = Literal["cells", "stride", "ends"]
Decoding = Literal["parabola", "quarter", "dark"]


@dataclass(frozen=True)
class Reading:
    """How to read a net's maps.

    Attributes:
        alignment: how cells lie on the input.
        decode: how a peak is placed between cells.
    """

    alignment: Alignment = "cells"
    decode: Decoding = "parabola"


OF_CELLS = Reading()
