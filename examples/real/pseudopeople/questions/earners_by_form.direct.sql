select w.tax_form, count(distinct r.household_id) as households, round(avg(try_cast(w.wages as bigint)), 2) as mean_wages,
       count(distinct r.household_id) as _behind
from census_residents r
join revenue_wages w on r.simulant_id = w.simulant_id
where r.housing_type = 'Household'
group by w.tax_form
order by w.tax_form
