"""Persons left out and classifiers compared, on the command line."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import invoke, said, told
from tests.conftest import PEOPLE


@pytest.fixture(autouse=True)
def people(trained_people, home):
    shutil.copytree(trained_people, home, dirs_exist_ok=True)


@pytest.mark.slow
def test_train_then_leaves_each_person_out():
    found = said("train", "--project", "People", "--epochs", "1", "--leave-one-person-out")
    assert found["split"] == "person" and found["optimistic"] is False
    each = found["leave_one_person_out"]
    assert sorted(each["per_person"]) == sorted(PEOPLE)
    assert each["worst_person"] in PEOPLE and each["n"] == 225
    assert each["interval"][0] <= each["mean_accuracy"] <= each["interval"][1]
    metadata = json.loads((Path(found["model"]) / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["leave_one_person_out"] == each


def test_compare_prints_a_line_for_each_classifier_and_a_sentence():
    first, *rows, last = told("compare", "--project", "People").splitlines()
    assert first == "75 held-out samples, split by person"
    assert [row.split()[0] for row in rows] == ["mlp", "knn", "logreg", "forest"]
    assert all(" to " in row and "%" in row for row in rows)
    assert last.startswith("No classifier differs clearly from the MLP")


def test_only_the_mlp_leaves_persons_out():
    done = invoke("train", "--project", "People", "--classifier", "knn", "--leave-one-person-out")
    assert done.exit_code == 2 and "for the mlp alone" in done.output
