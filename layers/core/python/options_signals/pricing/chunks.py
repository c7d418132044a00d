"""Long arrays in pieces that stay in the processor's cache, which doubles the speed of a long formula."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 16_384  # elements; a formula's dozen working arrays of float64 then take 1.5 MiB

# glibc hands freed memory back to the system at once, and every working array is then paged in anew, which halves
# the speed again, until a block above its threshold of 128 KiB was freed; from then on it keeps twice the size of
# that block. This one is never touched, so it costs nothing. See mallopt(3), M_MMAP_THRESHOLD.
np.empty(16 * 2**20, dtype=np.uint8)


def in_chunks(formula: Callable[..., tuple[NDArray[Any], ...]], **inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Broadcast the inputs, apply the elementwise formula piece by piece, and give its results in the common shape."""
    arrays = np.broadcast_arrays(*inputs.values())
    shape, size = arrays[0].shape, arrays[0].size
    flat = {name: array.ravel() for name, array in zip(inputs, arrays, strict=True)}
    outputs: list[NDArray[Any]] = []
    for start in range(0, max(size, 1), CHUNK):
        part = slice(start, start + CHUNK)
        results = formula(**{name: array[part] for name, array in flat.items()})
        outputs = outputs or [np.empty(size, dtype=result.dtype) for result in results]
        for output, result in zip(outputs, results, strict=True):
            output[part] = result
    return tuple(output.reshape(shape) for output in outputs)
