"""The panel's filings under other rules of linkage: the panel and links in, the panel with other counts out."""

from typing import Final

import pandas as pd

from helpers.clean.patents import TYPES

KEY: Final = ["uscc", "year"]


def with_links(panel: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with the filings of `links` added to those it holds.

    Parameters
    ----------
    panel : DataFrame
        Key `uscc`, `year`: `patents_<type>` (own filings; missing stays missing).
    links : DataFrame
        One row a filing and firm: uscc, year (of filing), patent_type.

    Returns
    -------
    DataFrame
        A copy; shares, acquisitions and marks of complete years are those of the panel. Links of firms or years outside
        of the panel are not counted.
    """
    counts = _counted(links)
    index = pd.MultiIndex.from_frame(panel[KEY])
    added = {
        name: panel[name] + counts[name].reindex(index, fill_value=0).to_numpy() for name in counts if name in panel
    }
    return panel.assign(**added)


def by_links_alone(panel: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with the filings of `links` in the place of those it holds; parameters as `with_links`."""
    names = [f"patents_{kind}" for kind in TYPES.values() if f"patents_{kind}" in panel]
    return with_links(panel.assign(**{name: panel[name] * 0 for name in names}), links)


def _counted(links: pd.DataFrame) -> pd.DataFrame:
    """Return filings by firm and year, a column `patents_<type>` each."""
    kind = links["patent_type"].astype("str").map(TYPES)
    rows = links.assign(column="patents_" + kind.astype("str"))[kind.notna().to_numpy()]
    made = rows.pivot_table(index=KEY, columns="column", values="patent_type", aggfunc="size", fill_value=0)
    made.index = pd.MultiIndex.from_tuples(made.index, names=KEY) if len(made) else pd.MultiIndex.from_arrays([[], []])
    return made.reindex(columns=[f"patents_{name}" for name in TYPES.values()], fill_value=0).astype("int64")
