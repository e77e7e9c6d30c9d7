"""What pages 50, 52 and 54 say of organisation, services and the alliance, on tables small enough to count by hand."""

import ast
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from test_forces import AS_OF, cover, firm, org, ratings, roll, table

from helpers import figures, forces, paths, show, tables
from helpers.tables import organisation, services
from helpers.text import LANGS, say

# Groups as small as the tests' are drawn.
FEW = SimpleNamespace(min_cell=1)


def zone(**held: pd.DataFrame) -> SimpleNamespace:
    """Return what a table function asks of a study."""
    read = held.__getitem__
    return SimpleNamespace(table=read, restricted=read, params=SimpleNamespace(as_of=AS_OF, min_cell=10))


@pytest.fixture
def by_itself(monkeypatch):
    """Protect each table by itself: the tests' tables are no prepared run."""
    for room in (organisation, services):
        monkeypatch.setattr(room, "protected", lambda zone, least: forces.minimum_people(least))


def requests(channel: str, days: list[float | None], *, first: int) -> list[dict]:
    opened = pd.Timestamp("2023-06-01")
    closed = [None if day is None else opened + pd.Timedelta(days=day) for day in days]
    return [
        {"ticket_id": f"t{first + place}", "channel": channel, "opened_at": opened, "closed_at": end,
         "resolution": None if end is None else "解决"}
        for place, end in enumerate(closed)
    ]  # fmt: skip


@pytest.fixture
def tickets() -> SimpleNamespace:
    """Six requests: four of the hotline closed after 1, 2, 3 and 4 days, two of the centre of which one is open."""
    repeat = {"ticket_id": "r", "channel": "邻里中心", "opened_at": "2023-06-02", "duplicate_of": "t0"}
    slip = {"ticket_id": "s", "channel": "12345", "opened_at": "2032-06-02"}
    rows = [*requests("12345", [1, 2, 3, 4], first=0), *requests("邻里中心", [8, None], first=4), repeat, slip]
    return zone(service_tickets=table("service_tickets", rows))


def test_the_table_of_tickets_ends_with_the_sum_of_all_channels_and_their_common_median(tickets):
    found = tables.tickets_table(tickets, "en").set_index("Channel")
    assert found.loc["all", ["Tickets", "Requests", "Solved", "Open", "Timed"]].tolist() == [7, 6, 5, 1, 6]
    # Half of the hotline's four are closed on day 2, half of all six on day 3; of the centre's two one on day 8.
    assert found["Median days to close"].to_dict() == {"12345 hotline": 2.0, "neighbourhood centre": 8.0, "all": 3.0}
    assert found.loc["neighbourhood centre", ["Tickets", "Requests"]].tolist() == [3, 2]


@pytest.mark.parametrize("lang", LANGS)
def test_the_curves_have_as_many_requests_as_the_table_times(tickets, lang):
    points = tables.named_curves(tables.closing_curves(tickets, FEW), lang)
    timed = tables.tickets_table(tickets, lang).iloc[:, 7].tolist()
    assert points.drop_duplicates("group")["requests"].tolist() == timed[:-1] == [4, 2]
    assert "1" in tables.tickets_note(tickets, lang)


def test_the_drawn_points_fall_where_requests_were_closed_and_stand_behind_the_figure(tickets):
    points = tables.named_curves(tables.closing_curves(tickets, FEW), "en")
    shown = tables.curve_points(points, "en")
    hotline = shown[shown["Channel"] == "12345 hotline"]
    assert hotline["Days"].tolist() == ["0.00", "1.00", "2.00", "3.00", "4.00", "20.00"]
    assert hotline["Share still open"].tolist() == pytest.approx([1, 0.75, 0.5, 0.25, 0, 0])
    assert len(shown) == len(points)


def test_the_description_of_the_curves_gives_their_numbers(tickets):
    said = tables.closing_alt(tables.named_curves(tables.closing_curves(tickets, FEW), "en"), "en")
    assert "12345 hotline: 4 requests, median 2.00 days, 0 % open after day 5 and 0 % after day 10" in said
    assert "neighbourhood centre: 2 requests, median 8.00 days, 100 % open after day 5 and 50 % after day 10" in said


