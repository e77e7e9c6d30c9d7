import five_firms as zone
import ibis
import pandas as pd
import pytest

from helpers import codebook, engine
from helpers.clean import awards, coverage, enterprises, patents, spells, tickets
from helpers.clean import columns as expressions


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("202210123456", "202210123456"),
        ("202210123456.7", "202210123456"),
        ("CN202210123456.7A", "202210123456"),
        ("ZL 2022 1 0123456.X", "202210123456"),
        ("CN 202210123456.X B2", "202210123456"),
        ("２０２２10123456．7", "202210123456"),
        ("2022101234567", "202210123456"),
        ("85100001.5", "85100001"),
        ("不明", None),
        ("12345", "12345"),
    ],
)
def test_application_numbers_are_normalised(con, written, expected):
    found = con.execute(expressions.normal_application_no(ibis.literal(written)))
    assert found == expected or (expected is None and found != found)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("泉州物联（集团）股份有限公司", "泉州物联集团"),
        ("ＡＢＣ 科技·有限责任公司", "ABC科技"),
        ("乾照光电", "乾照光电"),
    ],
)
def test_a_name_key_leaves_out_the_legal_form_and_marks(con, written, expected):
    assert con.execute(expressions.without_legal_form(expressions.tidy_name(ibis.literal(written)))) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("园区系统V1.0", "园区系统"),
        ("园区系统（v2.1.3）", "园区系统"),
        ("园区系统第三版", "园区系统"),
        ("园区系统 3.0版", "园区系统"),
        ("智慧2025", "智慧2025"),
        ("ERP V", "ERPV"),
    ],
)
def test_versions_are_not_part_of_a_work(con, written, expected):
    assert con.execute(expressions.work_key(ibis.literal(written))) == expected


def test_every_cleaning_expression_compiles_for_spark(monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", zone.SparkOptions())
    book = codebook.load()

    def raw(name):
        types = {column.name: expressions.TYPES.get(column.type, "string") for column in book[name].columns}
        return expressions.conform(ibis.table(types | expressions.PROVENANCE_TYPES, name=name), book[name])

    awarded = awards.certifications(raw("certifications"))
    covered = coverage.org_coverage(raw("org_coverage"), raw("party_orgs"), raw("enterprises"))
    made = [
        enterprises.enterprises(raw("enterprises")),
        patents.patents(raw("patents"), extract_on="2023-06-30"),
        patents.patent_owners(raw("patent_owners")),
        awards.software_copyrights(raw("software_copyrights")),
        awards.certification_spells(awarded),
        coverage.org_spells(covered),
        tickets.service_tickets(raw("service_tickets")),
    ]
    for expression in made:
        sql = ibis.to_sql(expression, dialect="pyspark")
        assert "SELECT" in sql


def test_spells_that_touch_or_lie_inside_another_merge_and_a_gap_parts_them(con, tmp_path):
    days = [("a", "2020-01-01", "2021-01-01"), ("a", "2020-03-01", "2020-04-01"), ("a", "2021-01-01", "2021-06-01"),
            ("a", "2021-06-02", None), ("b", "2020-01-01", "2020-01-01"), ("b", None, "2021-01-01")]  # fmt: skip
    frame = pd.DataFrame(days, columns=["who", "from_on", "to_on"])
    frame[["from_on", "to_on"]] = frame[["from_on", "to_on"]].apply(pd.to_datetime)
    frame.to_parquet(tmp_path / "spells.parquet")
    rows = engine.read(con, tmp_path / "spells.parquet")
    merged = spells.merge(rows, by=("who",), starts="from_on", ends="to_on", count="n").order_by("from_on").to_pandas()
    assert merged[["who", "n"]].to_numpy().tolist() == [["a", 3], ["a", 1]]
    assert merged["to_on"].tolist() == [pd.Timestamp("2021-06-01"), pd.NaT]
