"""What a whole run publishes of persons: linked counts are hidden on all pages, and the audit reads the pages."""

import pandas as pd
import pytest

from helpers import disclosure, forces, reconcile, released, show, tables
from helpers.disclosure import DisclosureError
from helpers.params import page
from helpers.released import audit, linked
from helpers.released.pages import printed
from helpers.text import LANGS, label, say

COUNTS = {"secretaries.1": 120, "secretaries.2": 8, "secretaries.3+": 0, "secretaries.all": 128,
          "secretaries.several": 8, "secretary_posts": 136}  # fmt: skip


def hidden(noted: dict[str, float], minimum: int = 10) -> set[str]:
    cells, relations = linked.system(noted, minimum=minimum)
    return {name for name in disclosure.protect(cells, relations, width=minimum) if name in noted}


def test_secretaries_of_several_organisations_do_not_follow_from_persons_and_posts():
    # 136 posts - 128 persons = 8 persons with two: so the number of persons goes on every page.
    assert {"secretaries.1", "secretaries.2", "secretaries.3+", "secretaries.several", "secretaries.all"} <= hidden(COUNTS)
    many = COUNTS | {"secretaries.2": 15, "secretaries.3+": 12, "secretaries.1": 101, "secretaries.several": 27,
                     "secretary_posts": 167}  # fmt: skip
    assert not hidden(many)


def test_a_ring_without_anybody_is_not_told_by_two_distances():
    noted = {"within_reach.5": 600, "within_reach.15": 900, "within_reach.30": 900, "employees_placed": 1000}
    taken = hidden(noted)
    assert taken & {"within_reach.15", "within_reach.30"} and "employees_placed" not in taken


def test_firms_by_members_go_with_the_persons_they_give_back():
    noted = {f"members_of_firms_with.{n}": n * k for n, k in enumerate((4, 9, 17, 28, 23), 1)}
    noted |= {f"firms_with_members.{n}": k for n, k in enumerate((4, 9, 17, 28, 23), 1)}
    noted |= {"members_of_firms_with.6": 761, "firms_with_members.6": 63, "roll": 1100}
    taken = hidden(noted)
    assert {"members_of_firms_with.1", "firms_with_members.1"} <= taken
    assert "members_of_firms_with.3" not in taken


def test_a_part_that_exceeds_its_whole_is_no_part_and_a_table_not_supplied_is_left_out():
    cells, relations = linked.system({"contact.employees": 50, "contact.workers": 80, "roll": 100}, minimum=10)
    assert relations.empty and set(cells.index) == {"contact.employees", "contact.workers", "roll"}


def test_the_highest_minimum_of_any_page_holds_for_all(small_zone):
    assert released.minimum(small_zone, 10) == 10 and released.minimum(small_zone, 25) == 25
    own = small_zone.params.model_copy(update={"pages": {"50_organisation": {"min_cell": 15}}})
    assert released.minimum(type(small_zone)(own, small_zone.folder), 10) == 15


def test_every_count_of_the_run_that_a_link_names_is_noted(small_zone):
    noted = released.noted(small_zone)
    named = {name for link in linked.links(noted) for name in (link.whole, *link.parts)}
    derived = {link.named for link in linked.links(noted)}
    # Only under another reading, or of a firm whose code the run does not name.
    elsewhere = {"secretaries.posts", "secretaries.of_one_firm"}
    # Only the latest year's sum is printed.
    last = f"promoted_or_admitted.{small_zone.params.as_of.year}"
    earlier = {name for name in named if name.startswith("promoted_or_admitted.") and name != last}
    assert last in noted and named - derived - set(noted) <= elsewhere | earlier


def test_what_the_run_hides_withstands_the_intruder_whole_numbers_or_not(small_zone):
    cells, relations = linked.system(released.noted(small_zone), minimum=10)
    taken = released.hidden(small_zone, 10)
    assert cells["is_sensitive"].sum() > 5
    for integral in (False, True):
        assert disclosure.disclosed(cells, relations, hidden=taken, width=10, integral=integral).empty


