"""The training loop: Keras's steps, Keras's early stop, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from keras_peer import keras, keras_network, keras_weights
from spectrove.errors import TrainingError
from spectrove.models import build
from spectrove.training import LONG, FitConfig, fit
from spectrove.training.loop import EarlyStop, _step_as_keras

N_WAVE = 36
PLAIN = FitConfig(balance="none", max_epochs=5)


def predicted(network: torch.nn.Module, features: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return network(torch.from_numpy(features)).argmax(dim=1).numpy()


def test_the_defaults_are_the_paper_s_and_keras_s():
    expected = keras.optimizers.Adam()
    config = FitConfig()
    assert config.learning_rate == pytest.approx(float(expected.learning_rate), rel=1e-6)
    assert (config.beta1, config.beta2, config.epsilon) == (expected.beta_1, expected.beta_2, expected.epsilon)
    assert (config.batch_size, config.min_delta, config.patience, config.max_epochs) == (64, 1e-4, 10, None)
    assert dataclasses.replace(FitConfig(), min_delta=1e-5, patience=100) == LONG


@given(exponents=st.lists(st.floats(-12, 2), min_size=3, max_size=3), seed=st.integers(0, 2**32 - 1))
def test_adam_s_steps_equal_those_of_keras_for_gradients_of_any_size(exponents, seed):
    gradients = np.random.default_rng(seed).normal(0, 1, (len(exponents), 50)) * 10.0 ** np.array(exponents)[:, None]
    ours = torch.nn.Parameter(torch.zeros(50))
    config = FitConfig()
    optimizer = torch.optim.Adam([ours], config.learning_rate, (config.beta1, config.beta2), fused=True)
    theirs = keras.Variable(np.zeros(50, dtype=np.float32))
    expected = keras.optimizers.Adam()
    for gradient in torch.from_numpy(gradients.astype(np.float32)):
        ours.grad = gradient.clone()
        _step_as_keras(optimizer, config)
        expected.apply([gradient.clone()], [theirs])
        np.testing.assert_allclose(ours.detach().numpy(), theirs.value.detach().numpy(), rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras on PyTorch
def test_four_steps_of_the_paper_s_network_equal_those_of_keras(examples, generator):
    features, labels = examples
    ours = build("paper-2020", N_WAVE, 3, generator)
    ours.dropout.p = 0.0
    theirs = keras_network(N_WAVE, 3, dropout=0.0)
    theirs.set_weights(keras_weights(ours))
    theirs.compile(optimizer="adam", loss="categorical_crossentropy")
    before = keras_weights(ours)
    targets = np.eye(3, dtype=np.float32)[labels]
    history = []
    for _ in range(4):
        history.append(float(theirs.train_on_batch(features[:, :, None], targets)))
        theirs.reset_metrics()
    result = fit(ours, features, labels, dataclasses.replace(PLAIN, batch_size=60, max_epochs=4, min_delta=0.0), generator)
    np.testing.assert_allclose(result.history, history, rtol=0, atol=1e-5)
    assert result.best_epoch == 3
    for start, found, expected in zip(before, keras_weights(ours), theirs.get_weights(), strict=True):
        assert np.abs(found - start).max() > 1e-3
        # Rounding switches single units on or off, and Adam enlarges that; with PyTorch's ε these differences are 1e-3.
        assert np.quantile(np.abs(found - expected), 0.95) < 5e-5


class WatchedModel:
    """What Keras's callback needs of a model: weights, and a place to say stop. Its weights are the number of the epoch."""

    stop_training = False
    metrics = ()

    def __init__(self) -> None:
        self.epoch = -1

    def get_weights(self) -> int:
        return self.epoch

    def set_weights(self, epoch: int) -> None:
        self.epoch = epoch


@given(
    losses=st.lists(st.integers(0, 12).map(lambda n: n / 8), min_size=1, max_size=40),
    min_delta=st.sampled_from([0.0, 0.125, 0.2, 0.5]),
    patience=st.integers(1, 5),
)
def test_the_early_stop_is_that_of_keras(losses, min_delta, patience):
    callback = keras.callbacks.EarlyStopping(
        monitor="loss", mode="min", min_delta=min_delta, patience=patience, restore_best_weights=True
    )
    model = WatchedModel()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {"loss": loss})
        if model.stop_training:
            break
    last_epoch = model.epoch
    callback.on_train_end()

    ours = EarlyStop(min_delta, patience)
    for epoch, loss in enumerate(losses):
        ours.is_better(epoch, loss)
        if ours.is_over(epoch):
            break
    assert (epoch, ours.best_epoch) == (last_epoch, model.epoch)


def test_it_learns_to_tell_the_classes_apart(small_network, examples, generator):
    network = small_network()
    result = fit(network, *examples, FitConfig(learning_rate=0.01, max_epochs=60), generator)
    assert (predicted(network, examples[0]) == examples[1]).all()
    assert result.history[-1] < 0.2 < result.history[0]
    assert (result.n_examples, result.n_balanced) == ((30, 20, 10), (30, 30, 30))
    assert not network.training


