-- Who earns less: those with public coverage or those without, by sex.
select sex, count(*) filter (where covered = 1) as covered, count(*) filter (where covered = 0) as not_covered,
       round(avg(income) filter (where covered = 1) / avg(income) filter (where covered = 0), 4) as ratio
from persons
group by sex
having count(*) > 1000
order by sex
