"""The declared plan: the file of specifications in, one frozen row a specification and one hash of them all out."""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, Field, ValidationError, model_validator

from helpers import paths, strict_yaml
from helpers.errors import UsageError
from helpers.params.explain import explain, suggest
from helpers.params.model import Names, Strict

Role = Literal["primary", "secondary", "exploratory"]
Question = Literal["association", "timing", "spillover", "mediation"]
Sample = Literal["followed", "with_organisation", "at_risk", "state_owned_at_first"]
Study = Literal["zone", "listed"]
Estimator = Literal[
    "ols", "poisson", "negbin", "zip", "zinb", "hurdle", "logit", "cloglog", "clogit", "ordered"
]  # fmt: skip
# What a firm's first year says cannot follow from a treatment that came later.
BASELINE = ("age_years", "ln_employees", "ln_assets", "rd_share_pct", "employees", "revenue_10k_cny")
_OUTCOME = re.compile(r"[a-z_][a-z0-9_]*:[a-z]+")
_NAME = r"^[a-z][a-z0-9_]*$"
_DIGITS = 12


def _outcomes(names: tuple[str, ...]) -> tuple[str, ...]:
    known = Estimator.__args__
    wrong = [name for name in names if not _OUTCOME.fullmatch(name) or name.partition(":")[2] not in known]
    if wrong or not names:
        found = ", ".join(wrong) or "none"
        raise ValueError(f"expected column:estimator with one of {', '.join(known)}, found {found}")
    return names


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("expected at least one column")
    return names


Column = Annotated[str, Field(pattern=_NAME)]


class Panel(Strict):
    """What the firm-years of a study are called: one declaration for all its specifications.

    Attributes
    ----------
    unit : str
        The firm.
    group : str
        The place in which firms may influence each other, and whose errors are dependent.
    group_year : str
    coarser : str, optional
        Groups of groups: with few of them no test reaches a customary level, which is shown.
    industry : str
    covariates : tuple of str
        What a firm was like before; `changes` holds them fixed.
    cohorts : dict of str to str
        Exposure -> column of the first year of it. An exposure that comes and goes has no such year.
    effects : tuple of str
        Fixed effects, joined by ` + `, that could as well have been declared.
    """

    unit: Column
    group: Column
    group_year: Column
    coarser: Column | None = None
    industry: Column
    covariates: Annotated[Names, AfterValidator(_some)]
    cohorts: dict[Column, Column]
    effects: Annotated[Names, AfterValidator(_some)]


class Specification(Strict):
    """One regression, declared.

    Attributes
    ----------
    name : str
        Group, outcome and exposure with points between.
    question : {"association", "timing", "spillover", "mediation"}
    role : {"primary", "secondary", "exploratory"}
    family : str
        Its p value is corrected together with those of the same family.
    outcome, exposure, estimator, cluster : str
    sample : {"followed", "with_organisation", "at_risk", "state_owned_at_first"}
    controls : tuple of str
        At the firm's first year.
    mediators : tuple of str
        Follow treatment; held fixed on purpose.
    fixed_effects : tuple of str
    panel : Panel
        Of its study.
    """

    name: str
    question: Question
    role: Role
    family: str
    outcome: str
    exposure: str
    sample: Sample
    controls: tuple[str, ...]
    mediators: tuple[str, ...]
    fixed_effects: tuple[str, ...]
    estimator: Estimator
    cluster: str
    panel: Panel

    @property
    def unit(self) -> str:
        """Return the column of the firm."""
        return self.panel.unit

    @property
    def cohort(self) -> str | None:
        """Return the column of the first year of the exposure; None for one that has no such year."""
        return self.panel.cohorts.get(self.exposure)


class Group(Strict):
    """All outcomes by all exposures, alike in everything else."""

    question: Question
    role: Role
    family: str = Field(pattern=_NAME)
    outcomes: Annotated[Names, AfterValidator(_outcomes)]
    exposures: Annotated[Names, AfterValidator(_some)]
    sample: Sample = "followed"
    controls: Names = ()
    mediators: Names = ()
    fixed_effects: Names = ()
    cluster: str = Field(pattern=_NAME)

    @model_validator(mode="after")
    def _before_treatment(self) -> "Group":
        late = [name for name in self.controls if name not in BASELINE]
        if late:
            raise ValueError(
                f"controls {', '.join(late)} are no baseline columns ({', '.join(BASELINE)}): what follows treatment "
                "is no control; name it under mediators to hold it fixed on purpose"
            )
        both = sorted(set(self.controls) & set(self.mediators))
        if both:
            raise ValueError(f"{', '.join(both)}: control and mediator at once")
        if self.mediators and self.role == "primary":
            raise ValueError("a specification with mediators cannot be primary: it does not estimate the whole effect")
        return self

    def specifications(self, group: str, panel: Panel) -> list[Specification]:
        """Return the group's specifications, outcomes outermost."""
        shared = self.model_dump(exclude={"outcomes", "exposures"})
        shared |= {name: tuple(shared[name]) for name in ("controls", "mediators", "fixed_effects")}
        return [
            Specification(
                name=f"{group}.{outcome}.{exposure}", outcome=outcome, estimator=estimator, exposure=exposure,
                panel=panel, **shared,
            )
            for outcome, _, estimator in (one.partition(":") for one in self.outcomes)
            for exposure in self.exposures
        ]


Share = Annotated[float, Field(gt=0, lt=1)]


