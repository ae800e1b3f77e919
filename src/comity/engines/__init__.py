"""Run a plan: memory (the oracle) and DuckDB, over files and databases."""
