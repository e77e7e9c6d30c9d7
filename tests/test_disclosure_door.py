"""Nothing is shown that has not been through disclosure control: the door to the page, and what it cannot be told."""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from pydantic import BaseModel

from helpers import codebook, disclosure, paths, show
from helpers.disclosure import DisclosureError, crossing
from helpers.disclosure.clearance import counted
from helpers.models import balance
from helpers.tables.labels import labelled
from helpers.text import LANGS, catalogue

SOURCE = paths.ROOT / "src" / "helpers"


@pytest.fixture(autouse=True)
def _usual_minimum():
    disclosure.hold_to(disclosure.MINIMUM_PERSONS)
    yield
    disclosure.hold_to(disclosure.MINIMUM_PERSONS)


def persons(*counts: int | None) -> pd.DataFrame:
    return pd.DataFrame({"posts": list("abcdef")[: len(counts)], "persons": pd.array(counts, dtype="Int64")})


@pytest.mark.parametrize("lang", LANGS)
def test_a_table_with_a_count_of_three_persons_cannot_be_shown_in_either_language(lang):
    with pytest.raises(DisclosureError, match=r"table 'Posts'.*has not been through"):
        show.table(labelled(persons(3, 40), lang), title="Posts", lang=lang)
    marked = disclosure.cleared(labelled(persons(3, 40), lang))
    with pytest.raises(DisclosureError, match=r"1 of 2 counts below 10 persons.*the first is 3"):
        show.table(marked, title="Posts", lang=lang)
    shown, _ = disclosure.suppress(persons(3, 40), counts=["persons"])
    assert "40" in show.table(labelled(shown, lang), title="Posts", lang=lang).data


def test_counts_written_as_text_and_zeros_are_found_too():
    for cell in ("3", "0"):
        with pytest.raises(DisclosureError, match="below 10"):
            show.table(disclosure.cleared(pd.DataFrame({"persons": [cell, "1,200"]})), title="t", lang="en")


def test_the_data_behind_a_figure_go_through_the_same_door():
    figure, _ = plt.subplots()
    with pytest.raises(DisclosureError, match="1 of 2 counts"):
        show.figure(figure, title="Posts", alt="two bars", data=disclosure.cleared(persons(3, 40)), lang="en")
    plt.close(figure)


@pytest.mark.parametrize("words", ["3 persons lead two organisations.", "由 3 名党员组成", "3 人", "9 serving secretaries"])
def test_a_few_persons_are_not_told_in_alt_texts_notes_and_sentences(words):
    figure, _ = plt.subplots()
    with pytest.raises(DisclosureError, match="tells of"):
        show.figure(figure, title="Posts", alt=words, lang="en")
    with pytest.raises(DisclosureError, match="tells of"):
        show.table(pd.DataFrame({"a": [1]}), title="Posts", note=words, lang="en")
    for tell in (show.text, show.finding, lambda said: show.sentences([said])):
        with pytest.raises(DisclosureError, match="tells of"):
            tell(words)
    plt.close(figure)


@pytest.mark.parametrize(
    "words", ["fewer than 10 persons", "3 formal members or more", "不足 3 名党员", "正式党员 3 名以上", "116 persons",
              "1,003 persons", "3.5 persons a team", "5 人次", "3 firms"])  # fmt: skip
def test_thresholds_large_counts_and_what_is_no_count_of_persons_may_be_told(words):
    assert words in show.text(words).data


def test_no_sentence_of_the_catalogue_states_a_small_count_of_persons_by_itself():
    for entry in catalogue().values():
        for said in entry.values():
            disclosure.admit_words(re.sub(r"\{[^}]*\}", "…", said), where="catalogue")


def test_the_results_of_a_page_hold_no_small_count_of_persons():
    assert "12" in repr(show.results({"roll": {"persons": 12}}))
    with pytest.raises(DisclosureError, match=r"results\.roll"):
        show.results({"roll": {"persons": 3}})


def test_a_page_with_a_minimum_of_its_own_is_held_to_it():
    class Values(BaseModel):
        run: str = "x"
        min_cell: int = 20

    show.parameters(Values(), lang="en")
    with pytest.raises(DisclosureError, match="below 20 persons"):
        show.table(disclosure.cleared(persons(15, 40)), title="Posts", lang="en")


def test_ids_of_persons_are_never_shown():
    with pytest.raises(DisclosureError, match="member_pid"):
        show.table(pd.DataFrame({"member_pid": ["x"], "post": ["y"]}), title="Members", lang="en")


def test_every_counted_heading_is_a_column_that_pages_have_or_the_codebook_knows():
    known = {column.name for table in codebook.load().tables.values() for column in table.columns}
    words = {key.removeprefix("columns.") for key in catalogue()}
    table = pd.read_csv(paths.ROOT / "data" / "codebook" / "shown_counts.csv")
    assert not set(table["column"]) - known - words
    assert set(counted().values()) == {"person", "person_time", "mixed", "money"}


