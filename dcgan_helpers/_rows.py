"""Rows of numbers, handled in pieces to bound the memory."""

from __future__ import annotations

import numpy as np


def batches(array: np.ndarray, size: int) -> list[np.ndarray]:
    """Views of `size` rows each; the last may have fewer."""
    return np.split(array, range(size, len(array), size))


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of each row of `a` to each of `b`, by |a - b|² = |a|² + |b|² - 2 a·b; in place, for speed."""
    distances = a @ (-2 * b.T)
    distances += np.sum(a**2, axis=1)[:, np.newaxis]
    distances += np.sum(b**2, axis=1)
    return distances
