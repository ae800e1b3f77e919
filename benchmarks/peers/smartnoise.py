"""SmartNoise SQL's side: ``python smartnoise.py FILE RHO ROWS TIMES`` prints seconds and counts as JSON."""

import json
import math
import sys
import time

import pandas as pd
import snsql
import yaml

METADATA = """
"":
  city:
    visits:
      max_ids: {rows}
      censor_dims: False
      rows: {count}
      person_id: {{private_id: True, type: int}}
      district: {{type: string}}
"""


def main(file: str, rho: float, rows: int, times: int) -> None:
    """Count rows and people by district, as often as asked. It draws Laplace noise, whose rho is epsilon**2 / 2."""
    epsilon = math.sqrt(2 * rho)
    table = pd.read_parquet(file, columns=["person_id", "district"])
    metadata = METADATA.format(rows=rows, count=len(table))
    made = {}
    for name, what in (("counts", "COUNT(*)"), ("people", "COUNT(DISTINCT person_id)")):
        taken, found = [], []
        for _ in range(times):
            reader = snsql.from_df(table, privacy=snsql.Privacy(epsilon=epsilon, delta=1e-6), metadata=_parsed(metadata))
            begun = time.perf_counter()
            answer = reader.execute(f"SELECT district, {what} AS n FROM city.visits GROUP BY district")
            taken.append(time.perf_counter() - begun)
            found.append({row[0]: row[1] for row in answer[1:]})
        made[name] = {"seconds": taken, "answers": found}
    print(json.dumps(made))


def _parsed(text: str) -> snsql.metadata.Metadata:
    return snsql.metadata.Metadata.from_dict(yaml.safe_load(text))


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
