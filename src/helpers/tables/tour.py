"""Tables for whoever looks around: what the codebook says of a table, and the estimates of a question of one's own."""

import pandas as pd

from helpers import codebook
from helpers.codebook import words
from helpers.models import Result
from helpers.plan import Plan
from helpers.tables.labels import labelled
from helpers.text import Lang, label, p_text, say


def dictionary_table(name: str, lang: Lang) -> pd.DataFrame:
    """Return what the codebook says of a table, one row a column.

    Parameters
    ----------
    name : str
        Of a table, for example one of `zone.table_names()`.

    Returns
    -------
    DataFrame
        The column as code knows it, its name, type and unit in words, its limits or allowed values.

    Raises
    ------
    CodebookError
        If the codebook has no such table.
    """
    rows = [
        {
            "column": column.name,
            "name": words.name_of(column, lang),
            "type": words.type_words(column, lang),
            "unit": words.unit_words(column, lang) or None,
            "values": words.range_words(column, lang) or say("text.comma", lang).join(column.allowed) or None,
        }
        for column in codebook.load()[name].columns
    ]
    heads = {"name": say("tour.name", lang), "type": say("tour.type", lang), "values": say("tour.values", lang)}
    return labelled(pd.DataFrame(rows).rename(columns=heads), lang)


def tidy_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a fit's coefficients with intervals in words, one row a term.

    Parameters
    ----------
    rows : DataFrame
        From `models.tidy` of one fit.
    """
    named = rows.assign(
        term=[label(term, lang) for term in rows["term"]], p_value=[p_text(p) for p in rows["p_value"]]
    ).drop(columns=["outcome", "estimator"])
    heads = {name: say(f"tour.{name}", lang) for name in ("term", "statistic", "df")}
    return labelled(named.rename(columns=heads), lang)


def tidy_note(found: Result, lang: Lang) -> str:
    """Say what a fit is made of: outcome, formula, firm-years, firms, clusters, rule, and what to mind.

    Parameters
    ----------
    found : Result
        From `models.fit`.
    """
    said = say(
        "tour.fit_note", lang, outcome=label(found.outcome, lang), formula=found.formula, rows=f"{found.n_obs:,}",
        firms=f"{found.n_units:,}", clusters=f"{found.n_clusters:,}", cluster=label(found.cluster or "", lang),
        rule=found.rule, dropped=f"{sum(found.n_dropped.values()):,}",
    )  # fmt: skip
    return " ".join([said, *(warning.text(lang) for warning in found.warnings)])


def place_in_plan(declared: Plan, lang: Lang, **asked: object) -> str:
    """Say whether a specification is one that was declared, and then in which role.

    Parameters
    ----------
    declared : Plan
        From `plan.load`.
    **asked
        outcome, exposure, estimator, fixed_effects, cluster, as `Plan.declared` takes them.
    """
    found = declared.declared(**asked)
    if found is None:
        return say("tour.outside", lang, hash=declared.short_hash)
    return say("tour.inside", lang, name=found.name, role=label(found.role, lang), hash=declared.short_hash)
