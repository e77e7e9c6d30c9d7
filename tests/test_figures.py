import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import figures, style, text

MONTHS = pd.DataFrame(
    {"month": pd.date_range("2020-01-01", periods=12, freq="MS"), "invention": range(12), "utility": 3, "design": 5}
)
CASES = {
    "plot_missingness": (
        pd.DataFrame({"table": ["甲", "甲", "乙"], "column": ["a", "b", "c"], "missing_pct": [0, 50.0, 100]}), {}),
    "plot_findings": (
        pd.DataFrame({"rule": ["全角", "空格"], "repaired": [3, 1], "flagged": 0, "nulled": 0, "set_aside": 2}), {}),
    "plot_coverage": (
        pd.DataFrame({"reading": ["规上", "全部", "任意"], "k": [128, 258, 136], "n": pd.array([131, 264, None], dtype="Int64"),
                      "value_pct": [97.7, 97.7, None], "verdict": ["达到", "达到", "没有"]}),
        {"published_pct": 97.7}),
    "plot_reconciliation": (
        pd.DataFrame({"group": ["组织", "创新"], "reproduced": [3, 1], "not_reproduced": 0, "not_testable": [1, 4]}), {}),
    "plot_foundings": (
        pd.DataFrame({"period": ["2019", "2020\n至 06-30"], "is_part": [False, True], "own_founded": [4, 6],
                      "joint_founded": [0, 1], "below_founded": [2, 0]}), {}),
    "plot_first_coverage": (
        pd.DataFrame({"period": ["2019", "2020\n至 06-30"], "is_part": [False, True], "own_covered": [4, 6],
                      "joint_covered": [0, 1], "attached_covered": [3, 1], "charters": [0, 9]}), {}),
    "plot_exposure": (pd.DataFrame({2019: [0.2, np.nan], 2020: [0.9, 1.0]}, index=["G01（9）", "G02（1）"]), {}),
    "plot_patents_by_month": (
        MONTHS, {"last_complete": {"invention": pd.Timestamp("2020-05-01"), "utility": pd.Timestamp("2020-10-01")}}),
    "plot_completion": (
        pd.DataFrame({"kind": ["utility"] * 3 + ["design"] * 2, "month": MONTHS["month"].iloc[[0, 1, 2, 0, 1]].to_numpy(),
                      "counted": [3, 5, np.nan, 4, np.nan], "modelled": [np.nan, np.nan, 6.5, np.nan, 9.0],
                      "conf_low": [np.nan, np.nan, 4, np.nan, 5], "conf_high": [np.nan, np.nan, 11, np.nan, 16]}), {}),
    "plot_bursts": (
        pd.DataFrame({"kind": ["utility"] * 6 + ["software_copyrights"] * 5 + ["invention"] * 4,
                      "event_year": [-4, -3, -2, -1, 1, 2, -4, -3, -2, -1, 1, -4, -3, -2, -1], "firms": 31,
                      "mean": np.linspace(0.4, 1.2, 15), "conf_low": [0.2] * 14 + [np.nan],
                      "conf_high": [1.5] * 14 + [np.nan]}), {}),
    "plot_expiries": (
        pd.DataFrame([[1, 0, 4], [0, 0, 0]], index=["高新技术企业", "企业技术中心"],
                     columns=pd.date_range("2022-11-01", periods=3, freq="MS")), {}),
    "plot_distance": (pd.Series([-1.2, -0.3, 0.1, 0.2, 2.0]), {"reach": 3.0, "bin_width": 0.5}),
    "plot_zero_share": (pd.DataFrame({"outcome": ["发明"], "zero_pct": [71.0], "n": [2640]}), {}),
    "plot_coefficients": (
        pd.DataFrame({"label": ["发明", "设计"], "group": ["a", "b"], "estimate": [0.1, -0.2], "conf_low": -0.5,
                      "conf_high": 0.4}), {"unit": "%"}),
    "plot_event_study": (
        pd.DataFrame({"label": ["甲", "甲", "甲", "乙", "乙"], "event_time": [-2, -1, 0, -2, 0],
                      "estimate": [0.1, 0.0, 0.4, 0.0, 0.3], "conf_low": [-0.2, 0.0, 0.1, -0.3, -0.1],
                      "conf_high": [0.4, 0.0, 0.7, 0.3, 0.7], "omitted": [False, True, False, False, False]}),
        {"unit": "件"}),
    "plot_bacon": (
        pd.DataFrame({"label": ["先对后", "后对先"], "estimate": [0.2, -0.9], "weight": [0.8, 0.2]}), {"unit": "件"}),
    "plot_specification_curve": (
        pd.DataFrame({"place": [1, 2], "estimator": ["ols", "poisson"], "estimate_pct": [3.0, 20.0],
                      "conf_low_pct": [-4.0, -9.0], "conf_high_pct": [9.0, 60.0]}), {}),
    "plot_bunching": (
        pd.DataFrame({"lower_edge": [-1.0, 0.0, 1.0], "upper_edge": [0.0, 1.0, 2.0], "n_obs": [4, 9, 2],
                      "counterfactual": [5.0, 4.0, 2.5], "is_excluded": [True, True, False]}), {}),
    "plot_balance": (pd.DataFrame({"label": ["职工数"], "difference": [0.4], "std_error": [0.1]}), {}),
    "plot_transitions": (
        pd.DataFrame([[3, 1], [np.nan, 9]], index=pd.Index(["成长类", "达标类"], name=2022),
                     columns=pd.Index(["成长类", "达标类"], name=2023)), {}),
    "plot_time_to_close": (
        pd.DataFrame({"group": ["直通车"] * 3 + ["邻里中心"] * 2, "days": [0, 2.4, 20, 0, 20],
                      "open_share": [1, 0.4, 0.4, 1, 0.9], "conf_low": [1, 0.3, 0.3, 1, 0.8],
                      "conf_high": [1, 0.5, 0.5, 1, 0.95], "requests": [30] * 3 + [12] * 2,
                      "median_days": [2.4] * 3 + [np.nan] * 2}), {}),
    "plot_delivery": (
        pd.DataFrame({"receiver": ["anyone"] * 2 + ["in_charge"] * 2, "hours": [0, 5.0] * 2,
                      "delivered_share": [0, 0.8, 0, 0.5], "conf_low": 0.1, "conf_high": 0.9}), {}),
    "plot_tree": (
        pd.DataFrame({"org_id": ["r", "h", "a", "b"], "parent_org_id": [None, "r", "h", "h"],
                      "org_type": ["党工委", "两新组织党委", "党支部", "联合党支部"], "area": [None, None, "东片区", "西片区"],
                      "is_overdue": [False, False, True, False]}), {}),
    "plot_grid_map": (
        pd.DataFrame({"grid_id": ["G01", "G02"], "area": ["东片区", "未分片区"], "firms": [8, 0], "own": [5, 0],
                      "joint": [1, 0], "attached": [1, 0], "work_only": [0, 0], "uncovered": [1, 0]}), {}),
    "plot_network": (
        pd.DataFrame({"uscc": list("abcde"), "partners": [1, 2, 1, 1, 1], "filings": 1,
                      "is_member": [True, False, False, True, True], "component": [0, 0, 0, 1, 1]}),
        {"ties": pd.DataFrame({"firm_a": ["a", "b", "d"], "firm_b": ["b", "c", "e"], "filings": [1, 9, 2],
                               "tie": ["mixed", "others", "members"]})}),
    "plot_ranks": (pd.DataFrame({"rank": [1, 2, 3], "median": [1, 3, 2], "low": [1, 1, 2], "high": [2, 3, 3]}), {}),
    "plot_sensitivity": (
        pd.DataFrame({"choice": ["outliers", "noise"], "first_order": [0.1, 0], "first_order_conf": 0.05,
                      "total": [0.4, 0.1], "total_conf": 0.1}), {}),
    "plot_contributions": (pd.DataFrame({"indicator": ["党小组", "党建得分"], "contribution": [2.0, -0.5]}), {}),
}  # fmt: skip


