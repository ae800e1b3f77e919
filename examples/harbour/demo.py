"""Harbour City: from an empty folder to an answer whose receipt a second tool has verified. `make demo` runs it."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from generate import generate  # noqa: E402 - the examples are scripts beside each other
from kit import build, comity  # noqa: E402

AGENCIES = {
    "housing": "Harbour City Housing Office",
    "social": "Harbour City Social Services",
    "school": "Harbour City Schools",
    "health": "Harbour City Health",
    "police": "Harbour City Police",
    "emergency": "Harbour City Emergency Calls",
}
PURPOSE = "services:SocialWelfareEligibilityAssessment"
QUESTION = """select s.district,
       count(distinct s.person_id) as in_shelters,
       count(distinct c.person_id) as with_a_claim
from stays s left join claims c on s.person_id = c.person_id
group by s.district
order by in_shelters desc"""
REFUSED = (
    ("for another purpose", "marketing", "select count(*) from stays"),
    ("a column that is agreed for counting only", PURPOSE, "select sex from stays"),
    (
        "a join on something that is no agreed link",
        PURPOSE,
        "select count(*) from stays s join claims c on s.district = c.status",
    ),
)


def say(text: str = "") -> None:
    """One line of the story."""
    print(text, flush=True)


def made_node(folder: Path, people: int) -> Path:
    """The city's node; built beside and moved into place, so that an interrupted demo leaves nothing half-made."""
    node = folder / "harbour"
    making = folder / "making" / "harbour"
    shutil.rmtree(making.parent, ignore_errors=True)
    shutil.rmtree(node, ignore_errors=True)
    making.parent.mkdir(parents=True)
    say(f"== Harbour City: {people:,} people, six agencies")
    city = making.parent / "city"
    counts = generate(city, people=people)
    say("   " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    say("== Describing the datasets, signing three agreements (housing x social, school x health, social x housing)")
    today = datetime.now(UTC).date()
    started = build(making, HERE, title="Harbour City", agencies=AGENCIES, data=city, today=today)
    making.rename(node)
    shutil.rmtree(making.parent)
    say(f"   in force: {', '.join(started)}")
    return node


def ask(node: Path, purpose: str, sql: str, *more: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """One question of a benefit officer."""
    who = ("--purpose", purpose, "--as", "benefit-officer@social", "--node", node)
    return comity("ask", "harbour-shelter-claims", *who, sql, *more, check=check)


def tell(node: Path) -> None:
    """The main job: an answer, three refusals, a look-up, and the receipt verified twice."""
    receipt = node / "receipt.json"
    say("\n== Where do people in shelters have no claim for winter fuel? Two agencies, one question")
    say(_indented(QUESTION) + "\n")
    answer = ask(node, PURPOSE, QUESTION, "--receipt", receipt)
    say(answer.stdout.rstrip())
    say(answer.stderr.rstrip())
    say("\n== What the same officer does not get")
    for words, purpose, sql in REFUSED:
        no = ask(node, purpose, sql, check=False)
        assert no.returncode == 1, no.stdout
        say(f"-- {words}:\n{_indented(no.stderr.rstrip())}")
    say("\n== One person at a shelter's desk: yes or no, for a reason, and nothing else")
    who = ("--purpose", "services:PublicServiceEligibilityAssessment", "--as", "desk-officer@housing", "--node", node)
    found = comity("lookup", "harbour-fuel-eligibility", *who, "--reason", "asked at the desk", "1000001", "status = 'granted'")
    say(found.stdout.rstrip())
    say("\n== The receipt, checked offline: by Comity, and by a tool that is not Comity's")
    say(comity("verify", receipt, "--key", node / "log" / "log.vkey").stdout.splitlines()[0])
    elsewhere = [
        sys.executable,
        str(HERE.parent / "verify_elsewhere.py"),
        str(receipt),
        "--key",
        str(node / "log" / "log.vkey"),
    ]
    say(subprocess.run(elsewhere, capture_output=True, text=True, check=True).stdout.rstrip())


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())


def main() -> None:
    """Build and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000, help="size of the city: 5,000 to 5,000,000")
    parser.add_argument("--folder", type=Path, default=Path("demo"))
    given = parser.parse_args()
    began = time.monotonic()
    node = made_node(given.folder, given.people)
    tell(node)
    say(f"\n== Done in {time.monotonic() - began:.0f} s. What to try next (after `. .venv/bin/activate`):")
    say(f"   comity agreement explain {node}/shelter-claims.yaml         what the signed text means")
    say(f"   comity agreement preview {node}/shelter-claims.yaml         what it would let out, measured")
    say(f"   comity log tail {node}                                      every use so far")
    say(f"   comity serve {node}                                         the same over HTTP")


if __name__ == "__main__":
    main()
