"""Tables of the five-force index: what is in it, what was done, how it holds together, how far it can be trusted."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from helpers import forces, paths
from helpers.errors import UsageError
from helpers.forces.firms import firm_indicators
from helpers.index import Choices, Index, build, structure
from helpers.index.classes import size_classes
from helpers.index.framework import Framework, available, framework
from helpers.index.uncertainty import Draws, draw, mean_shift, sensitivity
from helpers.params.pages import Page55
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, label, number, say

LEVEL = 0.9
COMPONENTS = 3


@dataclass(frozen=True)
class Ranking:
    """The index of a run under the choices of its page.

    Parameters
    ----------
    indicators : DataFrame, shape (N, k)
        All indicators of the firms, those that are not used included.
    used : list of str
        Those that enough firms have.
    frame : Framework
    groups : Series, shape (N,)
        Size class within which firms are compared.
    index : Index
    expert : Series or None
        Weights of an expert.
    """

    indicators: pd.DataFrame
    used: list[str]
    frame: Framework
    groups: pd.Series
    index: Index
    expert: pd.Series | None

    def arguments(self) -> dict[str, Any]:
        """Return what `draw` and `sensitivity` take."""
        return {
            "values": self.indicators[self.used], "belongs": self.frame.belongs.loc[self.used], "groups": self.groups,
            "choices": self.index.choices, "directions": self.frame.directions, "expert": self.expert,
        }  # fmt: skip


def ranking(zone: Study, values: Page55, *, on: date | None = None) -> Ranking:
    """Compute the indicators of the firms, and the index, on a day: the run's day of reference by default."""
    tables, frame, day = zone.all_tables(), framework(), on or zone.params.as_of
    with forces.minimum_people(values.min_cell):
        indicators = firm_indicators(tables, as_of=day)[list(frame.belongs.index)]
    used, _ = available(indicators, values.availability)
    groups = size_classes(tables, indicators.index, day) if values.groups == "size" else _one_group(indicators)
    expert = _expert(values)
    choices = Choices(
        outliers=values.outliers, imputation=values.imputation, normalisation=values.normalisation,
        weights=values.weights, aggregation=values.aggregation, coverage=values.coverage,
    )  # fmt: skip
    index = build(
        indicators[used], frame.belongs.loc[used], groups, choices=choices, directions=frame.directions, expert=expert
    )
    return Ranking(indicators, used, frame, groups, index, expert)


def _one_group(indicators: pd.DataFrame) -> pd.Series:
    return pd.Series("all", index=indicators.index)


def _expert(values: Page55) -> pd.Series | None:
    if not values.expert_file:
        if values.weights == "expert":
            raise UsageError("weights 'expert' needs expert_file: a CSV with the columns indicator and weight")
        return None
    given = pd.read_csv(paths.resolve(values.expert_file), encoding="utf-8-sig")
    if not {"indicator", "weight"} <= set(given.columns):
        raise UsageError(f"expert_file: has the columns {', '.join(given.columns)}; expected indicator and weight")
    return given.set_index("indicator")["weight"]


def content_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return one row an indicator: its share in each force, how many firms have it, whether it is used."""
    _, share = available(found.indicators, 0)
    belongs = found.frame.belongs
    rows = [
        {
            "indicator": _name(name, lang),
            "mechanism": found.frame.mechanisms[name],
            "forces": say("pages.comma", lang).join(
                f"{label(f'force_{force}', lang)} {number(value, '.0%').replace('%', ' %')}"
                for force, value in belongs.loc[name].items()
                if value > 0
            ),
            "firms": f"{found.indicators[name].notna().sum():,} / {len(found.indicators):,}",
            "in_index": name in found.used,
        }
        for name in share.index
    ]
    return labelled(pd.DataFrame(rows), lang)


def content_note(found: Ranking, lang: Lang, *, availability: float) -> str:
    """Say what keeps an indicator out of the index."""
    out = [_name(name, lang) for name in found.indicators if name not in found.used]
    return say("index.content_note", lang, share=f"{100 * availability:.0f}", n=len(out),
               names=say("pages.comma", lang).join(out) or say("pages.none", lang))  # fmt: skip


def choices_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return the choice made at each step, and what it did."""
    index, chosen = found.index, found.index.choices
    refused = int((index.coverage < chosen.coverage - 1e-9).to_numpy().sum())
    steps = {
        "outliers": say("index.did_outliers", lang, indicators=len(index.changes),
                        points=int(index.changes["points"].sum()) if len(index.changes) else 0),
        "imputation": say("index.did_imputation", lang, n=f"{int(index.imputed.sum()):,}",
                          missing=f"{int(index.normalised.isna().sum().sum()):,}"),
        "normalisation": say("index.did_normalisation", lang, groups=found.groups.nunique()),
        "weights": say("index.did_weights", lang, n=len(found.used)),
        "aggregation": say("index.did_aggregation", lang),
        "coverage": say("index.did_coverage", lang, least=f"{100 * chosen.coverage:.0f}", refused=f"{refused:,}",
                        ranked=f"{int(index.scores.notna().sum()):,}", firms=f"{len(index.scores):,}"),
    }  # fmt: skip
    rows = [
        {"step": label(f"step_{step}", lang), "chosen": _choice(getattr(chosen, step), lang), "what_it_did": did}
        for step, did in steps.items()
    ]
    return labelled(pd.DataFrame(rows), lang)


