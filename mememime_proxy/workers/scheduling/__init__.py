"""Which job is next, and which is refused: classes, lanes, fair queues, expected waits. No I/O; clocks are given."""
