"""Sound that is seen: waveforms and spectrograms."""
