"""What the other modules demand of labels, scores and weights before they compute."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

TABLE = 2  # dimensions
Floats = NDArray[np.float64]


def binary_labels(y: ArrayLike) -> NDArray[np.bool_]:
    """Return labels of 0 and 1, shape (n,), as booleans.

    Raises:
        ValueError: `y` is empty, not one-dimensional or holds anything but 0 and 1.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"labels must have the shape (n,) with n > 0, got {labels.shape}")
    positive: NDArray[np.bool_] = labels == 1
    if labels.dtype.kind not in "biuf" or not (positive | (labels == 0)).all():
        raise ValueError("labels must be 0 or 1, nothing else and nothing missing")
    return positive


def class_codes(y: ArrayLike) -> NDArray[np.intp]:
    """Return the place of each label, text or number, among the sorted labels that occur, shape (n,).

    Raises:
        ValueError: `y` is empty, not one-dimensional, or holds what has no order or is missing.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"labels must have the shape (n,) with n > 0, got {labels.shape}")
    if labels.dtype.kind not in "biufUS" or (labels.dtype.kind == "f" and not np.isfinite(labels).all()):
        raise ValueError("labels must be numbers or texts, and none may be missing")
    codes: NDArray[np.intp] = np.unique(labels, return_inverse=True)[1]
    return codes


def finite_labels(y: ArrayLike) -> Floats:
    """Return labels that are any finite numbers, shape (n,), as float64.

    Raises:
        ValueError: `y` is empty, not one-dimensional, not numbers, or holds a value that is NaN or infinite.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"labels must have the shape (n,) with n > 0, got {labels.shape}")
    if labels.dtype.kind not in "biuf" or not np.isfinite(labels).all():
        raise ValueError("labels must be finite numbers")
    return labels.astype(np.float64, copy=False)


def finite_scores(scores: ArrayLike, rows: int) -> Floats:
    """Return scores, shape (rows,), as float64.

    Raises:
        ValueError: another shape, not numbers, or a value that is NaN or infinite.
    """
    values = np.asarray(scores)
    if values.shape != (rows,):
        raise ValueError(f"scores must have the shape ({rows},) of the labels, got {values.shape}")
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise ValueError("scores must be finite numbers")
    return values.astype(np.float64, copy=False)


def finite_answers(answers: ArrayLike, rows: int) -> Floats:
    """Return scores, shape (rows,), or the answers of several figures a row, shape (rows, k), as float64.

    Raises:
        ValueError: as `finite_scores`.
    """
    values = np.asarray(answers)
    if values.ndim != TABLE:
        return finite_scores(values, rows)
    if values.shape[0] != rows or values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise ValueError(f"answers must be {rows} rows of finite numbers, got the shape {values.shape}")
    return values.astype(np.float64, copy=False)


def probabilities(scores: ArrayLike, rows: int) -> Floats:
    """Return scores, shape (rows,), that are probabilities of label 1.

    Raises:
        ValueError: as `finite_scores`, or a value outside 0 to 1.
    """
    values = finite_scores(scores, rows)
    if values.min() < 0.0 or values.max() > 1.0:
        raise ValueError("scores must be probabilities between 0 and 1")
    return values


def row_weights(weights: ArrayLike | None, rows: int) -> Floats:
    """Return row weights, shape (rows,); None means 1 for every row.

    Raises:
        ValueError: another shape, a negative or non-finite weight, or a sum of 0.
    """
    if weights is None:
        return np.ones(rows)
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (rows,):
        raise ValueError(f"weights must have the shape ({rows},) of the labels, got {values.shape}")
    total = values.sum()
    if not (values.min() >= 0.0 and 0.0 < total < np.inf):
        raise ValueError("weights must be finite, not negative, and not all 0")
    return values
