"""The grammar of findings over its whole space: every direction, size and grade, in both languages."""

import itertools
import math
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from helpers import findings, text
from helpers.findings import Finding
from helpers.findings.scales import on_scale, scale_of, written
from helpers.plan.grade import LEVELS
from helpers.text import LANGS, Message, inline, label, say

CAUSAL = {
    "zh": re.compile("导致|带动|促进|推动|使得|使其|提升|提高|带来|效应|影响|作用|因果|归因|造成"),
    "en": re.compile(r"\b(caus\w*|effects?|leads? to|led to|dr[io]ve\w*|boost\w*|improve\w*|impact\w*|rais\w*|increas\w*|reduc\w*|"
                     r"because|due to|thanks to|makes?|results? in|brings?)\b"),
}  # fmt: skip
MORE = {"zh": re.compile("更多|更高"), "en": re.compile(r"\b(more|larger|higher)\b")}
FEWER = {"zh": re.compile("更少|更低"), "en": re.compile(r"\b(fewer|smaller|lower)\b")}
LATER = {"zh": re.compile("首次之后"), "en": re.compile(r"\bafter its first year\b")}
NUMBER = re.compile(r"[+−±]?\d+(?:,\d{3})*(?:\.\d+)?")

# Kind of outcome -> column, estimator; coefficients that are a plausible size of each.
OUTCOMES = {
    "count": ("patents_invention", "poisson"), "share": ("has_patent", "ols"), "log": ("ln_assets", "ols"),
    "level": ("rd_share_pct", "ols"), "event": ("patents_utility", "callaway_santanna"), "hazard": ("is_first_award", "cloglog"),
    "odds": ("is_hnte", "logit"), "latent": ("patents_design", "hurdle"),
}  # fmt: skip
INTERVALS = {
    "more": (0.2, 0.1, 0.3), "fewer": (-0.2, -0.3, -0.1), "unclear_above": (0.1, -0.2, 0.4), "unclear_below": (-0.1, -0.4, 0.2),
    "touching": (0.1, 0.0, 0.2), "none": (0.0, -0.3, 0.3), "tight": (0.01, -0.02, 0.04), "tight_above": (0.02, 0.01, 0.03),
    "barely": (0.2, 0.00004, 0.4), "huge": (3.0, 0.5, 5.5), "open": (0.7, -0.5, math.inf), "open_below": (-0.7, -math.inf, 0.5),
    "large_negative": (-2.0, -4.0, -0.5),
}  # fmt: skip
GRADES = (None, *LEVELS)
BOUNDS = (None, (-0.095, 0.095))
EXPOSURES = ("has_own_org", "member_share_pct", "has_binding_charter")


def values(kind, interval, grade, bound, exposure="has_own_org"):
    outcome, estimator = OUTCOMES[kind]
    estimate, low, high = INTERVALS[interval]
    natural = {"per_year": 0.5 * estimate, "per_year_low": 0.5 * low, "per_year_high": 0.5 * high} if kind == "count" else {}
    return {
        "outcome": outcome, "exposure": exposure, "estimator": estimator, "estimate": estimate, "conf_low": low, "conf_high": high,
        "detectable": 0.28, "n_units": 94, "n_obs": 1813, "n_clusters": 18, "cluster": "grid_id", "grade": grade, "none_within": bound,
        **natural,
    }  # fmt: skip


def grid():
    """Return every combination that may be said, and those that are refused for contradicting themselves."""
    said, refused = [], []
    for kind, interval, grade, bound, exposure in itertools.product(OUTCOMES, INTERVALS, GRADES, BOUNDS, EXPOSURES):
        known = values(kind, interval, grade, bound, exposure)
        try:
            said.append(Finding(**known))
        except ValueError:
            refused.append(known)
    missing = [
        Finding(outcome=outcome, exposure=exposure, estimator=estimator, grade=grade, reason=Message("evidence.no_study"))
        for (outcome, estimator), exposure, grade in itertools.product(OUTCOMES.values(), EXPOSURES, (None, "cannot_tell"))
    ]
    return said + missing, refused


SAID, REFUSED = grid()


def bare(sentence, found, lang):
    """Return a sentence without the names that it was given, which are not the grammar's own words."""
    names = sorted({inline(name, lang) for name in (found.outcome, found.exposure)}, key=len, reverse=True)
    for name in names:
        sentence = re.sub(re.escape(name), "", sentence, flags=re.IGNORECASE)
    return sentence


def strength(sentence, found, lang):
    """Return how much a sentence says: 0 no direction, 1 a direction, 2 that it comes later, 3 a word of cause."""
    words = bare(sentence, found, lang).lower()
    if CAUSAL[lang].search(words):
        return 3
    if LATER[lang].search(words):
        return 2
    return int(bool(MORE[lang].search(words) or FEWER[lang].search(words)))


