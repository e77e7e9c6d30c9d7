"""What the published figures leave open, and the choice made for each: the default reading set and its alternatives."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from helpers.errors import UsageError
from helpers.forces.population import Base
from helpers.params.explain import explain


class Readings(BaseModel):
    """One choice for every figure that can be read in more than one way.

    Parameters
    ----------
    coverage_base : {'above_scale', 'scale_industrial', 'above_quota', 'all_operating', 'should_have'}
        N of the coverage rate.
    coverage_numerator : {'covered_firms', 'own_or_joint', 'organisations'}
        Firms covered by any organisation (own, joint, of the industry, or attached to another firm's); the same without
        attachment (挂靠); or the number of organisations itself.
    organisations : {'without_sub_branches', 'all', 'firms_with_own'}
        What the number of organisations counts: branches under a firm's committee apart or included, or firms.
    linkage : {'pointers', 'records'}
        Levels of the chain that parent pointers link, or levels of the five named ones of which there is a record.
    members : {'roll', 'contact'}
        N of the members' share: the private-enterprise roll, or the members of the contact scheme.
    charter_base : {'above_scale', 'covered', 'all_operating'}
        The firms among which charter clauses are counted.
    charter_date : {'filed', 'amended'}
        The date by which a clause counts.
    rated : {'all_rated', 'branches'}
        N of the good-or-above share: all graded organisations, or those that are branches.
    secretaries : {'persons', 'posts'}
        Distinct serving persons, or posts held (a person with two posts twice).
    party_team : {'top_team', 'all_committees'}
        The team of the firm's highest organisation, or also of the branches under it.
    tickets : {'per_mechanism', 'unique', 'raw'}
        Distinct requests inside each mechanism; each request under the channel it came through first; or rows.
    solved : {'solved', 'solved_or_partly', 'closed'}
        Which results of a request count as solved.
    pioneer_selected : {'flag', 'types'}
        Units flagged as selected, or units of the types 党员先锋岗 and 党员示范区.
    national_titles : {'certificates', 'firms'}
        National-level certificates in force, or the firms that hold one.
    delivery : {'every', 'median'}
        Whether half a day must hold for every policy-firm pair, or for the median one.
    names : {'invented', 'as_registered'}
        Whether the names in the tables are real: only then does the absence of a named firm say something.
    firm_codes : str
        Codes of the firms that single-firm figures are about, as `scope=code;scope=code` with the scopes of the
        reference table; without one such a figure cannot be tested.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    coverage_base: Base = "above_scale"
    coverage_numerator: Literal["covered_firms", "own_or_joint", "organisations"] = "covered_firms"
    organisations: Literal["without_sub_branches", "all", "firms_with_own"] = "without_sub_branches"
    linkage: Literal["pointers", "records"] = "pointers"
    members: Literal["roll", "contact"] = "roll"
    charter_base: Literal["above_scale", "covered", "all_operating"] = "above_scale"
    charter_date: Literal["filed", "amended"] = "filed"
    rated: Literal["all_rated", "branches"] = "all_rated"
    secretaries: Literal["persons", "posts"] = "persons"
    party_team: Literal["top_team", "all_committees"] = "top_team"
    tickets: Literal["per_mechanism", "unique", "raw"] = "per_mechanism"
    solved: Literal["solved", "solved_or_partly", "closed"] = "solved"
    pioneer_selected: Literal["flag", "types"] = "flag"
    national_titles: Literal["certificates", "firms"] = "certificates"
    delivery: Literal["every", "median"] = "every"
    names: Literal["invented", "as_registered"] = "invented"
    firm_codes: str = ""

    def code_of(self, scope: str) -> str | None:
        """Return the code given for the firm that a figure's scope names."""
        pairs = (part.partition("=") for part in self.firm_codes.split(";") if part)
        return {name.strip(): code.strip() for name, _, code in pairs}.get(scope)


def readings_from(chosen: Mapping[str, str]) -> Readings:
    """Return the default reading set with what a run file chooses.

    Raises
    ------
    UsageError
        With every unknown reading and every choice that does not exist.
    """
    try:
        return Readings.model_validate(dict(chosen))
    except ValidationError as error:
        raise UsageError("\n".join(f"reading {problem}" for problem in explain(error, Readings))) from None
