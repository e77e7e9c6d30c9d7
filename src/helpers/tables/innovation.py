"""Tables of innovation outputs: filings by month with their truncation, shares of zeros, certificates."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from helpers import engine, outcomes
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.tables.panel import OUTCOMES
from helpers.text import Lang, label, say

KINDS = {"发明": "invention", "实用新型": "utility", "外观设计": "design"}
YEARS_SHOWN = 6


@contextmanager
def _clean(zone: Study, *names: str) -> Iterator[list[ir.Table]]:
    con = engine.connect()
    try:
        yield [engine.read(con, zone.folder / "clean" / f"{name}.parquet") for name in names]
    finally:
        con.disconnect()


def last_complete(zone: Study) -> dict[str, pd.Timestamp]:
    """Return, by patent type, the last month whose filings are all visible at the extract."""
    extract = zone.params.extract_on
    return {kind: pd.Timestamp(outcomes.last_complete_month(extract, lag)) for kind, lag in outcomes.LAG_MONTHS.items()}


def months(zone: Study) -> pd.DataFrame:
    """Return filings by month and type for the last six years: month, invention, utility, design."""
    with _clean(zone, "patents") as (patents,):
        found = outcomes.patents_by_month(patents, extract_on=zone.params.extract_on).execute()
    wide = found.pivot_table(
        index="filing_month", columns="patent_type", values="patents", aggfunc="sum", observed=True
    )
    end = pd.Timestamp(zone.params.extract_on).replace(day=1)
    index = pd.date_range(end - pd.DateOffset(years=YEARS_SHOWN), end, freq="MS", name="month")
    wide = wide.reindex(index).fillna(0).astype(int).rename(columns=KINDS)
    return wide.reindex(columns=list(KINDS.values()), fill_value=0).reset_index()


def yearly(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return filings of the panel's firms, by year: own, fractional, acquired by type; incomplete years masked."""
    parts = []
    for kind in KINDS.values():
        name = f"patents_{kind}"
        by_year = panel.groupby("year").agg(
            own=(name, "sum"), fractional=(f"{name}_fractional", "sum"), acquired=(f"{name}_acquired", "sum"),
            complete=(f"{name}_is_complete", "all"),
        )  # fmt: skip
        counts = by_year[["own", "fractional"]].astype("Float64").mask(~by_year["complete"])
        counts["acquired"] = by_year["acquired"]
        parts.append(
            counts.round(1).rename(columns=lambda part, kind=kind: f"{label(kind, lang)} · {label(part, lang)}")
        )
    return labelled(pd.concat(parts, axis="columns").reset_index(), lang)


def zero_shares(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the share of firm-years without a filing, by outcome, in complete years."""
    rows = []
    for name in [*OUTCOMES, "software_copyrights"]:
        if name not in panel:
            continue
        complete = panel.get(f"{name}_is_complete", pd.Series(True, index=panel.index)).astype(bool)
        values = panel.loc[complete, name].dropna()
        rows.append({"outcome": label(name, lang), "zero_pct": 100 * float((values == 0).mean()), "n": len(values)})
    return pd.DataFrame(rows)


def expiring(zone: Study) -> pd.DataFrame:
    """Return how many valid certificates end in each of the next 12 months: month, certificates."""
    as_of = zone.params.as_of
    with _clean(zone, "certification_spells") as (spells,):
        found = outcomes.expiring(spells, on=as_of).execute()
    index = pd.date_range(pd.Timestamp(as_of).replace(day=1), periods=13, freq="MS", name="month")
    counted = found["to_on"].dt.to_period("M").dt.to_timestamp().value_counts()
    return counted.reindex(index, fill_value=0).rename("certificates").reset_index()


def certificates_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return certificates valid on the day by type: firms holding one, and those ending within 12 months."""
    as_of: date = zone.params.as_of
    with _clean(zone, "certification_spells") as (spells,):
        held = spells.filter((spells.from_on <= pd.Timestamp(as_of)) & (spells.to_on > pd.Timestamp(as_of))).execute()
        ending = outcomes.expiring(spells, on=as_of).execute()
    table = pd.DataFrame(
        {
            "firms": held.groupby("cert_type", observed=True)["uscc"].nunique(),
            "ending": ending.groupby("cert_type", observed=True)["uscc"].nunique(),
        }
    )
    table = table.fillna(0).astype(int).rename_axis("cert_type").reset_index()
    return labelled(
        table.sort_values(["firms", "cert_type"], ascending=[False, True], ignore_index=True),
        lang,
        values=("cert_type",),
    )


def innovation_results(panel: pd.DataFrame, zone: Study) -> dict[str, object]:
    """Return filings of the panel's firms in complete years, high-tech firms at the last day, expiring certificates."""
    last = panel[panel["year"] == panel["year"].max()]
    complete = {name: panel.loc[panel[f"{name}_is_complete"].astype(bool), name].sum() for name in
                ("patents_invention", "patents_utility", "patents_design")}  # fmt: skip
    return {**complete, "hnte_firms": int(last["is_hnte"].sum()), "expiring": int(expiring(zone)["certificates"].sum())}


def zeros_alt(zeros: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure of zeros: share by outcome."""
    return say("pages.zeros_alt", lang, shares=_listed_shares(zeros, lang))


def _listed_shares(zeros: pd.DataFrame, lang: Lang) -> str:
    return say("pages.comma", lang).join(f"{row.outcome} {row.zero_pct:.0f} %" for row in zeros.itertuples())


def innovation_finding(found: dict[str, object], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `innovation_results`."""
    return say("pages.innovation_finding", lang, **{name: f"{int(n):,}" for name, n in found.items()})


def shown_months(months: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table with a `month` column for a page: months as 2023-06, headings in words."""
    return labelled(months.assign(month=months["month"].dt.strftime("%Y-%m")), lang)
