"""The theme's colours can be read by weak eyes: WCAG 2.2, 1.4.3 (text) and 1.4.11 (controls). What
moves stands still for people who want that."""

import re
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


MOVES = re.compile(r"\b(transition|animation): |scroll-behavior: *smooth")
MAY_MOVE = re.compile(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", re.DOTALL)
STANDS_STILL = "@media (prefers-reduced-motion: reduce)"


def moves_always(css: str) -> bool:
    """Whether something moves also for people who want less motion."""
    return bool(MOVES.search(MAY_MOVE.sub("", css))) and STANDS_STILL not in css


def test_nothing_moves_where_less_motion_is_wanted(root):
    assert moves_always(".a { transition: width 1s }")
    assert not moves_always(
        "@media (prefers-reduced-motion: no-preference) {\n.a { transition: width 1s }\n}"
    )
    files = root / "pages" / "components"
    assert [p.name for p in files.rglob("*.css") if moves_always(p.read_text())] == []
    animated = [p for p in files.rglob("*.js") if re.search(r"\.animate\(", p.read_text())]
    assert {p.name for p in animated} >= {"loop.js", "effect_table.js"}
    assert [p.name for p in animated if "prefers-reduced-motion" not in p.read_text()] == []
