"""Domains of datasets, and the names and order in which datasets and networks are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Domains of the datasets that sktl knows; the key is the name in lower case, letters and digits.
DOMAINS = {
    "lomax": "seis",
    "lendb": "seis",
    "stead": "seis",
    "speech": "other",
    "emg": "other",
    "sp500": "other",
}
_TITLES = {
    "lomax": "LOMAX",
    "lendb": "LEN-DB",
    "stead": "STEAD",
    "speech": "SPEECH",
    "emg": "EMG",
    "sp500": "S&P 500",
    "convnetquakeingv": "ConvNetQuake INGV",
    "convnetquake": "ConvNetQuake INGV",
    "magnet": "MagNet",
    "mlstmfcn": "MLSTM FCN",
    "tcn": "TCN",
}


def plain(name: str) -> str:
    """Reduce a name to lower-case letters and digits, so that ``S&P 500`` equals ``sp500``.

    Examples
    --------
    >>> from sktl.evaluation.domains import plain
    >>> plain("S&P 500"), plain("LEN-DB"), plain("MLSTM_FCN")
    ('sp500', 'lendb', 'mlstmfcn')
    """
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def title(name: str) -> str:
    """Return the printed form of a name.

    Examples
    --------
    >>> from sktl.evaluation.domains import title
    >>> title("lendb"), title("mine")
    ('LEN-DB', 'mine')
    """
    return _TITLES.get(plain(name), str(name))


def ordered(names: Iterable[str]) -> list[str]:
    """Sort names in the order of the paper, and others after them alphabetically.

    ``STEAD-simulated`` has the position of STEAD.

    Examples
    --------
    >>> from sktl.evaluation.domains import ordered
    >>> ordered(["mine", "emg", "lomax"])
    ['lomax', 'emg', 'mine']
    """
    places = {name: place for place, name in enumerate(_TITLES)}
    return sorted(set(names), key=lambda name: (places.get(_real(name), len(places)), str(name)))


def _real(name: str) -> str:
    # Only the exact suffix of sktl: "stead simulated" may be a dataset of the user.
    return plain(str(name).removesuffix("-simulated"))


def domain_of(name: str, domains: Mapping[str, str] | None = None) -> str | None:
    """Return a dataset's domain, or None if it is neither in ``domains`` nor known to sktl.

    Examples
    --------
    >>> from sktl.evaluation.domains import domain_of
    >>> domain_of("STEAD"), domain_of("etna"), domain_of("etna", {"Etna": "seis"})
    ('seis', None, 'seis')
    """
    domains = domains or {}
    given = {plain(key): value for key, value in domains.items()}
    return domains.get(name, given.get(plain(name), DOMAINS.get(_real(name))))


def size_label(n_train: int) -> str:
    """Return a number of training instances in the style of the paper.

    Examples
    --------
    >>> from sktl.evaluation.domains import size_label
    >>> size_label(1500), size_label(9000), size_label(12345), size_label(200)
    ('1k5', '9k', '12345', '200')
    """
    thousands, rest = divmod(int(n_train), 1000)
    if thousands and rest % 100 == 0:
        return f"{thousands}k{rest // 100 or ''}"
    return str(int(n_train))
