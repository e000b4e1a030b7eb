"""Load on a running proxy: overload in an open loop, attacks beside a good stream."""
