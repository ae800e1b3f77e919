-- How many households of the census have wages, by the form that reported them, and how much on average.
select w.tax_form, count(distinct r.household_id) as households, round(avg(cast(w.wages as integer)), 2) as mean_wages
from residents as r
join wages as w on r.simulant_id = w.simulant_id
where r.housing_type = 'Household'
group by w.tax_form
order by w.tax_form
