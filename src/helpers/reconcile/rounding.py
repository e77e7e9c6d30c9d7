"""GRIM, the granularity test: which whole numbers k of N a published percentage can stand for.

Brown & Heathers (2017), The GRIM Test, Social Psychological and Personality Science 8(4), for percentages. An empty
list proves a base wrong under the stated rounding; one that is not empty proves little, for large bases fit anything.
All arithmetic is on integers. Rounding is half up (ROUND_HALF_UP): assumed, the source does not state its mode.
"""

from decimal import Decimal
from fractions import Fraction

from helpers.errors import UsageError


def percent_half_up(k: int, n: int, decimals: int) -> Decimal:
    """Return 100 k / n rounded half up to `decimals` places, exactly."""
    scale = 10**decimals
    return Decimal((200 * scale * k + n) // (2 * n)).scaleb(-decimals)


def grim(percent: float | str, decimals: int, base: int) -> list[int]:
    """Return every k from 0 to `base` with round(100 k / base, decimals) equal to `percent`.

    Parameters
    ----------
    percent : float or str
        The published percentage, 0-100; text keeps it exact.
    decimals : int
        Places to which it was published; 0 or more.
    base : int
        Candidate denominator, 1 or more.

    Raises
    ------
    UsageError
        If the percentage has more places than stated, or base or decimals are out of range.
    """
    if base < 1 or decimals < 0:
        raise UsageError(f"base is {base} and decimals {decimals}: expected a base of 1 or more, decimals of 0 or more")
    units = Decimal(str(percent)).scaleb(decimals)
    if units != int(units):
        raise UsageError(f"{percent} has more than {decimals} decimal places: pass as many as were published")
    target, scale = int(units), 10**decimals
    # Half up: 2 target - 1 <= 200 scale k / base < 2 target + 1.
    low = -((1 - 2 * target) * base // (200 * scale))
    high = -(-(2 * target + 1) * base // (200 * scale)) - 1
    return list(range(max(low, 0), min(high, base) + 1))


def bases_of(k: int, percent: float | str, decimals: int) -> list[int]:
    """Return every base N of at least k for which round(100 k / N, decimals) equals `percent`; none where k is 0.

    With k known and N not, this is the test of a published count against a published percentage.
    """
    half = Fraction(1, 2 * 10**decimals)
    low_percent, high_percent = Fraction(str(percent)) - half, Fraction(str(percent)) + half
    if k < 1 or low_percent <= 0:
        return []
    # Half up: low_percent <= 100 k / N < high_percent.
    first = max(k, int(100 * k / high_percent) + 1)
    return list(range(first, int(100 * k / low_percent) + 1))


def possible_bases(percent: float | str, decimals: int, max_base: int) -> list[int]:
    """Return every base from 1 to `max_base` for which `grim` finds a k."""
    return [base for base in range(1, max_base + 1) if grim(percent, decimals, base)]