def changes_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return the indicators that outlier treatment changed: values moved, skewness and kurtosis before and after."""
    rows = found.index.changes
    shown = rows.assign(indicator=[_name(name, lang) for name in rows["indicator"]])
    pairs = [f"{what}_{when}" for what in ("high", "skewness", "kurtosis") for when in ("before", "after")]
    return labelled(shown[["indicator", "points", *pairs]], lang)


def weights_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return nominal weight and importance of every indicator in the index, in per cent."""
    rows = structure.importance(found.index).sort_values("weight", ascending=False, kind="stable")
    shown = (100 * rows[["weight", "importance_share"]]).rename_axis("indicator").reset_index()
    shown["indicator"] = [_name(name, lang) for name in shown["indicator"]]
    return labelled(shown, lang)


def structure_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return, by force, how its indicators go together: alpha, mean correlation within and with other forces."""
    rows = structure.correlations(found.index)
    belongs = found.frame.belongs.loc[found.used]
    out = []
    for force, part in rows.groupby("force", sort=False):
        names = belongs.index[belongs[force] > 0]
        out.append(
            {
                "force": label(f"force_{force}", lang),
                "n_indicators": len(names),
                "alpha": structure.cronbach_alpha(found.index.normalised[names]),
                "within": part["within"].mean(),
                "across": part["across"].mean(),
                "against": int((part["within"] < part["across"]).sum()),
            }
        )
    return labelled(pd.DataFrame(out), lang)


def loadings_table(found: Ranking, lang: Lang) -> pd.DataFrame:
    """Return, by indicator, its correlation with the index, its loadings on three components and on one factor."""
    normalised = found.index.normalised
    loadings, _ = structure.components(normalised)
    fit = structure.one_factor(normalised)
    whole = structure.correlations(found.index).drop_duplicates("indicator").set_index("indicator")["with_index"]
    rows = pd.DataFrame({"with_index": whole.reindex(found.used)})
    for place in loadings.columns[:COMPONENTS]:
        rows[f"component_{place}"] = loadings[place]
    rows["factor"] = float("nan") if fit is None else fit.loadings
    shown = rows.rename_axis("indicator").reset_index()
    shown["indicator"] = [_name(name, lang) for name in shown["indicator"]]
    return labelled(shown, lang)


def loadings_note(found: Ranking, lang: Lang) -> str:
    """Say what the components explain, of how many firms, and why an indicator may have no loading."""
    _, explained = structure.components(found.index.normalised)
    if explained.empty:
        return say("index.no_components", lang)
    shares = say("pages.comma", lang).join(f"{100 * share:.0f} %" for share in explained.iloc[:COMPONENTS])
    return say("index.loadings_note", lang, shares=shares, n=f"{len(found.index.normalised.dropna()):,}")


def structure_note(found: Ranking, lang: Lang) -> str:
    """Say what one factor and the first principal component make of all indicators together."""
    fit = structure.one_factor(found.index.normalised)
    _, explained = structure.components(found.index.normalised)
    if explained.empty:
        return say("index.no_components", lang)
    first = f"{100 * explained.iloc[0]:.0f}"
    if fit is None:
        return say("index.no_factor", lang, first=first)
    return say("index.factor", lang, first=first, rmsea=f"{fit.rmsea:.3f}", srmr=f"{fit.srmr:.3f}",
               cfi=f"{fit.cfi:.2f}", n=fit.n)  # fmt: skip


def rank_draws(found: Ranking, *, draws: int, seed: int) -> Draws:
    """Draw all choices at once."""
    return draw(**found.arguments(), draws=draws, seed=seed)


def ranks_table(zone: Study, made: Draws, lang: Lang, *, most: int) -> pd.DataFrame:
    """Return the first firms with their rank, its interval over all draws, and how often they leave their quartile."""
    rows = made.intervals(LEVEL).sort_values(["rank", "median"], kind="stable").head(most)
    names = zone.table("enterprises").drop_duplicates("uscc").set_index("uscc")["name_zh"]
    shown = pd.DataFrame(
        {
            "rank": rows["rank"].astype(int), "firm": names.reindex(rows.index).fillna("–").to_numpy(),
            "score": made.nominal.scores[rows.index].round(1), "median_rank": rows["median"],
            "rank_interval": [f"{low:.0f} – {high:.0f}" for low, high in zip(rows["low"], rows["high"], strict=True)],
            "leaves_quartile": 100 * rows["leaves_quartile"],
        }
    )  # fmt: skip
    return labelled(shown.reset_index(drop=True), lang)


def rank_points(made: Draws) -> pd.DataFrame:
    """Return one row a ranked firm in order of rank: rank, median, low, high."""
    return made.intervals(LEVEL).sort_values(["rank", "median"], kind="stable").reset_index(drop=True)


def ranks_alt(made: Draws, lang: Lang) -> str:
    """Describe the figure of ranks: firms, median width of the intervals, share that changes quartile."""
    return say("index.ranks_alt", lang, **_spread(made))


def choice_sensitivity(found: Ranking, *, base: int, seed: int) -> pd.DataFrame:
    """Return first-order and total Sobol indices of each choice."""
    return sensitivity(**found.arguments(), base=base, seed=seed)


def sensitivity_rows(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `choice_sensitivity` in words."""
    return labelled(
        rows.assign(choice=[label(f"step_{name}", lang) for name in rows["choice"]]).rename(columns={"choice": "step"}),
        lang,
    )


