"""The common words: what is narrower than what, and how a jurisdiction adds its own.

An agreement names a purpose. A request names that purpose or a narrower one, and is refused otherwise.
"""

from __future__ import annotations

import pytest

from comity.vocabulary.problem import Invalid
from comity.vocabulary.terms import UnknownTerm, load, narrower

OWN = """\
prefixes: {city: "https://data.harbour.example/terms#"}
terms:
  city:WinterFuelOutreach:
    broader: comity:UnclaimedBenefitOutreach
    meaning: Find households that have not claimed help with winter fuel.
    aliases: winter-fuel
  city:DockWorker:
    broader: dpv:Employee
    meaning: A person who works in the harbour.
  city:SickNote:
    broader: dpv-pd:MedicalHealth
    meaning: A doctor's note.
"""


@pytest.mark.parametrize(
    ("asked", "agreed", "allowed"),
    [
        ("services:SocialWelfareEligibilityAssessment", "services:SocialWelfareEligibilityAssessment", True),
        ("comity:UnclaimedBenefitOutreach", "services:SocialWelfareEligibilityAssessment", True),
        ("comity:UnclaimedBenefitOutreach", "dpv:PublicBenefit", True),
        ("dpv:PublicBenefit", "comity:UnclaimedBenefitOutreach", False),
        ("comity:BenefitFraudDetection", "services:SocialWelfareEligibilityAssessment", False),
        ("comity:BenefitFraudDetection", "dpv:FraudPreventionAndDetection", True),
        ("comity:SchoolMealEligibility", "comity:EducationProvision", True),
        ("comity:SchoolMealEligibility", "services:SocialWelfareManagement", True),
        ("comity:ImmigrationControl", "enforcement", True),
        ("comity:CrimePrevention", "enforcement", False),
        ("comity:HealthStatistics", "statistics", True),
        ("dpv:TargetedAdvertising", "marketing", True),
    ],
)
def test_a_purpose_covers_itself_and_what_lies_below_it(asked: str, agreed: str, allowed: bool) -> None:
    """Never the other way round. A purpose may lie below several."""
    assert narrower(asked, of=agreed) is allowed


def test_an_unknown_word_is_an_error_and_never_a_no() -> None:
    """Where the word is a forbidden purpose, a quiet no would let the request through."""
    with pytest.raises(UnknownTerm) as caught:
        narrower("marketing", of="markting")
    assert "comity terms purposes" in caught.value.refusal.next


def test_a_jurisdiction_adds_words_below_known_ones() -> None:
    """They have an address of their own and count as narrower."""
    vocabulary = load(OWN)
    assert vocabulary.narrower("winter-fuel", of="services:SocialWelfareManagement")
    assert vocabulary.need("city:WinterFuelOutreach").iri == "https://data.harbour.example/terms#WinterFuelOutreach"
    assert vocabulary.need("city:DockWorker", group="people").own
    assert load().term("city:WinterFuelOutreach") is None


def test_a_word_below_a_special_category_is_special_too() -> None:
    """Own words cannot be used to walk around Art. 9."""
    assert load(OWN).is_special("city:SickNote")
    assert load(OWN).need("city:SickNote", group="categories").sensitivity == "very-high"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dpv:Age: {broader: dpv-pd:Age, meaning: x}", "not a code of your own"),
        ("comity:New: {broader: dpv:Marketing, meaning: x}", "not a code of your own"),
        ("city:A: {broader: dpv:Nothing, meaning: x}", "must hang below a known term"),
        ("city:A: {meaning: x}", "`broader` is missing"),
        ("city:A: {broader: marketing}", "`meaning` is missing"),
        ("city:A: {broader: marketing, meaning: x, aliases: research}", "cannot be redefined"),
        ("city:A: {broader: city:A, meaning: x}", "lies below itself"),
        ("city:A: {broader: dpv-pd:Health, meaning: x, special: false}", "wrong kind of value"),
        ("city:A: {broader: dpv:ConsentRefused, meaning: x}", "list of consent is fixed"),
        ("city:A: {broader: marketing, meaning: x, colour: red}", "unknown key"),
        ("city:A: [marketing]", "says nothing"),
        ("city:A: {broader: marketing, meaning: &x y}", "anchors"),
    ],
)
def test_an_own_word_cannot_redefine_or_hang_in_the_air(line: str, said: str) -> None:
    """Each problem names its line."""
    with pytest.raises(Invalid) as caught:
        load(f"terms:\n  {line}\n")
    assert any(said in p.message and p.line == 2 for p in caught.value.problems)


def test_consent_counts_only_in_a_valid_state() -> None:
    """DPV divides the states; an unknown or missing one is no consent."""
    vocabulary = load()
    states = ("given", "renewed", "unknown", "refused", "withdrawn", "dpv:ConsentExpired", "", None, "yes")
    assert [s for s in states if vocabulary.consent_is_valid(s)] == ["given", "renewed"]


def test_sensitivity_is_ordered() -> None:
    """From what could be published to what could cost a life."""
    levels = list(load().group("sensitivity"))
    assert levels == ["open", "low", "moderate", "high", "very-high"]
    assert load().at_least("high", than="moderate")
    assert not load().at_least("low", than="moderate")


def test_the_words_of_the_example_agreement_are_there() -> None:
    """Purpose, forbidden purposes, bases, people, roles and ways as the blueprint writes them."""
    v = load()
    assert all(v.purpose(w) for w in ("services:SocialWelfareEligibilityAssessment", "enforcement", "immigration", "marketing"))
    assert v.purpose("model-training")
    assert [v.need(b, group="legal").article for b in ("gdpr:A6-1-e-official-authority", "gdpr:A9-2-g")] == ["6", "9"]
    assert v.need("homeless", group="people").vulnerable
    assert all(v.term(w, group="ways") for w in ("lookup", "query", "export", "stream", "train", "federated"))
    assert v.need("dpv-pd:Age", group="categories").iri == "https://w3id.org/dpv/pd#Age"
