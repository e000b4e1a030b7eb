"""Without the extra `av`, nothing here is collected."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("av") else ["test_*.py"]