def whole(found, lang):
    return text.joined((findings.sentence(found, lang), findings.support(found, lang)), lang)


def test_the_grid_holds_every_direction_and_every_wording():
    assert len(SAID) > 1500
    assert {found.direction for found in SAID} == {"more", "fewer", "unclear", "equivalent", "not_estimable"}
    assert {found.wording for found in SAID} == {
        "not_estimable", "cannot_tell", "equivalent", "opposite", "unchecked", "association", "timing", "robust",
    }  # fmt: skip


def test_what_contradicts_itself_is_refused_and_nothing_else():
    for known in REFUSED:
        holds_zero = known["conf_low"] <= 0 <= known["conf_high"]
        bound = known["none_within"]
        is_none = bound is not None and bound[0] < known["conf_low"] and known["conf_high"] < bound[1]
        opposite = known["conf_high"] < 0
        wrong = {"rejected": not (is_none or opposite), "cannot_tell": is_none}
        assert known["grade"] is not None and wrong.get(known["grade"], holds_zero or is_none), known
    for changes in ({"estimate": 0.5}, {"grade": "proven"}, {"estimate": math.nan, "grade": "robust"}):
        with pytest.raises(ValueError, match="finding of has_own_org on patents_invention"):
            Finding(**values("count", "more", "association", None) | changes)


@pytest.mark.parametrize("lang", LANGS)
def test_a_word_of_cause_stands_at_the_last_grade_alone_and_there_with_its_conditions(lang):
    for found in SAID:
        said = whole(found, lang)
        is_causal = bool(CAUSAL[lang].search(bare(said, found, lang).lower()))
        assert is_causal == (found.grade == "robust"), said
        assert not is_causal or {"zh": "假定下", "en": "under their assumptions"}[lang] in said


@pytest.mark.parametrize("lang", LANGS)
def test_no_rule_of_a_grade_says_more_than_the_grade(lang):
    for key in text.catalogue():
        if key.startswith("grade."):
            said = say(key, lang, **dict.fromkeys(re.findall(r"{(\w+)}", text.catalogue()[key][lang]), "")).lower()
            # Names of what is judged, and of a test's own threat, are none of a claim's words.
            assert not CAUSAL[lang].search(said), key


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_said_at_a_lower_grade_is_stronger_than_at_a_higher_one(lang):
    compared = 0
    for kind, interval, bound, exposure in itertools.product(OUTCOMES, INTERVALS, BOUNDS, EXPOSURES):
        alike = [found for found in SAID if found.grade is not None and found.is_estimated
                 and vars(found) == vars(found) | values(kind, interval, found.grade, bound, exposure)]  # fmt: skip
        ordered = sorted(alike, key=lambda found: LEVELS.index(found.grade))
        said = [strength(whole(found, lang), found, lang) for found in ordered]
        assert said == sorted(said), (kind, interval)
        compared += len(ordered) > 1
        if [found.grade for found in ordered if found.grade != "rejected"] == ["cannot_tell", "association", "timing", "robust"]:
            assert [one for one, found in zip(said, ordered, strict=True) if found.grade != "rejected"] == [0, 1, 2, 3]
    assert compared > 50


@pytest.mark.parametrize("lang", LANGS)
def test_an_estimate_that_was_not_graded_is_never_told_more_strongly_than_an_association(lang):
    for found in SAID:
        if found.grade is None:
            assert strength(whole(found, lang), found, lang) <= 1


@pytest.mark.parametrize("lang", LANGS)
def test_words_of_direction_agree_with_the_sign_and_an_interval_that_holds_zero_has_none(lang):
    for found in SAID:
        words = bare(whole(found, lang), found, lang).lower()
        more, fewer = bool(MORE[lang].search(words)), bool(FEWER[lang].search(words))
        if not found.is_estimated or found.conf_low <= 0 <= found.conf_high or found.grade == "cannot_tell":
            assert not more and not fewer, words
        elif found.direction != "equivalent":
            assert (more, fewer) == (found.estimate > 0, found.estimate < 0), words


def rounded(value, most):
    """Return a number as a sentence has it, by another way than the grammar's: two digits, whole from ten on."""
    if abs(value) > most:
        return f"{int(math.copysign(most, value)):+,}".replace("-", "−")
    if value == 0:
        return "0"
    if abs(value) >= 9.95:
        return f"{round(value):+,}".replace("-", "−")
    return format(Decimal(f"{value:#.2g}"), "+f").replace("-", "−")


