select case when AGEP < 18 then 0 when AGEP < 35 then 18 when AGEP < 50 then 35 else 50 end as age_band, RAC1P as race, DIS as disability,
       count(*) as people, avg(PUBCOV) as share,
       -- a share of yes and no tells both counts, so the smaller of the two is what stands behind it (none of them says nothing of one person)
       least(count(*), coalesce(nullif(count(*) filter (where PUBCOV = 1), 0), count(*)), coalesce(nullif(count(*) filter (where PUBCOV = 0), 0), count(*))) as _behind
from survey_persons
group by all
order by all
