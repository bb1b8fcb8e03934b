"""How a pool is scored, and which decisions the scores are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spectrove.contracts import BoolArray
from spectrove.query import Strategy, entropy

Runtime = Literal["auto", "torch", "openvino"]
Precision = Literal["auto", "float32", "bfloat16", "int8"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class ScoreConfig:
    """
    How a pool is scored.

    A large pool is screened in a narrow type, and every spectrum whose class or place among the questions could be another one
    in float32 is computed again in float32, so the choice below changes the time and not the decisions. What "auto" takes is what
    was fastest on two cores of a processor with instructions for bfloat16 and int8: OpenVINO; int8 for a network of many
    operations; bfloat16 for a small one, where rescoring costs as much as the network; and on processors without bfloat16,
    float32 by OpenVINO in its place. On a GPU it is PyTorch in bfloat16.

    Attributes
    ----------
    batch_size : int
        Number of spectra that pass the network at once; 256 to 1,024 stay in a processor's cache.
    threads : int or None
        Threads of each process. None: one in each worker process, and in line as many as PyTorch is set to use.
    runtime : {"auto", "torch", "openvino"}
        What computes the screening. "auto": OpenVINO, or PyTorch with a warning where OpenVINO cannot be imported.
    precision : {"auto", "float32", "bfloat16", "int8"}
        Of the screening. "float32" with the runtime "torch" screens nothing: every row is computed once, exactly. So are the
        rows of pools that are too small for screening to pay.
    device : {"auto", "cpu", "cuda"}
        Where the screening is computed. "auto": a CUDA device if PyTorch finds one.

    Raises
    ------
    ValueError
        If a number is less than 1, a word is unknown, PyTorch is to compute in int8, or OpenVINO on a GPU.
    """

    batch_size: int = 256
    threads: int | None = None
    runtime: Runtime = "auto"
    precision: Precision = "auto"
    device: Device = "auto"

    def __post_init__(self) -> None:
        """Refuse settings that score nothing."""
        if self.batch_size < 1:
            msg = f"batch_size must be at least 1, got {self.batch_size}"
            raise ValueError(msg)
        if self.threads is not None and self.threads < 1:
            msg = f"threads must be at least 1, got {self.threads}"
            raise ValueError(msg)
        known: dict[str, tuple[str, ...]] = {
            "runtime": ("auto", "torch", "openvino"),
            "precision": ("auto", "float32", "bfloat16", "int8"),
            "device": ("auto", "cpu", "cuda"),
        }
        for name, words in known.items():
            if getattr(self, name) not in words:
                msg = f"{name} must be one of {', '.join(words)}, got {getattr(self, name)!r}"
                raise ValueError(msg)
        if self.runtime == "openvino" and self.device == "cuda":
            msg = "runtime 'openvino' computes on the device 'cpu'; choose the runtime 'auto' for 'cuda'"
            raise ValueError(msg)
        if self.precision == "int8" and (self.runtime == "torch" or self.device == "cuda"):
            msg = "precision 'int8' needs the runtime 'openvino' on the device 'cpu'; choose 'bfloat16' or 'auto'"
            raise ValueError(msg)


@dataclass(frozen=True, eq=False)
class Focus:
    """
    Which decisions must be those of a pass in float32; the predicted class of every spectrum always is.

    Attributes
    ----------
    targets : tuple of str
        Classes that are searched for. Where few spectra are predicted to be one, their probabilities are exact.
    excluded : array of bool, shape (n_spectra,), or None
        True where a spectrum is not asked about, such as one already labeled. Where these are few, their probabilities are exact.
    n_query : int
        How many questions are going to be asked. Those are exact, and so are some hundreds that follow them, so that spectra
        may be labeled between scoring and asking.
    strategy : Strategy
        What the questions are chosen by.
    """

    targets: tuple[str, ...] = ()
    excluded: BoolArray | None = None
    n_query: int = 100
    strategy: Strategy = entropy
