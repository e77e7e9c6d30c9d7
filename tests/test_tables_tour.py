"""What the tour shows: a table's dictionary, a fit in words, and where a specification stands to the plan."""

import pandas as pd
import pytest

from helpers import models, plan, tables
from helpers.errors import CodebookError

DECLARED = {"outcome": "patents_utility", "exposure": "has_own_org", "estimator": "poisson", "cluster": "grid_id",
            "fixed_effects": ["uscc", "year"]}  # fmt: skip


def test_the_dictionary_of_a_table_has_a_row_a_column_with_type_unit_and_values_in_words():
    shown = tables.dictionary_table("charter_amendments", "en").set_index("Column")
    assert list(shown) == ["Name", "Type", "Unit", "Values"]
    assert shown.index[0] == "uscc" and "18 characters" in shown.loc["uscc", "Type"]
    assert shown.loc["substance", "Values"] == "象征性, 保障性, 决策性"
    assert tables.dictionary_table("enterprise_years", "zh").set_index("列").loc["revenue", "单位"] == "万元"
    with pytest.raises(CodebookError, match="no table 'nothing'"):
        tables.dictionary_table("nothing", "zh")


def test_a_fit_is_told_in_words_with_what_it_is_made_of():
    data = pd.DataFrame({"patents_utility": [2.0, 2.0, 4.0, 8.0] * 4, "has_own_org": [0.0, 1.0, 2.0, 3.0] * 4, "uscc": list("abcd") * 4})
    found = models.fit(data, outcome="patents_utility", exposure="has_own_org", estimator="ols", vcov="iid", unit="uscc")
    shown = tables.tidy_table(models.tidy(found), "en")
    assert shown["Term"].tolist()[0] == "a party organisation of its own"
    assert (shown["Coefficient"].tolist()[0], shown["df"].tolist()[0]) == (pytest.approx(2.0), 14)
    # t = 2 / sqrt(16 / 14 / 20) = 8.37 with 14 degrees of freedom.
    assert shown["p"].tolist()[0] == "<0.001"
    note = tables.tidy_note(found, "en")
    assert "Outcome: utility-model applications." in note and "16 firm-years, 4 firms" in note


def test_a_specification_is_told_its_place_in_the_plan():
    whole = plan.load("zone")
    inside = tables.place_in_plan(whole, "en", **DECLARED)
    assert "founding.patents_utility.has_own_org, primary" in inside and whole.short_hash in inside
    assert "proves nothing" in tables.place_in_plan(whole, "en", **DECLARED | {"cluster": "uscc"})
    assert "什么也证明不了" in tables.place_in_plan(whole, "zh", **DECLARED | {"exposure": "stars"})
