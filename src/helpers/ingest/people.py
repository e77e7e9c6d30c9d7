"""Person ids in, keyed hashes out: HMAC-SHA256 under a key that never lies in the repository.

The same id gives the same hash in every table of a run and in every run under the same key, and nobody without the key
can tell which hash belongs to which id.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import InputError

KEY = "WULI_PERSON_KEY"
KEY_FILE = "WULI_PERSON_KEY_FILE"
HEX_DIGITS = 24
MINIMUM_BYTES = 16
HOW_TO_MAKE_ONE = (
    f'make one outside of the project with `python3 -c "import secrets; print(secrets.token_hex(32))" > ~/wuli.key; '
    f"chmod 600 ~/wuli.key`, then `export {KEY_FILE}=~/wuli.key`, and keep it: another key gives other hashes"
)


def key_from_environment(environment: Mapping[str, str] = os.environ) -> bytes | None:
    """Return the key for person ids, or None if none is set.

    Parameters
    ----------
    environment : mapping, optional
        `WULI_PERSON_KEY` holds the key itself, `WULI_PERSON_KEY_FILE` the file that holds it.

    Raises
    ------
    InputError
        If both are set, the key is shorter than 16 bytes, or the file is unreadable or lies inside the project.
    """
    text, file = environment.get(KEY), environment.get(KEY_FILE)
    if text and file:
        raise InputError(f"{KEY} and {KEY_FILE} are both set: unset one, so that it is clear which key counts")
    if not text and not file:
        return None
    key = text.strip().encode() if text else _read(Path(file).expanduser())
    if len(key) < MINIMUM_BYTES:
        where = KEY if text else KEY_FILE
        raise InputError(
            f"{where}: the key has {len(key)} bytes, at least {MINIMUM_BYTES} are needed so that it cannot be guessed: "
            + HOW_TO_MAKE_ONE
        )
    return key


def pseudonymise(series: pd.Series, key: bytes) -> pd.Series:
    """Replace person ids by keyed hashes.

    Parameters
    ----------
    series : Series of str, shape (N,)
        Ids in their canonical form; missing stays missing.
    key : bytes
        At least 16 bytes.

    Returns
    -------
    Series of str, shape (N,)
        The first 24 hexadecimal digits (96 bits) of HMAC-SHA256(key, id), same index and name.
    """
    places, ids = pd.factorize(series)
    hashes = pd.Series(
        [hmac.new(key, str(one).encode(), hashlib.sha256).hexdigest()[:HEX_DIGITS] for one in ids], dtype="str"
    )
    hashed = hashes.reindex(places)
    hashed.index = series.index
    return hashed.rename(series.name)


def mark(key: bytes) -> str:
    """Return what tells whether hashes were made under this key, and nothing else about it."""
    return hmac.new(key, b"mark of a key for person ids", hashlib.sha256).hexdigest()


def _read(path: Path) -> bytes:
    if path.resolve().is_relative_to(paths.ROOT):
        raise InputError(
            f"{KEY_FILE}: {path.name} lies inside the project, where it would be shared with the results: "
            + HOW_TO_MAKE_ONE
        )
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise InputError(f"{KEY_FILE}: {path.name} cannot be read ({error.strerror}): {HOW_TO_MAKE_ONE}") from error
