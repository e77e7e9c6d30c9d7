"""Tables of filings around the first high-tech award: class II intellectual property beside inventions."""

from typing import Final

import ibis.expr.types as ir
import pandas as pd

from helpers import engine, outcomes
from helpers.clean.patents import TYPES
from helpers.panel.bursts import FEWEST, FEWEST_FIRMS, REFERENCE, burst_ratios, event_counts, event_means
from helpers.study import Study
from helpers.tables.innovation import last_complete
from helpers.tables.labels import labelled
from helpers.text import Lang, inline, label, number, say

SOFTWARE: Final = "software_copyrights"
# 国科发火〔2016〕32号: class I are inventions, these are class II.
CLASS_II: Final = ("utility", "design", SOFTWARE)
_OPTIONAL: Final = ("patent_owners", SOFTWARE)


def bursts(zone: Study) -> pd.DataFrame:
    """Return own filings of firms with a first high-tech award by kind and event-year, see `panel.event_counts`.

    Kinds: utility, design, software_copyrights (new own works by registration) and invention. A co-owned patent counts
    one for each owner. A year counts from the first month that the study and the register of its kind reach, up to the
    last month that is complete.
    """
    awards, filed, begins = _registers(zone)
    extract = pd.Timestamp(zone.params.extract_on)
    ends = {kind: month + pd.DateOffset(months=1) for kind, month in last_complete(zone).items()}
    ends |= {SOFTWARE: extract + pd.Timedelta(days=1)}
    study = pd.Timestamp(zone.params.first_year, 1, 1)
    spans = {kind: (max(study, begins[kind]), ends[kind]) for kind in (*CLASS_II, REFERENCE) if kind in begins}
    return event_counts(awards, filed, spans)


def _registers(zone: Study) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.Timestamp]]:
    """Return awards with the lives of their firms, dated filings of these, and the first month of each register."""
    folder = zone.folder / "clean"
    optional = [name for name in _OPTIONAL if (folder / f"{name}.parquet").exists()]
    with engine.session() as con:
        read = {name: engine.read(con, folder / f"{name}.parquet")
                for name in ("certifications", "enterprises", "patents", *optional)}  # fmt: skip
        first, patents = outcomes.first_award(read["certifications"]), read["patents"]
        lives = read["enterprises"].select("uscc", "founded_on", "exit_on")
        awards = first.inner_join(lives, "uscc").rename(awarded_on="first_issued_on").order_by("uscc").execute()
        own = _own_patents(patents, read.get("patent_owners")).semi_join(first, "uscc").execute()
        filed = [own.assign(kind=own["patent_type"].astype(object).map(TYPES))]
        starts = patents.group_by("patent_type").agg(start=patents.filed_on.min()).execute()
        begins = dict(zip(starts["patent_type"].astype(object).map(TYPES), starts["start"], strict=True))
        if SOFTWARE in read:
            works = _own_works(read[SOFTWARE]).execute()
            filed.append(works.assign(kind=SOFTWARE))
            begins[SOFTWARE] = works["filed_on"].min()
    months = {kind: pd.Timestamp(day).to_period("M").to_timestamp() for kind, day in begins.items() if not pd.isna(day)}
    return awards, pd.concat(filed, ignore_index=True)[["kind", "uscc", "filed_on"]], months


def _own_patents(patents: ir.Table, owners: ir.Table | None) -> ir.Table:
    held = outcomes.ownership(patents, owners)
    held = held.filter(~held.is_acquired).select("application_no", "uscc", "patent_type")
    return held.inner_join(patents.select("application_no", "filed_on"), "application_no")


def _own_works(copyrights: ir.Table) -> ir.Table:
    works = copyrights.filter(copyrights.is_new_work & ~copyrights.is_acquired)
    return works.select("uscc", filed_on=works.registered_on)


def burst_means(zone: Study, counts: pd.DataFrame) -> pd.DataFrame:
    """Return the means that the figure draws, `panel.event_means` of kinds with a firm in every year before the award.

    Parameters
    ----------
    counts : DataFrame
        From `bursts`.
    """
    found = event_means(counts, seed=zone.params.seed)
    return found[found["firms"] > 0].reset_index(drop=True)


def burst_rows(means: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the table behind the figure; `means` is `burst_means`."""
    shown = means.rename(columns={"mean": "filings_per_firm", "kind": "ip_kind"})
    return labelled(shown.round(3), lang, values=("ip_kind",))


def burst_alt(means: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure: mean filings of every kind in the first, the last and the next year drawn."""
    said = []
    for kind, rows in means.groupby("kind", sort=False):
        value = rows.set_index("event_year")["mean"]
        after = number(value[1], ".2f") if 1 in value else "–"
        said.append(say("pages.burst_of", lang, kind=inline(kind, lang), first=number(value[-4], ".2f"),
                        last=number(value[-1], ".2f"), after=after))  # fmt: skip
    return say("pages.burst_alt", lang, kinds=say("pages.semicolon", lang).join(said))


def burst_table(ratios: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the year before the award against the three before it, by kind and against inventions.

    Parameters
    ----------
    ratios : DataFrame
        From `burst_found`.
    """
    shown = pd.DataFrame(
        {
            "ip_kind": [label(kind, lang) for kind in ratios["kind"]],
            "ip_class": ["I" if kind == REFERENCE else "II" for kind in ratios["kind"]],
            "firms_observed": [f"{row.firms} / {row.all_firms}" for row in ratios.itertuples()],
            "three_years": ratios["earlier"],
            "year_before": ratios["last"],
            "burst_ratio": _intervals(ratios, "ratio", "conf_low", "conf_high"),
            "against_inventions": _intervals(ratios, "against", "against_low", "against_high"),
        }
    )
    return labelled(shown, lang)


def burst_found(zone: Study, counts: pd.DataFrame) -> pd.DataFrame:
    """Return `panel.burst_ratios` at the run's seed; `counts` is `bursts`."""
    return burst_ratios(counts, seed=zone.params.seed)


def _intervals(rows: pd.DataFrame, value: str, low: str, high: str) -> list[str | None]:
    ends = rows[[value, low, high]].itertuples(index=False)
    written = [[None if pd.isna(end) else number(end, ".2f") for end in row] for row in ends]
    return [None if row[0] is None else f"{row[0]} ({row[1] or '0'}–{row[2] or '∞'})" for row in written]


def burst_sentence(ratios: pd.DataFrame, lang: Lang) -> str:
    """Say the ratios in one sentence that claims an association only, or why there is none."""
    told = ratios.dropna(subset=["ratio", "conf_low", "conf_high"])
    if told.empty:
        return say("pages.no_bursts", lang, fewest=FEWEST, firms=FEWEST_FIRMS)
    said = [
        say("pages.burst_ratio_of", lang, kind=inline(row.kind, lang), ratio=number(row.ratio, ".2f"),
            low=number(row.conf_low, ".2f"), high=number(row.conf_high, ".2f"))
        for row in told.itertuples()
    ]  # fmt: skip
    apart = int(((told["conf_low"] > 1) | (told["conf_high"] < 1)).sum())
    return say("pages.burst_sentence", lang, kinds=say("pages.semicolon", lang).join(said), apart=apart, all=len(told))


def burst_note(lang: Lang) -> str:
    """Say how the table of ratios is to be read."""
    return say("pages.burst_table_note", lang, fewest=FEWEST, firms=FEWEST_FIRMS)
