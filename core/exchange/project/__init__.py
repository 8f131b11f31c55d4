"""A whole project as one zip, which comes back exactly: rows, crops, trainings."""
