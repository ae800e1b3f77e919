"""What all tests share: a quiet hypothesis profile, and nothing that reads the user's own settings."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("comity", deadline=None, derandomize=os.environ.get("CI") == "true", print_blob=True)
settings.register_profile("deep", settings.get_profile("comity"), max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "comity"))
