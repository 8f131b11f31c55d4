"""Which row goes with which column, so that all pairs together cost the least.

Kuhn 1955, "The Hungarian method", by shortest augmenting paths: O(rows² columns). Not SciPy's: it
takes a second to load, and a camera's stream must not wait for it.
"""

import math
from collections.abc import Sequence


def assign_rows(costs: Sequence[Sequence[float]]) -> list[int]:
    """The column of each row, each column once, at the least sum of costs.

    Args:
        costs: finite, as many columns as rows or more.
    """
    columns = len(costs[0]) if costs else 0
    row_of = [-1] * columns  # -1: free
    row_price, column_price = [0.0] * len(costs), [0.0] * columns
    for start in range(len(costs)):
        distance, before = [math.inf] * columns, [-1] * columns
        visited: list[int] = []
        row, column, length = start, -1, 0.0
        while True:
            for j in range(columns):
                if j in visited:
                    continue
                through = length + costs[row][j] - row_price[row] - column_price[j]
                if through < distance[j]:
                    distance[j], before[j] = through, column
            column = min((j for j in range(columns) if j not in visited), key=distance.__getitem__)
            length = distance[column]
            if row_of[column] < 0:
                break
            visited.append(column)
            row = row_of[column]
        row_price[start] += length
        for j in visited:
            row_price[row_of[j]] += length - distance[j]
            column_price[j] -= length - distance[j]
        while column >= 0:
            row_of[column] = start if before[column] < 0 else row_of[before[column]]
            column = before[column]
    return [row_of.index(row) for row in range(len(costs))]
