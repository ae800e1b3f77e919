select SEX as sex, count(*) filter (where PUBCOV = 1) as covered, count(*) filter (where PUBCOV = 0) as not_covered,
       round(avg(PINCP) filter (where PUBCOV = 1) / avg(PINCP) filter (where PUBCOV = 0), 4) as ratio, count(*) as _behind
from survey_persons
group by SEX
having count(*) > 1000
order by sex
