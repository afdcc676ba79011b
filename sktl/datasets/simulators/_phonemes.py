"""Speech sounds as synthesiser targets, and the 35 words as sequences of them.

Vowel formants are rounded from Peterson and Barney (1952) and Hillenbrand et al. (1995), men;
consonant targets from the tables of Klatt (1980); durations from Klatt (1976), shortened to
what single spoken words show. Sounds have ARPAbet names.
"""

from __future__ import annotations

import numpy as np

# What a segment is: duration (s), formants F1 to F3 (Hz, an adult man), bandwidths B1 to B3,
# how much F2 and F3 follow the neighbouring vowel (0 own target, 1 the vowel's), level of voice,
# aspiration and frication, two noise resonances (Hz, Hz) with their gains and the share of flat
# noise, and nasal coupling (0 or 1).
FIELDS = (
    "duration", "F1", "F2", "F3", "B1", "B2", "B3", "follow", "voice", "breath", "noise",
    "N1", "W1", "G1", "N2", "W2", "G2", "flat", "nasal",
)  # fmt: skip
_DEFAULT = dict(
    zip(
        FIELDS,
        (0.1, 500, 1500, 2500, 70, 90, 130, 0, 0, 0, 0, 2500, 800, 0, 3500, 800, 0, 0, 0),
        strict=True,
    )
)


def _segment(duration: float, formants: tuple[float, float, float], **fields: float) -> np.ndarray:
    values = (
        _DEFAULT | {"duration": duration} | dict(zip(("F1", "F2", "F3"), formants, strict=True))
    )
    return np.array([(values | fields)[name] for name in FIELDS], dtype=float)


def _vowel(duration: float, *targets: tuple[float, float, float]) -> list[np.ndarray]:
    # A diphthong holds its first target longer than its second.
    shares = {1: (1.0,), 2: (0.55, 0.45), 3: (0.4, 0.25, 0.35)}[len(targets)]
    return [
        _segment(duration * share, target, voice=1.0)
        for share, target in zip(shares, targets, strict=True)
    ]


_VOWELS = {
    "IY": _vowel(0.15, (300, 2170, 2900)),
    "IH": _vowel(0.11, (410, 1950, 2560)),
    "EH": _vowel(0.20, (560, 1740, 2500)),
    "AE": _vowel(0.21, (690, 1660, 2450), (720, 1500, 2400)),
    "AA": _vowel(0.18, (730, 1150, 2480)),
    "AO": _vowel(0.18, (620, 920, 2500)),
    "AH": _vowel(0.12, (620, 1220, 2500)),
    "UW": _vowel(0.16, (330, 1150, 2250), (310, 900, 2240)),
    "UW2": _vowel(0.15, (320, 1500, 2300), (310, 1150, 2240)),
    "ER": _vowel(0.18, (480, 1330, 1680)),
    "AX": _vowel(0.08, (500, 1350, 2450)),
    "AY": _vowel(0.24, (720, 1200, 2500), (560, 1650, 2500), (360, 2050, 2600)),
    "AW": _vowel(0.24, (730, 1300, 2450), (620, 1050, 2380), (430, 900, 2350)),
    "OW": _vowel(0.20, (530, 1050, 2380), (400, 850, 2350)),
    "EY": _vowel(0.19, (500, 1900, 2550), (330, 2200, 2750)),
}
_LIP, _TOOTH, _BACK = (250, 1000, 2200), (250, 1750, 2650), (250, 1700, 2200)
_WIDE = {"B1": 180, "B2": 180, "B3": 250}
_AT_LIPS = {"N1": 700, "W1": 900, "G1": 1.2, "flat": 0.25}
_AT_TEETH = {"N1": 3700, "W1": 900, "G1": 0.9, "N2": 2700, "W2": 1200, "G2": 0.35, "flat": 0.15}
_AT_PALATE = {"N1": -1, "W1": 350, "G1": 0.9, "N2": 3600, "W2": 1500, "G2": 0.15, "flat": 0.08}
_HISS = {"N1": 4600, "W1": 900, "G1": 1.0, "N2": 3700, "W2": 700, "G2": 0.55, "flat": 0.0}
_HUSH = {"N1": 2550, "W1": 450, "G1": 0.9, "N2": 3500, "W2": 800, "G2": 0.8, "flat": 0.0}
_FLAT = {"N1": 1400, "W1": 2500, "G1": 0.2, "N2": 3900, "W2": 2000, "G2": 0.25, "flat": 0.35}


