-- The job written by hand for DuckDB, run in the folder of a run. A line of three dashes and a name begins a stage. A
-- query that returns a row says in its first column which numbers these are; checks say nothing.

--- clean
COPY (
    WITH told AS (
        SELECT *,
            control_type IS NULL AND reg_type IS NULL AS is_unknown,
            coalesce(control_type NOT IN ('国有控股', '集体控股'), true)
                AND coalesce(reg_type NOT IN ('国有控股', '个体工商户', '分支机构'), true) AS seems_private,
            coalesce(above_scale IN ('规上工业', '限上批零', '限上住餐'), false) AS is_listed_now,
            CASE WHEN regexp_matches(name_zh, '[^0-9A-Z一-鿿]')
                THEN regexp_replace(
                    upper(translate(
                        name_zh,
                        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ',
                        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
                    )),
                    '[^0-9A-Z一-鿿]', '', 'g'
                )
                ELSE name_zh
            END AS bare
        FROM 'ingested/enterprises.parquet'
    )
    SELECT * EXCLUDE (is_unknown, seems_private, is_listed_now, bare),
        nullif(CASE
            WHEN suffix(bare, '股份有限公司') THEN left(bare, -6)
            WHEN suffix(bare, '有限责任公司') THEN left(bare, -6)
            WHEN suffix(bare, '有限公司') THEN left(bare, -4)
            WHEN suffix(bare, '股份公司') THEN left(bare, -4)
            WHEN suffix(bare, '集团公司') THEN left(bare, -4)
            WHEN suffix(bare, '公司') THEN left(bare, -2)
            ELSE bare
        END, '') AS name_key,
        CASE WHEN NOT is_unknown THEN seems_private END AS is_private,
        seems_private AND NOT is_unknown AND is_listed_now AS is_analysable,
        seems_private AND NOT is_unknown AND (is_listed_now OR scale_since IS NOT NULL) AS is_ever_analysable,
        CASE WHEN regexp_matches(industry_code, '^[0-9]{2}') THEN left(industry_code, 2) END AS industry_2digit,
        year(founded_on) AS entry_year,
        year(exit_on) AS exit_year,
        coalesce(status IN ('注销', '吊销', '迁出'), false) AND exit_on IS NULL AS is_exit_unknown
    FROM told
) TO 'clean/enterprises.parquet' (FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 4096);

-- Reading lets no other number through than one of 12 or 8 digits with letters before it and a check digit behind it.
COPY (
    WITH numbered AS (
        SELECT * REPLACE (regexp_extract(application_no, '[0-9]{12}|[0-9]{8}') AS application_no),
            1::BIGINT AS publications
        FROM 'ingested/patents.parquet'
    ), typed AS (
        SELECT *,
            CASE substr(application_no, CASE length(application_no) WHEN 12 THEN 5 ELSE 3 END, 1)
                WHEN '1' THEN '发明' WHEN '8' THEN '发明' WHEN '2' THEN '实用新型' WHEN '9' THEN '实用新型'
                WHEN '3' THEN '外观设计'
            END AS type_from_number
        FROM numbered
    )
    SELECT * REPLACE (coalesce(patent_type, type_from_number) AS patent_type),
        coalesce(type_from_number <> patent_type, false) AS type_disagrees,
        length(application_no) IN (8, 12) AS is_number_valid,
        year(filed_on) AS filing_year,
        date_trunc('month', filed_on)::TIMESTAMP AS filing_month,
        1 + coalesce(length(applicants_raw) - length(regexp_replace(applicants_raw, '[;；、]', '', 'g')), 0)
            AS applicant_count,
        coalesce(
            CASE WHEN patent_type = '发明' THEN published_on ELSE granted_on END <= TIMESTAMP '2024-12-31', false
        ) AS is_visible
    FROM typed
) TO 'clean/patents.parquet' (FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 4096);

-- A window without an order runs along the file.
SELECT CASE WHEN count(*) > 0 THEN error('enterprises: a key repeats, is missing or comes out of order') END
FROM (SELECT uscc, lag(uscc, 1, '') OVER () AS before FROM 'clean/enterprises.parquet')
WHERE (uscc > before) IS NOT TRUE;

SELECT CASE WHEN count(*) > 0 THEN error('patents: a key repeats, is missing or comes out of order') END
FROM (SELECT application_no, lag(application_no, 1, '') OVER () AS before FROM 'clean/patents.parquet')
WHERE (application_no > before) IS NOT TRUE;

SELECT 'enterprises' AS what, count(*), count_if(is_private), count_if(is_private IS NULL), count_if(is_analysable),
    count_if(is_ever_analysable), count_if(founded_on IS NULL), count_if(is_exit_unknown)
FROM 'clean/enterprises.parquet';

SELECT 'patents' AS what, count(*), count_if(publications > 1), sum(publications - 1), count_if(NOT is_number_valid),
    count_if(type_disagrees), count_if(uscc IS NULL), count_if(NOT is_visible)
FROM 'clean/patents.parquet';

