"""Three examples on data that nobody here made: `python run.py NAME DATA FOLDER` builds the node and asks its questions.

NAME is pseudopeople, public_coverage or chicago; DATA the folder that holds its files; FOLDER where the node is made.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from kit import build, comity  # noqa: E402 - the examples are scripts beside each other

EXAMPLES = {
    "pseudopeople": (
        {
            "nutrition": "Nutrition Office",
            "census": "Census Bureau",
            "revenue": "Revenue Office",
            "planning": "Planning Office",
        },
        ("decennial_census.parquet", "wic.parquet", "w2.parquet"),
        ("wic-by-wages", "comity:IncomeStatistics", "analyst@planning"),
    ),
    "public_coverage": (
        {"survey": "Survey Office", "health": "Health Department"},
        ("ACSPublicCoverage.test.parquet",),
        ("coverage", "comity:HealthInequalityMonitoring", "analyst@health"),
    ),
    "chicago": (
        {"police": "Police Department", "city": "City Clerk", "health": "Health Department"},
        ("chicago_crimes_2022_slim.parquet", "chicago_community_areas.csv"),
        ("injuries", "comity:InjuryPrevention", "analyst@health"),
    ),
}


def made(name: str, data: Path, folder: Path) -> Path:
    """Build the example's node."""
    agencies, files, _ = EXAMPLES[name]
    gathered = folder / "files"
    gathered.mkdir(parents=True)
    for file in files:
        shutil.copy(data / file, gathered / file)
    node = folder / name
    build(node, HERE / name, title=name, agencies=agencies, data=gathered)
    return node


def questions(name: str) -> list[Path]:
    """The questions of an example, each with the same question for plain DuckDB beside it (``*.direct.sql``)."""
    return sorted(p for p in (HERE / name / "questions").glob("*.sql") if not p.name.endswith(".direct.sql"))


def asked(name: str, node: Path, question: Path, *more: str) -> str:
    """The answer to one question, as the command prints it."""
    agreement, purpose, who = EXAMPLES[name][2]
    return comity("ask", agreement, "--purpose", purpose, "--as", who, "--node", node, f"@{question}", *more).stdout


def main() -> None:
    """Build one example and print its answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(EXAMPLES))
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    node = made(given.name, given.data, given.folder)
    for question in questions(given.name):
        print(f"\n{question.read_text().splitlines()[0]}\n{asked(given.name, node, question)}")


if __name__ == "__main__":
    main()
