"""Peaks in audiowaveform's form: numbers by hand, whatever the blocks."""

import json
import subprocess

import numpy as np
import pytest

from mememime_proxy.av.sound.drawing.waveform import MAX_LENGTH, measure_waveform
from mememime_proxy.errors import LimitError
from tests.support.node_packages import node, node_modules


def blocks(samples, length):
    return (samples[:, begin : begin + length] for begin in range(0, samples.shape[1], length))


@pytest.mark.parametrize("length", [1, 3, 4, 100])
def test_peaks_are_lowest_and_highest_of_each_pixel(length):
    left = np.array([0, 0.5, -0.5, 0.25, 1, -1, 0, 0, 0.125, -0.25], np.float32)
    waveform = measure_waveform(blocks(np.stack((left, -left)), length), 44100, 2, 4)
    assert json.loads(waveform.to_json(8)) == {
        "version": 2,
        "channels": 2,
        "sample_rate": 44100,
        "samples_per_pixel": 4,
        "bits": 8,
        "length": 3,
        "data": [-64, 64, -64, 64, -128, 127, -128, 127, -32, 16, -16, 32],
    }
    assert json.loads(waveform.to_json(16))["data"][:4] == [-16384, 16384, -16384, 16384]


@pytest.mark.parametrize("estimate", [0, 3_000_001, 1_500_000, 9_000_000])
def test_default_is_at_most_2000_pixels_whatever_the_file_says(estimate):
    samples = np.random.default_rng(1).normal(0, 0.1, (1, 3_000_001)).astype(np.float32)
    waveform = measure_waveform(blocks(samples, 50_000), 48000, 1, 0, estimate)
    exact = measure_waveform(blocks(samples, 77_777), 48000, 1, waveform.samples_per_pixel)
    assert 1000 < len(waveform.peaks) <= 2000
    assert np.array_equal(waveform.peaks, exact.peaks)


def test_short_sound_has_a_pixel_for_each_sample():
    assert len(measure_waveform(iter([np.zeros((1, 7), np.float32)]), 48000, 1, 0, 7).peaks) == 7


def test_nothing_is_an_empty_waveform():
    assert json.loads(measure_waveform(iter(()), 48000, 1, 512).to_json(8))["data"] == []


def test_too_many_pixels_are_refused():
    silence = np.zeros((1, 1_000_000), np.float32)
    with pytest.raises(LimitError, match=str(MAX_LENGTH)):
        measure_waveform(iter([silence] * 5), 48000, 1, 2)


READ = """
const WaveformData = require(process.argv[1] + "/waveform-data");
const data = WaveformData.create(JSON.parse(require("fs").readFileSync(0)));
const channels = [...Array(data.channels).keys()].map((number) => data.channel(number));
console.log(JSON.stringify({ seconds: data.duration, length: data.length, bits: data.bits,
  low: channels.map((each) => each.min_array()), high: channels.map((each) => each.max_array()),
  half: data.resample({ scale: 2 * data.scale }).length }));
"""


@pytest.mark.parametrize("bits", [8, 16])
def test_json_loads_in_waveform_data(bits):
    modules = node_modules("waveform-data@4.5.2")
    samples = np.random.default_rng(1).normal(0, 0.2, (2, 44100)).astype(np.float32)
    waveform = measure_waveform(iter([samples]), 44100, 2, 441)
    program = subprocess.run(
        [node(), "-e", READ, str(modules)], input=waveform.to_json(bits), capture_output=True, check=True
    )
    found = json.loads(program.stdout)
    values = np.fix(waveform.peaks / 256) if bits == 8 else waveform.peaks
    assert (found["seconds"], found["length"], found["bits"], found["half"]) == (1, 100, bits, 50)
    assert found["low"] == values[:, :, 0].T.tolist()
    assert found["high"] == values[:, :, 1].T.tolist()
