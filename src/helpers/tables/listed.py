"""Tables of the listed-firms page."""

import pandas as pd

from helpers.tables.labels import labelled
from helpers.text import Lang, number, say

# Two workbooks store the same decimal fraction with other last bits.
ROUNDING = 1e-9


def short_names_table(names: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the firms under several short names, names joined, the renamed ones first.

    `names`: from `listed.short_names`.
    """
    shown = names.assign(names=names["names"].map(" / ".join)).sort_values(["only_mark_differs", "stock_code"])
    return labelled(shown, lang)


def stacked(*steps: pd.DataFrame) -> pd.DataFrame:
    """Return tables of sample steps below one another.

    `steps` and what follows it are frames, one below the other.
    """
    return pd.concat(steps, ignore_index=True)


def replication_table(replication: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return expected and recomputed figures at the stated decimals.

    `replication`: from `listed.replication`.
    """
    name = "name_zh" if lang == "zh" else "name_en"
    shown = pd.DataFrame(
        {
            name: replication[name],
            "expected": [f"{v:,.{d}f}" for v, d in zip(replication["expected"], replication["decimals"], strict=True)],
            "recomputed": [
                f"{v:,.{d}f}" for v, d in zip(replication["recomputed"], replication["decimals"], strict=True)
            ],
            "is_reproduced": replication["is_reproduced"],
        }
    )
    return labelled(shown, lang)


def heating_table(estimates: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the coefficient with and without implausible rows, at three decimals as published.

    `estimates`: from `listed.heating`.
    """
    written = {name: [number(value, ".3f") for value in estimates[name]] for name in ("estimate", "std_error")}
    return labelled(estimates.assign(**written), lang, values=("sample",))


def differing_cells(cells: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the cells in which two sources differ by more than the last stored digit, columns in words.

    `cells`: from `listed.source_differences`.
    """
    first, second = (pd.to_numeric(cells[name], errors="coerce") for name in ("first", "second"))
    kept = cells[~((first - second).abs() <= ROUNDING)]
    return labelled(kept.replace({"nan": None, "<NA>": None}), lang, values=("column",))


def listed_finding(
    replication: pd.DataFrame, matched: dict[str, int], shown: pd.DataFrame, lang: Lang, *, shared: int
) -> str:
    """Say in one line what was recomputed and how the two sources agree.

    `replication`: from `listed.replication`; `shown`: from `differing_cells`; `shared`: columns in both sources.
    """
    return say("pages.listed_finding", lang, agree=int(replication["is_reproduced"].sum()), of=len(replication),
               both=f"{matched['both']:,}", cells=f"{len(shown):,}", shared=shared)  # fmt: skip
