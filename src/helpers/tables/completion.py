"""Truncated months as modelled from the delays of earlier filings: kept apart from the counts of complete months."""

import pandas as pd

from helpers import engine, outcomes
from helpers.clean.patents import TYPES
from helpers.models.completion import FEWEST, FLOOR, completed_months
from helpers.study import Study
from helpers.tables.innovation import last_complete, months
from helpers.tables.labels import labelled
from helpers.text import Lang, inline, number, say, with_capital

COUNTED_SHOWN = 18
_MODELLED = ["modelled", "conf_low", "conf_high"]


def completion(zone: Study) -> pd.DataFrame:
    """Return every truncated month of each type with its modelled number of filings, or without one.

    Returns
    -------
    DataFrame
        kind (invention, utility, design) and the columns of `models.completion.completed_months`. An invention becomes
        visible when published, the others when granted; months go up to the last one over at the extract.
    """
    extract = zone.params.extract_on
    with engine.session() as con:
        patents = engine.read(con, zone.folder / "clean" / "patents.parquet")
        filed = patents.select("patent_type", "filed_on", "published_on", "granted_on").execute()
    parts = []
    for name, kind in TYPES.items():
        own = filed[filed["patent_type"] == name]
        found = completed_months(
            own["filed_on"], own["published_on" if kind == "invention" else "granted_on"],
            last_month=outcomes.last_complete_month(extract, 0), last_complete=last_complete(zone)[kind].date(),
            seed=zone.params.seed,
        )  # fmt: skip
        parts.append(found.assign(kind=kind))
    return pd.concat(parts, ignore_index=True)


def completion_drawn(zone: Study, modelled: pd.DataFrame) -> pd.DataFrame:
    """Return what the figure draws: the last complete months as counted, then the months that are modelled.

    Parameters
    ----------
    modelled : DataFrame
        From `completion`.

    Returns
    -------
    DataFrame
        kind, month, counted (filings, in complete months alone), and where the month is modelled instead: modelled,
        conf_low, conf_high, visible, visible_share (0-1). Types without a modelled month have no row.
    """
    counts = months(zone)
    parts = []
    for kind, rows in modelled.dropna(subset="modelled").groupby("kind", sort=False):
        counted = counts.dropna(subset=kind).tail(COUNTED_SHOWN)
        parts.append(pd.DataFrame({"kind": kind, "month": counted["month"], "counted": counted[kind].astype(float)}))
        parts.append(rows[["kind", "month", "visible", "visible_share", *_MODELLED]])
    names = ["kind", "month", "counted", "visible", "visible_share", *_MODELLED]
    return pd.concat(parts, ignore_index=True).reindex(columns=names) if parts else pd.DataFrame(columns=names)


def completion_rows(drawn: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the drawn months for the table behind the figure; `drawn` is `completion_drawn`."""
    shown = drawn[["kind", "month", "counted", *_MODELLED]].rename(columns={"kind": "patent_kind"})
    return labelled(shown.assign(month=shown["month"].dt.strftime("%Y-%m")), lang, values=("patent_kind",))


def completion_table(modelled: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the modelled months in words: type, month, share visible by then, number and interval."""
    told = modelled.dropna(subset="modelled")
    shown = pd.DataFrame(
        {
            "patent_kind": told["kind"],
            "month": told["month"].dt.strftime("%Y-%m"),
            "delay_reached": told["delay_reached"],
            "visible_share_pct": [number(100 * share, ".0f") for share in told["visible_share"]],
            "visible": told["visible"],
            "modelled": [number(value, ".1f") for value in told["modelled"]],
            "prediction_95": [f"{low:.0f} – {high:.0f}" for low, high in zip(told["conf_low"], told["conf_high"],
                                                                             strict=True)],
        }
    )  # fmt: skip
    return labelled(shown, lang, values=("patent_kind",))


def completion_alt(modelled: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure: every modelled month with its interval."""
    said = [
        say("pages.completion_of", lang, kind=inline(row.kind, lang), month=f"{row.month:%Y-%m}",
            value=number(row.modelled, ".0f"), low=f"{row.conf_low:.0f}", high=f"{row.conf_high:.0f}")
        for row in modelled.dropna(subset="modelled").itertuples()
    ]  # fmt: skip
    return say("pages.completion_alt", lang, months=say("pages.semicolon", lang).join(said))


def completion_sentence(modelled: pd.DataFrame, lang: Lang) -> str:
    """Say how many truncated months of each type are modelled, and why the others have no number."""
    said = []
    for kind, rows in modelled.groupby("kind", sort=False):
        told = int(rows["modelled"].notna().sum())
        reason = "few" if rows["visible_share"].isna().all() else "some" if told else "none"
        said.append(say(f"pages.modelled_{reason}", lang, kind=inline(kind, lang), told=told, months=len(rows),
                        floor=f"{100 * FLOOR:.0f}", fewest=FEWEST))  # fmt: skip
    kinds = say("pages.semicolon", lang).join(said)
    return say("pages.completion_note", lang, kinds=with_capital(kinds))
