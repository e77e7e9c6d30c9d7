"""Tables of estimates: every specification with interval, sample and clusters; power; balance before treatment."""

import pandas as pd

from helpers.disclosure import cleared
from helpers.models.association import COMPLETE
from helpers.tables.declared import a_year
from helpers.tables.labels import labelled, of_estimates, three_digits
from helpers.text import Lang, inline, label, number, p_text, say, with_ends

ALT_ESTIMATES = 4
NORMAL = 1.96


def _unit(estimator: str, lang: Lang) -> str:
    return say("findings.percent" if estimator == "poisson" else "findings.points_short", lang)


def _effects(rows: pd.DataFrame, lang: Lang) -> list[str]:
    return [
        with_ends(row.effect, row.effect_low, row.effect_high, "+,.1f") + _unit(row.estimator, lang)
        for row in rows.itertuples()
    ]


@of_estimates
def estimates_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a specification in words: difference and units a year with intervals, coefficient (SE), p, sample.

    Parameters
    ----------
    rows : DataFrame
        From `models.associations`; with roles from `tables.with_roles` each row tells its own.
    """
    shown = rows[rows["status"] == "estimated"].copy()
    shown["declared_effect"] = _effects(shown, lang)
    shown["per_year"] = [a_year(row) for row in shown.itertuples()]
    shown["sizes"] = [f"{row.n_obs:,} / {row.n_units:,} / {row.n_clusters:,}" for row in shown.itertuples()]
    shown["coefficient"] = [
        f"{number(b, '.3f')} ({se:.3f})" for b, se in zip(shown["estimate"], shown["std_error"], strict=True)
    ]
    shown["p_value"] = [p_text(p) for p in shown["p_value"]]
    words = [name for name in ("role", "outcome", "exposure", "cluster") if name in shown]
    columns = [*words, "declared_effect", "per_year", "coefficient", "p_value", "sizes"]
    return labelled(shown[columns], lang, values=tuple(words))


def refused_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the specifications that could not be estimated, with the reason.

    `rows`: from `with_roles`.
    """
    refused = rows.loc[rows["status"] != "estimated", ["outcome", "exposure", "cluster", "reason"]]
    refused = refused.assign(reason=[reason.text(lang) for reason in refused["reason"]])
    return labelled(refused, lang, values=("outcome", "exposure", "cluster"))


def power_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return, for each specification, its sample and the smallest difference that 80 % power would find.

    `rows`: from `with_roles`.
    """
    shown = rows[rows["status"] == "estimated"].copy()
    units = [_unit(name, lang) for name in shown["estimator"]]
    shown["detectable"] = [f"{value:,.1f}{unit}" for value, unit in zip(shown["detectable"], units, strict=True)]
    shown["zero_share"] = [f"{100 * share:.1f} %" for share in shown["zero_share"]]
    columns = [
        "outcome",
        "exposure",
        "cluster",
        "detectable",
        "outcome_mean",
        "zero_share",
        "n_incomplete",
        "n_dropped",
    ]
    return labelled(shown[columns], lang, values=("outcome", "exposure", "cluster"))


def power_note(panel: pd.DataFrame, rows: pd.DataFrame, lang: Lang) -> str:
    """Say what the power table counts, and whether years not fully visible could be left out.

    `rows`: from `with_roles`.
    """
    is_known = any(outcome + COMPLETE in panel for outcome in rows["outcome"])
    return say("pages.power_note" if is_known else "pages.power_note_unknown", lang)


def coefficient_rows(rows: pd.DataFrame, lang: Lang, *, estimator: str) -> pd.DataFrame:
    """Return the rows a coefficient plot draws, all of one unit.

    `rows`: from `models.associations` or `with_roles`; `estimator`: whose rows are told.

    Returns
    -------
    DataFrame
        label (exposure and cluster, or the outcome where these never vary), group (outcome), estimate, conf_low,
        conf_high in percent or percentage points.
    """
    shown = rows[(rows["status"] == "estimated") & (rows["estimator"] == estimator)]
    is_one = len(shown[["exposure", "cluster"]].drop_duplicates()) == 1
    words = [
        {name: label(row[name], lang) for name in ("outcome", "exposure", "cluster")} for _, row in shown.iterrows()
    ]
    return pd.DataFrame(
        {
            "label": [row["outcome"] if is_one else say("figures.by_cluster", lang, **row) for row in words],
            "group": [label(name, lang) for name in shown["outcome"]],
            "estimate": shown["effect"].to_numpy(),
            "conf_low": shown["effect_low"].to_numpy(),
            "conf_high": shown["effect_high"].to_numpy(),
        }
    )


def balance_points(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return what the balance plot draws: label, standardised difference and its error of each covariate.

    `rows`: from `models.balance`.
    """
    names = [label(name, lang) for name in rows["covariate"]]
    return pd.DataFrame({"label": names, "difference": rows["difference"], "std_error": rows["std_error"]})


