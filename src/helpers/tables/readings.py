"""Tables of the readings in force: what the published figures leave open, what this run chose, what it might choose."""

from collections.abc import Iterator
from typing import Literal, get_args, get_origin

import pandas as pd
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from helpers import reconcile
from helpers.params.model import Calibration
from helpers.study import Study
from helpers.tables.labels import labelled
from helpers.text import Lang, number, say


def readings_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return one row a reading of the reconciliation: what it settles, its parameter, choice and alternatives."""
    rows = _rows(reconcile.readings_from(zone.params.readings), "readings", "reconcile", lang)
    return labelled(pd.DataFrame(rows), lang)


def calibrated_table(zone: Study, lang: Lang) -> pd.DataFrame:
    """Return the same of the readings with which the synthetic zone was generated; empty for real data."""
    if not zone.is_synthetic:
        return pd.DataFrame({"settles": pd.Series(dtype="str")})
    return labelled(pd.DataFrame(_rows(zone.params.data.readings, "data.readings", "simulate", lang)), lang)


def _rows(chosen: BaseModel, prefix: str, room: str, lang: Lang) -> Iterator[dict[str, object]]:
    for name, field in type(chosen).model_fields.items():
        value = getattr(chosen, name)
        yield {
            "settles": say(f"{room}.set_{name}", lang),
            "parameter": f"{prefix}.{name}",
            "choice": _choice(room, name, value, lang),
            "is_default": value == field.default,
            "alternatives": _alternatives(room, name, value, field, lang),
        }


def _choice(room: str, name: str, value: object, lang: Lang) -> str:
    if name == "firm_codes":
        # The codes themselves would say which firms these are.
        return say("reconcile.set_given" if value else "reconcile.set_not_given", lang)
    if value is None:
        return f"{say('simulate.set_unlimited', lang)} [none]"
    if not isinstance(value, str):
        return number(value, "," if isinstance(value, int) else "g")
    is_base = room == "reconcile" and name.endswith("_base")
    words = say(f"forces.base_{value}" if is_base else f"{room}.set_{name}_{value}", lang)
    return f"{words} [{value}]"


def _alternatives(room: str, name: str, value: object, field: FieldInfo, lang: Lang) -> str:
    if get_origin(field.annotation) is Literal:
        others = [other for other in get_args(field.annotation) if other != value]
        return say("pages.semicolon", lang).join(_choice(room, name, other, lang) for other in others)
    limits = _limits(Calibration.model_json_schema()["properties"].get(name, {})) if room == "simulate" else {}
    words = say("simulate.set_range", lang, **limits) if limits else ""
    return words + (say("pages.semicolon", lang) + _choice(room, name, None, lang) if name == "joint_limit" else "")


def _limits(schema: dict) -> dict[str, str]:
    part = schema.get("anyOf", [schema])[0]
    return {"low": number(part["minimum"], ",g"), "high": number(part["maximum"], ",g")} if "minimum" in part else {}
