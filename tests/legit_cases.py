"""What analysts really ask, each to be answered, and exactly.

The expected answer is the same SQL run by plain DuckDB over views that show each source as the agreement lets it be seen (``VIEWS``).
"""

# ruff: noqa: E501 - a corpus reads best with one case a line

from __future__ import annotations

VIEWS = """
create view stays as select person_id, cast(date_trunc('month', stay_date) as date) as stay_date, arrived, district, shelter,
    nights, age - (age % 10) as age, age as years, sex, ethnicity, pregnant, left(postcode, 3) as area, score
    from "housing.stays" where stay_date >= date '2026-10-01' and (age >= 18 or age is null);
create view claims as select person_id, scheme, status, amount, least(amount, 2000) as capped, income from "social.claims";
create view persons as select * from "survey.persons";
create view districts as select district, population from "city.districts";
"""

QUESTIONS: tuple[str, ...] = (
    # --- counting
    "select count(*) from stays",
    "select count(*) as n from stays",
    "select count(distinct person_id) as people from stays",
    "select district, count(*) as n from stays group by district",
    "select district, count(distinct person_id) from stays group by district order by district",
    "select district, sex, count(*) from stays group by district, sex",
    "select district, sex, count(*) from stays group by 1, 2 order by 1, 2",
    "select district as where_, count(*) from stays group by where_",
    "select district, count(*) from stays group by all",
    "SELECT District, COUNT(*) AS N FROM Stays GROUP BY District ORDER BY N DESC",
    "select stay_date, count(*) from stays group by stay_date order by stay_date",
    "select area, count(distinct person_id) from stays group by area",
    "select age, count(*) from stays where age is not null group by age order by age",
    "select count(pregnant) from stays",
    "select ethnicity, count(*) from stays group by ethnicity",
    # --- selecting
    "select count(*) from stays where district = 'Hill'",
    "select count(*) from stays where district in ('Hill', 'Harbour') and sex = 'f'",
    "select count(*) from stays where district not in ('Hill')",
    "select count(*) from stays where district <> 'Hill' or nights > 5",
    "select count(*) from stays where not (nights between 2 and 4)",
    "select count(*) from stays where age >= 60",
    "select count(*) from stays where age is null",
    "select count(*) from stays where stay_date >= '2026-11-01'",
    "select count(*) from stays where stay_date between date '2026-10-01' and date '2026-11-01'",
    "select count(*) from stays where district like 'H%'",
    "select count(*) from stays where district ilike '%SIDE'",
    "select count(*) from stays where shelter = 'Pier' and arrived >= timestamp '2026-10-15 00:00:00'",
    "select count(*) from stays where arrived >= date '2026-11-01' - interval 7 day",
    "select sex, count(*) from stays where pregnant group by sex",
    "select count(*) from stays where coalesce(age, 0) > 30",
    # --- measures
    "select avg(nights) from stays",
    "select district, sum(nights) as nights, avg(nights) as mean from stays group by district",
    "select sum(nights) / count(distinct person_id) as nights_each from stays",
    "select district, round(avg(score), 1) as score from stays group by district order by score desc",
    "select stddev(score), variance(score) from stays",
    "select stddev_pop(nights), var_pop(nights) from stays",
    "select corr(score, nights) from stays",
    "select regr_slope(score, nights), regr_intercept(score, nights) from stays",
    "select covar_samp(score, nights), covar_pop(score, nights) from stays",
    "select median(score) from stays",
    "select quantile_cont(score, 0.25) as q1, quantile_cont(score, 0.75) as q3 from stays",
    "select percentile_cont(0.9) within group (order by score) from stays",
    "select sum(capped) from claims",
    "select avg(years) from stays",
    "select sum(case when sex = 'f' then nights else 0 end) as women from stays",
    "select count(*) filter (where sex = 'f') as women, count(*) as everybody from stays",
    "select 100.0 * count(*) filter (where district = 'Hill') / count(*) as percent from stays",
    "select avg(case when pregnant then 1 else 0 end) from stays",
    "select count_if(nights > 3) from stays",
    "select sum(nights * 10 + 1) from stays",
    "select district, sum(nights) filter (where nights > 2) as long from stays group by district",
    # --- keys that are computed
    "select year(arrived) as y, month(arrived) as m, count(*) from stays group by y, m order by y, m",
    "select date_trunc('week', arrived) as week, count(*) from stays group by week order by week",
    "select extract(month from arrived) as m, count(*) from stays group by 1",
    "select case when age >= 60 then 'older' when age >= 30 then 'middle' else 'young' end as g, count(*) from stays group by g",
    "select nights > 4 as long, count(*) from stays group by long",
    "select floor(nights / 3) as band, count(*) from stays group by band order by band",
    "select upper(district) as d, count(*) from stays group by d",
    "select coalesce(age, -1) as a, count(*) from stays group by a",
    "select district || '/' || sex as k, count(*) from stays group by k",
    # --- having, order, limit, outputs
    "select district, count(*) as n from stays group by district having count(*) > 60",
    "select district, count(*) as n from stays group by district having n > 60 order by n desc limit 2",
    "select district, count(*) as n from stays group by district order by 2 desc, 1 limit 3 offset 1",
    "select district, count(*) as n, sum(nights) as s, sum(nights) * 1.0 / count(*) as mean from stays group by district",
    "select district, case when count(*) > 100 then 'many' else 'few' end as size from stays group by district",
    "select round(100.0 * sum(nights) / 7, 2) as weeks from stays",
    # --- sub-queries and CTEs
    "select d, count(*) from (select district as d from stays where sex = 'f') t group by d",
    "with f as (select district, nights from stays where sex = 'f') select district, sum(nights) from f group by district",
    "with a as (select district, nights from stays), b as (select * from a where nights > 2) select district, count(*) from b group by district",
    "select n, count(*) as people from (select person_id, count(*) as n from stays group by person_id) t group by n order by n",
    "select avg(total) from (select person_id, sum(nights) as total from stays group by person_id) t",
    "with p as (select person_id, district, sum(nights) as total from stays group by person_id, district) select district, avg(total) from p group by district",
    "select count(*) from (select person_id, count(*) as n from stays group by person_id having count(*) >= 2) t",
    "select longest, count(*) from (select person_id, max(nights) as longest from stays group by person_id) t group by longest",
    "select count(*) from (select distinct person_id, district from stays) t",
    "with c as (select district, count(*) as n from stays group by district) select avg(n) as mean, max(n) as top from c",
    "with c as (select district, count(*) as n from stays group by district) select * from c where n > 60 order by n desc",
    "select sum(n) from (select district, count(*) as n from stays group by district) t",
    # --- joins over listed links
    "select c.status, count(distinct s.person_id) from stays s join claims c on s.person_id = c.person_id group by c.status",
    "select status, count(*) from claims c join stays s on c.person_id = s.person_id group by status",
    "select count(distinct s.person_id) from stays s left join claims c on s.person_id = c.person_id where c.person_id is null",
    "select s.district, count(c.person_id) as with_claim from stays s left join claims c on s.person_id = c.person_id group by s.district",
    "select count(*) from stays where person_id in (select person_id from claims where status = 'granted')",
    "select count(*) from stays where person_id not in (select person_id from claims where status = 'granted')",
    "select count(*) from stays s where exists (select 1 from claims c where c.person_id = s.person_id)",
    "select count(*) from stays s where not exists (select 1 from claims c where c.person_id = s.person_id and c.status = 'open')",
    "select count(*) from stays join claims using (person_id)",
    "select d.district, d.population, count(*) as n, count(*) * 1000.0 / d.population as rate from stays s join districts d on s.district = d.district group by d.district, d.population",
    "with p as (select person_id, sum(amount) as got from claims group by person_id) select s.sex, avg(p.got) from stays s join p on s.person_id = p.person_id group by s.sex",
    # --- margins
    "select district, sex, count(*) from stays group by rollup(district, sex)",
    "select district, sex, count(*), grouping(district) as g from stays group by cube(district, sex)",
    "select district, sex, count(*) from stays group by grouping sets ((district), (sex), ())",
    # --- people without keys
    "select race, count(*) from persons group by race",
    "select case when age < 30 then '18-29' when age < 65 then '30-64' else '65+' end as band, avg(income), count(*) from persons group by band",
    "select race, avg(case when insured then 1.0 else 0 end) as insured from persons group by race order by race",
    "select insured, median(income) from persons group by insured",
    # --- data about nobody
    "select district, sum(population) from districts group by district",
    # --- windows over cells
    "select district, count(*) as n, rank() over (order by count(*) desc) as place from stays group by district",
    "select district, count(*) as n, 100.0 * count(*) / sum(count(*)) over () as share from stays group by district",
    "select stay_date, count(*) as n, count(*) - lag(count(*)) over (order by stay_date) as change from stays group by stay_date order by stay_date",
    # --- every outer join, row values, dates and texts as analysts write them
    "select c.status, count(distinct c.person_id) from stays s right join claims c on s.person_id = c.person_id group by c.status",
    "select count(*) from stays s right join claims c on s.person_id = c.person_id where s.person_id is null",
    "select c.status, s.sex, count(*) from stays s full join claims c on s.person_id = c.person_id group by all",
    "select count(s.person_id), count(c.person_id), count(*) from stays s full outer join claims c on s.person_id = c.person_id",
    "select status, count(*) from stays right join claims using (person_id) group by status",
    "select count(*) from stays where district not like 'H%'",
    "select count(*) from stays where district not ilike '%side'",
    "select count(*) from stays where (district, sex) = ('Hill', 'f')",
    "select count(*) from stays where (district, sex) in (('Hill', 'f'), ('Harbour', 'm'))",
    "select date_add(stay_date, interval 1 month) as next, count(*) from stays group by next",
    "select datesub('year', date '2020-11-15', cast(arrived as date)) as full_years, count(*) from stays group by full_years",
    "select date_part('year', age(arrived, timestamp '2020-11-15 00:00:00')) as full_years, count(*) from stays group by full_years",
    "select last_day(stay_date) as month_end, count(*) from stays group by month_end",
    "select trunc(nights / 2) as pairs, count(*) from stays group by pairs",
    "select district, count(*) as n from stays group by district order by n desc fetch first 2 rows only",
    # --- more statistics
    "select regr_r2(score, nights), regr_count(score, nights) from stays",
    "select sum(score * nights) / sum(nights) as weighted from stays",
    "select sex, var_samp(score) as v, covar_samp(score, nights) as c from stays group by sex",
    # --- windows over cells
    "select stay_date, sum(count(*)) over (order by stay_date) as so_far from stays group by stay_date order by stay_date",
    "select stay_date, avg(count(*)) over (order by stay_date rows between 1 preceding and current row) as moving from stays group by stay_date order by stay_date",
    "select stay_date, sum(count(*)) over (order by stay_date rows between current row and unbounded following) as left_ from stays group by stay_date order by stay_date",
    "select stay_date, sum(count(*)) over w as a, max(count(*)) over w as b from stays group by stay_date window w as (order by stay_date rows 1 preceding) order by stay_date",
    "select district, count(*) as n, first_value(district) over (order by count(*) desc, district) as first from stays group by district",
    "select stay_date, last_value(count(*)) over (order by stay_date rows between unbounded preceding and unbounded following) as last from stays group by stay_date",
    "select stay_date, nth_value(count(*), 2) over (order by stay_date) as second from stays group by stay_date order by stay_date",
    "select area, ntile(4) over (order by area) as part, percent_rank() over (order by area) as p, cume_dist() over (order by area) as c from stays group by area",
    "select district, ntile(2) over (order by district) as half, count(*) from stays group by district order by district",
)
