"""A whole project as one zip, exact both ways: rows, crops and trainings."""
