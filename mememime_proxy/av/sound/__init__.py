"""Sound of films and of sound files: samples by their time, encoded sound, loudness, pictures of sound, covers."""
