with earnings as (
  select household_id, sum(try_cast(wages as bigint)) as wages
  from revenue_wages group by household_id
)
select case when e.wages is null then 'none reported'
            when e.wages < 25000 then 'below 25,000'
            when e.wages < 50000 then '25,000 to 50,000'
            else '50,000 and more' end as wage_band,
       count(distinct r.household_id) as households,
       count(distinct r.household_id) as _behind
from nutrition_wic i
join census_residents r on i.simulant_id = r.simulant_id
left join earnings e on r.household_id = e.household_id
group by 1
order by 1
