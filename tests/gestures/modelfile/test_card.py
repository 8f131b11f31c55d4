"""A card says what the metadata say, in words, and nothing in it acts as markup."""

import pytest

from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.labels import GestureLabel
from core.gestures.modelfile.card import format_card

OK, FIST = GestureLabel("ok", "👌"), GestureLabel("fist", "👊")
FULL = {
    "estimator": "mediapipe-hands",
    "threshold": 0.6,
    "samples": 30,
    "persons": 2,
    "data_sha256": "ab12",
    "made_at": "2026-11-21T06:37:28+00:00",
    "split": "session",
    "optimistic": True,
    "figures": {
        "n": 8,
        "accuracy": 0.875,
        "interval": [0.529, 0.978],
        "per_gesture": {"ok": {"n": 5, "accuracy": 1.0}, "fist": {"n": 3, "accuracy": 2 / 3}},
    },
    "rejection": {"score": "energy", "threshold": 1.25, "measured_on": "digits 2, 4, 7"}
    | {"true_accept": 0.953, "false_accept": 0.068},
    "smoothing": {"joints": True, "enter": 0.7, "leave": 0.5, "hold_s": 0.2},
    "options": {"seed": 7},
    "census": {
        "gestures": {
            "ok": {"samples": 20, "persons": 2, "sessions": 3},
            "fist": {"samples": 10, "persons": 1, "sessions": 1},
        },
        "persons": {"Anna": {"samples": 30, "sessions": 3}},
        "sessions": 3,
        "mirrored": 12,
    },
    "origin": {
        "sources": {"webcam": 30},
        "estimator_versions": {"1.2.2/full": 30},
        "recorded": ["2026-11-01", "2026-11-01"],
    },
}


@pytest.fixture
def card() -> str:
    return format_card(FULL, (OK, FIST))


@pytest.mark.parametrize(
    "words",
    [
        "Recognises 👌 ok, 👊 fist.",
        "- **Who**: 2 persons\n",
        "- **Recorded**: 2026-11-01\n",
        "- **Trained**: 2026-11-21\n",
        "- **Source**: webcam (30)\n",
        "- **Keypoints by**: mediapipe\\-hands, version 1\\.2\\.2/full\n",
        "- **Mirrored**: 12 of 30 samples were seen as in a mirror\n",
        "- **Seed**: 7\n",
        "- **Data hash**: `ab12`",
        "| 👌 ok | 20 | 2 | 3 | 100.0 % of 5 |",
        "| 👊 fist | 10 | 1 | 1 | 66.7 % of 3 |",
        "| Anna | 30 | 3 |",
        "**87.5 %** accuracy (95 % interval 52.9 % to 97.8 %) of 8 samples, measured on other",
        "This number is optimistic: nobody new was among the held-out samples.",
        "Epochs chosen on the same held\\-out samples\\.",
        "This number is optimistic: the held-out samples chose the epochs.",
        "Score: energy, rejected above 1.25. True-accept rate of its own gestures: 95.3 %.",
        "False-accept rate of other signs: 6.8 %. Measured on digits 2, 4, 7.",
        "Below a probability of 60.0 % the answer is “no gesture”.",
        "from a probability of 70.0 % on, kept down to 50.0 %, and changes after 0.2 s",
        "It was trained on one or two persons",
    ],
)
def test_it_says_what_the_metadata_say(card, words):
    assert words in card


def test_it_says_on_which_part_each_choice_was_made():
    chosen = {"epochs": Part.FIXED, "threshold": Part.OTHER_FOLDS}
    card = format_card(FULL | Protocol("person", chosen).to_dict(), (OK, FIST))
    assert "Epochs fixed beforehand; threshold chosen for each fold on the other held" in card
    assert "measured on other people than those" in card and "optimistic" not in card


def test_what_is_not_there_is_said_not_to_be_known():
    card = format_card({"estimator": "x"}, (OK,), notes="# More\n")
    for what in ("Who", "Recorded", "Trained", "Source", "Mirrored", "Samples", "Seed"):
        assert f"- **{what}**: not known\n" in card
    assert "Not measured." in card and "no score of its own" in card
    assert card.endswith("# More\n") and "Smoothing" not in card


def test_names_do_nothing_in_it():
    odd = "<b>|x|</b> [a](http://a) `c`\u202e"
    facts = FULL | {
        "estimator": odd,
        "split": odd,
        "census": {"persons": {odd: {"samples": 1}}, "gestures": {}},
        "origin": {"sources": {odd: 1}},
        "data_sha256": "`<i>\n# x",
    }
    card = format_card(facts, (GestureLabel("<b>|x|</b>", "👌"),))
    assert "<b>" not in card.replace("\\<b\\>", "") and "\u202e" not in card
    assert "](http" not in card and "http://a" not in card and "`ix`" in card
    rows = [line for line in card.splitlines() if line.startswith("|")]
    assert all(row.replace("\\|", "").count("|") in (4, 6) for row in rows)


def test_many_persons_and_sources_are_cut():
    census = {"persons": {f"p{n}": {"samples": 1} for n in range(260)}}
    origin = {"sources": {f"s{n}": 1 for n in range(20)}}
    card = format_card(FULL | {"census": census, "origin": origin}, (OK,))
    assert "and 60 more" in card and "s11 (1), and 8 more" in card


def test_unknown_people_are_no_person_more():
    persons = {"Anna": {"samples": 30, "sessions": 3}, "unknown": {"samples": 9, "sessions": 1}}
    known = FULL | {"persons": 1, "census": FULL["census"] | {"persons": persons}}
    assert "- **Who**: 1 person and 9 samples of unknown people\n" in format_card(known, (OK, FIST))
    nobody = known | {"persons": 0}
    assert "- **Who**: 9 samples of unknown people\n" in format_card(nobody, (OK, FIST))
