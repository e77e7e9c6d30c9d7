"""The same code in processes of its own, apart from this one's imports and hashes."""

import os
import subprocess
import sys

from helpers import paths


def printed_under_two_hash_seeds(code: str) -> list[bytes]:
    """Return what `code` prints, run from the project's root under one PYTHONHASHSEED and under another."""
    return [
        subprocess.run(
            [sys.executable, "-c", code], cwd=paths.ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "4242")
    ]  # fmt: skip