def _stop(
    place: tuple[float, float, float], follow: float, burst: dict, voiced: bool
) -> list[np.ndarray]:
    if voiced:
        return [
            _segment(0.07, place, follow=follow, voice=0.16, B1=90, B2=600, B3=900),
            _segment(0.012, (330, *place[1:]), follow=follow, voice=0.35, noise=0.45, **burst),
        ]
    return [
        _segment(0.08, place, follow=follow),
        _segment(0.014, (380, *place[1:]), follow=follow, noise=0.5, **burst),
        _segment(0.040, (450, *place[1:]), follow=0.6, breath=0.2, noise=0.03, **(burst | _WIDE)),
    ]


_CONSONANTS = {
    "P": _stop(_LIP, 0.55, _AT_LIPS, False),
    "B": _stop(_LIP, 0.55, _AT_LIPS, True),
    "T": _stop(_TOOTH, 0.3, _AT_TEETH, False),
    "D": _stop(_TOOTH, 0.3, _AT_TEETH, True),
    "K": _stop(_BACK, 0.7, _AT_PALATE, False),
    "G": _stop(_BACK, 0.7, _AT_PALATE, True),
    "F": [_segment(0.085, (340, 1100, 2100), follow=0.5, noise=0.20, **_FLAT)],
    "TH": [_segment(0.075, (320, 1350, 2540), follow=0.4, noise=0.18, **_FLAT)],
    "S": [_segment(0.12, (320, 1500, 2550), follow=0.3, noise=0.19, **_HISS)],
    "SH": [_segment(0.13, (300, 1840, 2550), follow=0.2, noise=0.32, **_HUSH)],
    "V": [_segment(0.07, (240, 1100, 2100), follow=0.5, voice=0.5, noise=0.05, **_FLAT)],
    "Z": [_segment(0.09, (240, 1500, 2550), follow=0.3, voice=0.5, noise=0.12, **_HISS)],
    "ZH": [_segment(0.09, (260, 1840, 2550), follow=0.2, voice=0.5, noise=0.15, **_HUSH)],
    "HH": [_segment(0.07, (500, 1500, 2500), follow=1.0, breath=0.2, **_WIDE)],
    "M": [_segment(0.08, (330, 1150, 2200), follow=0.35, voice=0.85, nasal=1, B2=200, B3=250)],
    "N": [_segment(0.08, (330, 1600, 2500), follow=0.25, voice=0.85, nasal=1, B2=250, B3=250)],
    "L": [_segment(0.075, (360, 1050, 2700), follow=0.25, voice=0.8, B2=120, B3=280)],
    "R": [_segment(0.085, (330, 1150, 1550), follow=0.15, voice=0.8, B2=110, B3=150)],
    "W": [_segment(0.065, (310, 680, 2200), follow=0.1, voice=0.85, B2=110, B3=250)],
    "Y": [_segment(0.075, (270, 2250, 3000), follow=0.1, voice=0.8, B2=180, B3=300)],
}
SOUNDS = _VOWELS | _CONSONANTS
VOWELS = frozenset(_VOWELS)
STOPS = frozenset("PBTDKG")
VOICELESS = frozenset({"P", "T", "K", "F", "S", "SH", "TH"})

