-- How much of the violence is at home, and how often somebody is arrested, by side of the city.
select a.side, count(*) as incidents, avg(case when c.arrest then 1 else 0 end) as arrested
from crimes as c
join areas as a on c.area = a.number
where c.type in ('ASSAULT', 'BATTERY') and c.domestic
group by a.side
order by incidents desc
