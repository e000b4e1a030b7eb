"""Colours by the formulas of the standards, in numpy: what results are compared with. Nothing here uses the package.

Samples and light are arrays of shape (…, 3) with values from 0 to 1; for HDR 1 of light is reference white.
"""

import struct
from dataclasses import dataclass

import numpy as np

D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_WHITE_NITS = 203.0


def _srgb_decode(v):
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def _srgb_encode(v):
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 1e-12) ** (1 / 2.4) - 0.055)


def _power(gamma):
    return (lambda v: np.maximum(v, 0) ** gamma, lambda v: np.maximum(v, 0) ** (1 / gamma))


def _romm_decode(v):
    return np.where(v < 16 / 512, v / 16, v**1.8)


def _romm_encode(v):
    return np.where(v < 1 / 512, v * 16, np.maximum(v, 1e-12) ** (1 / 1.8))


_M1, _M2, _C1, _C2, _C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875


def _pq_decode(v):
    power = v ** (1 / _M2)
    return (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1) * 10000 / _WHITE_NITS


def _pq_encode(v):
    power = (np.clip(v, 0, None) * _WHITE_NITS / 10000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


_A = 0.17883277
_B, _C = 1 - 4 * _A, 0.5 - _A * np.log(4 * _A)


def _hlg_oetf(v):
    return np.where(v <= 1 / 12, np.sqrt(3 * np.maximum(v, 0)), _A * np.log(np.maximum(12 * v - _B, 1e-9)) + _C)


def _hlg_inverse(v):
    return np.where(v <= 0.5, v * v / 3, (np.exp((v - _C) / _A) + _B) / 12)


@dataclass(frozen=True)
class Space:
    """A space of samples: chromaticities of red, green, blue and white, and its two curves."""

    primaries: tuple
    white: tuple
    decode: object
    encode: object
    hlg: bool = False

    def to_xyz(self):
        columns = np.array([[x, y, 1 - x - y] for x, y in self.primaries]).T
        return columns * np.linalg.solve(columns, _xyz(self.white))

    def light(self, samples):
        """Linear light of this space for samples."""
        if not self.hlg:
            return self.decode(np.asarray(samples, float))
        scene = _hlg_inverse(np.asarray(samples, float))
        luminance = scene @ self.to_xyz()[1]
        return scene * luminance[..., None] ** 0.2 * 1000 / _WHITE_NITS

    def samples(self, light):
        if not self.hlg:
            return self.encode(np.asarray(light, float))
        shown = np.asarray(light, float) * _WHITE_NITS / 1000
        luminance = np.maximum(shown @ self.to_xyz()[1], 1e-12)
        return _hlg_oetf(shown * luminance[..., None] ** (1 / 1.2 - 1))

    def from_srgb(self, srgb):
        """Samples of this space that look like sRGB samples."""
        matrix = np.linalg.inv(self.to_xyz()) @ _adaptation(SPACES["sRGB"].white, self.white) @ SPACES["sRGB"].to_xyz()
        return np.clip(self.samples(np.clip(_srgb_decode(np.asarray(srgb, float)) @ matrix.T, 0, None)), 0, 1)

    def to_srgb(self, samples):
        """SRGB samples that look like samples of this space; what is out of gamut or brighter than white is clipped."""
        matrix = np.linalg.inv(SPACES["sRGB"].to_xyz()) @ _adaptation(self.white, SPACES["sRGB"].white) @ self.to_xyz()
        return _srgb_encode(np.clip(self.light(samples) @ matrix.T, 0, 1))


def _xyz(white):
    return np.array([white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]])


def _adaptation(source, target):
    scale = (_BRADFORD @ _xyz(target)) / (_BRADFORD @ _xyz(source))
    return np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD


_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
_BT2020 = ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046))
_ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_ROMM = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))

SPACES = {
    "sRGB": Space(_BT709, D65, _srgb_decode, _srgb_encode),
    "Display P3": Space(_P3, D65, _srgb_decode, _srgb_encode),
    "Adobe RGB": Space(_ADOBE, D65, *_power(563 / 256)),
    "BT.2020": Space(_BT2020, D65, _srgb_decode, _srgb_encode),
    "ProPhoto": Space(_ROMM, D50, _romm_decode, _romm_encode),
    "linear": Space(_BT709, D65, *_power(1.0)),
    "gamma 1.8": Space(_BT709, D65, *_power(1.8)),
    "gamma 2.2": Space(_BT709, D65, *_power(2.2)),
    "PQ": Space(_BT2020, D65, _pq_decode, _pq_encode),
    "HLG": Space(_BT2020, D65, None, None, hlg=True),
}
CODE_POINTS = {
    "sRGB": (1, 13),
    "Display P3": (12, 13),
    "BT.2020": (9, 14),
    "linear": (1, 8),
    "PQ": (9, 16),
    "HLG": (9, 18),
}
"""H.273. Samples with the camera's curve of BT.2020 are shown by that of sRGB, as browsers do."""


def icc_profile(name, *, grey=False):
    """A profile of version 2 with curves of 4096 points; for HDR with a ``cicp`` tag."""
    space = SPACES[name]
    points = np.clip(np.asarray(space.light(np.repeat(np.linspace(0, 1, 4096)[:, None], 3, axis=1)))[:, 1], 0, 1)
    curve = struct.pack(">4sII", b"curv", 0, 4096) + np.rint(points * 65535).astype(">u2").tobytes()
    white = _xyz(D50)
    tags = {b"desc": _text(name), b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": _xyz_tag(white)}
    if grey:
        tags[b"kTRC"] = curve
    else:
        colorants = _adaptation(space.white, D50) @ space.to_xyz()
        for channel, column in zip((b"r", b"g", b"b"), colorants.T, strict=True):
            tags[channel + b"XYZ"] = _xyz_tag(column)
            tags[channel + b"TRC"] = curve
    if name in ("PQ", "HLG"):
        tags[b"cicp"] = struct.pack(">4sI4B", b"cicp", 0, *CODE_POINTS[name], 0, 1)
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, body in tags.items():
        table += struct.pack(">4sII", tag, start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", start + len(data), b"test", 0x02400000, b"mntr", b"GRAY" if grey else b"RGB ", b"XYZ "
    )
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", *_fixed(white))
    return header.ljust(128, b"\0") + table + data


def _fixed(values):
    return [round(float(value) * 65536) for value in values]


def _xyz_tag(values):
    return struct.pack(">4sI3i", b"XYZ ", 0, *_fixed(values))


def _text(text):
    raw = text.encode() + b"\0"
    return struct.pack(">4sII", b"desc", 0, len(raw)) + raw + bytes(78)


def lab(srgb):
    """CIE L*a*b* of sRGB samples, under D65."""
    xyz = _srgb_decode(np.asarray(srgb, float)) @ SPACES["sRGB"].to_xyz().T / _xyz(D65)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def delta_e(first, second):
    """CIEDE2000 of two arrays of sRGB samples; CIE 142-2001, ISO/CIE 11664-6."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(lab(first), -1, 0), np.moveaxis(lab(second), -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean7 / (mean7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = np.where(c1 * c2 == 0, 0, (h2 - h1 + 180) % 360 - 180)
    hue = np.where(c1 * c2 == 0, h1 + h2, (h1 + dh / 2) % 360)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rotation = -2 * np.sqrt(cm**7 / (cm**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    dl, dc, dhh = (l2 - l1) / sl, (c2 - c1) / sc, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2)) / sh
    return np.sqrt(dl**2 + dc**2 + dhh**2 + rotation * dc * dhh)