def expected(found):
    """Return the numbers that a sentence must hold, worked out from the coefficients."""
    if not found.is_estimated:
        return []
    in_percent = found.estimator in ("poisson", "cloglog", "logit")
    times = 100 if in_percent or found.outcome.startswith(("has_", "ln_")) else 1
    told = lambda b: times * (math.exp(b) - 1 if in_percent else b)  # noqa: E731
    most = 1e3 if times == 100 else 1e6
    numbers = [rounded(told(b), most) for b in (found.estimate, found.conf_low, found.conf_high)] + ["95"]
    if found.estimator == "poisson":
        numbers += [rounded(0.5 * b, 1e3) for b in (found.estimate, found.conf_low, found.conf_high)]
    if found.grade == "cannot_tell" or (found.grade is None and found.conf_low <= 0 <= found.conf_high and found.direction != "equivalent"):
        numbers += [rounded(told(0.28), most).removeprefix("+"), "80"]
    if found.direction == "equivalent":
        numbers.append(rounded(told(found.none_within[1]), most).replace("+", "±"))
    return numbers


@pytest.mark.parametrize("lang", LANGS)
def test_the_numbers_of_a_sentence_are_the_inputs_rounded_and_no_others(lang):
    for found in SAID:
        if found.is_estimated:
            said = bare(findings.sentence(found, lang), found, lang)
            # 80 % power and the level are the only numbers that the grammar brings itself.
            assert sorted(NUMBER.findall(said)) == sorted(expected(found)), said


def test_both_languages_tell_the_same_numbers():
    for found in SAID:
        zh, en = (NUMBER.findall(bare(whole(found, lang), found, lang)) for lang in LANGS)
        assert sorted(zh) == sorted(en)


@pytest.mark.parametrize("lang", LANGS)
def test_a_finding_is_one_sentence_that_tells_its_grade_and_its_sample(lang):
    for found in SAID:
        said = findings.sentence(found, lang)
        level = found.grade or (None if found.is_estimated else "cannot_tell")
        assert said.count(say(f"grade.level_{level}" if level else "findings.interval_alone", lang)) >= 1
        assert said.endswith({"zh": "。", "en": "."}[lang]) and said.count("。") <= 1 and "{" not in said and "nan" not in said
        assert lang == "zh" or (said[0].isupper() and not re.search(r"\.\s", said))
        if found.is_estimated:
            assert {"94", "1,813", "18"} <= set(NUMBER.findall(findings.support(found, lang)))


def test_the_answer_stands_in_the_first_clause():
    unclear, more = (Finding(**values("count", name, grade, None)) for name, grade in (("none", "cannot_tell"), ("more", "association")))
    assert findings.sentence(unclear, "en").startswith("These data cannot tell whether a party organisation of its own goes with")
    assert findings.sentence(unclear, "zh").startswith("这些数据无从判断")
    assert findings.sentence(more, "en").startswith("A party organisation of its own goes with more invention applications (+22 %, 95 % interval")
    assert findings.sentence(more, "zh").startswith("有自有党组织（单独组建）与更多的发明专利申请（+22 %，95 % 区间")


def test_a_share_is_told_in_points_a_logarithm_in_log_points_and_one_unit_of_what_is_no_flag():
    share, log, event = (Finding(**values(kind, "fewer", None, None)) for kind in ("share", "log", "event"))
    assert "a smaller share of firm-years with any patent in the year (−20, 95 % interval −30 to −10 percentage points)".replace(
        "−20,", "−20 percentage points,") in findings.sentence(share, "en")  # fmt: skip
    assert "−20 log points" in findings.sentence(log, "en") and "−20 个对数点" in findings.sentence(log, "zh")
    assert "−0.20 a firm-year, 95 % interval −0.30 to −0.10 a firm-year" in findings.sentence(event, "en")
    member = Finding(**values("count", "more", None, None, "member_share_pct"))
    assert findings.sentence(member, "en").startswith("One unit of member share of employees (points) goes with more")


def test_what_is_huge_or_without_an_end_is_told_as_over_so_much():
    huge, open_, below = (Finding(**values("count", name, None, None)) for name in ("huge", "open", "open_below"))
    assert "+65 to over +1,000 %" in findings.sentence(huge, "en") and "(over +1,000 %" in findings.sentence(huge, "en")
    assert "−39 to over +1,000 %" in findings.sentence(open_, "en") and "over +1,000" in findings.sentence(open_, "en").split(";")[1]
    assert "−39 至 超过 +1,000 %" in findings.sentence(open_, "zh")
    assert "−100 to +65 %" in findings.sentence(below, "en") and "below −1,000" in findings.sentence(below, "en")


