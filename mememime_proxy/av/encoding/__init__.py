"""Encoding of moving pictures: the grid of output frames, and the settings of each encoder."""
