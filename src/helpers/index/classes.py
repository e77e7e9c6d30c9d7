"""Size classes within which firms are compared: typed tables in, one class a firm out."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from helpers.forces import population

# 国统字〔2017〕213号, industry: employees from which a firm is small, medium, large.
SIZES = (20, 300, 1000)
SMALLEST_GROUP = 10


def size_classes(tables: Mapping[str, pd.DataFrame], firms: pd.Index, day: date) -> pd.Series:
    """Return each firm's size class by employees, classes of fewer than ten firms joined with the one below.

    Firms without a stated number of employees are a class of their own, or stand with the smallest where they are few.
    """
    years = tables.get("enterprise_years")
    if years is None:
        return pd.Series("all", index=firms)
    employees = population.latest_employees(years, day).reindex(firms)
    size = pd.Series(-1, index=firms)
    for place, least in enumerate((0, *SIZES)):
        size = size.mask(employees.ge(least).fillna(value=False).astype(bool), place)
    for place in (3, 2, 1, 0, -1):
        others = size[size != place]
        if (size == place).sum() < SMALLEST_GROUP and len(others):
            lower = others[others < place]
            size = size.mask(size == place, lower.max() if len(lower) else others.min())
    return size.astype("str")
