-- Coverage by age band, race and disability: 63 cells, the smallest of two people.
select age_band, race, disability, count(*) as people, avg(covered) as share
from persons
group by age_band, race, disability
order by age_band, race, disability
