"""Tables of innovation outputs: filings by month with their truncation, shares of zeros, certificates."""

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers import engine, outcomes
from helpers.clean.patents import TYPES
from helpers.clean.spells import at
from helpers.models.association import COMPLETE
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.tables.panel import OUTCOMES, complete, complete_years
from helpers.text import Lang, label, say

YEARS_SHOWN = 6


@contextmanager
def _clean(zone: Study, *names: str) -> Iterator[list[ir.Table]]:
    with engine.session() as con:
        yield [engine.read(con, zone.folder / "clean" / f"{name}.parquet") for name in names]


def last_complete(zone: Study) -> dict[str, pd.Timestamp]:
    """Return, by patent type, the last month whose filings are all visible at the extract."""
    extract = zone.params.extract_on
    return {kind: pd.Timestamp(outcomes.last_complete_month(extract, lag)) for kind, lag in outcomes.LAG_MONTHS.items()}


def months(zone: Study) -> pd.DataFrame:
    """Return filings by month and type for the last six years: month, invention, utility, design.

    A month after the last complete one of its type is missing: what is visible of it is no count of its filings.
    """
    with _clean(zone, "patents") as (patents,):
        found = outcomes.patents_by_month(patents, extract_on=zone.params.extract_on).execute()
    wide = found.pivot_table(
        index="filing_month", columns="patent_type", values="patents", aggfunc="sum", observed=True
    )
    end = pd.Timestamp(zone.params.extract_on).replace(day=1)
    index = pd.date_range(end - pd.DateOffset(years=YEARS_SHOWN), end, freq="MS", name="month")
    wide = wide.rename(columns=TYPES).reindex(index=index, columns=list(TYPES.values())).fillna(0).astype("Int64")
    for kind, month in last_complete(zone).items():
        wide[kind] = wide[kind].where(wide.index <= month)
    return wide.rename_axis(columns=None).reset_index()


