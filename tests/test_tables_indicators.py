"""How an indicator is written on a page: its value with the decimals of its unit, or why there is none."""

from datetime import date

import pandas as pd
import pytest

from helpers import forces, tables
from helpers.text import LANGS


def rows(*found: forces.Indicator) -> pd.DataFrame:
    return pd.DataFrame([{**one.row(), "force": "园区凝聚力"} for one in found])


def written(found: forces.Indicator, lang: str = "en") -> str:
    shown = tables.indicators_table(rows(found), "c", lang)
    return shown[{"en": "Value", "zh": "值"}[lang]].iloc[0]


def gap(value: float) -> forces.Indicator:
    note = {"firms": 3, "in_rd": "8.75", "in_all": "8.80", "members": "880", "employees": "10,000"}
    return forces.Indicator("v3_member_rd_share", 70, 800, value, "percentage_points", "year", "rd_staff",
                            note="note_v3", note_values=note)  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [(-0.046, "−0.05"), (-0.004, "0.00"), (1.5, "1.50")])
def test_a_gap_in_percentage_points_has_two_decimals_and_a_sign_only_where_it_is_not_zero(value, text):
    assert written(gap(value)) == f"{text} percentage points"
    assert written(gap(value), "zh") == f"{text} 百分点"


def test_a_hyphen_in_the_unit_stays_a_hyphen():
    found = forces.ratio("c4_activity_rate", 16, 4, unit="per_site_month", window="half_year", base="site_months",
                         note="note_c4", note_values={"sites": 1, "elsewhere": 0})  # fmt: skip
    assert written(found) == "4.0 per site-month"


def test_numerator_and_denominator_are_always_printed_where_they_are_given():
    found = forces.ratio("p1_coverage_org", 255, 4857, window="point_in_time", base="all_operating", note="note_p1",
                         note_values={"attached": 104})  # fmt: skip
    shown = tables.indicators_table(rows(found), "c", "en").iloc[0]
    assert shown[["Base · window", "k / N", "Value"]].tolist() == [
        "all operating private firms · point in time", "255 / 4,857", "5.3 %",
    ]  # fmt: skip
    neither = forces.Indicator("c3_reach", None, None, None, "percent", "point_in_time", "employees_located",
                               status="not_testable", note="note_c3_no_place")  # fmt: skip
    assert tables.indicators_table(rows(neither), "c", "en")["k / N"].iloc[0] is None


@pytest.mark.parametrize("lang", LANGS)
def test_what_no_table_can_show_is_said_in_words_beside_what_is_known(lang):
    found = forces.Indicator("p5_life_regular", None, 147, None, "percent", "twelve_months", "organisations",
                             status="not_testable", note="note_p5",
                             note_values={"overdue": 18, "most": 129, "hosts": 141})  # fmt: skip
    shown = tables.indicators_table(rows(found), "c", lang).iloc[0]
    assert written(found, lang) == {"zh": "现有各表无法检验", "en": "not testable with these tables"}[lang]
    assert shown.iloc[2] == "– / 147"
    assert all(number in shown.iloc[4] for number in ("18", "129", "141"))


def test_every_force_has_a_table_of_its_own_indicators():
    held = forces.all_indicators({}, date(2023, 6, 30))
    counts = {force: tables.indicators_table(held, force, "en")["Indicator"].nunique() for force in forces.FORCES}
    assert counts == {"p": 5, "d": 5, "v": 4, "t": 5, "c": 5}
    assert tables.indicators_title("t", "en", as_of=date(2023, 6, 30)).startswith("Indicators of party-building traction")
