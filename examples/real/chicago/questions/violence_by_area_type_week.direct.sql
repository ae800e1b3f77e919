select a.CommunityName as name, c."Primary Type" as type, date_trunc('week', c."Date")::date as week, count(*) as incidents,
       count(*) as _behind
from police_crimes c
join city_areas a on c."Community Area" = a.CommunityArea
where c."Primary Type" in ('ASSAULT', 'BATTERY', 'ROBBERY')
group by all
order by all
