"""
Networks in OpenVINO, for screening: in float32, in bfloat16, or in int8.

The int8 networks are made here, from ranges observed on a sample of the pool: each convolution and product of matrices, but for
the first one, whose few operations are not worth it, gets its weights on a grid of 255 values for each output channel, and its
input on one of 256 values (Jacob et al. [1]_, sections 2 and 3). What they lose is found and mended by the rescoring, so nothing
here needs to be exact.

References
----------
.. [1] Jacob et al. 2018, Proc. CVPR, 2704 (arXiv:1712.05877).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spectrove.contracts import FloatArray

if TYPE_CHECKING:
    import openvino as ov

Ranges = tuple[tuple[float, float], ...]
"""Smallest and largest input of each quantized operation, in the network's order."""

QUANTIZED = ("Convolution", "GroupConvolution", "MatMul")
"""Operations that are worth computing in int8."""

WEIGHT_LEVELS = 255
INPUT_LEVELS = 256
"""Values of the grids; one less for weights, so that theirs is symmetric."""

PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
"""What OpenVINO computes in; for int8, the first layer, whose input bfloat16 would round as coarsely as int8 does."""


def has_bfloat16() -> bool:
    """
    Return whether this processor multiplies bfloat16 faster than float32.

    Returns
    -------
    bool
        By OpenVINO's word.
    """
    import openvino as ov

    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def convert(network: torch.nn.Module, n_wave: int, batch_size: int) -> ov.Model:
    """
    Return a network as OpenVINO's graph.

    Parameters
    ----------
    network : torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes); in evaluation mode.
    n_wave : int
        Number of points of a spectrum.
    batch_size : int
        Number of spectra that it will take at once, never fewer.

    Returns
    -------
    openvino.Model
        The same function for so many spectra.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    # The front end itself, as openvino.convert_model sends statistics to its makers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated in PyTorch, but what OpenVINO reads
        example = torch.zeros(batch_size, n_wave)
        traced = torch.jit.freeze(torch.jit.trace(network, example, check_trace=False))  # type: ignore[no-untyped-call]
        decoder = TorchScriptPythonDecoder(traced)
        front_end = FrontEndManager().load_by_framework("pytorch")
        model: ov.Model = front_end.convert(front_end.load(decoder))
    model.reshape([batch_size, n_wave])
    return model


def multiplications(model: ov.Model) -> int:
    """
    Return the number of multiplications that a spectrum takes.

    Parameters
    ----------
    model : openvino.Model
        From `convert`.

    Returns
    -------
    int
        Of all convolutions and products of matrices.
    """
    total = 0
    for node in _quantizable(model):
        weights, outputs = node.input_value(1).shape, node.output(0).shape
        per_output = math.prod(weights) // outputs[1 if node.get_type_name() != "MatMul" else -1]
        total += per_output * math.prod(outputs) // outputs[0]
    return total


def observe(model: ov.Model, batches: Sequence[FloatArray]) -> Ranges:
    """
    Return the ranges of the inputs of all operations that `quantize` quantizes.

    Parameters
    ----------
    model : openvino.Model
        From `convert`; it is not changed.
    batches : sequence of array of float32, shape (batch_size, n_wave)
        Features of a sample.

    Returns
    -------
    Ranges
        Smallest and largest value of each.
    """
    import openvino as ov

    seen = model.clone()
    seen.add_outputs([node.input_value(0) for node in _quantizable(seen)[1:]])
    compiled = ov.Core().compile_model(seen, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    n_ranges = len(compiled.outputs) - 1
    lows, highs = np.zeros(n_ranges), np.zeros(n_ranges)
    for batch in batches:
        results = compiled(batch)
        for number in range(n_ranges):
            lows[number] = min(lows[number], results[number + 1].min())
            highs[number] = max(highs[number], results[number + 1].max())
    return tuple(zip(lows.tolist(), highs.tolist(), strict=True))


def quantize(model: ov.Model, ranges: Ranges) -> None:
    """
    Make a network compute in int8.

    Parameters
    ----------
    model : openvino.Model
        From `convert`; it is changed.
    ranges : Ranges
        From `observe`.
    """
    from openvino import opset13 as ops

    for node, (low, high) in zip(_quantizable(model)[1:], ranges, strict=True):
        weights = _constant(node.input_value(1))
        if node.get_type_name() == "MatMul":
            axes: tuple[int, ...] = (1,) if node.get_attributes()["transpose_b"] else (0,)
        else:
            axes = tuple(range(2 if node.get_type_name() == "GroupConvolution" else 1, weights.ndim))
        largest = np.abs(weights).max(axis=axes, keepdims=True)
        largest[largest == 0] = 1
        node.input(1).replace_source_output(_on_grid(ops.constant(weights).output(0), -largest, largest, WEIGHT_LEVELS))
        edge = max(-low, high, 1e-6)
        bottom = -edge if low < 0 else 0.0
        grid = _on_grid(node.input_value(0), np.float32(bottom), np.float32(edge), INPUT_LEVELS)
        node.input(0).replace_source_output(grid)
    model.validate_nodes_and_infer_types()


class Runner:
    """
    A network compiled for this processor; each batch is computed by one thread, so that the number of threads changes no bit.

    Parameters
    ----------
    model : openvino.Model
        From `convert`, for one batch size.
    precision : str
        One of `PRECISIONS`.
    threads : int
        How many batches are computed at the same time.
    """

    def __init__(self, model: ov.Model, precision: str, threads: int) -> None:
        import openvino as ov

        self.batch_size, self._n_classes = model.input(0).shape[0], model.output(0).shape[1]
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "ENABLE_CPU_PINNING": False,  # other processes have their share of the cores
        }
        self._queue = ov.AsyncInferQueue(ov.Core().compile_model(model, "CPU", settings), threads)
        self._queue.set_callback(self._take)
        self._logits = np.empty((0, self._n_classes), dtype=np.float32)

    def logits(self, batches: Sequence[FloatArray]) -> FloatArray:
        """
        Return the logits of every spectrum of some batches.

        Parameters
        ----------
        batches : sequence of array of float32, shape (at most batch_size, n_wave)
            Features.

        Returns
        -------
        array of float32, shape (n_spectra of all batches, n_classes)
            In their order.
        """
        self._logits = np.empty((sum(map(len, batches)), self._n_classes), dtype=np.float32)
        begin = 0
        for batch in batches:
            filled = batch
            if len(batch) < self.batch_size:
                filled = np.zeros((self.batch_size, batch.shape[1]), dtype=np.float32)
                filled[: len(batch)] = batch
            self._queue.start_async({0: filled}, (begin, begin + len(batch)))
            begin += len(batch)
        self._queue.wait_all()
        return self._logits

    def _take(self, request: ov.InferRequest, place: tuple[int, int]) -> None:
        begin, end = place
        self._logits[begin:end] = request.get_output_tensor(0).data[: end - begin]


def _quantizable(model: ov.Model) -> list[Any]:
    # A product of two computed matrices, as attention has, has no weights and stays as it is.
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() in QUANTIZED]
    return [node for node in nodes if _is_constant(node.input_value(1))]


def _is_constant(output: Any) -> bool:
    node = output.get_node()
    if node.get_type_name() == "Constant":
        return True
    return bool(node.inputs()) and all(_is_constant(source.get_source_output()) for source in node.inputs())


def _constant(output: Any) -> FloatArray:
    import openvino as ov
    from openvino import opset13 as ops

    if output.get_node().get_type_name() == "Constant":
        return np.array(output.get_node().data, dtype=np.float32)
    values = ov.Core().compile_model(ov.Model([ops.result(output)], []), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([])[0]
    return np.array(values, dtype=np.float32)


def _on_grid(output: Any, low: FloatArray | np.float32, high: FloatArray | np.float32, levels: int) -> Any:
    from openvino import opset13 as ops

    bounds = [ops.constant(np.asarray(bound, dtype=np.float32)) for bound in (low, high, low, high)]
    return ops.fake_quantize(output, *bounds, levels).output(0)
