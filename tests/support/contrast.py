"""Contrast of two colours: WCAG 2.2, 1.4.3 (text) and 1.4.11 (controls)."""

TEXT, CONTROL = 4.5, 3.0


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, in 0..1 (WCAG 2.2, definitions)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mix(colour: str, ground: str, opacity: float) -> str:
    """The colour that is seen where a translucent one lies on a ground."""
    over, under = ([int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in (colour, ground))
    parts = [round(opacity * a + (1 - opacity) * b) for a, b in zip(over, under, strict=True)]
    return f"#{parts[0]:02x}{parts[1]:02x}{parts[2]:02x}"


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
