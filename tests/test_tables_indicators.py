"""How an indicator is written on a page: its value with the decimals of its unit, or why there is none."""

import pandas as pd
import pytest

from helpers import forces, tables
from helpers.text import LANGS


def rows(*found: forces.Indicator) -> pd.DataFrame:
    return pd.DataFrame([{**one.row(), "force": "园区凝聚力"} for one in found])


def written(found: forces.Indicator, lang: str = "en") -> str:
    shown = tables.indicators_table(rows(found), lang)
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


@pytest.mark.parametrize("lang", LANGS)
def test_what_no_table_can_show_is_said_in_words_beside_what_is_known(lang):
    found = forces.Indicator("p5_life_regular", None, 147, None, "percent", "twelve_months", "organisations",
                             status="not_testable", note="note_p5",
                             note_values={"overdue": 18, "most": 129, "hosts": 141})  # fmt: skip
    shown = tables.indicators_table(rows(found), lang).iloc[0]
    assert written(found, lang) == {"zh": "现有各表无法检验", "en": "not testable with these tables"}[lang]
    assert pd.isna(shown.iloc[3]) and shown.iloc[4] == 147
    assert all(number in shown.iloc[7] for number in ("18", "129", "141"))
