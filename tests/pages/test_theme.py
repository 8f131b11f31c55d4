"""The theme's colours can be read by weak eyes: WCAG 2.2, 1.4.3 (text) and 1.4.11 (controls)."""

import tomllib

import pytest

from tests.support.contrast import CONTROL, TEXT, contrast, mix


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("of", ["light", "dark"])
def test_text_links_and_controls_stand_out(root, of):
    theme = tomllib.loads((root / ".streamlit" / "config.toml").read_text())["theme"][of]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(mix(theme["textColor"], ground, 0.6), ground) >= TEXT  # a caption
        assert contrast(theme["linkColor"], ground) >= TEXT
        assert contrast(theme["primaryColor"], ground) >= CONTROL
    assert contrast("#ffffff", theme["primaryColor"]) >= TEXT  # a button's label
