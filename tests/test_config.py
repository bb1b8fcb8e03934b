"""Settings from TOML: presets, unknown keys with the nearest known one, and a template that reads back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.campaign import CampaignSettings
from spectrove.config import PRESETS, attribute_texts, load_settings, settings_from, template
from spectrove.errors import ConfigError

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("preset", PRESETS)
def test_the_template_of_a_preset_reads_back_to_the_same_settings(tmp_path: Path, preset: str) -> None:
    assert load_settings(write(tmp_path / "campaign.toml", template(preset))) == load_settings(preset=preset)


def test_the_reference_page_shows_the_template() -> None:
    assert template() in PAGE.read_text(encoding="utf-8"), "write the output of `spectrove config` into the page"


def test_the_preset_of_the_paper_has_its_numbers() -> None:
    settings = load_settings(preset="paper-2020")
    assert (settings.query.strategy, settings.query.batch_size) == ("entropy", 100)
    assert (settings.audit.size, settings.audit.trains) == (30, False)
    assert dict(settings.stopping.options) == {"threshold": 0.8, "times": 3}
    assert (settings.fit.batch_size, settings.fit.learning_rate, settings.fit.epsilon) == (64, 1e-3, 1e-7)
    assert (settings.fit.min_delta, settings.fit.patience) == (1e-4, 10)
    assert (settings.long_fit.min_delta, settings.long_fit.patience) == (1e-5, 100)
    assert settings.fit.balance == "smote"
    assert settings.network.name == "paper-2020"
    assert settings.query.prepare_after is None, "the paper's search waits for all answers"
    assert not settings.fit.warm_start, "the paper trains a new network in every iteration"


def test_another_rule_takes_over_none_of_the_preset_s_options(tmp_path: Path) -> None:
    plain = load_settings(write(tmp_path / "plain.toml", "[stopping]\nrule = 'precision-at-least'\n"), "paper-2020")
    assert (plain.stopping.rule, dict(plain.stopping.options)) == ("precision-at-least", {})
    same = load_settings(write(tmp_path / "same.toml", "[stopping]\nmax_iterations = 3\n"), "paper-2020")
    assert dict(same.stopping.options) == {"threshold": 0.8, "times": 3}


def test_several_rules_have_a_table_of_options_each(tmp_path: Path) -> None:
    text = """
[stopping]
rule = "precision-at-least and (plateau or budget)"

[stopping.options]
precision-at-least = { goal = 0.9 }
budget = { answers = 2000 }
"""
    options = load_settings(write(tmp_path / "several.toml", text)).stopping.options
    assert options == {"precision-at-least": {"goal": 0.9}, "budget": {"answers": 2000}}
    assert isinstance(options["budget"]["answers"], int)


def test_the_audit_is_by_strata_unless_the_paper_s_is_wanted() -> None:
    assert load_settings().audit.design == load_settings(preset="archive").audit.design == "strata"
    assert load_settings(preset="paper-2020").audit.design == "predicted"


@pytest.mark.parametrize(("n", "share", "sizes"), [(30, 0.5, (15, 15)), (5, 0.5, (2, 3)), (0, 0.5, (0, 0)), (7, 0.99, (7, 0))])
def test_an_audit_is_shared_between_predicted_targets_and_others(n: int, share: float, sizes: tuple[int, int]) -> None:
    assert settings_from({"audit": {"predicted_share": share}}).audit.sizes(n) == sizes


def test_the_preset_for_archives_changes_how_long_it_is_trained_and_nothing_else() -> None:
    archive, standard = load_settings(preset="archive"), load_settings()
    assert (archive.fit.batch_size, archive.fit.max_epochs, archive.long_fit.max_epochs) == (256, 12, 60)
    assert replace(archive, fit=standard.fit, long_fit=standard.long_fit) == standard


def test_without_a_preset_the_network_is_one_that_needs_no_gpu() -> None:
    assert load_settings().network.name == "compact"


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "campaign.toml", "seed = 5\n[query]\nbatch_size = 7\n")
    settings = load_settings(path, "paper-2020")
    assert (settings.seed, settings.query.batch_size, settings.audit.trains) == (5, 7, False)
    assert load_settings(path, "paper-2020", seed=6).seed == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[query]\nbatchsize = 7", r"unknown key 'query.batchsize'; did you mean 'query.batch_size'\?"),
        ("quarry = 7", r"unknown key 'quarry'; did you mean 'query'\?"),
        ("zzz = 7", r"unknown key 'zzz'; there are seed, classes"),
        ("query = 7", r"'query' is a section, got 7"),
        ("[query]\nbatch_size = 0", r"query: batch_size must be at least 1, got 0"),
        ("[query]\nprepare_after = 0", r"query: prepare_after must be at least 1, got 0"),
        ("[audit]\ndesign = 'clusters'", r"audit: design must be one of strata, predicted, got 'clusters'"),
        ("[audit]\npredicted_share = 1.0", r"audit: predicted_share must lie between 0 and 1, got 1.0"),
        ("[stopping.options]\ngoal = [1]", r"stopping.options.goal"),
        ("[query]\nbatch_size = 'many'", r"query.batch_size: .*integer.* \(got 'many'\)"),
        ("seed = -1", r"seed must not be negative"),
        ("[classes]\ntargets = ['blob']", r"targets must be some but not all of the classes"),
        ("[fit]\nbalance = 'scales'", r"balance must be one of"),
        ("[query\n", r"this is no TOML"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_the_file(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path / "campaign.toml", text)
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_settings(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.toml: this settings file cannot be read"):
        load_settings(tmp_path / "absent.toml")


def test_every_key_is_explained_in_its_docstring() -> None:
    sections = [CampaignSettings, *(type(getattr(load_settings(), f.name)) for f in fields(CampaignSettings))]
    for section in sections:
        if is_dataclass(section):
            assert all(attribute_texts(section).values())


@given(st.integers(1, 10_000), st.integers(1, 1_000), st.floats(0.01, 0.99), st.booleans())
def test_any_possible_settings_survive_being_stored(batch_size: int, size: int, level: float, trains: bool) -> None:  # noqa: FBT001
    chosen = {"query": {"batch_size": batch_size}, "audit": {"size": size, "level": level, "trains": trains}}
    settings = settings_from(chosen)
    assert (settings.query.batch_size, settings.audit.size, settings.audit.level, settings.audit.trains) == (
        batch_size,
        size,
        level,
        trains,
    )
