"""OpenDP's Polars context's side: ``python opendp_polars.py FILE RHO ROWS TIMES`` prints seconds and counts as JSON."""

import json
import sys
import time

import opendp.prelude as dp
import polars as pl

dp.enable_features("contrib")
DISTRICTS = [f"D{i:02}" for i in range(20)]


def main(file: str, rho: float, rows: int, times: int) -> None:
    """Count by district, as often as asked."""
    keys = pl.LazyFrame({"district": DISTRICTS})
    taken, found = [], []
    for _ in range(times):
        begun = time.perf_counter()
        context = dp.Context.compositor(
            data=pl.scan_parquet(file).select("person_id", "district"),
            privacy_unit=dp.unit_of(contributions=1, identifier="person_id"),
            privacy_loss=dp.loss_of(rho=rho),
            split_evenly_over=1,
        )
        counted = context.query().truncate_per_group(rows).group_by("district").agg(dp.len().alias("n"))
        answer = counted.with_keys(keys).release().collect()
        taken.append(time.perf_counter() - begun)
        found.append(dict(answer.select("district", "n").iter_rows()))
    print(json.dumps({"counts": {"seconds": taken, "answers": found}}))


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