def test_every_figure_has_a_case_here():
    assert set(CASES) == set(figures.__all__)


@pytest.mark.parametrize("lang", text.LANGS)
@pytest.mark.parametrize("name", sorted(CASES))
def test_figures_draw_in_both_languages_without_a_missing_glyph(name, lang, tmp_path):
    data, options = CASES[name]
    before = data.copy(deep=True)
    style.use()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = getattr(figures, name)(data, lang=lang, **options)
        ax.figure.savefig(tmp_path / "figure.svg", metadata={"Date": None})
    assert not ax.axison or ax.get_xlabel() or ax.get_ylabel()
    assert data.equals(before)
    plt.close(ax.figure)


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    style.use()
    written = []
    for name in ("a.svg", "b.svg"):
        data, options = CASES["plot_coverage"]
        figure = figures.plot_coverage(data, lang="zh", **options).figure
        figure.savefig(tmp_path / name, metadata={"Date": None})
        plt.close(figure)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_type_is_drawn_up_to_its_last_complete_month_and_no_further():
    style.use()
    data, options = CASES["plot_patents_by_month"]
    ax = figures.plot_patents_by_month(data, lang="en", **options)
    drawn = {line.get_label(): len(line.get_xdata()) for line in ax.lines}
    assert drawn == {"invention (complete to 2020-05)": 5, "utility model (complete to 2020-10)": 10}
    # Two shades: one from the middle of May, one from the middle of October 2020.
    assert len(ax.patches) == 2
    plt.close(ax.figure)


