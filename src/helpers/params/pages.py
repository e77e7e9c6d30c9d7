"""One strict model per notebook: the base parameters every page has, and each page's own."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator

from helpers.errors import UsageError
from helpers.params.explain import explain
from helpers.params.model import MinCell, Names, RunParams, Strict
from helpers.text import Lang


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("expected at least one name")
    return names


def _outcomes(names: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [name for name in names if not _OUTCOME.fullmatch(name)]
    if wrong:
        raise ValueError(f"expected column:poisson, column:ols or column:logit, found {', '.join(wrong)}")
    return names


# Parameters that name panel columns, outcomes apart; those of NUMBERS must hold numbers or yes and no.
_COLUMNS = ("exposures", "controls", "fixed_effects", "clusters")
NUMBERS = frozenset({"outcomes", "exposures", "controls"})
_OUTCOME = re.compile(r"[a-z_][a-z0-9_]*:(poisson|ols|logit)")
SomeNames = Annotated[Names, AfterValidator(_some)]
# A panel column with the estimator that suits it.
Outcomes = Annotated[SomeNames, AfterValidator(_outcomes)]


# The steps of the index.
Outliers = Literal["none", "winsorise", "box_cox"]
Imputation = Literal["none", "median", "group_median"]
Normalisation = Literal["z_score", "min_max", "rank", "distance_to_reference"]
Weights = Literal["equal", "entropy", "pca", "critic", "expert"]
Aggregation = Literal["arithmetic", "geometric", "mazziotta_pareto"]


class Page(Strict):
    """Parameters that every page has."""

    run: str = Field(min_length=1, description="name of the prepared run")
    lang: Lang = Field("zh", description="language of the page")
    min_cell: MinCell = Field(10, description="counts of persons below this are not shown")


class Page10(Page):
    """Data quality."""


class Page20(Page):
    """Published figures reconciled."""


class Page30(Page):
    """Linkage by code."""


class Page40(Page):
    """Panel and indicators."""


class Page50(Page):
    """Organisation."""


class Page51(Page):
    """Ratings and cultivation."""


class Page52(Page):
    """Services."""


class Page54(Page):
    """The industry-chain alliance."""


class Page55(Page):
    """The five-force index of firms."""

    outliers: Outliers = "winsorise"
    imputation: Imputation = "none"
    normalisation: Normalisation = "z_score"
    weights: Weights = "equal"
    aggregation: Aggregation = "arithmetic"
    groups: Literal["size", "none"] = Field("size", description="within which firms are compared")
    coverage: float = Field(0.6, gt=0, le=1, description="least share of a force's indicators a firm must have")
    availability: float = Field(0.5, ge=0, le=1, description="least share of firms an indicator must be known for")
    draws: int = Field(1000, ge=100, le=20_000)
    base: int = Field(256, ge=64, le=4096, description="base sample of the Sobol indices, a power of 2")
    firm: str = Field("", description="code of the firm to be explained; the first in rank by default")
    expert_file: str = Field("", description="CSV with indicator and weight, for weights: expert")

    @field_validator("base")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError("expected a power of 2, such as 256")
        return value


class Page60(Page):
    """Innovation outputs."""


class Page65(Page):
    """Listed firms."""


class Page70(Page):
    """Association: every outcome on every exposure, at every cluster level."""

    outcomes: Outcomes = (
        "patents_invention:poisson",
        "patents_utility:poisson",
        "patents_design:poisson",
        "has_patent:ols",
        "is_hnte:ols",
    )
    exposures: SomeNames = ("is_covered", "has_own_org", "has_charter", "member_share_pct")
    controls: Names = Field((), description="panel columns; none that follows treatment")
    fixed_effects: Names = ("year", "industry_2digit")
    clusters: SomeNames = Field(("uscc", "grid_id"), description="panel columns; the first is the headline level")


class Page72(Page):
    """The estimates under other rules of linkage."""

    outcomes: Outcomes = ("patents_invention:poisson", "patents_utility:poisson", "patents_design:poisson")
    exposures: SomeNames = ("is_covered",)
    controls: Names = Field((), description="panel columns; none that follows treatment")
    fixed_effects: Names = ("year", "industry_2digit")
    clusters: SomeNames = ("uscc",)


class Page75(Page):
    """Timing: outcomes around the first year of an indicator."""

    outcome: str = Field("patents_utility", pattern="^[a-z_][a-z0-9_]*$", description="panel column drawn in full")
    exposure: str = Field("has_own_org", pattern="^[a-z_][a-z0-9_]*$", description="with a first year in the plan")


class Page80(Page):
    """Robustness of one declared estimate, and its grade."""

    specification: str = Field("founding.patents_utility.has_own_org", description="name of a declared specification")


class Page85(Page):
    """Thresholds of the high-tech rules and of the member rule."""


class Page90(Page):
    """Findings, one page."""

    outcomes: Outcomes = (
        "patents_invention:poisson",
        "patents_utility:poisson",
        "patents_design:poisson",
        "is_hnte:ols",
    )
    exposures: SomeNames = ("is_covered",)
    controls: Names = Field((), description="panel columns; none that follows treatment")
    fixed_effects: Names = ("year", "industry_2digit")
    clusters: SomeNames = ("uscc",)


class Page95(Page):
    """The office's brief, one page."""

    term_days: int = Field(180, ge=0, le=3650, description="days ahead in which terms end")
    delivery_days: int = Field(365, ge=1, le=3650, description="days back in which policies were issued")
    most: int = Field(20, ge=1, le=10_000, description="cases listed in each table")


