"""Tables of the R&D thresholds of the high-tech rules: how many firm-years reach them, and heaping around them."""

import pandas as pd

from helpers.errors import InputError
from helpers.forces import posts
from helpers.models.bunching import Bunching, bunching
from helpers.models.result import NotEstimable
from helpers.models.threshold import density_at_threshold
from helpers.panel import rd_distance
from helpers.panel.thresholds import THRESHOLDS, threshold_of
from helpers.released import protected
from helpers.study import Study
from helpers.tables.labels import labelled, p_value
from helpers.text import Lang, number, p_text, say, with_ends

REACH, BIN, BANDWIDTH = 3.0, 0.25, 1.5
NEAR = 1.0
# The threshold itself, then cutoffs at which no rule stands and whose window does not reach the heap at one.
SHIFTS = (0.0, -2.0, 2.0)
WINDOW, ORDER = 3.0, 3
CNY_IN_10K = 1e4
MEMBER_TABLES = ("members", "org_coverage", "party_orgs")


def distances(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the distance of each firm-year to its threshold; no row for a panel without yearly figures."""
    if not {"revenue_10k_cny", "rd_expense_10k_cny"} <= set(panel.columns):
        return pd.DataFrame({name: [] for name in ("uscc", "year", "rd_share_3y_pct", "threshold_pct", "distance")})
    return rd_distance(panel)


def why_no_distance(zone: Study, lang: Lang) -> str:
    """Say what the run lacks for distances, and of listed firms which thresholds they would face by their sales."""
    if zone.params.study != "listed":
        return say("pages.no_distance", lang)
    sales = zone.table("listed_firm_years")["sales_cny"].astype(float)
    # Of what is not positive no threshold can be read.
    known = sales[sales > 0]
    faced = pd.Series(threshold_of(known.to_numpy() / CNY_IN_10K)).value_counts()
    counts = {f"n_{threshold:.0f}": f"{faced.get(threshold, 0):,}" for threshold in THRESHOLDS}
    unknown = f"{len(sales) - len(known):,}"
    return say("pages.no_distance_listed", lang, rows=f"{len(sales):,}", **counts, unknown=unknown)


def nothing_near(rows: pd.DataFrame, lang: Lang) -> str:
    """Say why nothing is tested near the thresholds: no R&D at all, or too few firm-years.

    `rows`: from `distances`.
    """
    return say("pages.no_heaping" if len(rows) else "evidence.no_research", lang)


def thresholds_table(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return firm-years by threshold: all, those that reach it, and those within a point below and above.

    `rows`: from `distances`.
    """
    counted = []
    for threshold in THRESHOLDS:
        distance = rows.loc[rows["threshold_pct"] == threshold, "distance"]
        counted.append(
            {
                "rd_threshold": say(f"pages.threshold_{threshold:.0f}", lang), "n_obs": len(distance),
                "reached": int((distance >= 0).sum()), "just_below": int(distance.between(-NEAR, 0, "left").sum()),
                "just_above": int(distance.between(0, NEAR, "left").sum()),
            }
        )  # fmt: skip
    return labelled(pd.DataFrame(counted), lang)


def heaping_sentence(rows: pd.DataFrame, lang: Lang, *, seed: int) -> str:
    """Say how the density just above the threshold differs from that just below, or why it cannot be said.

    `rows`: from `distances`.
    """
    try:
        found = density_at_threshold(rows["distance"].to_numpy(), bandwidth=BANDWIDTH, seed=seed)
    except InputError:
        return say("pages.no_heaping", lang)
    values = {name: number(getattr(found, name), "+.3f") for name in ("difference", "conf_low", "conf_high")}
    ends = "pages.heaping_no" if found.conf_low <= 0 <= found.conf_high else "pages.heaping_yes"
    return say("pages.heaping", lang, below=number(found.left, ".3f"), above=number(found.right, ".3f"), **values,
               bandwidth=BANDWIDTH, near_below=found.near_left, near_above=found.near_right,
               exact=p_value(found.binomial_p), near=f"{BANDWIDTH / 5:.1f}") + say(ends, lang)  # fmt: skip


def distance_rows(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the bars of the figure: from, to, firm-years.

    `rows`: from `distances`.
    """
    edges = [place * BIN - REACH for place in range(round(2 * REACH / BIN) + 1)]
    counts = pd.cut(rows["distance"], edges, right=False).value_counts(sort=False)
    shown = pd.DataFrame({"from_points": edges[:-1], "to_points": edges[1:], "n_obs": counts.to_numpy()})
    return labelled(shown, lang)


def distance_alt(rows: pd.DataFrame, lang: Lang) -> str:
    """Describe the figure: firm-years drawn, below and above.

    `rows`: from `distances`.
    """
    drawn = rows["distance"][rows["distance"].between(-REACH, REACH, "left")]
    return say("pages.distance_alt", lang, n=f"{len(drawn):,}", below=f"{(drawn < 0).sum():,}",
               above=f"{(drawn >= 0).sum():,}", reach=f"{REACH:.0f}")  # fmt: skip


def notches(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Compare densities and masses at each threshold, at all of them together, and at cutoffs where no rule stands.

    Parameters
    ----------
    rows : DataFrame
        From `distances`.
    seed : int

    Returns
    -------
    DataFrame
        One row a threshold (missing: all together) and shift (percentage points from it; 0 is the rule):
        threshold, shift, n_obs, status ("estimated" or "not_estimable"), difference, conf_low, conf_high (density above
        less below, per point), p_value, excess, excess_low, excess_high (mass above the notch, in bins).
    """
    found = []
    for threshold in (*THRESHOLDS, None):
        chosen = _with_research(rows if threshold is None else rows[rows["threshold_pct"] == threshold])
        for shift in SHIFTS:
            moved = chosen["distance"].to_numpy(dtype=float) - shift
            row = {"threshold": threshold, "shift": shift, "n_obs": len(moved)}
            try:
                density = density_at_threshold(moved, bandwidth=BANDWIDTH, seed=seed)
            except InputError:
                found.append({**row, "status": "not_estimable"})
                continue
            row |= {name: getattr(density, name) for name in ("difference", "conf_low", "conf_high", "p_value")}
            # Away from the rule the window left out is in the wrong place, and the curve says nothing.
            mass = _excess(chosen, seed) if shift == 0 else {}
            found.append({**row, **mass, "status": "estimated"})
    columns = ["threshold", "shift", "n_obs", "status", "difference", "conf_low", "conf_high", "p_value", "excess",
               "excess_low", "excess_high"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _with_research(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the firm-years with any R&D: those without stand at one place, which is no part of a smooth curve."""
    return rows[rows["rd_share_3y_pct"] > 0]


def _excess(rows: pd.DataFrame, seed: int) -> dict[str, float]:
    found = bunched(rows, seed=seed)
    if found is None:
        return {}
    mass = found.table.set_index("term").loc["relative_excess"]
    return {"excess": mass["estimate"], "excess_low": mass["conf_low"], "excess_high": mass["conf_high"]}


def notches_table(found: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `notches` in words, those that have an estimate.

    `found`: from `notches`.
    """
    shown = found[found["status"] == "estimated"]
    is_rule = shown["shift"] == 0
    names = [
        say("evidence.all_thresholds", lang) if pd.isna(one) else say(f"pages.threshold_{one:.0f}", lang)
        for one in shown["threshold"]
    ]
    cutoffs = [
        say("evidence.the_rule", lang) if rule else say("evidence.placebo", lang, shift=number(shift, "+.1f"))
        for rule, shift in zip(is_rule, shown["shift"], strict=True)
    ]
    table = pd.DataFrame(
        {"rd_threshold": names, "cutoff": cutoffs, "n_obs": shown["n_obs"],
         "density_jump": _with_interval(shown, "difference", "conf_low", "conf_high", "+.3f"),
         "p_value": [p_text(p) for p in shown["p_value"]],
         "excess_mass": _with_interval(shown, "excess", "excess_low", "excess_high", "+.2f")}
    )  # fmt: skip
    return labelled(table, lang)


def _with_interval(rows: pd.DataFrame, value: str, low: str, high: str, form: str) -> list[str]:
    triples = zip(rows[value], rows[low], rows[high], strict=True)
    return ["–" if pd.isna(triple[0]) else with_ends(*triple, form) for triple in triples]


def bunched(rows: pd.DataFrame, *, seed: int) -> Bunching | None:
    """Return the masses around the thresholds; None where too few firm-years stand near them.

    `rows`: from `distances`.
    """
    near = _with_research(rows)
    try:
        distance, firms = near["distance"].to_numpy(dtype=float), near["uscc"].to_numpy()
        return bunching(distance, reach=WINDOW, order=ORDER, cluster=firms, seed=seed)
    except NotEstimable:
        return None


def bunched_drawn(found: Bunching, lang: Lang) -> pd.DataFrame:
    """Return the numbers behind the figure of bunching."""
    bins = found.bins[["lower_edge", "upper_edge", "n_obs", "counterfactual"]]
    return labelled(bins.rename(columns={"lower_edge": "from_points", "upper_edge": "to_points"}), lang)


def bunched_alt(found: Bunching, lang: Lang) -> str:
    """Describe the figure of bunching: firm-years, and the excess above the thresholds with its interval."""
    mass = found.table.set_index("term").loc["excess"]
    return say("evidence.bunched_alt", lang, n=f"{found.n_obs:,}",
               excess=_with_interval(pd.DataFrame([mass]), "estimate", "conf_low", "conf_high", "+.0f")[0])  # fmt: skip


def member_rule(zone: Study, *, minimum: int) -> pd.DataFrame | None:
    """Count firms by formal members on the rolls of their own organisations.

    Returns
    -------
    DataFrame or None
        One row a number of members (1 to 5, then 6 and more): members, persons, n_firms (both missing where fewer than
        `minimum` persons stand behind them). None where a table is not supplied.

    Notes
    -----
    The rule asks for three formal members. What is seen is how many members an organisation lists, not how many a firm
    without one has: there is nothing to compare below three, and heaping at three proves nothing.
    """
    if zone.missing(MEMBER_TABLES):
        return None
    with protected(zone, minimum):
        return posts.firms_by_members(
            zone.restricted("members"), zone.table("org_coverage"), zone.table("party_orgs"), as_of=zone.params.as_of
        )


def member_rule_table(found: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return `member_rule` in words.

    `found`: from `member_rule`.
    """
    names = [say("evidence.and_more", lang, n=n) if n == posts.MEMBERS_SHOWN else str(n) for n in found["members"]]
    shown = found.assign(members=names).rename(columns={"members": "formal_members"})
    return labelled(shown, lang)


def threshold_results(found: pd.DataFrame) -> dict[str, dict]:
    """Return the page's estimates as plain numbers, for its results cell.

    `found`: from `notches`.
    """
    return {
        f"{'all' if pd.isna(row['threshold']) else format(row['threshold'], 'g')}|{row['shift']:+g}": {
            name: row[name] for name in ("n_obs", "difference", "conf_low", "conf_high", "excess")
        }
        for _, row in found.iterrows()
        if row["status"] == "estimated"
    }


def threshold_sentence(found: pd.DataFrame, lang: Lang) -> str:
    """Say at which thresholds the density jumps, and whether it jumps as well where no rule stands.

    `found`: from `notches`.
    """
    known = found[(found["status"] == "estimated") & found["threshold"].notna()]
    if not found["n_obs"].any():
        return say("evidence.thresholds_lacking", lang)
    if known.empty:
        return say("pages.no_heaping", lang)
    jumps = (known["conf_low"] > 0) | (known["conf_high"] < 0)
    rule = known["shift"] == 0
    return say("evidence.thresholds", lang, rules=int(rule.sum()), jumps=int((jumps & rule).sum()),
               placebos=int((~rule).sum()), placebo_jumps=int((jumps & ~rule).sum()))  # fmt: skip