def sensitivity_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure of Sobol indices: the choice that matters most."""
    top = rows.loc[rows["total"].idxmax()]
    return say("index.sensitivity_alt", lang, choice=label(f"step_{top['choice']}", lang), total=f"{top['total']:.2f}")


def firm_named(zone: Study, found: Ranking, wanted: str) -> str:
    """Return the code of the firm to be explained: the one asked for, or the first in rank.

    Raises
    ------
    UsageError
        If the firm asked for has no index.
    """
    scores = found.index.scores.dropna()
    if not wanted:
        return str(scores.sort_values(ascending=False, kind="stable").index[0])
    if wanted not in scores.index:
        raise UsageError(f"firm: '{wanted}' has no index; it is one of {len(scores):,} codes such as {scores.index[0]}")
    return wanted


def name_of(zone: Study, firm: str) -> str:
    """Return a firm's name, or its code where the register has none."""
    return zone.table("enterprises").drop_duplicates("uscc").set_index("uscc")["name_zh"].get(firm, firm)


def contribution_rows(found: Ranking, firm: str, lang: Lang) -> pd.DataFrame:
    """Return what each indicator adds to a firm's index against the average firm, largest first."""
    made = found.index.contributions().loc[firm]
    made = made.reindex(made.abs().sort_values(ascending=False, kind="stable").index)
    known = found.index.normalised.loc[firm, made.index].notna().to_numpy()
    shown = pd.DataFrame({"indicator": [_name(name, lang) for name in made.index], "contribution": made.to_numpy()})
    return shown[known].reset_index(drop=True)


def contribution_words(zone: Study, found: Ranking, firm: str, lang: Lang, *, alt: bool = False) -> str:
    """Name the firm, its score and rank; or describe the figure of its contributions."""
    rows = contribution_rows(found, firm, lang)
    said = {"firm": name_of(zone, firm), "score": f"{found.index.scores[firm]:.1f}",
            "rank": int(found.index.ranks[firm]), "n": int(found.index.scores.notna().sum())}  # fmt: skip
    if alt:
        top = rows.iloc[0]
        said |= {"top": top["indicator"], "value": number(top["contribution"], "+.2f")}
    return say("index.contribution_alt" if alt else "index.contribution", lang, **said)


def index_finding(made: Draws, rows: pd.DataFrame, lang: Lang) -> str:
    """Say in one sentence what the index can and cannot say."""
    top = rows.loc[rows["total"].idxmax(), "choice"]
    return say("index.finding", lang, choice=label(f"step_{top}", lang), **_spread(made))


def index_results(found: Ranking, made: Draws, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the page's numbers."""
    return {
        "firms": len(found.index.scores), "ranked": int(found.index.scores.notna().sum()),
        "indicators": len(found.used), "mean_shift": float(mean_shift(made).mean()),
        "quartile_changes": float(made.quartile_changes().mean()),
        "total": {row.choice: float(row.total) for row in rows.itertuples()},
    }  # fmt: skip


def _spread(made: Draws) -> dict[str, object]:
    rows = made.intervals(LEVEL)
    return {"firms": f"{len(rows):,}", "width": f"{(rows['high'] - rows['low']).median():.0f}",
            "changing": f"{100 * made.quartile_changes().mean():.0f}", "draws": f"{len(made.ranks):,}"}  # fmt: skip


def _name(indicator: str, lang: Lang) -> str:
    return say(f"index.{indicator}", lang)


def _choice(value: object, lang: Lang) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, float) else label(f"choice_{value}", lang)
