"""Tables of estimates: every specification with interval, sample and clusters; power; balance before treatment."""

import pandas as pd

from helpers.tables.labels import labelled
from helpers.text import Lang, label, say


def _interval(row: pd.Series) -> str:
    return f"{row['effect_low']:+,.1f} … {row['effect_high']:+,.1f}".replace("-", "−")


def estimates_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return one row a specification, ready to be shown.

    Parameters
    ----------
    rows : DataFrame
        From `models.associations`.
    """
    shown = rows[rows["status"] == "estimated"].copy()
    shown["interval"] = shown.apply(_interval, axis=1)
    shown["unit"] = [
        say("findings.percent" if e == "poisson" else "findings.points", lang).strip() for e in shown["estimator"]
    ]
    columns = [
        *("outcome", "exposure", "cluster", "effect", "unit", "interval", "estimate", "std_error", "p_value"),
        *("n_obs", "n_units", "n_clusters", "n_incomplete", "n_dropped", "outcome_mean", "zero_share"),
    ]
    return labelled(shown[columns], lang, values=("outcome", "exposure", "cluster"))


def refused_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the specifications that could not be estimated, with the reason."""
    refused = rows.loc[rows["status"] != "estimated", ["outcome", "exposure", "cluster", "reason"]]
    return labelled(refused, lang, values=("outcome", "exposure", "cluster"))


def power_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return, for each specification, the smallest difference that 80 % power would find."""
    shown = rows.loc[rows["status"] == "estimated"].copy()
    shown["unit"] = [
        say("findings.percent" if e == "poisson" else "findings.points", lang).strip() for e in shown["estimator"]
    ]
    columns = ["outcome", "exposure", "cluster", "detectable", "unit", "n_obs", "n_units", "n_clusters", "zero_share"]
    return labelled(shown[columns], lang, values=("outcome", "exposure", "cluster"))


def coefficient_rows(rows: pd.DataFrame, lang: Lang, *, estimator: str) -> pd.DataFrame:
    """Return the rows a coefficient plot draws, all of one unit.

    Returns
    -------
    DataFrame
        label (exposure and cluster, or the outcome where these never vary), group (outcome), estimate, conf_low,
        conf_high in percent or percentage points.
    """
    shown = rows[(rows["status"] == "estimated") & (rows["estimator"] == estimator)]
    lines = ["outcome"] if len(shown[["exposure", "cluster"]].drop_duplicates()) == 1 else ["exposure", "cluster"]
    return pd.DataFrame(
        {
            "label": [" · ".join(label(name, lang) for name in line) for line in shown[lines].itertuples(index=False)],
            "group": [label(name, lang) for name in shown["outcome"]],
            "estimate": shown["effect"].to_numpy(),
            "conf_low": shown["effect_low"].to_numpy(),
            "conf_high": shown["effect_high"].to_numpy(),
        }
    )


def balance_points(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return what the balance plot draws: label and standardised difference of each covariate."""
    return pd.DataFrame({"label": [label(name, lang) for name in rows["covariate"]], "difference": rows["difference"]})


def balance_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `models.balance` in words."""
    return labelled(rows, lang, values=("covariate",))


def rules_note(rows: pd.DataFrame, lang: Lang) -> str:
    """Say which small-sample rules and fixed effects stand behind the estimates, and their warnings."""
    estimated = rows[rows["status"] == "estimated"]
    rules = "; ".join(dict.fromkeys(estimated["rule"]))
    formulas = "; ".join(dict.fromkeys(estimated["formula"]))
    found = "; ".join(dict.fromkeys(text for text in estimated["warnings"] if text)) or say("pages.none", lang)
    return say("pages.rules_note", lang, rules=rules, formulas=formulas, warnings=found)


def association_results(rows: pd.DataFrame) -> dict[str, dict]:
    """Return the estimates as plain numbers by `outcome|exposure|cluster`, for the page's results cell."""
    kept = ["effect", "effect_low", "effect_high", "detectable", "n_obs", "n_units", "n_clusters"]
    return {
        f"{row.outcome}|{row.exposure}|{row.cluster}": {name: getattr(row, name) for name in kept}
        if row.status == "estimated"
        else {"status": row.status}
        for row in rows.itertuples()
    }
