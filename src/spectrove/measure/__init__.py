"""Line profiles: equivalent width, width, peaks, V/R and radial velocity by mirroring, each with its uncertainty."""

from spectrove.measure.combine import Combined, combine_velocities
from spectrove.measure.config import CATALOG_LINES, MeasureConfig, config_of
from spectrove.measure.line import LineMeasurement, measure_line
from spectrove.measure.mirror import PARTS, MirrorVelocity, mirror_velocity
from spectrove.measure.noise import noise_of, scatter_of
from spectrove.measure.peaks import PROFILES
from spectrove.measure.window import NormalizedProfile, profile_of

__all__ = [
    "CATALOG_LINES",
    "PARTS",
    "PROFILES",
    "Combined",
    "LineMeasurement",
    "MeasureConfig",
    "MirrorVelocity",
    "NormalizedProfile",
    "combine_velocities",
    "config_of",
    "measure_line",
    "mirror_velocity",
    "noise_of",
    "profile_of",
    "scatter_of",
]
