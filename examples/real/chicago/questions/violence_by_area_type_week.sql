-- Incidents by area, type and week.
select a.name, c.type, c.week, count(*) as incidents
from crimes as c
join areas as a on c.area = a.number
where c.type in ('ASSAULT', 'BATTERY', 'ROBBERY')
group by a.name, c.type, c.week
order by a.name, c.type, c.week
