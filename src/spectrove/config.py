"""A campaign's settings from one TOML file: presets, unknown keys refused, the commented template."""

from __future__ import annotations

import difflib
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from spectrove.campaign import CampaignSettings
from spectrove.errors import ConfigError

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "standard": {},
    "archive": {
        "fit": {"batch_size": 256, "max_epochs": 12},
        "long_fit": {"batch_size": 256, "max_epochs": 60, "patience": 20},
    },
    "paper-2020": {
        "network": {"name": "paper-2020"},
        "query": {"strategy": "entropy", "batch_size": 100},
        "audit": {"size": 30, "trains": False, "design": "predicted"},
        "stopping": {"rule": "paper-2020", "options": {"threshold": 0.8, "times": 3}},
        "review": {"second_votes": 0.0, "repeats": 0.0, "gold": 0.0},
    },
}
"""
Named settings, as what they change of the defaults. ``archive`` is for ten thousand labeled spectra and more; ``paper-2020``
follows Škoda, Podsztavek & Tvrdík 2020, sec. 3.4.
"""

Settings = TypeVar("Settings")

FREE = frozenset({"aliases", "criteria", "options"})
"""Sections whose keys are the user's own."""


def load_settings(path: Path | None = None, preset: str = "standard", seed: int | None = None) -> CampaignSettings:
    """
    Return a campaign's settings: the preset, changed by the file.

    Parameters
    ----------
    path : Path, optional
        A TOML file; what it does not name is as in the preset.
    preset : str
        One of `PRESETS`.
    seed : int, optional
        Seed that outranks the file's.

    Returns
    -------
    CampaignSettings
        All settings, checked.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is impossible.
    """
    if preset not in PRESETS:
        msg = f"unknown preset {preset!r}, expected one of {', '.join(PRESETS)}"
        raise ConfigError(msg)
    chosen = merge(PRESETS[preset], read_toml(path) if path is not None else {})
    if seed is not None:
        chosen = {**chosen, "seed": seed}
    return settings_from(chosen, str(path) if path is not None else f"preset {preset}")


def settings_from(chosen: Mapping[str, Any], where: str = "settings") -> CampaignSettings:
    """
    Return a campaign's settings from plain data, laid out as the TOML file.

    Parameters
    ----------
    chosen : mapping
        Sections and keys; what is not named keeps its default.
    where : str
        Where they come from, for messages.

    Returns
    -------
    CampaignSettings
        All settings, checked.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is impossible.
    """
    return checked(CampaignSettings, chosen, where)


def checked(kind: type[Settings], chosen: Mapping[str, Any], where: str) -> Settings:
    """
    Return settings of some kind from plain data, every key and value checked.

    Parameters
    ----------
    kind : type
        A dataclass, whose attributes may be dataclasses themselves.
    chosen : mapping
        Sections and keys; what is not named keeps its default.
    where : str
        Where they come from, for messages.

    Returns
    -------
    object
        An instance of ``kind``.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is impossible.
    """
    _refuse_unknown_keys(kind, chosen, where, "")
    try:
        return TypeAdapter(kind).validate_python(chosen)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        reason = re.sub(r"^Value error, ", "", first["msg"])
        msg = f"{where}: {key or 'the settings'}: {reason} (got {first['input']!r}). `spectrove config` prints every key."
        raise ConfigError(msg) from error


def read_toml(path: Path) -> dict[str, Any]:
    """
    Return what a TOML file holds.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    ConfigError
        If it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: this settings file cannot be read ({error.strerror}). Name a TOML file."
        raise ConfigError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: this is no TOML ({error}). Compare it with what `spectrove config` prints."
        raise ConfigError(msg) from error


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return settings changed by others, section by section.

    Parameters
    ----------
    below : mapping
        Sections and keys.
    above : mapping
        What outranks them; a section of `FREE` keys replaces the one below as a whole, and another rule has options of its own.

    Returns
    -------
    dict
        Both together.
    """
    merged = dict(below)
    if "rule" in above and above["rule"] != below.get("rule"):
        merged.pop("options", None)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) and key not in FREE else value
    return merged


def _refuse_unknown_keys(section: type, given: Mapping[str, Any], where: str, prefix: str) -> None:
    hints = get_type_hints(section)
    known = [field.name for field in fields(section)]
    for key, value in given.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {prefix + near[0]!r}?" if near else f"there are {', '.join(prefix + name for name in known)}"
            msg = f"{where}: unknown key {prefix + key!r}; {hint}"
            raise ConfigError(msg)
        if is_dataclass(hints[key]) and isinstance(hints[key], type):
            if not isinstance(value, Mapping):
                msg = f"{where}: {prefix + key!r} is a section, got {value!r}. Write [{prefix + key}] and its keys below."
                raise ConfigError(msg)
            _refuse_unknown_keys(hints[key], value, where, f"{prefix}{key}.")


# -- the template ---------------------------------------------------------------------------------------------------------------


def template(preset: str = "standard") -> str:
    """
    Return all settings of a preset as a commented TOML file.

    Parameters
    ----------
    preset : str
        One of `PRESETS`.

    Returns
    -------
    str
        A file that `load_settings` reads back to the same settings.

    Raises
    ------
    ConfigError
        If the preset is unknown.
    """
    settings = load_settings(preset=preset)
    lines = [f"# Settings of a campaign (preset {preset}); every key may be left out.", ""]
    lines += _keys(settings)
    for field in fields(settings):
        section = getattr(settings, field.name)
        if is_dataclass(section):
            lines += ["", f"# {_summary(type(section))}", f"[{field.name}]", *_keys(section)]
    return "\n".join(lines) + "\n"


def _keys(section: Any) -> Iterator[str]:
    told = attribute_texts(type(section))
    for field in fields(section):
        value = getattr(section, field.name)
        if is_dataclass(value):
            continue
        yield f"# {told[field.name]}"
        yield f"# {field.name} =" if value is None else f"{field.name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + " }" if value else "{}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return repr(value)


def _summary(section: type) -> str:
    return (inspect.getdoc(section) or "").split("\n", 1)[0]


def attribute_texts(section: type) -> dict[str, str]:
    """
    Return what the docstring of a settings section says of each of its keys.

    Parameters
    ----------
    section : type
        A dataclass with a numpydoc section ``Attributes``.

    Returns
    -------
    dict of str to str
        One line of text for each key.

    Raises
    ------
    ConfigError
        If the docstring passes over a key.
    """
    doc = inspect.getdoc(section) or ""
    block = re.search(r"^(?:Attributes|Parameters)\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in block.group(1).splitlines() if block else []:
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(":")[0].split(",")]
            texts.update(dict.fromkeys(names, ""))
        elif line.strip():
            texts.update({name: f"{texts[name]} {line.strip()}".strip() for name in names})
    missing = [field.name for field in fields(section) if field.name not in texts]
    if missing:
        msg = f"{section.__name__}: its docstring says nothing of {', '.join(missing)}"
        raise ConfigError(msg)
    return texts
