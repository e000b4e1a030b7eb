"""Settings: the one list, the environment it is read from, the sections that each part of the service gets."""