def balance_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `models.balance` in words, means to three digits.

    `rows`: from `models.balance`.
    """
    means = {name: rows[name].map(three_digits) for name in ("mean_treated", "mean_untreated")}
    # Means of money were judged where the firms were at hand (`models.balance`).
    return cleared(labelled(rows.assign(**means), lang, values=("covariate",)))


def balance_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the balance plot: how many characteristics differ beyond chance, and the largest difference.

    `rows`: from `models.balance`.
    """
    sizes = rows["difference"].abs().fillna(0)
    largest = rows.loc[sizes.idxmax()]
    return say("pages.balance_alt", lang, n=len(rows), above=int((sizes > NORMAL * rows["std_error"]).sum()),
               largest=label(largest["covariate"], lang), size=number(largest["difference"], "+.2f"))  # fmt: skip


def drawn(points: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the numbers behind a coefficient plot, labelled; what only repeats the label is left out.

    `points`: from `coefficient_rows`.
    """
    names = {"estimate": "effect_size", "conf_low": "effect_from", "conf_high": "effect_to"}
    kept = points.drop(columns="group") if (points["group"] == points["label"]).all() else points
    return labelled(kept.rename(columns=names), lang)


def coefficients_alt(points: pd.DataFrame, lang: Lang, *, unit: str) -> str:
    """Describe a coefficient plot: how many intervals lie above, below and around zero, and the first estimates.

    `points`: from `coefficient_rows`; `unit`: what the numbers are in, in words.
    """
    above, below = int((points["conf_low"] > 0).sum()), int((points["conf_high"] < 0).sum())
    named = [
        f"{row.group if row.group == row.label else f'{row.group} / {row.label}'} "
        f"{number(row.estimate, '+,.1f')}{unit} "
        f"({number(row.conf_low, '+,.1f')} … {number(row.conf_high, '+,.1f')})"
        for row in points.head(ALT_ESTIMATES).itertuples()
    ]
    return say("pages.coefficients_alt", lang, n=len(points), above=above, below=below,
               zero=len(points) - above - below, named=say("pages.semicolon", lang).join(named))  # fmt: skip


def rules_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say which estimator, fixed effects, controls and standard errors stand behind the estimates, and warnings.

    `rows`: from `with_roles`.
    """
    estimated = rows[rows["status"] == "estimated"]
    terms = estimated["formula"].iloc[0].split(" ~ ")[-1].split(" + ") if len(estimated) else []
    fixed = [inline(term[3:-1], lang) for term in terms if term.startswith("FE(")]
    controls = [inline(term, lang) for term in terms[1:] if not term.startswith("FE(")]
    none, comma = say("pages.none", lang), say("pages.comma", lang)
    return say("pages.rules_note", lang, fixed=comma.join(fixed) or none, controls=comma.join(controls) or none,
               warnings=_warnings(estimated, lang) or none)  # fmt: skip


def coefficients_note(rows: pd.DataFrame, lang: Lang, *, estimator: str) -> str:
    """Say in which unit a coefficient plot is drawn, and what to mind about its intervals.

    `rows`: from `with_roles`; `estimator`: whose rows are told.
    """
    shown = rows[(rows["status"] == "estimated") & (rows["estimator"] == estimator)]
    found = _warnings(shown, lang)
    unit = say("pages.coefficients_note" if estimator == "poisson" else "pages.points_note", lang)
    return unit + (say("pages.mind", lang, warnings=found) if found else "")


def _warnings(rows: pd.DataFrame, lang: Lang) -> str:
    told = dict.fromkeys(warning.text(lang) for warnings in rows["warnings"] for warning in warnings)
    return say("pages.semicolon", lang).join(told)


def association_results(rows: pd.DataFrame) -> dict[str, dict]:
    """Return the estimates as plain numbers by `outcome|exposure|cluster`, for the page's results cell.

    `rows`: from `models.associations` or `with_roles`.
    """
    kept = ["effect", "effect_low", "effect_high", "detectable", "n_obs", "n_units", "n_clusters"]
    return {
        f"{row.outcome}|{row.exposure}|{row.cluster}": {name: getattr(row, name) for name in kept}
        if row.status == "estimated"
        else {"status": row.status}
        for row in rows.itertuples()
    }
