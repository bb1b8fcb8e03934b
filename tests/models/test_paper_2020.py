"""The paper's network: its layers, its weights at the start, and its twin in Keras."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_peer import keras_network, keras_weights
from spectrove.errors import PlugInError
from spectrove.models import Paper2020, build

N_WAVE = 140


@pytest.fixture(scope="module")
def network() -> Paper2020:
    return Paper2020(N_WAVE, 3, torch.Generator().manual_seed(1)).eval()


def predict(network: torch.nn.Module, features: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return torch.softmax(network(torch.tensor(features, dtype=torch.float32)), dim=1).numpy()


def scaled_profiles(generator: np.random.Generator, n: int) -> np.ndarray:
    """Return profiles as the pool holds them: an absorption, an emission or a double peak in noise, scaled to [-1, 1]."""
    x = np.linspace(-1, 1, N_WAVE)
    width = generator.uniform(0.02, 0.2, (n, 1))
    core = np.exp(-0.5 * (x / width) ** 2)
    flux = 1 + generator.uniform(-0.8, 3, (n, 1)) * core - generator.uniform(0, 1, (n, 1)) * core**8
    flux += generator.normal(0, 0.05, flux.shape)
    low, high = flux.min(axis=1, keepdims=True), flux.max(axis=1, keepdims=True)
    return 2 * (flux - low) / (high - low) - 1


def test_it_has_as_many_parameters_as_the_paper_s(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_481_731


def test_its_layers_are_those_of_figure_4(network):
    convolutions = [(layer.in_channels, layer.out_channels, layer.kernel_size, layer.padding) for layer in network.convolutions]
    assert convolutions == [
        (n_in, n_out, (1, 3), (0, 0)) for n_in, n_out in [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    ]
    assert [(layer.in_features, layer.out_features) for layer in network.connected] == [(14 * 256, 512), (512, 512), (512, 3)]
    assert network.dropout.p == 0.5


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras on PyTorch
@pytest.mark.parametrize("inputs", ["noise", "profiles", "one constant"])
@pytest.mark.parametrize(("n_wave", "n_classes"), [(140, 3), (36, 2), (101, 5)])
def test_with_equal_weights_it_equals_the_network_in_keras(inputs, n_wave, n_classes, generator):
    features = {
        "noise": generator.uniform(-1, 1, (20, n_wave)),
        "profiles": scaled_profiles(generator, 20)[:, :n_wave],
        "one constant": np.ones((1, n_wave)),
    }[inputs]
    features = np.resize(features, (len(features), n_wave)).astype(np.float32)
    ours = build("paper-2020", n_wave, n_classes, generator).eval()
    with torch.no_grad():
        for name, weight in ours.named_parameters():
            if name.endswith("bias"):
                weight.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(3))
    theirs = keras_network(n_wave, n_classes)
    theirs.set_weights(keras_weights(ours))
    expected = theirs.predict_on_batch(features[:, :, None])
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(predict(ours, features), expected, rtol=0, atol=1e-5)


def test_weights_are_uniform_between_glorot_s_bounds_and_biases_are_zero(network):
    for layer in [*network.convolutions, *network.connected]:
        fans = layer.weight[0].numel() + layer.weight[:, 0].numel()
        bound = np.sqrt(6 / fans)
        weight = layer.weight.detach().numpy().ravel() / bound
        assert np.abs(weight).max() <= 1
        assert abs(weight.mean()) < 4 * np.sqrt(1 / 3 / weight.size)
        assert abs(weight.var() - 1 / 3) < 4 * np.sqrt((1 / 5 - 1 / 9) / weight.size)
        assert not layer.bias.any()


def test_the_generator_alone_decides_the_weights():
    first, again, other = (build("paper-2020", N_WAVE, 3, np.random.default_rng(seed)).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if name.endswith("weight"))


def test_without_a_generator_all_weights_wait_at_zero_for_those_of_a_checkpoint(network):
    empty = build("paper-2020", N_WAVE, 3, None)
    assert not any(weight.any() for weight in empty.state_dict().values())
    empty.load_state_dict(network.state_dict())
    features = torch.linspace(-1, 1, 2 * N_WAVE).reshape(2, N_WAVE)
    assert torch.equal(empty.eval()(features), network(features))


@settings(max_examples=20)
@given(n_wave=st.integers(36, 400), n_classes=st.integers(2, 6), n=st.integers(1, 5))
def test_any_window_of_at_least_36_points_gives_one_logit_a_class(n_wave, n_classes, n):
    network = Paper2020(n_wave, n_classes).eval()
    assert network(torch.zeros(n, n_wave)).shape == (n, n_classes)


@given(n_wave=st.integers(-5, 35))
def test_a_shorter_window_is_refused(n_wave):
    with pytest.raises(ValueError, match=f"at least 36 points.*got n_wave={n_wave}"):
        Paper2020(n_wave, 3)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="at least 2 classes, got n_classes=1"):
        Paper2020(N_WAVE, 1)


@pytest.mark.parametrize("shape", [(2, 139), (140,), (2, 140, 1)])
def test_features_of_another_shape_are_refused(network, shape):
    with pytest.raises(ValueError, match=r"must have the shape \(n_spectra, 140\), got"):
        network(torch.zeros(shape))


def test_a_spectrum_s_probabilities_do_not_depend_on_the_others_in_its_batch(network, generator):
    features = scaled_profiles(generator, 65)
    together = predict(network, features)
    alone = np.concatenate([predict(network, features[row : row + 1]) for row in range(65)])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_an_unknown_network_is_refused_with_the_nearest_name(generator):
    with pytest.raises(PlugInError, match=r"no plug-in is named 'paper-2002'; did you mean 'paper-2020'\?"):
        build("paper-2002", N_WAVE, 3, generator)
