"""What stands around the answer on the findings page: worked out by hand from a few rows of estimates."""

import re

import nbformat
import pandas as pd
import pytest
from test_declared import claim_of

from helpers import findings, paths, tables
from helpers.params import page
from helpers.tables.basis import Basis, basis
from helpers.tables.conclusions import Conclusions
from helpers.text import LANGS, say


def rows(*intervals):
    """Return estimates of as many outcomes, each the middle of its interval."""
    found = [
        {"outcome": f"outcome_{n}", "exposure": "is_covered", "cluster": "uscc", "estimator": "poisson", "status": "estimated",
         "estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "effect": 1.0, "effect_low": 0.0,
         "effect_high": 2.0, "detectable": 93.6, "n_units": 5, "n_obs": 50, "n_clusters": 5, "warnings": ()}
        for n, (low, high) in enumerate(intervals)
    ]  # fmt: skip
    return pd.DataFrame(found)


def conclusions(*levels, study="zone"):
    claims = [claim_of(level) for level in levels]
    shown = rows((0.1, 0.5))
    found = [findings.of_claim(claim) for claim in claims] or [findings.of_row(shown.iloc[0])]
    return Conclusions(study=study, claims=claims, rows=shown, found=found, basis=None, plan_hash="0")


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        # The first is no outcome but itself; the third has its sign and holds zero; the fourth points the other way.
        ([(0.1, 0.5), (0.2, 0.3), (-0.1, 0.3), (-0.4, -0.2)], "of the 3 others 2 have an estimate of the same sign, 1 of"),
        ([(-0.5, -0.1), (-0.2, 0.1)], "of the 1 others 1 have an estimate of the same sign, 0 of them"),
        ([(-0.1, 0.5), (0.2, 0.3), (-0.1, 0.3)], "the first shows no distinguishable difference; of the 2 others 1 have"),
        ([(0.1, 0.5)], "of the 0 others 0 have"),
    ],
)
def test_other_outcomes_are_counted_without_the_first_and_only_where_it_has_a_direction(intervals, expected):
    assert expected in tables.other_outcomes(rows(*intervals), "en")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("level", "check"),
    # The first check that is not passed, in the order in which they count.
    [("cannot_tell", "interval"), ("association", "cohort_robust"), ("timing", "breakdown")],
)
def test_what_would_change_a_claim_first_is_the_check_at_which_its_grade_stops(level, check, lang):
    said = tables.would_change(conclusions(level), lang)[0]
    assert say(f"grade.check_{check}", lang) in said
    assert not re.search("[{}]|nan", said)


def test_with_every_check_passed_and_with_a_claim_rejected_no_check_is_asked_for():
    robust, rejected = tables.would_change(conclusions("robust", "rejected"), "en")[:2]
    assert "every declared check is passed" in robust and "new data" in rejected


def test_what_more_firms_would_show_is_the_smallest_detectable_difference():
    assert "has to reach +20 %" in tables.would_change(conclusions("association", "timing"), "en")[2]
    assert "has to reach +94 %" in tables.would_change(conclusions(), "en")[0]


def test_the_table_of_outcomes_tells_the_numbers_of_its_rows():
    table = tables.outcomes_table(rows((0.1, 0.5), (-0.4, 0.2)), "en")
    assert table.iloc[0].tolist()[1:] == ["+35 %", "+11 … +65 %", "more", "+94 %", 5, 50]
    assert table.iloc[1].tolist()[1:4] == ["−9.5 %", "−33 … +22 %", "no distinguishable difference"]
    assert list(tables.outcomes_table(rows((0.1, 0.5)).assign(status="not_estimable"), "en")) == list(table)


def firm_years():
    """Return two firms over four years: one comes to it in the third year, the other always has it; the last year is not shown."""
    years = [2013, 2014, 2015, 2016] * 2
    return pd.DataFrame(
        {"uscc": ["A"] * 4 + ["B"] * 4, "year": years, "has_own_org": [0, 0, 1, 1, 1, 1, 1, 1], "patents_utility": 1,
         "patents_utility_is_complete": [year < 2016 for year in years]}
    )  # fmt: skip


def test_what_the_answer_rests_on_is_worked_out_from_the_firm_years_of_its_estimate(small_zone):
    panel = firm_years()
    one = findings.of_claim(claim_of("association"))
    found = basis(small_zone, panel, panel[panel["year"] < 2016], one, has_firm_effects=True)
    assert (found.years, found.is_cut, found.changing, found.firms) == ((2013, 2015), True, 1, 2)
    # Values 0 0 1 and 1 1 1 have mean 2/3, and both firms have it in 2015. Around it squares add up to 4/3, of which
    # firm A's around its own mean of 1/3 are 2/3.
    assert (found.mean, found.mean_last, found.within) == pytest.approx((4 / 6, 1.0, 0.5))
    said = tables.rests_on(found, "en")
    assert "67 % of firm-years, 100 % of those of 2015; 1 of 2 firms change" in said[2] and "with firm fixed effects" in said[2]
    assert "the years 2013 to 2015 are used" in said[1]
    assert isinstance(found, Basis) and len(said) == 4 and "invention applications +16 %" in said[3]


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_is_worked_out_once_and_told_in_either_language(small_zone, lang, worked_out):
    assert [one.grade for one in worked_out.found] == [claim.grade.level for claim in worked_out.claims] and worked_out.claims
    answer = findings.answer(worked_out.found, lang)
    assert all(findings.of_claim(claim).is_estimated and "95 %" in answer for claim in worked_out.claims)
    told = [answer, *tables.claim_sentences(worked_out.claims, lang), *tables.rests_on(worked_out.basis, lang),
            *tables.would_change(worked_out, lang), tables.other_outcomes(worked_out.rows, lang)]  # fmt: skip
    assert not [one for one in told if re.search(r"[{}]|\bnan\b", one) or not one]
    assert lang == "zh" or not [one for one in told if one[0].islower()]


@pytest.fixture(scope="module")
def worked_out(small_zone):
    return tables.conclusions(small_zone, page("90_findings", run="zone"))


def test_page_90_gives_its_answer_before_any_table_or_figure_and_in_its_order():
    cells = nbformat.read(paths.NOTEBOOKS / "90_findings.ipynb", as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    place = {word: next(n for n, source in enumerate(code) if word in source)
             for word in ("show.finding", "rests_on", "would_change", "claims_table", "show.figure", "show.table")}  # fmt: skip
    order = [place[word] for word in ("show.finding", "rests_on", "would_change", "claims_table", "show.figure")]
    assert order == sorted(order) and place["show.table"] == place["claims_table"]
    assert "findings.answer(" in code[place["show.finding"]]


def test_numbers_behind_a_plot_are_called_differences_and_named_once():
    shown = rows((0.1, 0.5), (0.2, 0.3)).assign(effect=[20.0, 30.0], effect_low=[1.0, 2.0], effect_high=[40.0, 50.0])
    points = tables.coefficient_rows(shown, "en", estimator="poisson")
    assert list(tables.drawn(points, "en").columns) == ["Specification", "Difference", "Difference from", "Difference to"]
    two = pd.concat([shown, shown.assign(cluster="grid_id")])
    assert "Group" in tables.drawn(tables.coefficient_rows(two, "en", estimator="poisson"), "en")
