"""The ONNX graph: opened with one thread, fed float32, answered in float64."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as status

from options_signals.errors import InvalidValueError
from options_signals.features.arrays import FloatArray

INPUT, OUTPUT = "inputs", "probabilities"
ERRORS_ONLY = 3

# onnxruntime has no error of its own above these.
GraphErrors: tuple[type[Exception], ...] = (
    status.Fail,
    status.InvalidArgument,
    status.InvalidGraph,
    status.InvalidProtobuf,
    status.NotImplemented,
    status.RuntimeException,
)


def open_graph(graph: bytes) -> Any:
    """An onnxruntime session; one of `GraphErrors` where it cannot read the bytes.

    One thread: a Lambda of ours has one core, and a graph this small is slower with two. No memory arena and no
    memory pattern: they speed up large graphs, slow down ours, and each ticker's session would keep its own.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.log_severity_level = ERRORS_ONLY
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run_graph(session: Any, matrix: FloatArray, features: Sequence[str]) -> FloatArray:
    """Probabilities (n, classes) of complete rows (n, features).

    InvalidValueError names the feature whose value float32 cannot hold.
    """
    with np.errstate(over="ignore"):
        single = matrix.astype(np.float32)
    for row, column in np.argwhere(~np.isfinite(single))[:1]:
        raise InvalidValueError(
            name=f"{features[column]} in row {row}",
            value=float(matrix[row, column]),
            allowed="a finite float32 number",
            remedy="Look for a division by zero in that feature.",
        )
    (probabilities,) = session.run([OUTPUT], {INPUT: single})
    return np.asarray(probabilities, dtype=np.float64)
