"""Weights of networks: as copies, as bytes, by hash, and from one training into the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from safetensors.torch import save

from spectrove.errors import CheckpointError
from spectrove.storage import content_hash
from spectrove.training.settings import FitConfig


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """
    Return a copy of a network's weights.

    Parameters
    ----------
    network : torch.nn.Module
        The network.

    Returns
    -------
    dict of str to tensor
        The weights by name, as a `Checkpoint` keeps them.
    """
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in network.state_dict().items()
    }


def as_bytes(state: Mapping[str, torch.Tensor]) -> bytes:
    """
    Return weights as the file of a checkpoint holds them.

    Parameters
    ----------
    state : mapping of str to tensor
        The weights by name.

    Returns
    -------
    bytes
        Safetensors; equal weights give equal bytes, however they lie in memory.
    """
    return save({name: tensor.contiguous() for name, tensor in state.items()})


def weights_hash(network: torch.nn.Module) -> str:
    """
    Return the name of a network's weights by content.

    Parameters
    ----------
    network : torch.nn.Module
        The network.

    Returns
    -------
    str
        32 hexadecimal digits, as a checkpoint names its weights.
    """
    return content_hash(as_bytes(weights_of(network)))


def continue_from(network: torch.nn.Module, start: Mapping[str, torch.Tensor], config: FitConfig) -> FitConfig:
    """
    Give a network the weights of an earlier one and return the settings of the training that goes on from them, a warm start.

    Parameters
    ----------
    network : torch.nn.Module
        The network; its weights are replaced.
    start : mapping of str to tensor
        The earlier weights by name, as a `Checkpoint` keeps them.
    config : FitConfig
        The settings.

    Returns
    -------
    FitConfig
        The same, with ``warm_epochs``, if it is set, for ``max_epochs``.

    Raises
    ------
    CheckpointError
        If the weights are not those of such a network.
    """
    try:
        network.load_state_dict(start)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        msg = f"warm start: the earlier weights are not those of the network to be trained ({reason}). Train it from new ones."
        raise CheckpointError(msg) from error
    return config if config.warm_epochs is None else replace(config, max_epochs=config.warm_epochs)
