"""Mean motion of disk stars."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from spectrove.simulate.motion import BRIGHTNESS, distances, galactic, mean_motion
from spectrove.simulate.stars import KIND_NAMES

RA, DEC = np.meshgrid(np.arange(5.0, 360, 40), np.arange(-80.0, 81, 20))


def test_galactic_coordinates_are_astropys():
    theirs = SkyCoord(RA * units.deg, DEC * units.deg).galactic
    longitude, latitude = galactic(RA, DEC)
    np.testing.assert_allclose(latitude, theirs.b.deg, atol=1e-3)
    np.testing.assert_allclose((longitude - theirs.l.deg + 180) % 360 - 180, 0, atol=1e-3)


def test_nearby_stars_come_toward_us_where_the_sun_goes():
    speed = mean_motion(RA, DEC, np.zeros(RA.shape))
    apex = np.unravel_index(speed.argmin(), speed.shape)
    longitude, latitude = galactic(RA[apex], DEC[apex])
    assert 20 < longitude < 80
    assert 0 < latitude < 45
    assert speed.min() == pytest.approx(-np.sqrt(11.1**2 + 12.24**2 + 7.25**2), abs=1)
    assert abs(speed.min() + speed.max()) < 1


def test_the_galaxys_rotation_grows_with_distance_and_vanishes_toward_the_anticenter():
    anticenter = (np.array([86.405]), np.array([28.936]))
    near, far = (mean_motion(*anticenter, np.array([distance])) for distance in (0.0, 2.0))
    assert near[0] == pytest.approx(far[0], abs=0.5)
    assert near[0] == pytest.approx(11.1, abs=0.5)
    perseus = (np.array([37.0]), np.array([60.0]))  # longitude 135°, where stars approach
    near, far = (mean_motion(*perseus, np.array([distance])) for distance in (0.0, 2.0))
    assert far[0] - near[0] == pytest.approx(-30.6, abs=1)


def test_stars_are_as_far_as_they_look_faint():
    same = np.full(3, 4.5)
    near, middle, far = distances(np.array([10.2, 12.2, 25.0]), same)
    assert near == pytest.approx(0.1)
    assert middle == pytest.approx(0.1 * 10**0.4)
    assert far == 2.5
    assert set(BRIGHTNESS) == set(KIND_NAMES)