PAGES: dict[str, type[Page]] = {
    "10_data_quality": Page10,
    "20_published_figures": Page20,
    "30_linkage": Page30,
    "40_panel": Page40,
    "50_organisation": Page50,
    "51_ratings": Page51,
    "52_services": Page52,
    "54_alliance": Page54,
    "55_index": Page55,
    "60_innovation": Page60,
    "65_listed_firms": Page65,
    "70_association": Page70,
    "72_linkage_rules": Page72,
    "75_timing": Page75,
    "80_robustness": Page80,
    "85_thresholds": Page85,
    "90_findings": Page90,
    "95_brief": Page95,
}
# What every page takes from its run; a run file's `pages` cannot set them a second time.
FROM_RUN = frozenset({"run", "lang"})


def page(stem: str, **values: Any) -> Page:
    """Return the validated parameters of the notebook `stem`.

    Raises
    ------
    UsageError
        With every unknown, missing, mistyped or out-of-range value at once.
    """
    model = model_of(stem)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"notebook '{stem}':\n  " + "\n  ".join(explain(error, model))) from None


def page_values(params: RunParams, stem: str) -> dict[str, Any]:
    """Return the full resolved parameter set of the notebook `stem` in the run of `params`, as plain values."""
    own = params.pages.get(stem, {})
    values = {"run": params.run, "lang": params.lang, "min_cell": params.min_cell, **own}
    return page(stem, **values).model_dump(mode="json")


def columns_named(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return, by parameter, the panel columns that the values of a page name."""
    named = {name: tuple(values[name]) for name in ("outcomes", *_COLUMNS) if name in values}
    return named | {"outcomes": tuple(one.partition(":")[0] for one in named["outcomes"])} if named else {}


def model_of(stem: str) -> type[Page]:
    """Return the model of the notebook `stem`; a notebook without one of its own takes the base parameters."""
    return PAGES.get(stem, Page)


def own_values(stem: str, texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Parse what a run file says about the notebook `stem`: typed values, and the problems found."""
    model = model_of(stem)
    problems = [f"'{name}' comes from the run itself" for name in texts if name in FROM_RUN]
    given = {name: text for name, text in texts.items() if name not in FROM_RUN}
    try:
        parsed = model.model_validate_strings({"run": "run", **given})
    except ValidationError as error:
        return {}, problems + explain(error, model)
    plain = parsed.model_dump(mode="json")
    return {name: plain[name] for name in given}, problems
