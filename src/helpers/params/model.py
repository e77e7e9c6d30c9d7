"""What a named run may say, as frozen models: nothing unknown, nothing untyped, nothing out of range."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from helpers import paths
from helpers.text import Lang

Scenario = Literal["null", "effect", "selection", "pretrend", "spillover"]
Dirt = Literal["none", "typical", "heavy"]
MinCell = Annotated[int, Field(ge=5, le=1000)]
FIRST_YEAR, LAST_YEAR = 1949, 2100
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
# Below this the published counts no longer fit into one zone.
SMALLEST_ZONE, LARGEST_ZONE = 400, 5_000_000
# The data dictionary and comparisons of runs lie beside the runs in the reports folder.
TAKEN = ("codebook", "diff")
RUN_NAME = r"[a-z0-9][a-z0-9_-]{0,62}"


class Strict(BaseModel):
    """Base of all parameter models."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _names(value: Any) -> tuple[str, ...]:
    parts = value.replace(",", "\n").split("\n") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("expected a list of file names")
    return tuple(part.strip() for part in parts if part.strip())


def _iso(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        # Pydantic itself would take a bare number for the seconds since 1970, and the standard library 20230630.
        return datetime.strptime(value.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise ValueError(f"found '{value}', expected a date such as 2023-06-30") from None


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"found {value}, expected a date from {FIRST_YEAR} to {LAST_YEAR}")
    return value


Day = Annotated[date, BeforeValidator(_iso), AfterValidator(_in_range)]


# Plain, because pydantic validates texts and mappings of texts, but no list of them; `load` hands lists over as lines.
Names = Annotated[tuple[str, ...], PlainValidator(_names), PlainSerializer(list)]


def _or_none(value: Any) -> Any:
    # What follows sees a value and no longer a text, so that a number has to be read here.
    if not isinstance(value, str):
        return value
    return None if value.strip() == "none" else int(value) if value.strip().isdecimal() else value


class Calibration(Strict):
    """Which reading of the published figures a synthetic zone is calibrated to; the defaults are the default set.

    Parameters
    ----------
    uncovered_industrial, uncovered_quota : int
        Of the 131 above-scale industrial and the 133 above-quota firms, those without an organisation. With 3 and 3 all
        of 128/131, 130/133 and 258/264 are 97.7 %.
    joint_limit : int or None
        Most firms of a joint branch (the rule says five). What the own organisations and the joint branches then leave
        uncovered is attached (挂靠) to the organisation of its grid's lead firm. None (`none` in a run file): all of it
        goes to the four joint branches, which then hold about 31 firms each.
    members : int
        Members on the private-enterprise roll (1,262: roll and contact scheme are one population).
    rated : {"109/132", "114/138"}
        Branches rated good or above in 2023, and branches rated (138 takes in six sub-branches).
    secretaries : {"concurrent", "vacancies"}
        128 persons hold all 136 posts, or 8 posts are vacant.
    charter_base : {"analysable", "covered"}
        The firms among which the 220 with a charter clause are: all 264, or the 258 covered ones.
    high_tech_outside : int
        How many of the 75 high-tech firms stand outside the base.
    small_firm_patents : float
        Expected filings over the whole period of a small private firm outside the base (about 0.5 in the default zone;
        raise it for a benchmark).
    """

    uncovered_industrial: int = Field(3, ge=0, le=10)
    uncovered_quota: int = Field(3, ge=0, le=10)
    joint_limit: Annotated[Annotated[int, Field(ge=2, le=40)] | None, BeforeValidator(_or_none)] = 5
    members: int = Field(1096, ge=1000, le=3000)
    rated: Literal["109/132", "114/138"] = "109/132"
    secretaries: Literal["concurrent", "vacancies"] = "concurrent"
    charter_base: Literal["analysable", "covered"] = "analysable"
    high_tech_outside: int = Field(0, ge=0, le=20)
    small_firm_patents: float = Field(0.5, ge=0, le=100)


class SyntheticData(Strict):
    """The run generates its own zone."""

    kind: Literal["synthetic"]
    firms: int = Field(13470, ge=SMALLEST_ZONE, le=LARGEST_ZONE, description="market entities in the zone")
    scenario: Scenario = "effect"
    dirt: Dirt = "typical"
    readings: Calibration = Calibration()


class FileData(Strict):
    """The run reads files that exist."""

    kind: Literal["files"]
    folder: str = Field(min_length=1, description="folder of the files; relative to the project's root")
    mappings: Names = ()

    @property
    def folder_path(self) -> Path:
        """Return the folder of the files."""
        return paths.resolve(self.folder)

    @property
    def mapping_paths(self) -> tuple[Path, ...]:
        """Return the mapping files, in the order given."""
        return tuple(paths.resolve(name) for name in self.mappings)


class RunParams(Strict):
    """Everything that a run depends on besides its input data and the code.

    `zone` stays text, so that a code such as 01 keeps its zero. Dates are ISO dates. `pages` holds, by notebook stem,
    the values that differ from the defaults of the page's own model.
    """

    run: str = Field(pattern=rf"^{RUN_NAME}$", description="name of the run and of its folders")
    study: Literal["zone", "listed"]
    zone: str = Field(min_length=1, description="code or name of the zone")
    zone_en: str = Field("", description="its name on English pages; `zone` where left out")
    title_zh: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    as_of: Day
    extract_on: Day
    first_year: Year
    last_year: Year
    lang: Lang = "zh"
    seed: int = Field(20230710, ge=0, le=2**32 - 1)
    min_cell: MinCell = 10
    data: Annotated[SyntheticData | FileData, Field(discriminator="kind")]
    engine: Literal["duckdb", "spark"] = Field("duckdb", description="what cleans the tables and builds the panel")
    readings: dict[str, str] = Field(default_factory=dict)
    pages: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ordered(self) -> "RunParams":
        if self.first_year > self.last_year:
            raise ValueError(f"first_year {self.first_year} is after last_year {self.last_year}")
        if self.last_year > self.extract_on.year:
            raise ValueError(f"last_year {self.last_year} is after the extract of {self.extract_on}")
        if self.as_of > self.extract_on:
            raise ValueError(f"as_of {self.as_of} is after the extract of {self.extract_on}: nothing is known of it")
        return self

    @model_validator(mode="after")
    def _readable(self) -> "RunParams":
        if self.run in TAKEN:
            raise ValueError(f"run '{self.run}': reports/{self.run} holds something else; take another name")
        mappings = self.data.mappings if isinstance(self.data, FileData) else ()
        if self.study == "listed" and not isinstance(self.data, FileData):
            raise ValueError("study 'listed' reads files: data.kind must be files, with data.folder and data.mappings")
        fewest, most = (1, 2) if self.study == "listed" else (0, 1)
        if not fewest <= len(mappings) <= most:
            expected = "one mapping file for each source, at most two" if most == 2 else "at most one mapping file"
            raise ValueError(f"data.mappings: found {len(mappings)}, study '{self.study}' takes {expected}")
        return self

    def title(self, lang: Lang) -> str:
        """Return the run's title in `lang`."""
        return self.title_zh if lang == "zh" else self.title_en

    def zone_name(self, lang: Lang) -> str:
        """Return the zone's name in `lang`."""
        return self.zone_en if lang == "en" and self.zone_en else self.zone

    def shown(self) -> dict[str, Any]:
        """Return all parameters as plain values fit to be published: outside folders are named, not located."""
        values = self.model_dump(mode="json")
        if isinstance(self.data, FileData):
            values["data"]["folder"] = _publishable(self.data.folder)
            values["data"]["mappings"] = [_publishable(name) for name in self.data.mappings]
        return values

    def flat(self) -> dict[str, str]:
        """Return `shown()` as dotted name -> text, the form in which `-p` takes them."""
        return flattened(self.shown())


def _publishable(text: str) -> str:
    return paths.relative(paths.resolve(text)) if Path(text).expanduser().is_absolute() else text


def flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested parameters as dotted name -> text."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat
