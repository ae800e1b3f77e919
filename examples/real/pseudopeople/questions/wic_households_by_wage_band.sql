-- Three agencies, joined on the shared ids: who is enrolled (nutrition), which household that is (census), what it earns (revenue).
with earnings as (
  select household_id, sum(cast(wages as integer)) as wages
  from wages
  group by household_id
)
select case when e.wages is null then 'none reported'
            when e.wages < 25000 then 'below 25,000'
            when e.wages < 50000 then '25,000 to 50,000'
            else '50,000 and more' end as wage_band,
       count(distinct r.household_id) as households
from wic as i
join residents as r on i.simulant_id = r.simulant_id
left join earnings as e on r.household_id = e.household_id
group by 1
order by 1