def yearly(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return filings of the panel's firms by year: own, fractional, acquired by type.

    Filings of a year not yet visible in full are missing; the running year's acquisitions go up to the day it names.
    """
    parts = []
    for kind in TYPES.values():
        name = f"patents_{kind}"
        by_year = panel.groupby("year").agg(
            own=(name, "sum"), fractional=(f"{name}_fractional", "sum"), acquired=(f"{name}_acquired", "sum"),
            complete=(name + COMPLETE, "all"),
        )  # fmt: skip
        counts = by_year[["own", "fractional"]].astype("Float64").mask(~by_year["complete"])
        counts["acquired"] = by_year["acquired"]
        parts.append(counts.round(1).rename(columns=lambda part, kind=kind: f"{label(kind, lang)} {label(part, lang)}"))
    table = pd.concat(parts, axis="columns")
    days = panel.groupby("year")["status_on"].max()
    years = [str(year) if f"{day:%m-%d}" == "12-31" else say("pages.part_year", lang, year=year, day=f"{day:%m-%d}")
             for year, day in days.items()]  # fmt: skip
    return labelled(table.set_axis(years, axis="index").rename_axis("year").reset_index(), lang)


def zero_shares(panel: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the share of firm-years without any, by outcome with the years used: those that show it in full."""
    rows = []
    for name in [*OUTCOMES, "software_copyrights"]:
        if name not in panel:
            continue
        values = panel.loc[complete(panel, name), name].dropna()
        if values.empty:
            continue
        first, last = complete_years(panel, name)
        words = say("figures.outcome_years", lang, outcome=label(name, lang), first=first, last=last)
        rows.append({"outcome": words, "zero_pct": 100 * float((values == 0).mean()), "n": len(values)})
    return pd.DataFrame(rows)


def expiring(zone: Study) -> pd.DataFrame:
    """Return how many valid statuses (a firm and a type of certificate each) end in the 12 months after the day.

    Returns
    -------
    DataFrame
        month, statuses: 12 months where the day is the last of its month, else 13, the first and the last in part.
    """
    return expiring_by_type(zone).sum().rename("statuses").rename_axis("month").astype("int64").reset_index()


def expiring_by_type(zone: Study) -> pd.DataFrame:
    """Return how many valid statuses of each type end in each of the 12 months after the day.

    Returns
    -------
    DataFrame
        Types of certificate held on the day down (those with most endings first), months across as in `expiring`:
        firms whose status of the type ends. Types nest: columns are not added up to anything but statuses.
    """
    day = ibis.timestamp(zone.params.as_of.isoformat())
    with _clean(zone, "certification_spells") as (spells,):
        held = spells.filter(at(spells, day, starts="from_on", ends="to_on"))
        types = held.select("cert_type").distinct().execute()["cert_type"].astype("str")
        found = outcomes.expiring(spells, on=zone.params.as_of).execute()
    first, last = expiring_span(zone)
    months = pd.date_range(first.replace(day=1), last.replace(day=1), freq="MS", name="month")
    counted = pd.crosstab(found["cert_type"].astype("str"), found["to_on"].dt.to_period("M").dt.to_timestamp())
    counted = counted.reindex(index=sorted(types), columns=months, fill_value=0).rename_axis("cert_type")
    return counted.loc[counted.sum(axis=1).sort_values(ascending=False, kind="stable").index].astype("int64")


def expiring_span(zone: Study) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day on which what `expiring` counts ends."""
    day = pd.Timestamp(zone.params.as_of)
    return day + pd.Timedelta(days=1), day + pd.DateOffset(months=12)


def certificates_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return, by type of certificate, the firms that hold a valid one on the day, and those whose ends in 12 months."""
    as_of = zone.params.as_of
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
    """Return filings of the panel's firms in complete years, high-tech firms at the last day, expiring statuses."""
    last = panel[panel["year"] == panel["year"].max()]
    filed = {f"patents_{kind}": panel.loc[complete(panel, f"patents_{kind}"), f"patents_{kind}"].sum()
             for kind in TYPES.values()}  # fmt: skip
    return {**filed, "hnte_firms": int(last["is_hnte"].sum()), "expiring": int(expiring(zone)["statuses"].sum())}


def zeros_alt(zeros: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure of zeros: share by outcome.

    `zeros`: from `zero_shares`.
    """
    shares = say("pages.comma", lang).join(f"{row.outcome} {row.zero_pct:.0f} %" for row in zeros.itertuples())
    return say("pages.zeros_alt", lang, shares=shares)


def months_words(zone: Study, months: pd.DataFrame) -> dict[str, str]:
    """Return the months that captions name: first and last drawn, and the last complete one of each type.

    `months`: from `months`.
    """
    span = {"first": months["month"].min(), "last": months["month"].max(), **last_complete(zone)}
    return {name: f"{month:%Y-%m}" for name, month in span.items()}


def expiring_words(zone: Study, calendar: pd.DataFrame) -> dict[str, object]:
    """Return what the caption of `expiring` names: first and last day, and the number of statuses.

    `calendar`: from `expiring`.
    """
    first, last = expiring_span(zone)
    return {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}", "n": int(calendar["statuses"].sum())}


def expiring_rows(calendar: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the calendar of `expiring_by_type` for the table behind its figure: a row a type, a column a month.

    `calendar`: from `expiring_by_type`.
    """
    shown = calendar.set_axis(calendar.columns.strftime("%Y-%m"), axis="columns").reset_index()
    return labelled(shown, lang, values=("cert_type",))


def expiring_named(calendar: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the calendar of `expiring_by_type` with its types in words.

    `calendar`: from `expiring_by_type`.
    """
    return calendar.set_axis([label(name, lang) for name in calendar.index], axis="index")


def expiring_alt(calendar: pd.DataFrame, lang: Lang) -> str:
    """Describe the calendar in numbers: endings by type, and the fullest month.

    `calendar`: from `expiring_by_type`.
    """
    by_type = calendar.sum(axis=1)
    named = [say("pages.expiring_of", lang, type=label(name, lang), n=n) for name, n in by_type[by_type > 0].items()]
    by_month = calendar.sum()
    return say("pages.expiring_alt", lang, types=len(calendar), n=int(by_type.sum()),
               listed=say("pages.comma", lang).join(named) or "–", month=f"{by_month.idxmax():%Y-%m}",
               most=int(by_month.max()))  # fmt: skip


def innovation_finding(found: dict[str, object], lang: Lang) -> str:
    """Say the page's main counts in one line; `found` is `innovation_results`."""
    return say("pages.innovation_finding", lang, **{name: f"{int(n):,}" for name, n in found.items()})


def shown_months(months: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table with a `month` column for a page: months as 2023-06, headings in words.

    `months`: from `months`.
    """
    return labelled(months.assign(month=months["month"].dt.strftime("%Y-%m")), lang)
