"""How much of a difference could run through a named mediator, and what would undo that: declared mediations in."""

from dataclasses import dataclass

import pandas as pd

from helpers.models.mediation import Mediation, mediation
from helpers.models.result import or_why
from helpers.plan.model import Plan, Specification
from helpers.plan.sample import analysis_frame, controls_of
from helpers.text import Message


@dataclass(frozen=True)
class Channel:
    """One declared specification with a mediator, and what it came to; a `Message` says why it could not be had."""

    one: Specification
    mediator: str
    found: Mediation | Message


def channels(derived: pd.DataFrame, declared: Plan, *, seed: int) -> list[Channel]:
    """Take every declared specification with mediators apart, linearly, one mediator at a time.

    Parameters
    ----------
    derived : DataFrame
        From `sample.with_derived`.
    declared : Plan
    seed : int
        Of the draws behind the intervals.

    Notes
    -----
    `models.mediation` is linear in counts, whatever the estimator declared: its closed form is what makes the
    correlation that would undo the answer computable.
    """
    made = []
    for one in (one for one in declared.specifications if one.mediators):
        frame, _ = analysis_frame(derived, one)
        for mediator in one.mediators:
            alone = one.model_copy(update={"mediators": ()})
            found = or_why(
                lambda frame=frame, one=alone, mediator=mediator: mediation(
                    frame, outcome=one.outcome, exposure=one.exposure, mediator=mediator, controls=controls_of(one),
                    fixed_effects=one.fixed_effects, cluster=one.cluster, seed=seed,
                )
            )
            made.append(Channel(one, mediator, found))
    return made