def test_a_person_is_never_put_beside_a_patent_or_its_inventors():
    members = pd.DataFrame({"member_pid": ["a"], "uscc": ["F"]})
    patents = pd.DataFrame({"application_no": ["1"], "uscc": ["F"], "inventor_count": [2]})
    for crossed in (members.merge(patents, on="uscc"), members.assign(inventor_count=2),
                    members.merge(patents, on="uscc").set_index("application_no")):  # fmt: skip
        with pytest.raises(DisclosureError, match="never joined"):
            disclosure.refuse_cross(crossed)
        with pytest.raises(DisclosureError):
            show.table(crossed, title="x", lang="en")
    disclosure.refuse_cross(members)
    disclosure.refuse_cross(patents)


def named_tables(node: ast.AST) -> set[str]:
    """Return the codebook's tables that a function names: as parameters, in texts (paths, SQL), as keys."""
    words: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            words.add(part.arg)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            words |= set(re.findall(r"[a-z_]+", part.value))
        elif isinstance(part, ast.Name):
            words.add(part.id)
    return words & set(codebook.load().tables)


def crossing_functions(source: Path) -> list[str]:
    """Return the functions that name a table of persons and one of patents, docstrings apart."""
    found = []
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if ast.get_docstring(node):
                    node.body = node.body[1:]
                names = named_tables(node)
                if names & crossing.person_tables() and names & set(crossing.PATENT_TABLES):
                    found.append(f"{path.relative_to(source).as_posix()}: {node.name}")
    return found


def test_no_function_reads_members_and_patents_together():
    # The synthetic zone writes all tables into files: it makes them and joins nothing.
    assert not [name for name in crossing_functions(SOURCE) if not name.startswith("simulate/")]


def test_a_join_of_members_and_patents_is_found_in_pandas_ibis_and_sql(tmp_path):
    (tmp_path / "a.py").write_text("def f(members, patents):\n    return members.merge(patents)\n")
    (tmp_path / "b.py").write_text("def g(con):\n    return con.sql('SELECT * FROM members JOIN patents USING (uscc)')\n")
    (tmp_path / "c.py").write_text("def h(t):\n    return t['secretaries'].join(t['patent_owners'], 'uscc')\n")
    (tmp_path / "d.py").write_text("def fine(members):\n    '''Not patents.'''\n    return members\n")
    assert crossing_functions(tmp_path) == ["a.py: f", "b.py: g", "c.py: h"]


def test_no_figure_draws_residuals_and_no_page_asks_for_them():
    places = [*(SOURCE / "figures").glob("*.py"), *(SOURCE / "tables").glob("*.py"), SOURCE / "show.py",
              *(paths.ROOT / "notebooks").glob("*.ipynb")]  # fmt: skip
    assert len(places) > 40
    assert not [path.name for path in places if re.search(r"resid(?!en)", path.read_text(encoding="utf-8"), re.IGNORECASE)]


def test_a_fit_keeps_its_rows_from_whoever_prints_it():
    from helpers.models import fit

    data = pd.DataFrame({"y": range(20), "x": [0, 1] * 10})
    found = fit(data, outcome="y", exposure="x", estimator="ols", vcov="HC1")
    assert "20 rows" in repr(found.sample) and "sample" not in repr(found)
    assert not [name for name in vars(found) if "resid" in name or "fitted" in name]


def test_means_of_money_are_missing_in_a_group_that_one_firm_dominates():
    rows = pd.DataFrame({"treated": [True] * 4 + [False] * 4,
                         "revenue_10k_cny": [1000.0, 20.0, 3.0, 3.0, 10.0, 10.0, 10.0, 10.0],
                         "age_years": [1.0] * 8})  # fmt: skip
    found = balance(rows, group="treated", covariates=["revenue_10k_cny", "age_years"]).set_index("covariate")
    assert pd.isna(found.loc["revenue_10k_cny", "mean_treated"]) and found.loc["revenue_10k_cny", "mean_untreated"] == 10
    assert found.loc["age_years", "mean_treated"] == 1


def test_amounts_of_one_firm_count_together_and_two_firms_are_never_shown():
    rows = pd.DataFrame({"firm": list("aabbcc"), "amount": [40.0, 60, 30, 30, 5, 4]})
    found = disclosure.dominance(rows, amount="amount", firm="firm")
    # 169 - 100 - 60 = 9 is less than 10 % of 100.
    assert found.loc["all"].tolist() == [3, 169.0, 9.0, True]
    assert not disclosure.dominance(rows, amount="amount", firm="firm", p=9).loc["all", "is_dominated"]
    assert disclosure.dominance(rows.head(4), amount="amount", firm="firm", p=0).loc["all", "is_dominated"]
