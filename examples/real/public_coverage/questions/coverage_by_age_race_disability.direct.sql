select case when AGEP < 18 then 0 when AGEP < 35 then 18 when AGEP < 50 then 35 else 50 end as age_band, RAC1P as race, DIS as disability,
       count(*) as people, avg(PUBCOV) as share, count(*) as _behind
from survey_persons
group by all
order by all
