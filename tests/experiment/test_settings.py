"""What an experiment is made of: the paper's settings, a file, and the command line."""

from __future__ import annotations

import pytest

from spectrove.errors import ConfigError, PlugInError
from spectrove.experiment import load_experiment
from spectrove.experiment.settings import keep_settings


def test_without_a_word_the_settings_are_the_paper_s_with_an_end():
    settings = load_experiment()
    campaign = settings.campaign
    assert (settings.n_runs, settings.n_judged) == (3, 100)
    assert (campaign.query.strategy, campaign.query.batch_size) == ("entropy", 100)
    assert (campaign.audit.size, campaign.audit.trains) == (30, False)
    assert dict(campaign.stopping.options) == {"threshold": 0.8, "times": 3}
    assert (campaign.long_fit.min_delta, campaign.long_fit.patience) == (1e-5, 100)
    assert campaign.stopping.max_iterations == 40


def test_a_file_changes_what_it_names_and_the_command_line_outranks_it(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text("seed = 3\n[survey]\nn_pool = 500\n[campaign.fit]\nmax_epochs = 9\n[campaign.stopping]\nmax_iterations = 5\n")
    settings = load_experiment(path, {"seed": 4})
    assert (settings.seed, settings.campaign.seed, settings.survey.n_pool) == (4, 4, 500)
    assert (settings.campaign.fit.max_epochs, settings.campaign.stopping.max_iterations) == (9, 5)
    assert dict(settings.campaign.stopping.options) == {"threshold": 0.8, "times": 3}


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("[campaign.fitt]\nmax_epochs = 9", ConfigError, r"unknown key 'campaign.fitt'; did you mean 'campaign.fit'\?"),
        ("[survey]\nn_poool = 9", ConfigError, r"unknown key 'survey.n_poool'; did you mean 'survey.n_pool'\?"),
        ("[survey]\nn_pool = 0", ConfigError, "n_pool"),
        ("n_judged = 0", ConfigError, "n_judged must be at least 1, got 0"),
        ("[campaign.network]\nname = 'papre-2020'", PlugInError, "papre-2020"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path, text, error, sentence):
    path = tmp_path / "experiment.toml"
    path.write_text(text)
    with pytest.raises(error, match=sentence):
        load_experiment(path)


def test_another_experiment_s_folder_is_refused_and_the_difference_named(tmp_path):
    keep_settings(tmp_path / "experiment", load_experiment(None, {"seed": 1}))
    keep_settings(tmp_path / "experiment", load_experiment(None, {"seed": 1}))
    with pytest.raises(ConfigError, match=r"other settings \(campaign.seed is 2, was 1; seed is 2, was 1\)"):
        keep_settings(tmp_path / "experiment", load_experiment(None, {"seed": 2}))


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="a folder of its own"):
        keep_settings(tmp_path, load_experiment())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
