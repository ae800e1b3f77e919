"""What column names usually mean: pattern over the words of the name (joined by ``_``), category, role, meaning.

The first line that fits a whole name wins. Abbreviations of the US Census (PUMS) and of European registers are among them.
"""
# ruff: noqa: E501 - a table reads best with one entry a line

from __future__ import annotations

from comity.vocabulary.dataset import Role

D, Q, S, M, A, K = (
    Role.DIRECT_IDENTIFIER,
    Role.QUASI_IDENTIFIER,
    Role.SENSITIVE,
    Role.MEASURE,
    Role.ATTRIBUTE,
    Role.SUBJECT_KEY,
)

PERSON = (
    "person|people|patient|pupil|student|child|client|citizen|resident|subject|simulant|individual|member|customer|claimant|"
    "applicant|tenant|offender|victim|employee|worker|learner|beneficiary|taxpayer|inhabitant"
)
KEY = r"(id|key|no|num|number|nr|ref|uid|code|pseudonym|token)"

NAMES: tuple[tuple[str, str, Role, str], ...] = (
    # pattern over the words of the name joined by "_", category, role, meaning
    (rf"({PERSON})_{KEY}|({PERSON})id|pid|person", "dpv-pd:UID", K, "Tells people apart."),
    (r"(.*_)?(ssn|sin|nino|nir|bsn|cpr|pesel|isikukood|personal_code|national_id|national_number|social_security(_number|_no)?"
     r"|nhs_(number|no)|tax_id|tin|itin|passport(_no|_number)?|id_card(_no)?|medicare_(no|number)|medicaid_id)",
     "dpv-pd:OfficialID", D, "An official number of a person."),
    (r"(.*_)?(first|last|middle|family|given|sur|full|maiden|birth|preferred|fore)_?names?|(.*_)?middle_initial|(.*_)?initials"
     r"|surname|forename|(patient|person|pupil|student|client|mother|father|parent|child|victim|offender)_name|name",
     "dpv-pd:Name", D, "A person's name."),
    (r"(.*_)?(e_?mail|email_address|mail_address)", "dpv-pd:EmailAddress", D, "An e-mail address."),
    (r"(.*_)?(phone|telephone|mobile|cell|fax|tel)(_no|_number|_nr)?", "dpv-pd:TelephoneNumber", D, "A telephone number."),
    (r"(.*_)?(ip|ip_address|mac_address|device_id|imei)", "dpv-pd:IPAddress", D, "A device's address."),
    (r"(.*_)?(iban|account_(no|number)|bank_account|sort_code|card_number)", "dpv-pd:BankAccount", D, "A bank account."),
    (r"(.*_)?(licen[cs]e_plate|number_plate|plate|vin|driving_licen[cs]e(_no|_number)?|vrm)", "dpv-pd:VehicleLicense", D, "A vehicle or licence."),
    (r"(user_?name|login|account_name|user_id)", "dpv-pd:Username", D, "An account's name."),
    (r"(photo|picture|portrait|image)(_url|_path)?", "dpv-pd:Picture", D, "A picture of a person."),
    (r"(.*_)?(fingerprint|iris|face_template|biometric.*)", "dpv-pd:Biometric", D, "A biometric trait."),
    (r"(.*_)?(notes?|comments?|remarks?|free_?text|narrative|description_text|complaint_text|case_notes?)", "comity:FreeText", S, "Free text."),
    # place
    (r"(employer|school|organisation|organization|provider|hospital|clinic|shelter|practice|office|company|site|station|facility|vendor)"
     r"(_(id|name|code|no|number|city|state|zip|zipcode|postcode|type|street_name|street_number|unit_number))?",
     "comity:Organisation", Q, "An organisation."),
    (r"(.*_)?(street|address|addr|street_name|address_line_?\d?|address\d|street_address|unit_number|po_box|apartment|flat|mailing_address)",
     "dpv-pd:PhysicalAddress", D, "An address."),
    (r"(.*_)?(house_(no|number)|street_(no|number)|building_number)", "dpv-pd:HouseNumber", D, "The number of a house."),
    (r"block(_address)?", "dpv-pd:Street", Q, "A block of a street."),
    (r"(.*_)?(zip|zip_?code|post_?code|postal_?code|plz|eircode)", "dpv-pd:PostalCode", Q, "A postcode."),
    (r"(.*_)?(lat|latitude|lon|lng|long|longitude|easting|northing|geom|geometry|geo_?point|coordinates?)", "dpv-pd:GPSCoordinate", D, "A point on the map."),
    (r"(birth_?place|place_of_birth|pob)", "dpv-pd:BirthPlace", Q, "Where a person was born."),
    (r"(birth_?country|country_of_birth|cob|nativity)", "dpv-pd:BirthCountry", Q, "The country of birth."),
    (r"(.*_)?(district|ward|borough|neighbou?rhood|quarter|community_area|tract|census_tract|lsoa|msoa|locality|block_group|suburb|beat|precinct|catchment)"
     r"(_(id|code|name|no))?", "dpv-pd:Locality", Q, "A district."),
    (r"(.*_)?(city|town|municipality|commune|gemeente)(_(id|code|name))?", "dpv-pd:City", Q, "A town."),
    (r"(.*_)?(state|region|county|province|canton|department|la_code|local_authority|ccg|icb|puma|fips)(_(id|code|name))?", "dpv-pd:Region", Q, "A region."),
    (r"(.*_)?(country|country_code|residence_country)", "dpv-pd:Country", Q, "A country."),
    # traits
    (r"(.*_)?(dob|birth_?date|date_?of_?birth|birth_?day|year_?of_?birth|birth_?year|yob|born)", "dpv-pd:BirthDate", Q, "A date of birth."),
    (r"(.*_)?(dod|death_?date|date_?of_?death|deceased|died)", "comity:DeathDate", Q, "A date of death."),
    (r"(.*_)?(age_?(band|group|range|bracket|class|cat|category))", "dpv-pd:AgeRange", Q, "An age group."),
    (r"(.*_)?(age|agep|age_years|age_at_\w+)", "dpv-pd:Age", Q, "An age."),
    (r"(.*_)?(sex|gender)(_(code|at_birth))?", "dpv-pd:Gender", Q, "Sex or gender as recorded."),
    (r"(.*_)?(race|rac1p|race_ethnicity|racial_\w+)", "dpv-pd:Race", S, "Race as recorded."),
    (r"(.*_)?(ethnicity|ethnic|ethnic_?group|ethnic_?origin|hispanic|hisp|ancestry|anc)(_(code|id))?", "dpv-pd:EthnicOrigin", S, "Ethnic origin as recorded."),
    (r"(.*_)?(religion|faith|denomination|church)", "dpv-pd:Religion", S, "Religion."),
    (r"(.*_)?(party|political_\w+|vote|voted_for)", "dpv-pd:PoliticalAffiliation", S, "Political affiliation."),
    (r"(.*_)?(trade_)?union(_member(ship)?)?", "dpv-pd:TradeUnionMembership", S, "Union membership."),
    (r"(.*_)?(sexual_\w+|orientation|lgbt\w*)", "dpv-pd:SexualPreference", S, "Sexual orientation."),
    (r"(.*_)?(immigration_\w+|visa\w*|asylum\w*|residence_permit)", "comity:ImmigrationStatus", S, "Immigration status."),
    (r"(.*_)?(citizenship|cit|citizen)", "dpv-pd:Citizenship", Q, "Citizenship."),
    (r"(.*_)?nationality", "dpv-pd:Nationality", Q, "Nationality."),
    (r"(.*_)?(language|mother_tongue|first_language)", "dpv-pd:Language", Q, "Language."),
    (r"(.*_)?(marital(_status)?|mar|civil_status|married)", "dpv-pd:MaritalStatus", Q, "Marital status."),
    (r"(household|family|hh)_?(id|key|no|number)", "dpv-pd:Household", D, "Tells households apart."),
    (r"(.*_)?(household|hh|family|dependents?|dependants?|children)_?(size|type|count|members|number)?|num_children|housing_type",
     "dpv-pd:Household", Q, "The household."),
    (r"(.*_)?relationship(_\w+)?|relp|relation", "dpv-pd:Relationship", Q, "How two people are related."),
    (r"(.*_)?(tenure|rent|landlord|mortgage)(_\w+)?", "comity:Tenure", Q, "How a household holds its home."),
    # health
    (r"(.*_)?(diagnos\w+|icd\w*|snomed\w*|condition|disease|symptoms?|procedure|treatment|comorbid\w*|diabet\w+|cancer|hiv\w*|asthma|bmi"
     r"|blood_\w+|test_result|lab_\w+|admission_reason|triage\w*|illness|health(_\w+)?|vaccin\w+|immuni[sz]\w+|infect\w+)",
     "dpv-pd:Health", S, "Health."),
    (r"(.*_)?(pregnan\w*|fertility|fer|gestation\w*)", "dpv-pd:PhysicalHealth", S, "Pregnancy or birth."),
    (r"(.*_)?(mental_\w+|psych\w+|depress\w+|suicid\w+|substance\w*|addiction\w*)", "dpv-pd:MentalHealth", S, "Mental health."),
    (r"(.*_)?(disab\w+|dis|impairment|special_needs|sen_status|dear|deye|drem|dphy|dout)", "dpv-pd:Disability", S, "Disability."),
    (r"(.*_)?(drug|medication|prescription|medicine|dose|dosage)(_\w+)?", "dpv-pd:Prescription", S, "Medicine."),
    (r"(.*_)?(genom\w*|genotype|dna\w*|allele|snp)", "dpv-pd:Genetic", S, "Genes."),
    (r"(.*_)?(pubcov|insurance|insured|medicaid|medicare|health_coverage)(_\w+)?", "comity:HealthInsurance", S, "Health insurance."),
    (r"(.*_)?(homeless\w*|rough_sleep\w*|shelter_stays?)", "comity:Homelessness", S, "Homelessness."),
    # offences
    (r"(.*_)?(offen[cs]e|charge|conviction|convicted|arrest|arrested|sentence|criminal\w*|crime(_type)?|primary_type|fbi_code|iucr)(_\w+)?",
     "dpv-pd:CriminalOffence", S, "An offence."),
    (r"(.*_)?(domestic|victim\w*|abuse\w*|neglect\w*|safeguard\w*)", "dpv-pd:Vulnerability", S, "Harm or risk to a person."),
    # money
    (r"(.*_)?(salary|wages?|pay|earnings|hourly_rate)", "dpv-pd:Salary", M, "Pay."),
    (r"(.*_)?(income_?(band|bracket|group|class)|wage_?band)", "dpv-pd:IncomeBracket", Q, "An income band."),
    (r"(.*_)?(income|pincp|hincp|agi|poverty\w*|povpip)", "dpv-pd:Income", M, "Income."),
    (r"(.*_)?(benefit\w*|allowance|pension|snap|tanf|ssi|wic|scheme|entitlement|award\w*)", "comity:BenefitReceived", S, "A benefit."),
    (r"(.*_)?(tax(_due|_paid|_owed)?|vat)", "dpv-pd:Tax", M, "Tax."),
    (r"(.*_)?(debt|arrears|credit_score|balance|savings|assets|wealth)", "dpv-pd:FinancialStatus", M, "How well off a person is."),
    (r"(.*_)?(amount|cost|price|fee|paid|payment|total)", "dpv-pd:Transaction", M, "An amount of money."),
    # school and work
    (r"(.*_)?(absen\w+|attendance|attended|truan\w+|days_missed|sessions(_missed)?)", "comity:SchoolAttendance", M, "Attendance."),
    (r"(.*_)?(grade|mark|marks|exam\w*|score|gpa|result)", "comity:SchoolResult", M, "A mark or score."),
    (r"(.*_)?(education|schl|qualification|degree|schooling)(_\w+)?", "dpv-pd:EducationQualification", Q, "Education."),
    (r"(.*_)?(occupation|job|job_title|occp|profession|soc)", "dpv-pd:Job", Q, "Occupation."),
    (r"(.*_)?(employment|employed|esr|esp|work_status|workclass|mil|military)(_\w+)?", "dpv-pd:CurrentEmployment", Q, "Employment."),
    (r"(mig|moved|mobility|residen\w+|tenancy_start)", "dpv-pd:Residency", Q, "Residence."),
    # the rest
    (r"(.*_)?consent\w*|opt_?out|objection", "comity:Consent", A, "Consent or objection."),
    (r"(.*_)?(weight|wt|pwgtp|s006|sample_weight|fnlwgt)", "comity:SurveyWeight", M, "A survey weight."),
    (r"(.*_)?(status|state_code|outcome|decision|stage)", "comity:CaseStatus", A, "How far a case is."),
    (r"(.*_)?(call|incident|emergency)_?(type|kind|category|nature)?", "comity:EmergencyCall", S, "What a call was about."),
    (r"(.*_)?(year|month|quarter|week|tax_year|fiscal_year|period)", "comity:EventDate", A, "A period."),
    (r"(.*_)?(date|day|time|timestamp|datetime|at|on|start|end|from|until|created|updated|arrived|opened|closed)", "comity:EventDate", Q, "When it happened."),
    (r"(.*_)?(nights|days|hours|visits|stays|count|number|n|quantity|duration|length|minutes)", "comity:ServiceUse", M, "How much a service was used."),
    (r"(.*_)?(type|kind|category|code|class|form|tax_form|service|channel|priority|level|event_type|location_description|description)",
     "comity:ServiceUse", A, "A code of the service."),
    (r"(.*_)?(id|key|uuid|guid|ref|reference|number|no|index|row|rowid|record_id)", "dpv-pd:Identifier", D, "Tells records apart."),
)  # fmt: skip