def test_the_weights_of_the_best_epoch_are_restored(small_network, examples, generator):
    config = dataclasses.replace(PLAIN, learning_rate=0.5, patience=3, max_epochs=None, batch_size=7)
    network = small_network()
    result = fit(network, *examples, config, np.random.default_rng(3))
    assert result.stopped_by == "patience"
    assert len(result.history) == result.best_epoch + 1 + 3
    assert result.best_epoch > 0
    stopped_there = small_network()
    short = fit(stopped_there, *examples, dataclasses.replace(config, max_epochs=result.best_epoch + 1), np.random.default_rng(3))
    assert short.history == result.history[: result.best_epoch + 1]
    assert short.stopped_by == "max_epochs"
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), stopped_there.parameters(), strict=True))


def test_it_stops_when_the_loss_has_not_improved_within_the_patience(small_network, examples, generator):
    result = fit(small_network(), *examples, dataclasses.replace(PLAIN, min_delta=100.0, patience=3), generator)
    assert (len(result.history), result.best_epoch, result.stopped_by) == (4, 0, "patience")


def test_the_generator_alone_decides_the_result_and_the_global_generators_are_left_as_they_were(small_network, examples):
    results = []
    for run, seed in enumerate((1, 1, 2)):
        network = small_network(dropout=0.5)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(run)
            before = torch.get_rng_state()
            result = fit(network, *examples, FitConfig(max_epochs=3), np.random.default_rng(seed))
            assert torch.equal(before, torch.get_rng_state())
        results.append((result, network.output.weight.tolist()))
    assert results[0] == results[1]
    assert results[0][1] != results[2][1]


def test_an_epoch_s_loss_is_the_mean_over_its_spectra_and_not_over_its_steps(small_network, examples, generator):
    network = small_network()
    with torch.inference_mode():
        logits = network(torch.from_numpy(examples[0]))
        expected = float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(examples[1])))
    config = dataclasses.replace(PLAIN, learning_rate=1e-12, batch_size=59, max_epochs=1)
    assert fit(network, *examples, config, generator).history == (pytest.approx(expected, rel=1e-6),)


def test_dropout_is_on_while_it_trains(small_network, examples):
    with_dropout, without = (
        fit(small_network(dropout), *examples, PLAIN, np.random.default_rng(1)).history for dropout in (0.5, 0.0)
    )
    assert with_dropout != without


def test_each_epoch_s_loss_is_told(small_network, examples, generator):
    told = []
    result = fit(small_network(), *examples, PLAIN, generator, lambda *words: told.append(words))
    assert told == [(f"training, loss {loss:.5f}", epoch, 5) for epoch, loss in enumerate(result.history, 1)]


def test_a_class_without_examples_is_warned_of_and_the_others_are_trained(small_network, examples, generator):
    features, labels = examples
    network = small_network()
    kept = labels != 1
    with pytest.warns(UserWarning, match=r"no example of 1 of 3 classes \(number \[1\] from 0\)"):
        result = fit(network, features[kept], labels[kept], FitConfig(learning_rate=0.01, max_epochs=40), generator)
    assert (result.n_examples, result.n_balanced) == ((30, 0, 10), (30, 0, 30))
    assert (predicted(network, features[kept]) == labels[kept]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_not_finite_is_refused_with_its_row(small_network, examples, generator, bad):
    features, labels = examples
    features[[17, 40], 3] = bad
    with pytest.raises(TrainingError, match="2 of 60 spectra hold values that are not finite, the first is number 17 from 0"):
        fit(small_network(), features, labels, PLAIN, generator)


@pytest.mark.parametrize(("label", "named"), [(3, r"\[3\]"), (-1, r"\[-1\]")])
def test_a_label_that_is_no_class_is_refused(small_network, examples, generator, label, named):
    features, labels = examples
    labels[5] = label
    with pytest.raises(TrainingError, match=f"labels must be 0 to 2 for a network of 3 classes, got {named}"):
        fit(small_network(), features, labels, PLAIN, generator)


@pytest.mark.parametrize(
    ("rows", "words"),
    [(slice(0, 0), "at least one spectrum"), (slice(0, 5), r"at least 2 classes are needed, got \[5, 0, 0\]")],
)
def test_too_few_examples_are_refused(small_network, examples, generator, rows, words):
    features, labels = examples
    with pytest.raises(TrainingError, match=words):
        fit(small_network(), features[rows], labels[rows], PLAIN, generator)


def test_labels_that_do_not_match_the_features_are_refused(small_network, examples, generator):
    features, labels = examples
    with pytest.raises(TrainingError, match=r"got \(60, 36\) and int64 \(59,\)"):
        fit(small_network(), features, labels[1:], PLAIN, generator)
    with pytest.raises(TrainingError, match=r"labels be integers .* got \(60, 36\) and float64 \(60,\)"):
        fit(small_network(), features, labels.astype(float), PLAIN, generator)


def test_a_loss_that_ceases_to_be_a_number_ends_the_training(small_network, examples, generator):
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) in epoch \d, counted from 0. Try a smaller learning_rate"):
        fit(small_network(), *examples, dataclasses.replace(PLAIN, learning_rate=1e30), generator)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"epsilon": float("nan")}, "epsilon must be positive and finite, got nan"),
        ({"beta2": 1.0}, "beta2 must be at least 0 and less than 1, got 1.0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"max_epochs": 0}, "max_epochs must be at least 1, got 0"),
        ({"min_delta": -1e-4}, "min_delta must not be negative, got -0.0001"),
        ({"balance": "rose"}, "balance must be one of .*, got 'rose'"),
    ],
)
def test_settings_with_which_no_training_can_run_are_refused(setting, words):
    with pytest.raises(ValueError, match=words):
        FitConfig(**setting)
