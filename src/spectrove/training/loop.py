"""The training of a network: one loop, readable from top to bottom (paper, sect. 3.4)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from spectrove.contracts import FloatArray, IntArray, Progress, no_progress
from spectrove.errors import TrainingError
from spectrove.execution import keep_freed_memory
from spectrove.training.balance import smote
from spectrove.training.settings import FitConfig, device_of
from spectrove.training.weights import weights_hash


@dataclass(frozen=True)
class FitResult:
    """
    How a training went.

    Attributes
    ----------
    history : tuple of float
        Loss of each epoch, nats a spectrum: the mean over the epoch's spectra, each seen by the network as it was at that step.
    best_epoch : int
        The epoch whose weights the network has now, an index into ``history``.
    stopped_by : str
        ``patience`` or ``max_epochs``.
    n_examples, n_balanced : tuple of int
        Number of examples of each class as given, and after the balancing.
    seed : int
        Seed of the order of the examples and of the dropout, drawn from the generator.
    started_from : str
        Hash of the weights before the first step. In a warm start it is the one that the earlier checkpoint names its weights by.
    device : str
        Where it was trained: ``cpu``, or ``cuda`` with the GPU's name.
    """

    history: tuple[float, ...]
    best_epoch: int
    stopped_by: str
    n_examples: tuple[int, ...]
    n_balanced: tuple[int, ...]
    seed: int
    started_from: str
    device: str


@dataclass
class EarlyStop:
    """
    When to stop, as Keras's ``EarlyStopping`` decides on the training loss.

    Attributes
    ----------
    min_delta : float
        The loss of an epoch is better if it is smaller by more than this.
    patience : int
        The end comes after so many epochs in a row that are not better.
    best : float
        Smallest loss so far that was better.
    best_epoch : int
        Its epoch, from 0.
    """

    min_delta: float
    patience: int
    best: float = math.inf
    best_epoch: int = 0

    def is_better(self, epoch: int, loss: float) -> bool:
        """
        Take note of an epoch and return whether it is better than all before.

        Parameters
        ----------
        epoch : int
            The epoch, from 0.
        loss : float
            Its loss.

        Returns
        -------
        bool
            True if its weights are to be kept.
        """
        if not loss + self.min_delta < self.best:
            return False
        self.best, self.best_epoch = loss, epoch
        return True

    def is_over(self, epoch: int) -> bool:
        """
        Return whether the patience is at its end.

        Parameters
        ----------
        epoch : int
            The epoch that was noted last.

        Returns
        -------
        bool
            True to stop.
        """
        return epoch - self.best_epoch >= self.patience


def fit(
    network: torch.nn.Module,
    features: FloatArray,
    labels: IntArray,
    config: FitConfig,
    generator: np.random.Generator,
    progress: Progress = no_progress,
) -> FitResult:
    """
    Train a network in place, from the weights that it has, and leave it with those of its best epoch.

    Adam [1]_ minimizes the categorical cross-entropy in steps that equal those of Keras: ε stands outside the bias
    correction (ε̂ in [1]_, end of sect. 2), so that tiny gradients make smaller steps early in the training than they do in
    `torch.optim.Adam` with the same ε. One difference to Keras remains: it clips probabilities to [1e-7, 1 - 1e-7] in the
    loss, so that an example predicted with more certainty than that gives no gradient; here nothing is clipped.

    The examples are brought to the device once, and the network comes back from it. The result depends on the network, the
    examples and their order, the settings, the generator, the device and PyTorch's number of threads, and on nothing else. The
    global generators are as before when the training ends.

    Parameters
    ----------
    network : torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes).
    features : array of float32, shape (n_spectra, n_wave)
        Scaled fluxes, dimensionless.
    labels : array of int, shape (n_spectra,)
        Class of each spectrum, from 0 to n_classes - 1.
    config : FitConfig
        The settings.
    generator : numpy.random.Generator
        Gives the seeds of the balancing, the order of the examples and the dropout.
    progress : callable
        Called after each epoch.

    Returns
    -------
    FitResult
        How it went.

    Raises
    ------
    TrainingError
        If there are examples of fewer than two classes, or a feature is not finite, or a label is no class, or the loss
        ceases to be a number, or a GPU is asked for and there is none.

    Warns
    -----
    UserWarning
        If classes have no example; the network is trained on the others.

    References
    ----------
    .. [1] Kingma & Ba 2015, 3rd Int. Conf. on Learning Representations, arXiv:1412.6980, algorithm 1 and sect. 2.
    """
    keep_freed_memory()
    n_classes = _check_examples(network, features, labels)
    device = device_of(config)
    n_examples = np.bincount(labels, minlength=n_classes)
    started_from = weights_hash(network)
    if config.balance == "smote":
        features, labels = smote(features, labels, generator)
    seed = int(generator.integers(2**63))
    with _one_s_own(device, config.threads, seed):
        network.to(device)
        inputs = torch.tensor(features, dtype=torch.float32, device=device)
        targets = torch.tensor(labels, dtype=torch.int64, device=device)
        stop, history = _train(network, inputs, targets, config, progress)
    network.to("cpu").eval()
    return FitResult(
        history=history,
        best_epoch=stop.best_epoch,
        stopped_by="patience" if stop.is_over(len(history) - 1) else "max_epochs",
        n_examples=tuple(n_examples.tolist()),
        n_balanced=tuple(np.bincount(labels, minlength=n_classes).tolist()),
        seed=seed,
        started_from=started_from,
        device="cpu" if device.type == "cpu" else f"cuda ({torch.cuda.get_device_name(device)})",
    )


@contextmanager
def _one_s_own(device: torch.device, n_threads: int | None, seed: int) -> Iterator[None]:
    # Dropout knows PyTorch's global generators alone: they are lent for the time of the training.
    before = torch.get_num_threads()
    is_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if is_gpu else []):
        torch.default_generator.manual_seed(seed)
        if is_gpu:
            torch.cuda.manual_seed(seed)
        torch.set_num_threads(n_threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _train(
    network: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor, config: FitConfig, progress: Progress
) -> tuple[EarlyStop, tuple[float, ...]]:
    optimizer = torch.optim.Adam(network.parameters(), config.learning_rate, (config.beta1, config.beta2), fused=True)
    stop = EarlyStop(config.min_delta, config.patience)
    history: list[float] = []
    best_weights = network.state_dict()
    while len(history) != config.max_epochs and (not history or not stop.is_over(len(history) - 1)):
        loss = _train_epoch(network, optimizer, inputs, targets, config)
        _check_loss(loss, len(history))
        if stop.is_better(len(history), loss):
            best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        history.append(loss)
        progress(f"training, loss {loss:.5f}", len(history), config.max_epochs)
    network.load_state_dict(best_weights)
    return stop, tuple(history)


def _train_epoch(
    network: torch.nn.Module,
    optimizer: torch.optim.Adam,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    config: FitConfig,
) -> float:
    network.train()
    is_narrow = config.precision == "bfloat16"
    total = torch.zeros((), dtype=torch.float64, device=inputs.device)  # read once an epoch: a GPU need not wait for each step
    order = torch.randperm(len(targets)).to(inputs.device)
    for start in range(0, len(order), config.batch_size):
        rows = order[start : start + config.batch_size]
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=is_narrow):
            logits = network(inputs[rows])
        loss = functional.cross_entropy(logits.float(), targets[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        _step_as_keras(optimizer, config)
        total += loss.detach().double() * len(rows)
    return float(total) / len(targets)


def _step_as_keras(optimizer: torch.optim.Adam, config: FitConfig) -> None:
    # PyTorch adds ε to the corrected root √(v/(1 - β₂ᵗ)), Keras to √v: this ε in the first is that ε in the second.
    for group in optimizer.param_groups:
        group["n_steps"] = group.get("n_steps", 0) + 1
        group["eps"] = config.epsilon / math.sqrt(1 - config.beta2 ** group["n_steps"])
    optimizer.step()


def _check_examples(network: torch.nn.Module, features: FloatArray, labels: IntArray) -> int:
    if features.ndim != 2 or labels.shape != features.shape[:1] or not labels.size or labels.dtype.kind not in "iu":
        msg = (
            "training set: features must have the shape (n_spectra, n_wave) and labels be integers of the shape (n_spectra,), "
            f"with at least one spectrum, got {features.shape} and {labels.dtype} {labels.shape}"
        )
        raise TrainingError(msg)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        msg = (
            f"training set: {np.count_nonzero(~finite)} of {labels.size} spectra hold values that are not finite, the first is "
            f"number {int(np.argmin(finite))} from 0. Leave them out."
        )
        raise TrainingError(msg)
    network.eval()
    with torch.inference_mode():
        n_classes = int(network(torch.tensor(features[:1], dtype=torch.float32)).shape[1])
    if labels.min() < 0 or labels.max() >= n_classes:
        wrong = sorted({int(label) for label in labels if not 0 <= label < n_classes})
        msg = f"training set: labels must be 0 to {n_classes - 1} for a network of {n_classes} classes, got {wrong}"
        raise TrainingError(msg)
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.flatnonzero(counts == 0).tolist()
    if len(missing) > n_classes - 2:
        msg = f"training set: examples of at least 2 classes are needed, got {counts.tolist()} of classes 0 to {n_classes - 1}"
        raise TrainingError(msg)
    if missing:
        warnings.warn(
            f"training set: no example of {len(missing)} of {n_classes} classes (number {missing} from 0); "
            "the network is trained on the others and will hardly predict these",
            stacklevel=3,
        )
    return n_classes


def _check_loss(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        msg = f"training: the loss is {loss} in epoch {epoch}, counted from 0. Try a smaller learning_rate."
        raise TrainingError(msg)