@pytest.fixture(scope="module")
def pages(small_zone) -> dict[str, str]:
    """Return the tables of every page that counts persons, as the pages show them, in both languages."""
    zone, shown = small_zone, {}
    for lang in LANGS:
        rows = tables.reconciliation(zone, min_cell=10)
        indicators = tables.indicators(zone, min_cell=10)
        both = tables.stacked(indicators, tables.measures(zone, min_cell=10))
        found = tables.member_rule(zone, minimum=10)
        for name, frames in {
            "20": [tables.reconciliation_table(zone, rows, lang, status=status) for status in
                   ("reproduced", "not_reproduced", "not_testable")],
            "40": [*(tables.indicators_table(indicators, force, lang) for force in forces.FORCES),
                   tables.systems_table(both, lang)],
            "50": [tables.posts_table(zone, page("50_organisation", run="small"), lang)],
            "51": [tables.two_way_table(zone, page("51_ratings", run="small"), lang)],
            "52": [tables.circle_table(zone, page("52_services", run="small"), lang),
                   tables.sites_table(zone, page("52_services", run="small"), lang)],
            "85": [tables.member_rule_table(found, lang)],
        }.items():  # fmt: skip
            made = "".join(show.table(frame, title="t", lang=lang).data for frame in frames)
            shown[f"{name}.html"] = shown.get(f"{name}.html", "") + made
    return shown


def test_the_pages_of_a_run_tell_nothing_of_few_persons(small_zone, pages):
    found = audit.audit(small_zone, pages)
    assert found.empty, found.to_string()


def test_the_audit_reads_every_page_that_counts_persons(small_zone, pages):
    readings = reconcile.readings_from(small_zone.params.readings)
    read = {name: printed(name, html, year=small_zone.params.as_of.year, readings=readings) for name, html in pages.items()}
    cells = {one.cell for found in read.values() for one in found}
    noted = released.noted(small_zone)
    taken = released.hidden(small_zone, 10)
    assert all(read[name] for name in pages if name != "50.html")
    # No hidden one is found, and every other is, but for counts that no page prints; a numerator is not printed either
    # where its denominator is hidden.
    assert not cells & taken
    unread = set(noted) - taken - cells
    assert {"secretary_posts"} <= unread <= {"secretary_posts", "attendances.lectures", "top_team.senior",
                                             "all_committees.senior"}  # fmt: skip


def test_a_hidden_count_put_back_on_one_page_is_found_with_its_page(small_zone, pages):
    taken = released.hidden(small_zone, 10)
    assert "secretaries.2" in taken
    two = released.noted(small_zone)["secretaries.2"]
    row = pd.DataFrame({"posts": [label("posts_2", "en")], "persons": [two]})
    leak = show.table(row.rename(columns={"posts": label("posts", "en"), "persons": "x"}), title="t", lang="en").data
    leak = leak.replace(">x<", f">{label('persons', 'en')}<")
    found = audit.audit(small_zone, pages | {"50.html": leak}).set_index("cell")
    assert found.loc["secretaries.2", "problem"] == "few" and found.loc["secretaries.2", "page"] == "50.html"


def test_a_total_put_back_on_another_page_gives_hidden_counts_back_and_the_release_stops(small_zone, pages, tmp_path):
    noted, taken = released.noted(small_zone), released.hidden(small_zone, 10)
    assert "secretaries.all" in taken
    heads = f"<tr><th>{label('posts', 'zh')}</th><th>{label('persons', 'zh')}</th></tr>"
    row = f"<tr><td>{label('posts_all', 'zh')}</td><td>{noted['secretaries.all']:,}</td></tr>"
    leak = f"<table>{heads}{row}</table>"
    found = audit.audit(small_zone, pages | {"other.html": leak}).set_index("cell")
    assert (found.loc[["secretaries.2", "secretaries.several"], "problem"] == "given_back").all()
    for name, html in (pages | {"other.html": leak}).items():
        (tmp_path / name).write_text(html, encoding="utf-8")
    with pytest.raises(DisclosureError, match=r"secretaries\.2: given_back"):
        audit.check(small_zone, tmp_path)
    (tmp_path / "other.html").unlink()
    audit.check(small_zone, tmp_path)


def test_a_number_that_the_run_does_not_count_is_told_apart(small_zone, pages):
    head = f"<tr><th>{label('posts', 'en')}</th><th>{label('persons', 'en')}</th></tr>"
    wrong = f"<table>{head}<tr><td>{say('columns.posts_1', 'en')}</td><td>999</td></tr></table>"
    assert "unequal" in audit.audit(small_zone, pages | {"x.html": wrong})["problem"].tolist()
