"""Settings of all property tests."""

from hypothesis import HealthCheck, settings

# Machines are noisy: no example fails because it took long. In CI, Hypothesis' own profile is the parent.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
