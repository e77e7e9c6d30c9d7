"""What to mind in a fit that was estimated: its sample in, named warnings with counts out."""

import numpy as np

from helpers.models.result import Sample
from helpers.text import Message

FEW_CLUSTERS = 30
# With so few treated clusters even the wild bootstrap fails: MacKinnon & Webb (2018, Econometrics Journal 21).
FEW_TREATED = 3
RARE = 0.03


def cautions(sample: Sample, *, cluster: str | None, unit: str | None) -> tuple[Message, ...]:
    """Return warnings on clusters of one row, few clusters, few treated ones, and an exposure that hardly varies.

    Parameters
    ----------
    sample : Sample
    cluster, unit : str, optional
        Their names.
    """
    found = list(_rare(sample, unit))
    if cluster is None:
        return tuple(found)
    size = np.bincount(sample.cluster)
    named = {"clusters": len(size), "cluster": cluster}
    if (size == 1).any():
        found.append(Message("models.single_rows", {"single": int((size == 1).sum()), **named}))
    if len(size) < FEW_CLUSTERS:
        found.append(Message("models.few_clusters", named))
    exposure = sample.design[:, 0]
    ends = (exposure.min(), exposure.max())
    for value in ends if ((exposure == ends[0]) | (exposure == ends[1])).all() else ():
        having = int((np.bincount(sample.cluster, exposure == value) > 0).sum())
        if having <= FEW_TREATED:
            said = {"having": having, "exposure": sample.names[0], "value": f"{value:g}", **named}
            found.append(Message("fit.few_treated", said))
    return tuple(found)


def _rare(sample: Sample, unit: str | None) -> tuple[Message, ...]:
    """Return the warning that an exposure has one value in more than 97 % of the rows, or of the units at all times."""
    exposure = sample.design[:, 0]
    # A value that most rows have is their median.
    value = np.partition(exposure, len(exposure) // 2)[len(exposure) // 2]
    is_other = exposure != value
    said = {"exposure": sample.names[0], "value": f"{value:g}", "rows": f"{len(exposure):,}",
            "other_rows": f"{int(is_other.sum()):,}", "share": f"{is_other.mean():.1%}"}  # fmt: skip
    if unit is None:
        return (Message("fit.rare_exposure", said),) if is_other.mean() < RARE else ()
    size = int(sample.unit.max()) + 1
    others = int((np.bincount(sample.unit, is_other, size) > 0).sum())
    having = int((np.bincount(sample.unit, ~is_other, size) > 0).sum())
    if is_other.mean() >= RARE and others / size >= RARE:
        return ()
    return (Message("fit.rare_exposure_units", {**said, "units": f"{size:,}", "others": f"{others:,}",
                                                "having": f"{having:,}", "unit": unit}),)  # fmt: skip