# Pronunciations as ARPAbet sounds; further ones are used as often as the first.
WORDS: dict[str, tuple[str, ...]] = {
    "backward": ("B AE K W ER D",),
    "bed": ("B EH D",),
    "bird": ("B ER D",),
    "cat": ("K AE T",),
    "dog": ("D AO G", "D AA G"),
    "down": ("D AW N",),
    "eight": ("EY T",),
    "five": ("F AY V",),
    "follow": ("F AA L OW",),
    "forward": ("F AO R W ER D",),
    "four": ("F AO R",),
    "go": ("G OW",),
    "happy": ("HH AE P IY",),
    "house": ("HH AW S",),
    "learn": ("L ER N",),
    "left": ("L EH F T",),
    "marvin": ("M AA R V IH N",),
    "nine": ("N AY N",),
    "no": ("N OW",),
    "off": ("AO F", "AA F"),
    "on": ("AA N", "AO N"),
    "one": ("W AH N",),
    "right": ("R AY T",),
    "seven": ("S EH V AX N",),
    "sheila": ("SH IY L AX",),
    "six": ("S IH K S",),
    "stop": ("S T AA P",),
    "three": ("TH R IY",),
    "tree": ("T R IY",),
    "two": ("T UW", "T UW2"),
    "up": ("AH P",),
    "visual": ("V IH ZH UW2 AX L", "V IH ZH W AX L"),
    "wow": ("W AW",),
    "yes": ("Y EH S",),
    "zero": ("Z IY R OW", "Z IH R OW"),
}

# Clips per word in version 0.02 of the real set, in the order of WORDS (Warden 2018).
OFFICIAL_COUNTS = (
    1664, 2014, 2064, 2031, 2128, 3917, 3787, 4052, 1579, 1557, 3728, 3880, 2054, 2113, 1575,
    3801, 2100, 3934, 3941, 3745, 3845, 3890, 3778, 3998, 2022, 3860, 3872, 3727, 1759, 3880,
    3723, 1592, 2123, 4044, 4052,
)  # fmt: skip


def spell(sounds: str, rng: np.random.Generator) -> np.ndarray:
    """Turn one pronunciation into segments.

    Parameters
    ----------
    sounds : str
        ARPAbet names with spaces, as in ``WORDS``.
    rng : numpy.random.Generator
        For what differs between two utterances: an unreleased last stop, for instance.

    Returns
    -------
    numpy.ndarray of shape (n_segments, len(FIELDS) + 1)
        The fields of each segment; the last column is the number of its sound in the word.
    """
    names = sounds.split()
    rows: list[np.ndarray] = []
    n_vowels = sum(name in VOWELS for name in names)
    seen_vowels = 0
    col = {name: i for i, name in enumerate(FIELDS)}
    vowel_at = [i for i, name in enumerate(names) if name in VOWELS]
    for position, name in enumerate(names):
        segments = [segment.copy() for segment in SOUNDS[name]]
        last = position == len(names) - 1
        if name in VOWELS:
            seen_vowels += 1
            scale = 1.0 if n_vowels == 1 else (0.85 if seen_vowels == 1 else 0.75)
            if last or (seen_vowels == n_vowels and position == len(names) - 2):
                scale *= 1.25  # lengthening at the end of what is said
            if not last and names[position + 1] in VOICELESS:
                scale *= 0.75  # vowels are shorter before voiceless sounds
            for segment in segments:
                segment[col["duration"]] *= scale
                if seen_vowels > 1:
                    segment[col["voice"]] *= 0.75
            if not last and names[position + 1] in {"M", "N"}:
                segments[-1][col["nasal"]] = 0.35
        elif name in STOPS:
            if last and rng.random() < 0.3:
                segments = segments[:1]
            elif position and names[position - 1] == "S" and len(segments) == 3:
                segments = segments[:2]  # no aspiration after s
            elif last and len(segments) == 3:
                segments[2][col["breath"]] *= 0.5
        elif last:
            for segment in segments:
                segment[col["duration"]] *= 1.3
                segment[col["noise"]] *= 0.8
        # What the consonant follows is the nearest vowel, the next one before the last.
        if name not in VOWELS:
            nearest = min(vowel_at, key=lambda at: (abs(at - position), at < position))
            vowel = SOUNDS[names[nearest]][0 if nearest > position else -1]
            for segment in segments:
                share = segment[col["follow"]]
                for formant, weight in (("F1", 0.3), ("F2", 1.0), ("F3", 0.7)):
                    k = col[formant]
                    segment[k] += weight * share * (vowel[k] - segment[k])
        for segment in segments:
            if segment[col["N1"]] < 0:  # noise at the palate stands at the second formant
                segment[col["N1"]] = segment[col["F2"]] + 150
            rows.append(np.append(segment, position))
    return np.array(rows)
