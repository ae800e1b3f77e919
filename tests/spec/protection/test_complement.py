"""small_cells with complement: no suppressed number follows from the published ones by adding and subtracting."""

from __future__ import annotations

from comity.protection.small_cells import SmallCells
from comity.question.measures import Measure
from comity.vocabulary.types import Type
from spec.protection.tables import COUNT, INCOME, answer, cell, shown

EAST_WEST = (("east", "north", "west"),)
ROLLUP = ((0,), ())


def rolled(counts: dict[str, int], **more):
    cells = [cell(k, people=n) for k, n in counts.items()]
    return answer([*cells, cell(None, people=sum(counts.values()), set=1)], sets=ROLLUP, public=EAST_WEST, **more)


def test_one_small_part_of_a_total_takes_another_with_it():
    """Total minus the others would be the small one, so the next smallest goes too."""
    assert shown(rolled({"east": 3, "north": 20, "west": 40})) == [("east", "*"), ("north", "*"), ("west", 40), (None, 63)]


def test_two_small_parts_that_are_few_together_take_a_third():
    """Two parts of three people are six people by subtraction."""
    assert shown(rolled({"east": 3, "north": 3, "west": 40})) == [("east", "*"), ("north", "*"), ("west", "*"), (None, 46)]


def test_two_small_parts_that_are_enough_together_stay_two():
    """Nine and nine are eighteen, which may be told."""
    assert shown(rolled({"east": 9, "north": 9, "west": 40})) == [("east", "*"), ("north", "*"), ("west", 40), (None, 58)]


def test_a_withheld_part_counts_as_suppressed():
    """Three people in a row that is not listed are the difference between total and rows."""
    cells = [cell("plumber", people=30), cell("baker", people=40), cell("astronaut", people=3), cell(None, people=73, set=1)]
    assert shown(answer(cells, sets=ROLLUP)) == [("baker", 40), ("plumber", "*"), (None, 73)]


def test_without_complement_only_small_cells_go():
    """The clause can be turned off; it then protects nothing against subtraction, and ``preview`` says so."""
    clause = SmallCells(fewer_than=10, complement=False)
    assert shown(rolled({"east": 3, "north": 20, "west": 40}, clause=clause))[1] == ("north", 20)


def test_a_cross_table_needs_a_rectangle():
    """In two directions at once, one companion in the row and one in the column need a fourth."""
    table = _cube({("a", "x"): 3, ("a", "y"): 20, ("a", "z"): 30, ("b", "x"): 30, ("b", "y"): 40, ("b", "z"): 50})
    hidden = {row[:2] for row in shown(table) if row[2] == "*"}
    assert hidden == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_sets_that_do_not_hold_each_other_share_a_total():
    """By district and by sex, never together: both add up to the same people, so one set must not give the other's rest."""
    cells = [
        cell("e", None, people=3),
        cell("w", None, people=57),
        cell(None, "f", people=25, set=1),
        cell(None, "m", people=35, set=1),
    ]
    table = answer(cells, sets=((0,), (1,)), public=(("e", "w"), None))
    assert shown(table) == [("e", None, "*"), ("w", None, 57), (None, "f", "*"), (None, "m", 35)]


def test_a_mean_goes_with_its_count():
    """A sum over a mean is a count, so companions are suppressed in all measures of the row."""
    total, mean = Measure("sum", (INCOME,), Type.INTEGER), Measure("avg", (INCOME,), Type.DOUBLE)
    values = {"e": (3, 30, 10.0), "n": (20, 400, 20.0), "w": (40, 800, 20.0)}
    cells = [cell(k, people=v[0], values=v) for k, v in values.items()]
    cells.append(cell(None, people=63, values=(63, 1230, 19.5), set=1))
    table = answer(cells, measures=(COUNT, total, mean), sets=ROLLUP, public=(("e", "n", "w"),))
    assert shown(table) == [("e", "*", "*", "*"), ("n", "*", "*", "*"), ("w", 40, 800, 20.0), (None, 63, 1230, 19.5)]


def test_the_notes_say_what_was_done_and_no_number():
    """Codes for programs, words for people."""
    notes = rolled({"east": 3, "north": 20, "west": 40}).notes
    assert [n.code for n in notes] == ["small-cell", "complement", "withheld"]
    assert not any(digit in n.words.replace("10", "") for n in notes for digit in "0123456789")


def test_a_note_names_the_columns_that_it_is_about():
    """Of two measures, the one that rests on too few."""
    income = Measure("sum", (INCOME,), Type.INTEGER)
    made = answer([cell("east", people=50, values=(50, 900), behind=(50, 2))], measures=(COUNT, income))
    assert (made.notes[0].code, made.notes[0].columns) == ("small-cell", ("m1",))


def _cube(counts: dict[tuple[str, str], int]):
    cells = [cell(*k, people=n) for k, n in counts.items()]
    for at, number in ((0, 1), (1, 2)):
        for value in sorted({k[at] for k in counts}):
            key = tuple(value if i == at else None for i in (0, 1))
            cells.append(cell(*key, people=sum(n for k, n in counts.items() if k[at] == value), set=number))
    cells.append(cell(None, None, people=sum(counts.values()), set=3))
    return answer(cells, sets=((0, 1), (0,), (1,), ()))