--- panel
CREATE TEMP TABLE firm_years AS
WITH laid_out AS (
    SELECT uscc, industry_code, industry_2digit, above_scale, control_type, group_id, area_id, grid_id, founded_on,
        exit_on, entry_year, scale_since, is_private, is_analysable,
        unnest(range(greatest(coalesce(entry_year, 2013), 2013), least(coalesce(exit_year, 2023), 2023) + 1)) AS year
    FROM 'clean/enterprises.parquet'
    WHERE is_ever_analysable
)
SELECT *, least(make_timestamp(year, 12, 31, 0, 0, 0), TIMESTAMP '2024-12-31') AS status_on,
    exit_on IS NULL OR status_on < exit_on AS is_operating,
    year - entry_year AS age_years
FROM laid_out;

CREATE TEMP TABLE counted AS
SELECT uscc, patent_type, filing_year AS year, count(*) AS patents, sum(1.0 / applicant_count) AS patents_fractional
FROM 'clean/patents.parquet'
WHERE uscc IS NOT NULL
GROUP BY ALL;

CREATE TEMP TABLE filed AS
SELECT uscc, year,
    coalesce(sum(patents) FILTER (patent_type = '发明'), 0)::BIGINT AS patents_invention,
    coalesce(sum(patents_fractional) FILTER (patent_type = '发明'), 0) AS patents_invention_fractional,
    coalesce(sum(patents) FILTER (patent_type = '实用新型'), 0)::BIGINT AS patents_utility,
    coalesce(sum(patents_fractional) FILTER (patent_type = '实用新型'), 0) AS patents_utility_fractional,
    coalesce(sum(patents) FILTER (patent_type = '外观设计'), 0)::BIGINT AS patents_design,
    coalesce(sum(patents_fractional) FILTER (patent_type = '外观设计'), 0) AS patents_design_fractional
FROM counted
WHERE year IS NOT NULL
GROUP BY uscc, year;

SELECT CASE
    WHEN (SELECT count(*) FROM firm_years) <> (SELECT count(*) FROM (SELECT DISTINCT uscc, year FROM firm_years))
        OR (SELECT count(*) FROM filed) <> (SELECT count(*) FROM (SELECT DISTINCT uscc, year FROM filed))
    THEN error('panel: a firm-year repeats')
END;

COPY (
    SELECT firm_years.*,
        coalesce(patents_invention, 0) AS patents_invention,
        coalesce(patents_invention_fractional, 0) AS patents_invention_fractional,
        0::BIGINT AS patents_invention_acquired,
        coalesce(patents_utility, 0) AS patents_utility,
        coalesce(patents_utility_fractional, 0) AS patents_utility_fractional,
        0::BIGINT AS patents_utility_acquired,
        coalesce(patents_design, 0) AS patents_design,
        coalesce(patents_design_fractional, 0) AS patents_design_fractional,
        0::BIGINT AS patents_design_acquired,
        -- The last years that the extract shows whole: published after 18 months, granted after 9.
        year <= 2022 AS patents_invention_is_complete,
        year <= 2023 AS patents_utility_is_complete,
        year <= 2023 AS patents_design_is_complete,
        sum(is_operating::INTEGER) OVER (PARTITION BY uscc) = 11 AS is_balanced,
        is_balanced AS is_balanced_with_figures
    FROM firm_years LEFT JOIN filed USING (uscc, year)
    ORDER BY uscc, year
) TO 'panel.parquet' (FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 4096);

-- Rows on the left and on the right, rows of the left with a partner, rows of the right without one, rows out.
SELECT 'base' AS what,
    (SELECT count(*) FROM 'clean/enterprises.parquet'), NULL,
    (SELECT count(*) FROM 'clean/enterprises.parquet' WHERE is_ever_analysable), NULL,
    (SELECT count(*) FROM firm_years);

SELECT 'patents to firm-years' AS what,
    (SELECT count(*) FROM firm_years), (SELECT count(*) FROM filed),
    (SELECT count(*) FROM firm_years SEMI JOIN filed USING (uscc, year)),
    (SELECT count(*) FROM filed ANTI JOIN firm_years USING (uscc, year)),
    (SELECT count(*) FROM firm_years);

WITH firms AS (SELECT DISTINCT uscc FROM firm_years)
SELECT 'patents to firms' AS what,
    (SELECT count(*) FROM firms), (SELECT count(*) FROM 'clean/patents.parquet'),
    (SELECT count(*) FROM firms SEMI JOIN 'clean/patents.parquet' USING (uscc)),
    (SELECT count(*) FROM 'clean/patents.parquet' ANTI JOIN firms USING (uscc)),
    (SELECT count(*) FROM 'clean/patents.parquet' SEMI JOIN firms USING (uscc));

--- counts
COPY (
    FROM counted SEMI JOIN 'clean/enterprises.parquet' AS enterprises USING (uscc) ORDER BY uscc, year, patent_type
) TO 'counts.parquet' (FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 4096);
