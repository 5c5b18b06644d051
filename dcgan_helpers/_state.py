"""Arrays that are to become the values of a run's variables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf


def check_arrays(
    variables: Mapping[str, tf.Variable], state: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the array for each variable, or raise; nothing is changed yet."""
    unmatched = sorted(state.keys() ^ variables.keys())
    if unmatched:
        raise ValueError(
            "state must have an array for each variable of this gan, and no other, got "
            f"{len(unmatched)} unmatched, the first is {unmatched[0]!r}"
        )
    arrays = dict(state)
    for name, variable in variables.items():
        array, dtype = arrays[name], variable.dtype.as_numpy_dtype
        if array.dtype.kind == "V":  # NumPy's files know no bfloat16, and keep its bytes alone
            arrays[name] = array = array.view(dtype)
        if (array.shape, array.dtype) != (tuple(variable.shape), dtype):
            raise ValueError(
                f"state[{name!r}] must be of {np.dtype(dtype)} and shape {variable.shape}, "
                f"got {array.dtype} and {array.shape}"
            )
    return arrays
