"""Which reading of the published figures a synthetic zone is calibrated to: the default set, and what may be varied."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

from helpers.errors import UsageError


@dataclass(frozen=True)
class Readings:
    """Numbers and definitions behind the calibration; the defaults are the default reading set.

    Parameters
    ----------
    industrial_firms, quota_firms : int
        Above-scale industrial and above-quota firms: together the analysable base.
    uncovered_industrial, uncovered_quota : int
        Firms of each without an organisation. With 3 and 3 all of 128/131, 130/133 and 258/264 are 97.7 %.
    joint_limit : int or None
        Most firms of a joint branch (the rule says five). What the own organisations and the joint branches then leave
        uncovered is attached (挂靠) to the organisation of its grid's lead firm. None: all of it goes to the four joint
        branches, which then hold about 31 firms each.
    members : int
        Members on the private-enterprise roll (1,262: roll and contact scheme are one population).
    rated : {"109/132", "114/138"}
        Branches rated good or above in 2023, and branches rated (138 takes in six sub-branches).
    secretaries : {"concurrent", "vacancies"}
        128 persons hold all 136 posts, or 8 posts are vacant.
    charter_base : {"analysable", "covered"}
        The firms among which the 220 with a charter clause are: all 264, or the 258 covered ones.
    high_tech_outside : int
        How many of the 75 high-tech firms stand outside the base.
    small_firm_patents : float
        Expected filings over the whole period of a small private firm outside the base (about 0.5 in the default zone;
        raise it for a benchmark).
    """

    industrial_firms: int = 131
    quota_firms: int = 133
    uncovered_industrial: int = 3
    uncovered_quota: int = 3
    joint_limit: int | None = 5
    members: int = 1096
    rated: Literal["109/132", "114/138"] = "109/132"
    secretaries: Literal["concurrent", "vacancies"] = "concurrent"
    charter_base: Literal["analysable", "covered"] = "analysable"
    high_tech_outside: int = 0
    small_firm_patents: float = 0.5


_RANGES = {
    "industrial_firms": (131, 131),
    "quota_firms": (133, 133),
    "uncovered_industrial": (0, 10),
    "uncovered_quota": (0, 10),
    "joint_limit": (2, 40),
    "members": (1000, 3000),
    "high_tech_outside": (0, 20),
    "small_firm_patents": (0.0, 100.0),
    "rated": ("109/132", "114/138"),
    "secretaries": ("concurrent", "vacancies"),
    "charter_base": ("analysable", "covered"),
}


def resolve(readings: "Mapping[str, object] | Readings | None") -> Readings:
    """Return the reading set, the default one with what `readings` changes.

    Raises
    ------
    UsageError
        With every unknown name and every value out of range.
    """
    if isinstance(readings, Readings):
        readings = asdict(readings)
    given = dict(readings or {})
    known = [field.name for field in fields(Readings)]
    problems = [
        f"reading '{name}' is unknown: expected one of {', '.join(known)}" for name in given if name not in known
    ]
    for name, value in given.items():
        if name not in known or (name == "joint_limit" and value is None):
            continue
        allowed = _RANGES[name]
        if isinstance(allowed[0], str):
            is_fine = value in allowed
            expected = "one of " + ", ".join(allowed)
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            is_fine = is_number and allowed[0] <= value <= allowed[1]
            is_fine = is_fine and (name == "small_firm_patents" or value == int(value))
            expected = f"a number from {allowed[0]} to {allowed[1]}"
        if not is_fine:
            problems.append(f"reading '{name}' is {value!r}: expected {expected}")
    if problems:
        raise UsageError("\n".join(problems))
    return Readings(**given)
