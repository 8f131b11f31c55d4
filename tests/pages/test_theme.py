"""The theme's colours can be read by weak eyes: WCAG 2.2, 1.4.3 (text) and 1.4.11 (controls)."""

import tomllib

import pytest

TEXT, CONTROL = 4.5, 3.0


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, in 0..1 (WCAG 2.2, definitions)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("of", ["light", "dark"])
def test_text_links_and_controls_stand_out(root, of):
    theme = tomllib.loads((root / ".streamlit" / "config.toml").read_text())["theme"][of]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["linkColor"], ground) >= TEXT
        assert contrast(theme["primaryColor"], ground) >= CONTROL
    assert contrast("#ffffff", theme["primaryColor"]) >= TEXT  # a button's label