def test_an_end_that_is_clear_of_zero_is_not_rounded_to_it():
    assert "+0.0040" in findings.sentence(Finding(**values("count", "barely", None, None)), "en")
    assert [written(v, "en", of="percent") for v in (0.0, -0.0, 0.04, 9.96, -0.996, 0.0996, 1000.4)] == [
        "0", "0", "+0.040", "+10", "−1.0", "+0.10", "over +1,000"]  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_what_cannot_be_estimated_says_why_and_tells_no_number(lang):
    found = Finding(outcome="patents_invention", exposure="has_own_org", estimator="poisson", reason=Message("evidence.no_study"))
    said = findings.sentence(found, lang)
    assert Message("evidence.no_study").text(lang).rstrip(" .。") in said and not NUMBER.search(bare(said, found, lang))
    assert say("grade.level_cannot_tell", lang) in said


@pytest.mark.parametrize("lang", LANGS)
def test_several_findings_of_one_exposure_are_one_sentence_with_every_interval(lang):
    two = [Finding(**values(kind, "none", "cannot_tell", None)) for kind in ("count", "share")]
    said = findings.answer(two, lang)
    assert said.endswith(say("grade.level_cannot_tell", lang) + {"zh": "。", "en": "."}[lang]) and said.count("95 %") == 2
    assert all(label(found.outcome, lang) in said for found in two)
    # Told apart where one is stronger than the other, each with its own grade.
    unlike = [*two, Finding(**values("count", "more", "timing", None))]
    said = findings.answer(unlike, lang)
    first, last = re.split("；(?=有自有)|; (?=a party)", said)
    assert strength(first, two[0], lang) == 0 and strength(last, unlike[-1], lang) == 2
    assert say("grade.level_timing", lang) in last and say("grade.level_timing", lang) not in first
    assert findings.answer(two[:1], lang) == findings.sentence(two[0], lang)


def row(**changes):
    known = {
        "outcome": "patents_invention", "exposure": "is_covered", "cluster": "uscc", "estimator": "poisson", "status": "estimated",
        "reason": None, "estimate": 0.2, "conf_low": 0.1, "conf_high": 0.3, "detectable": 30.0, "per_year": 0.2, "per_year_low": 0.1,
        "per_year_high": 0.3, "n_units": 264, "n_obs": 2640, "n_clusters": 264,
    }  # fmt: skip
    return pd.Series({**known, **changes})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.3, "more"), (-0.3, -0.1, "fewer"), (-0.1, 0.1, "unclear"), (0.0, 0.2, "unclear")],
)
def test_direction_follows_the_interval_and_not_the_estimate(low, high, expected):
    assert findings.of_row(row(estimate=(low + high) / 2, conf_low=low, conf_high=high)).direction == expected


def test_a_row_of_estimates_is_told_on_its_own_scale():
    counted, share = findings.of_row(row()), findings.of_row(row(outcome="is_hnte", estimator="ols", per_year=np.nan))
    assert on_scale(counted.detectable, counted.scale) == pytest.approx(30.0) == on_scale(share.detectable, share.scale)
    assert (counted.grade, counted.rule, counted.none_within) == (None, None, None)
    refused = findings.of_row(row(status="not_estimable", reason=Message("evidence.no_study"), estimate=np.nan))
    assert refused.direction == "not_estimable"


def test_a_negative_binomial_is_told_in_per_cent_and_a_latent_one_as_its_coefficient():
    assert [scale_of(name, "patents_design") for name in ("negbin", "zinb", "ols")] == ["percent", "coefficient", "units"]
    assert scale_of("ols", "ln_outcome") == "log_points" and scale_of("imputation", "has_patent") == "points"


def test_the_summary_counts_each_estimate_once_for_each_level_of_clustering():
    unclear, fewer = {"conf_low": -1.0}, {"estimate": -0.7, "conf_low": -1.0, "conf_high": -0.5}
    found = pd.DataFrame(
        [
            row(outcome="a"), row(outcome="b", **unclear), row(outcome="c", **fewer),
            row(outcome="a", cluster="grid_id", **unclear), row(outcome="b", cluster="grid_id"),
            row(outcome="c", cluster="grid_id"), row(outcome="d", status="not_estimable"),
        ]
    )  # fmt: skip
    said = findings.summary(found, "en")
    assert said.startswith("3 estimates (outcome by indicator); 1 more cannot be made. ")
    assert "Clustered by firm, 1 have intervals above zero, 1 below, and 1 hold zero. " in said
    assert "Clustered by grid, 2 have intervals above zero, 0 below, and 1 hold zero. " in said
    assert findings.summary(found, "zh").startswith("共 3 个估计（产出 × 指标），另有 1 个无法估计。按企业聚类：")


def test_a_negative_number_has_a_minus_sign_and_a_word_keeps_its_hyphen():
    assert text.number(-1234.56, "+,.1f") == "−1,234.6"
    said = findings.sentence(findings.of_row(row(outcome="patents_utility", conf_low=-0.03)), "en")
    assert "utility-model applications" in said and "−3.0" in said
