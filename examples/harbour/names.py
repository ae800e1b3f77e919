"""Names of Harbour City: common ones of several languages, and how people and clerks get them wrong."""

from __future__ import annotations

GIVEN_F = """Aino Amina Ana Anna Beatriz Carmen Chloe Clara Daria Diana Elena Ella Emily Emma Eva Fatima Freya Grace Hana Helena
Ines Ingrid Iris Isabel Ivy Jana Jasmine Julia Kadri Karin Katarina Laura Leila Lena Liis Lucy Maja Margaret Maria
Marta Mei Mia Nadia Nora Olga Olivia Priya Rosa Ruth Sara Sofia Susan Tereza Thi Valeria Vera Yasmin Yuki Zara Zoe""".split()

GIVEN_M = """Adam Ahmed Alan Aleksander Ali Andres Anton Ben Carlos Chen Daniel David Dmitri Edward Emil Erik Farid Felix Filip
Gabriel George Hassan Henrik Hugo Ibrahim Igor Ivan Jaan James Jan Javier John Jonas Jose Karl Kofi Lars Leo Liam Luca
Lukas Marco Martin Mateo Michael Minh Mohamed Nikolai Noah Oliver Omar Oskar Pavel Peter Rafael Raj Samuel Stefan
Thomas Viktor""".split()

FAMILY = """Abbas Adeyemi Ahmed Allen Almeida Andersen Baker Bailey Barnes Bauer Becker Bell Berg Bianchi Brooks Brown Campbell
Carter Castillo Chen Clark Cohen Cooper Costa Cruz Dahl Davies Diaz Dubois Edwards Evans Fernandez Fischer Fisher
Foster Fox Garcia Gomez Gray Green Gruber Haas Hall Hansen Harris Hassan Hill Hoffmann Horvat Hughes Hussain Ivanov
Jackson James Jensen Johansson Jones Kaplan Kask Kaur Kelly Khan Kim King Klein Kovacs Kowalski Kruger Kumar Larsen
Lee Lehmann Lewis Lin Lopez Maier Martin Martinez Meyer Miller Mitchell Molina Moore Morales Moreau Morgan Morris
Mueller Murphy Nagy Nakamura Nguyen Nielsen Novak Nowak Okafor Olsen Ortiz Owusu Papadopoulos Park Parker Patel
Pereira Petrov Phillips Popescu Price Ramirez Reed Reyes Ribeiro Richter Rivera Roberts Robinson Romero Rossi Russo
Saar Sanchez Santos Sato Schmidt Schneider Schulz Scott Silva Singh Smith Sokolov Stewart Suzuki Tamm Taylor Thomas
Thompson Torres Tran Turner Varga Vasquez Wagner Walker Wang Ward Watson Weber White Williams Wilson Wolf Wood Wright
Yilmaz Young Zhang Zimmermann""".split()

NICKNAMES = {
    "Aleksander": "Alex", "Andres": "Andy", "Beatriz": "Bea", "Daniel": "Dan", "Edward": "Ted", "Elena": "Lena",
    "Gabriel": "Gabe", "Helena": "Leni", "Isabel": "Bella", "James": "Jim", "Katarina": "Kata", "Margaret": "Peggy",
    "Michael": "Mike", "Mohamed": "Mo", "Nikolai": "Kolya", "Oliver": "Ollie", "Olivia": "Liv", "Rafael": "Rafa",
    "Samuel": "Sam", "Stefan": "Stef", "Susan": "Sue", "Thomas": "Tom", "Valeria": "Val", "Viktor": "Vik",
}  # fmt: skip


_ALIKE = (("ck", "k"), ("ph", "f"), ("z", "s"), ("v", "w"), ("c", "k"), ("y", "i"), ("i", "y"), ("e", "a"), ("o", "u"))


def misspelt(name: str, kind: int) -> str:
    """One of four slips of the pen: two letters swapped, one left out, one doubled, or two that sound alike."""
    middle = len(name) // 2
    if kind == 0:
        return name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
    if kind == 1:
        return name[:middle] + name[middle + 1 :]
    if kind == 2:
        return name[:middle] + name[middle] + name[middle:]
    for one, other in (
        ("ck", "k"),
        ("ph", "f"),
        ("z", "s"),
        ("v", "w"),
        ("c", "k"),
        ("y", "i"),
        ("i", "y"),
        ("e", "a"),
        ("o", "u"),
    ):
        if one in name:
            return name.replace(one, other, 1)
    return name + "h"
