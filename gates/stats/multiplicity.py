"""Many tests at once: p-values adjusted so that the error rate holds over all of them together.

An adjusted p-value is held against the same level as a single one: the test rejects where it is at most
alpha. Holm bounds the chance of any false rejection; Benjamini and Hochberg the expected share of false
ones among the rejections.
"""

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.rows import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted by the step-down procedure of S. Holm (1979), in the order of the input.

    Rejecting where the adjusted value is at most alpha keeps the chance of one or more false rejections at
    alpha or below. Assumes nothing on how the tests depend on each other.

    Args:
        p_values: of all the tests that were looked at, those that came out large too; shape (m,).

    Raises:
        ValueError: another shape, not numbers, or a value that is NaN or outside 0 to 1.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _in_place(np.minimum(stepped, 1.0), order)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted by the step-up procedure of Y. Benjamini and Y. Hochberg (1995).

    Rejecting where the adjusted value is at most alpha keeps the expected share of false rejections among
    all rejections at alpha or below. Assumes tests that are independent or positively dependent
    (Y. Benjamini and D. Yekutieli, 2001).

    Args:
        p_values: of all the tests that were looked at, shape (m,); the result is in their order.

    Raises:
        ValueError: as `holm`.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = p[order] * (p.size / np.arange(1, p.size + 1))
    return _in_place(np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0), order)


def _checked(p_values: ArrayLike) -> Floats:
    p = np.asarray(p_values)
    if p.size == 0 and p.ndim == 1:
        return np.zeros(0)
    if p.ndim != 1 or p.dtype.kind not in "iuf":
        raise ValueError(f"p-values must be numbers of the shape (m,), got {p.dtype} of {p.shape}")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("p-values must lie between 0 and 1")
    return p.astype(np.float64, copy=False)


def _in_place(adjusted: Floats, order: np.ndarray) -> Floats:
    """Return what was computed in rising order in the order of the input."""
    result = np.empty_like(adjusted)
    result[order] = adjusted
    return result
