"""Both sides of the comparison of `benchmarks/realism.py`: LAMOST's files, and what the simulator makes of one seed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.contracts import BoolArray, IntArray
from spectrove.simulate.realism import Sample, StrArray
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.source import PoolSource
from spectrove.surveys.reader import read

PIXELS = np.arange(37994, 38419)
"""Pixels of 10**(1e-4 i) Å, 6300 to 6949 Å, on which every LAMOST file lies."""

WAVE = 10.0 ** (1e-4 * PIXELS)

KINDS = ("O", "B", "A", "F", "G", "K", "M", "WD")
ABSORPTION = ("absorption", "weak/none")
"""Details in labels.csv of stars without emission."""

NEBULAR_EW = 0.3
"""Å; a simulated nebula that is fainter than this counts as none: the real ones were sorted by what is seen."""

LAYOUTS = {"dr1-image": "lamost-dr1", "dr2-dr8-image": "lamost-image", "dr9-table": "lamost-table"}
"""Layouts by the folders of the real files."""


@dataclass(frozen=True, eq=False)
class Side:
    """Spectra of one side, with what they are."""

    sample: Sample
    layout: StrArray  # lamost-dr1, lamost-image, lamost-table
    detail: StrArray  # absorption, nebular, emission-single, emission-double, be, cv, …
    absorbs: BoolArray  # stars without emission

    def rows(self, selection: BoolArray | IntArray) -> Side:
        """Return some of the spectra."""
        return Side(self.sample.rows(selection), self.layout[selection], self.detail[selection], self.absorbs[selection])


def kind_of(spectral_class: str | None, subclass: str | None) -> str:
    """Return the letter of a spectral type as the pipeline writes it: A for A7V, M for dM1 and gM0; empty for no star."""
    if spectral_class != "STAR" or not subclass:
        return ""
    if subclass.startswith("W"):
        return "WD"
    letter = subclass.removeprefix("d").removeprefix("g")[:1]
    return letter if letter in KINDS else ""


def _on_grid(values: np.ndarray, wave: np.ndarray) -> np.ndarray:
    first = PIXELS[0] - int(np.rint(np.log10(wave[0]) * 1e4))
    return values[first : first + PIXELS.size]


def _real_rows(folder: Path) -> Iterator[dict]:
    with (folder / "labels.csv").open(encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            (spectrum,) = read(folder.parent / row["file"])
            header = spectrum.header
            yield {
                "flux": _on_grid(spectrum.flux, spectrum.wave),
                "ivar": _on_grid(spectrum.ivar, spectrum.wave),
                "snr": header.snr if header.snr is not None and header.snr > 0 else np.nan,
                "kind": kind_of(header.spectral_class, header.subclass),
                "group": f"{row['planid']}-{row['spid']}",
                "layout": LAYOUTS[Path(row["file"]).parts[1]],
                "detail": row["detail"],
                "absorbs": row["detail"] in ABSORPTION and header.spectral_class == "STAR",
            }


def real_side(folder: Path) -> Side:
    """Return the LAMOST spectra of a folder with labels.csv."""
    rows = list(_real_rows(folder))
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return _side(columns)


def _side(columns: dict[str, np.ndarray]) -> Side:
    sample = Sample(WAVE, *(columns[name] for name in ("flux", "ivar", "snr", "kind", "group")))
    return Side(sample, columns["layout"], columns["detail"], columns["absorbs"].astype(bool))


def simulated_side(config: SurveyConfig, seed: int) -> Side:
    """Return the pool of a simulated survey, each spectrum as a reader would get it."""
    source = PoolSource(config, seed)
    parts: list[dict[str, np.ndarray]] = []
    for number in range(source.n_batches):
        spectra = source.spectra(number, whole=True)
        facts, truth = spectra.facts.to_pydict(), spectra.truth.to_pydict()
        kinds = [kind_of(*pair) for pair in zip(facts["spectral_class"], facts["subclass"], strict=True)]
        nebular = np.array([value or 0.0 for value in truth["nebular_ew"]])
        is_star = np.array(truth["kind"]) == "star"
        first = int(np.searchsorted(spectra.wave, WAVE[0] - 0.1))
        kept = slice(first, first + WAVE.size)
        subtype = np.array([value or "" for value in truth["subtype"]])
        labels = np.array(truth["label"])
        parts.append(
            {
                "flux": spectra.flux[:, kept],
                "ivar": spectra.ivar[:, kept],
                "snr": np.array([np.nan if value is None else value for value in facts["snr"]], dtype=np.float64),
                "kind": np.array(kinds),
                "group": np.array([f"{p}-{s}" for p, s in zip(facts["planid"], facts["spid"], strict=True)]),
                "layout": np.array(facts["format"]),
                "detail": np.where(
                    labels != "not-interesting",
                    np.char.add(np.char.add(labels, ":"), subtype),
                    np.where(nebular > 1, "nebular", np.where(is_star, "absorption", subtype)),
                ),
                "absorbs": is_star & (labels == "not-interesting") & (np.abs(nebular) < NEBULAR_EW),
            }
        )
    return _side({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
