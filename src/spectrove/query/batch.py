"""
Which spectra are asked about: the most useful ones, or a random sample.

Ties and draws are decided by a hash of each spectrum's id under a salt from the generator, never by its row. So the same seed
chooses the same spectra however the pool's rows are ordered.
"""

from __future__ import annotations

import hashlib

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IdColumn, IntArray

SALT_BYTES = 16
DIGEST_BYTES = 16  # two spectra of a million collide with a probability of 1e-27
HASHED_ROWS = 1 << 16  # ids are read and hashed so many at a time, as they may be millions


def select_top(
    utilities: FloatArray,
    spectrum_ids: IdColumn,
    k: int,
    generator: np.random.Generator,
    excluded: BoolArray | None = None,
) -> IntArray:
    """
    Return the rows of the spectra that are most worth asking about.

    Parameters
    ----------
    utilities : array of shape (n_spectra,)
        Value of asking about each spectrum, larger = ask first.
    spectrum_ids : IdColumn, n_spectra long
        Their ids, each different; such as an array of str.
    k : int
        Number of spectra wanted.
    generator : numpy.random.Generator
        Decides between equal utilities; used once in each call.
    excluded : array of bool, shape (n_spectra,), or None
        True where a spectrum must not be returned, such as one already labeled.

    Returns
    -------
    array of int, shape (min(k, n_available),)
        Rows, the largest utility first.

    Raises
    ------
    ValueError
        If the shapes differ, a utility is NaN or ``k`` is negative.
    """
    values = np.asarray(utilities, dtype=np.float64)
    _require_one_shape(len(spectrum_ids), utilities=values, excluded=excluded)
    if np.isnan(values).any():
        row = int(np.argmax(np.isnan(values)))
        msg = f"{spectrum_ids[row]}: the utility is NaN; every utility must be a number"
        raise ValueError(msg)
    require_count("k", k)
    available = np.arange(values.size) if excluded is None else np.flatnonzero(~excluded)
    return choose_top(available, values[available], spectrum_ids, k, generator)[0]


