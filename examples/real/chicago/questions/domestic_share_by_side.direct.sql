select a.Side as side, count(*) as incidents, avg(case when c."Arrest" then 1 else 0 end) as arrested, count(*) as _behind
from police_crimes c
join city_areas a on c."Community Area" = a.CommunityArea
where c."Primary Type" in ('ASSAULT', 'BATTERY') and c."Domestic"
group by a.Side
order by incidents desc