class Rules(Strict):
    """What evidence has to pass, declared with the specifications.

    Attributes
    ----------
    alpha : float
        Level of every test, two-sided.
    leads_p : float
        The joint p value of the leads must not lie below it.
    breakdown : float
        Least relative magnitude of a violation after treatment, in units of the largest before it, that leaves the sign
        (Rambachan & Roth 2023).
    oster_delta : float
        Least selection on unobservables, in units of that on observables, that would take the estimate to zero.
    covariate_multiples : float
        An unseen confounder so many times as strong as the strongest baseline covariate must leave the sign.
    equivalence_pct : float
        Effects within plus and minus so many per cent count as none.
    """

    alpha: Share
    leads_p: Share
    breakdown: float = Field(gt=0)
    oster_delta: float = Field(gt=0)
    covariate_multiples: float = Field(gt=0)
    equivalence_pct: float = Field(gt=0)


class _File(Strict):
    rules: Rules
    panel: Panel
    groups: dict[Annotated[str, Field(pattern=_NAME)], Group]


class Plan(Strict):
    """All declared specifications, in the order of the file, and what their evidence has to pass."""

    rules: Rules
    panel: Panel
    specifications: tuple[Specification, ...]

    @property
    def sha256(self) -> str:
        """Return the hash of what is declared; comments, blanks and the order of keys do not change it."""
        specifications = (one.model_dump(mode="json", exclude={"panel"}) for one in self.specifications)
        rows = [self.rules.model_dump(), self.panel.model_dump(mode="json"), *specifications]
        return hashlib.sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def short_hash(self) -> str:
        """Return the first digits of the hash, as pages print it."""
        return self.sha256[:_DIGITS]

    def named(self, name: str) -> Specification:
        """Return the specification called `name`.

        Raises
        ------
        UsageError
            If none is declared under it.
        """
        for one in self.specifications:
            if one.name == name:
                return one
        known = [one.name for one in self.specifications]
        near = suggest(name, known) or f"; there are {', '.join(known)}"
        raise UsageError(f"specification '{name}' is not declared{near}")

    def of(self, *, question: Question | None = None, role: Role | None = None, family: str | None = None) -> "Plan":
        """Return the part of the plan with this question, role or family."""
        chosen = [
            one
            for one in self.specifications
            if question in (None, one.question) and role in (None, one.role) and family in (None, one.family)
        ]
        return self.model_copy(update={"specifications": tuple(chosen)})

    def declared(
        self, *, outcome: str, exposure: str, estimator: str, fixed_effects: Sequence[str], cluster: str,
        controls: Sequence[str] = (), mediators: Sequence[str] = (), sample: str = "followed",
    ) -> Specification | None:  # fmt: skip
        """Return the declared specification that is this one in every respect; None makes it exploratory."""
        asked = (outcome, exposure, estimator, set(fixed_effects), cluster, set(controls), set(mediators), sample)
        for one in self.specifications:
            if asked == (one.outcome, one.exposure, one.estimator, set(one.fixed_effects), one.cluster,
                         set(one.controls), set(one.mediators), one.sample):  # fmt: skip
                return one
        return None

    def around(self, *, outcome: str, exposure: str) -> Specification:
        """Return the declared specification of timing with this outcome and exposure.

        Where none is declared it is an exploratory one, on all firms and with the effects of firm and year.

        Raises
        ------
        UsageError
            If the exposure has no first year.
        """
        cohorts = self.panel.cohorts
        if exposure not in cohorts:
            near = suggest(exposure, cohorts) or f"; those with one are {', '.join(cohorts)}"
            raise UsageError(f"exposure '{exposure}' has no first year in the plan{near}")
        for one in self.of(question="timing").specifications:
            if (one.outcome, one.exposure) == (outcome, exposure):
                return one
        return Specification(
            name=f"{outcome}.{exposure}", question="timing", role="exploratory", family="none", outcome=outcome,
            exposure=exposure, sample="followed", controls=(), mediators=(), estimator="poisson",
            fixed_effects=(self.panel.unit, "year"), cluster=self.panel.group, panel=self.panel,
        )  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """Return one row a specification, lists written with commas."""
        rows = [one.model_dump(exclude={"panel"}) for one in self.specifications]
        frame = pd.DataFrame(rows, columns=[name for name in Specification.model_fields if name != "panel"])
        for name in ("controls", "mediators", "fixed_effects"):
            frame[name] = [", ".join(values) for values in frame[name]]
        return frame


def read(path: Path) -> Plan:
    """Read and check a plan.

    Raises
    ------
    UsageError
        With everything that is unknown, missing or out of place, at once, with its line; or if a specification is
        declared twice.
    """
    try:
        document = strict_yaml.read(path)
        file = _File.model_validate_strings(strict_yaml.as_lines(document.content))
    except OSError as error:
        raise UsageError(f"plan '{path}': {error.strerror}") from None
    except strict_yaml.YamlError as error:
        raise UsageError(f"plan '{path}': {error}") from None
    except ValidationError as error:
        problems = explain(error, _File, document.lines)
        raise UsageError(f"{paths.relative(path)}: {len(problems)} problem(s):\n  " + "\n  ".join(problems)) from None
    rows = [one for name, group in file.groups.items() for one in group.specifications(name, file.panel)]
    _refuse_twice(rows, path)
    return Plan(rules=file.rules, panel=file.panel, specifications=tuple(rows))


def _refuse_twice(rows: list[Specification], path: Path) -> None:
    seen: dict[str, str] = {}
    for one in rows:
        known = json.dumps(one.model_dump(exclude={"name", "role", "family", "question", "panel"}), sort_keys=True)
        if known in seen:
            raise UsageError(
                f"{paths.relative(path)}: {one.name} and {seen[known]} are one specification: declare it once, or its "
                "role and family depend on where one looks"
            )
        seen[known] = one.name


@cache
def load(study: Study) -> Plan:
    """Return the project's own plan of a study (`notebooks/params/specifications*.yml`)."""
    return read(paths.PLANS[study])
