import io

from mememime_proxy.av.streams.sound_segments import sound_header, sound_segment
from tests.support.films import av, np

RATE, FRAME = 48_000, 1024


def samples():
    times = np.arange(-RATE, 4 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * times) + 0.1 * np.sin(2 * np.pi * 3100 * times * (1 + 0.1 * np.sin(times)))
    return np.stack([tone, 0.5 * tone]).astype(np.float32)


def noise_ratio(sound, parts):
    """The signal by the noise, in dB, of each of these ranges of samples of a coded sound."""
    with av.open(io.BytesIO(sound)) as film:
        decoded = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    signal = samples()[:, RATE : RATE + decoded.shape[1]]
    noise = decoded - signal
    return [10 * np.log10(np.sum(signal[:, a:b] ** 2) / np.sum(noise[:, a:b] ** 2)) for a, b in parts]


def test_seams_are_as_good_as_in_one_encode():
    def read(first, count):
        return samples()[:, RATE + first : RATE + first + count]

    seams = (50, 101)
    around = [((seam - 1) * FRAME, (seam + 1) * FRAME) for seam in seams]
    header = sound_header("stereo", 128_000)
    parts = [(0, 50), (50, 101), (101, 150)]
    cut = header + b"".join(sound_segment("stereo", 128_000, k, part, read) for k, part in enumerate(parts))
    one = header + sound_segment("stereo", 128_000, 0, (0, 150), read)
    for found, best in zip(noise_ratio(cut, around), noise_ratio(one, around), strict=True):
        assert found > best - 3
        assert found > 20