def choose_top(
    rows: IntArray, utilities: FloatArray, spectrum_ids: IdColumn, k: int, generator: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """
    Return the best of some rows, and their utilities.

    Parameters
    ----------
    rows : array of int, shape (n_rows,)
        The rows that may be chosen, in ascending order.
    utilities : array of float64, shape (n_rows,)
        The value of asking about each, larger = ask first; none is NaN.
    spectrum_ids : IdColumn, n_spectra long
        Ids of all spectra.
    k : int
        Number of spectra wanted, not negative.
    generator : numpy.random.Generator
        Decides between equal utilities; used once in each call.

    Returns
    -------
    rows : array of int, shape (min(k, n_rows),)
        Rows, the largest utility first.
    utilities : array of float64, shape (min(k, n_rows),)
        Their utilities.
    """
    salt = generator.bytes(SALT_BYTES)
    n_chosen = min(k, rows.size)
    if n_chosen == 0:
        return np.empty(0, dtype=np.intp), np.empty(0)
    boundary = np.partition(utilities, rows.size - n_chosen)[rows.size - n_chosen]
    is_above = utilities > boundary
    above, worth = rows[is_above], utilities[is_above]
    order = np.argsort(-worth, kind="stable")
    above, worth = above[order], worth[order]
    # Ids are read, which costs more than all else, where utilities are equal and nowhere else.
    for equal in np.split(np.arange(worth.size), np.flatnonzero(np.diff(worth)) + 1):
        if equal.size > 1:
            above[equal] = smallest_hashes(spectrum_ids, above[equal], equal.size, salt)
    n_tied, tied = n_chosen - above.size, rows[utilities == boundary]
    tied = tied if tied.size == n_tied == 1 else smallest_hashes(spectrum_ids, tied, n_tied, salt)
    return np.concatenate([above, tied]), np.concatenate([worth, np.full(tied.size, boundary)])


def sample_at_random(
    spectrum_ids: IdColumn, candidates: BoolArray, n: int, generator: np.random.Generator
) -> tuple[IntArray, float]:
    """
    Return a simple random sample of the candidates, drawn without replacement.

    Parameters
    ----------
    spectrum_ids : IdColumn, n_spectra long
        Ids, each different; such as an array of str.
    candidates : array of bool, shape (n_spectra,)
        True where a spectrum may be drawn.
    n : int
        Number of spectra wanted; all candidates are returned where there are fewer.
    generator : numpy.random.Generator
        Source of the draw; used once in each call.

    Returns
    -------
    rows : array of int, shape (min(n, n_candidates),)
        Rows of the drawn spectra, in random order.
    inclusion_probability : float
        Probability with which each candidate was drawn, ``n / n_candidates`` or 1; NaN if there is no candidate.

    Raises
    ------
    ValueError
        If the shapes differ or ``n`` is negative.
    """
    _require_one_shape(len(spectrum_ids), candidates=candidates)
    require_count("n", n)
    salt = generator.bytes(SALT_BYTES)
    rows = np.flatnonzero(candidates)
    if rows.size == 0:
        return rows, float("nan")
    drawn = smallest_hashes(spectrum_ids, rows, min(n, rows.size), salt)
    return drawn, drawn.size / rows.size


def smallest_hashes(spectrum_ids: IdColumn, rows: IntArray, n: int, salt: bytes) -> IntArray:
    """
    Return the rows whose ids have the smallest hashes: a draw that does not depend on the order of the rows.

    Parameters
    ----------
    spectrum_ids : IdColumn, n_spectra long
        Ids of all spectra, each different.
    rows : array of int, shape (n_rows,)
        Rows that may be returned.
    n : int
        How many are wanted, at most ``n_rows``.
    salt : bytes
        Key of the hash.

    Returns
    -------
    array of int, shape (n,)
        Rows, the smallest hash first.
    """
    if n == 0:
        return rows[:0]
    high, low = _hash_words(spectrum_ids, rows, salt)
    near = np.flatnonzero(high <= np.partition(high, n - 1)[n - 1])
    smallest: IntArray = rows[near[np.lexsort((low[near], high[near]))[:n]]]
    return smallest


def _hash_words(spectrum_ids: IdColumn, rows: IntArray, salt: bytes) -> tuple[IntArray, IntArray]:
    keyed = hashlib.blake2b(key=salt, digest_size=DIGEST_BYTES)

    def digest(spectrum_id: str) -> bytes:
        state = keyed.copy()
        state.update(spectrum_id.encode())
        return state.digest()

    digests = np.empty(rows.size, dtype=f"S{DIGEST_BYTES}")
    for begin in range(0, rows.size, HASHED_ROWS):
        ids = spectrum_ids[rows[begin : begin + HASHED_ROWS]]
        digests[begin : begin + len(ids)] = np.fromiter(map(digest, ids), dtype=digests.dtype, count=len(ids))
    words = digests.view(">u8").astype(np.uint64).reshape(-1, 2)
    return words[:, 0], words[:, 1]


def _require_one_shape(n_spectra: int, **arrays: FloatArray | BoolArray | None) -> None:
    shapes = {name: np.shape(array) for name, array in arrays.items() if array is not None} | {"spectrum_ids": (n_spectra,)}
    if len(set(shapes.values())) != 1:
        msg = f"{', '.join(shapes)} must share one shape (n_spectra,), got {tuple(shapes.values())}"
        raise ValueError(msg)


def require_count(name: str, value: int) -> None:
    """
    Refuse a negative number of spectra.

    Parameters
    ----------
    name : str
        What the caller calls it.
    value : int
        The number.

    Raises
    ------
    ValueError
        If it is negative.
    """
    if value < 0:
        msg = f"{name} must not be negative, got {value}"
        raise ValueError(msg)