def test_modelled_months_are_hollow_points_beside_the_line_of_those_counted():
    style.use()
    data, options = CASES["plot_completion"]
    ax = figures.plot_completion(data, lang="en", **options)
    utility, design = ax.child_axes
    assert [inner.get_title(loc="left") for inner in (utility, design)] == ["utility model", "design"]
    counted, modelled = utility.lines
    assert (list(counted.get_ydata()), list(modelled.get_ydata())) == ([3, 5], [6.5])
    assert modelled.get_markerfacecolor() == "white" and modelled.get_linestyle() == "None"
    plt.close(ax.figure)


def test_the_award_day_stands_between_the_year_before_and_the_year_after():
    style.use()
    data, options = CASES["plot_bursts"]
    ax = figures.plot_bursts(data, lang="en", **options)
    first, *_, last = ax.child_axes
    assert [text.get_text() for text in first.get_xticklabels()] == ["−4", "−3", "−2", "−1", "+1", "+2"]
    points, award = first.lines
    assert list(points.get_xdata()) == [-4, -3, -2, -1, 0, 1] and list(award.get_xdata()) == [-0.5, -0.5]
    assert first.get_title(loc="left") == "utility model (n = 31)" and len(last.lines[0].get_xdata()) == 4
    plt.close(ax.figure)


def test_endings_stand_in_their_month_and_type_and_no_zero_is_written():
    style.use()
    data, options = CASES["plot_expiries"]
    ax = figures.plot_expiries(data, lang="en", **options)
    assert [(*text.get_position(), text.get_text()) for text in ax.texts] == [(0, 0, "1"), (2, 0, "4")]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["11\n2022", "12", "01\n2023"]
    plt.close(ax.figure)


def test_the_running_year_is_hatched_and_stands_beside_its_charters():
    style.use()
    data, options = CASES["plot_first_coverage"]
    ax = figures.plot_first_coverage(data, lang="en", **options)
    bars = ax.containers
    assert [bar.get_label() for bar in bars][-1] == "New charter clauses"
    assert {(patch.get_hatch() or "") for bar in bars for patch in bar.patches[:1]} == {""}
    assert {patch.get_hatch() for bar in bars for patch in bar.patches[1:]} == {"///"}
    # The three modes stand on one another, the charters beside them.
    assert [bar.patches[1].get_y() for bar in bars] == [0, 6, 7, 0]
    assert bars[0].patches[1].get_x() < bars[3].patches[1].get_x()
    plt.close(ax.figure)


def test_every_channel_has_a_panel_with_its_number_its_own_curve_and_its_median():
    style.use()
    data, options = CASES["plot_time_to_close"]
    ax = figures.plot_time_to_close(data, lang="en", **options)
    first, second = ax.child_axes
    assert [inner.get_title(loc="left") for inner in (first, second)] == ["直通车 (n = 30)", "邻里中心 (n = 12)"]
    # Two grey curves, its own, and the corner of the median, which the second has not.
    assert [len(inner.lines) for inner in (first, second)] == [4, 3]
    assert first.lines[2].get_xdata().tolist() == [0, 2.4, 20]
    assert list(first.lines[3].get_xdata()) == [0, 2.4, 2.4]
    plt.close(ax.figure)


def test_the_years_of_a_transition_stand_on_its_axes():
    style.use()
    data, _ = CASES["plot_transitions"]
    ax = figures.plot_transitions(data, lang="en")
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Class in 2022", "Class in 2023")
    plt.close(ax.figure)
