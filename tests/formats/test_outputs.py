"""The outputs of films and sound."""

from mememime_proxy.formats import ALIASES, FORMATS
from mememime_proxy.formats.outputs import ANIMATED_PICTURES, OUTPUTS, SPECTROGRAM_PICTURES, WAVEFORM_PICTURES


def test_no_output_has_the_name_of_a_format_of_pictures():
    assert not OUTPUTS.keys() & (FORMATS.keys() | ALIASES.keys())
    assert all(output.extension == f".{name}" for name, output in OUTPUTS.items())


def test_pictures_of_films_and_sound_are_formats_of_pictures():
    assert {*ANIMATED_PICTURES, *SPECTROGRAM_PICTURES, *WAVEFORM_PICTURES} <= FORMATS.keys()