@pytest.mark.parametrize("lang", LANGS)
def test_page_52_says_that_there_is_no_curve_where_no_request_has_a_channel(lang):
    cells = nbformat.read(paths.NOTEBOOKS / "52_services.ipynb", as_version=4).cells
    drawing = ast.parse(next(cell.source for cell in cells if "closing_curves" in cell.source))
    blank = {"ticket_id": "a", "channel": None, "opened_at": "2023-06-02"}
    names = {"zone": zone(service_tickets=table("service_tickets", [blank])), "lang": lang, "tables": tables, "values": FEW,
             "figures": figures, "show": show, "say": say}  # fmt: skip
    exec(compile(ast.Module(drawing.body[:-1], []), "cell", "exec"), names)
    shown = eval(compile(ast.Expression(drawing.body[-1].value), "cell", "eval"), names)
    assert say("pages.no_curves", lang) in shown.data


def test_the_years_of_the_classes_are_those_last_rated():
    held = zone(org_ratings=table("org_ratings", [*ratings(2021, [("1", "成长类")]), *ratings(2022, [("1", "达标类")])]))
    years = tables.rated_years(held)
    assert years == {"before": 2021, "after": 2022}
    shown = tables.class_rows(tables.class_labels(tables.transitions(held), years, "en"), "en")
    assert shown.columns[0] == "Class in 2021 ↓ · Class in 2022 →"
    assert shown.set_index(shown.columns[0]).loc["growth", "up to standard"] == 1
    assert tables.rated_years(zone(org_ratings=table("org_ratings", []))) == {"before": "–", "after": "–"}


@pytest.mark.parametrize("lang", LANGS)
def test_organisations_outside_the_bands_are_counted_without_a_count_of_persons(by_itself, lang):
    held = zone(
        members=table("members", roll("O", 2)), party_orgs=table("party_orgs", [org("O")]),
        org_coverage=table("org_coverage", [cover("O", "A")]),
    )  # fmt: skip
    found = tables.bands_table(held, lang)
    # One branch with fewer than three members: that would tell of its members.
    assert found.iloc[:, 1:].to_numpy().tolist() == [[pd.NA, 1], [0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]


def test_the_note_on_the_alliance_counts_what_is_left_out():
    events = table("alliance_events", [
        {"event_id": "1", "event_type": "党建联建", "held_on": "2023-06-21"},
        {"event_id": "2", "event_type": "党建联建", "held_on": "2032-06-21"},
        {"event_id": "3", "event_type": "党建联建"},
    ])  # fmt: skip
    held = zone(alliance_events=events)
    assert "3 events were read and 1 are counted; 2 without a date" in tables.alliance_note(held, "en")
    assert tables.alliance_table(held, "en")["Intent (10,000 yuan)"].isna().all()


def test_the_circle_grows_with_the_speed_and_firms_without_a_place_are_left_out(by_itself):
    # One degree of latitude is 111 km: at 0.005 degrees (0.56 km) on foot, 0.02 (2.2 km) by bicycle, 0.1 (11 km) not.
    places = {"A": 24.005, "B": 24.02, "C": 24.1}
    held = zone(
        service_sites=table("service_sites", [{"site_id": "1", "opened_on": "2022-10-18", "lon": 118.0, "lat": 24.0}]),
        enterprises=table("enterprises", [firm(code) for code in "ABCD"]),
        enterprise_years=table("enterprise_years", [
            {"uscc": code, "year": 2022, "employees": staff} for code, staff in zip("ABCD", (20, 30, 50, 999), strict=True)
        ]),
        firm_places=table("firm_places", [{"uscc": code, "lon": 118.0, "lat": lat} for code, lat in places.items()]),
    )  # fmt: skip
    found = tables.circle_table(held, SimpleNamespace(min_cell=10), "en")
    assert found["Employees within reach"].tolist() == [20, 50, 50]
    assert found["Employees of firms with a place"].tolist() == [100, 100, 100]
    assert found["Reach as the crow flies (km)"].tolist() == ["0.96", "2.88", "5.36"]
