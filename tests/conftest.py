"""What every test shares: the services' fixtures, the samples beside the project, how long hypothesis looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgres"]

# In the suite the examples are the same each time and few; `make fuzz` looks further.
settings.register_profile(
    "suite", derandomize=True, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fuzz" if os.environ.get("DOCKET_FUZZ") else "suite")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The samples that lie beside the project where it was made; a clone elsewhere has none and skips the test."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` with samples beside the project")
    return folder
