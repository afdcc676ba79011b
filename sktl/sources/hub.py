"""Sharing a source on the Hugging Face hub, and loading one from there.

Needs the extra ``hub`` (huggingface_hub); nothing else in the package does. What comes from the
hub is JSON and safetensors, verified like any other source; no code of a repository is run.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from sktl import _paths
from sktl.sources._card import Card
from sktl.sources._folder import CARD, README, SUMS, WEIGHTS, read_source

_ADDRESS = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^\s@]+))?")
_KNOWN_LICENCES = {
    "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-sa-4.0",
    "cc0-1.0", "gpl-3.0", "mit", "odbl",
}  # fmt: skip
# (address, cache) -> folder: a process asks the hub once, however many fits use the source.
_downloaded: dict[tuple[str, Path], Path] = {}


def push_to_hub(
    folder: str | os.PathLike[str],
    repo_id: str,
    *,
    token: str | bool | None = None,
    private: bool = False,
    commit_message: str | None = None,
    api: Any = None,
) -> str:
    """Share a source on the Hugging Face hub, in one commit, with a model card.

    Parameters
    ----------
    folder : str or path-like
        The source's folder, as `save_source` wrote it. It is verified first.
    repo_id : str
        ``"owner/repo"``; made if it does not exist.
    token : str or bool, optional
        Access token; by default the one that ``hf auth login`` has stored.
    private : bool, default=False
        Whether a repository that is made here is private.
    commit_message : str, optional
        Message of the commit.
    api : huggingface_hub.HfApi, optional
        The client, for another endpoint than the public hub.

    Returns
    -------
    str
        The address that loads exactly what was pushed, ``"hf://owner/repo@commit"``.

    Raises
    ------
    ImportError
        If huggingface_hub is not installed.
    ValueError
        If ``repo_id`` is not ``"owner/repo"``, or the source was changed.

    Examples
    --------
    >>> from sktl.sources import push_to_hub
    >>> push_to_hub("my-source", "somebody/magnet-lomax")  # doctest: +SKIP
    'hf://somebody/magnet-lomax@5d1cdd48...'
    """
    hub = _huggingface_hub()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo_id):
        raise ValueError(f"repo_id must be 'owner/repo'. Received: repo_id={repo_id!r}")
    folder = Path(folder).expanduser()
    card = read_source(folder).card
    api = api or _api(hub)
    contents = {name: (folder / name).read_bytes() for name in (CARD, WEIGHTS, SUMS)}
    contents[README] = model_card(card, repo_id).encode()
    api.create_repo(repo_id, token=token, private=private, exist_ok=True)
    commit = api.create_commit(
        repo_id,
        [hub.CommitOperationAdd(name, content) for name, content in contents.items()],
        commit_message=commit_message or f"Add {card.name} for {card.architecture}",
        token=token,
    )
    return f"hf://{repo_id}@{commit.oid}"


def download(address: str) -> Path:
    """Bring a source from the hub to this machine.

    Parameters
    ----------
    address : str
        ``"hf://owner/repo"`` or ``"hf://owner/repo@revision"``; only a commit as the revision
        always gives the same weights.

    Returns
    -------
    pathlib.Path
        Folder of the source, below ``$SKTL_HOME/hub``.

    Raises
    ------
    ImportError
        If huggingface_hub is not installed.
    ValueError
        If the address has another form.
    ConnectionError
        If the repository cannot be reached, or there is none, and it was not downloaded before.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(
            f"An address on the hub is 'hf://owner/repo[@revision]'. Received: source={address!r}"
        )
    hub = _huggingface_hub()
    key = (address, _paths.home() / "hub")
    if key not in _downloaded:
        try:
            _downloaded[key] = Path(
                _api(hub).snapshot_download(
                    match["repo"],
                    revision=match["revision"],
                    cache_dir=key[1],
                    allow_patterns=[CARD, WEIGHTS, SUMS],
                )
            )
        except OSError as error:
            raise ConnectionError(
                f"The source could not be downloaded from the hub: {error} "
                f"Received: source={address!r}"
            ) from error
    return _downloaded[key]


def model_card(card: Card, repo_id: str) -> str:
    """Write the README of a source on the hub.

    Parameters
    ----------
    card : Card
        The source's card.
    repo_id : str
        ``"owner/repo"``, for the example in it.

    Returns
    -------
    str
        Markdown with the hub's metadata in front.
    """
    hub = _huggingface_hub()
    licence = (card.licence or "").lower()
    known = licence in _KNOWN_LICENCES
    data = hub.ModelCardData(
        library_name="sktl",
        license=licence if known else ("other" if licence else None),
        license_name=None if known or not licence else card.licence,
        tags=["time-series", "transfer-learning", f"time-series-{card.task}", card.architecture],
    )
    facts = {name: value for name, value in card.to_dict().items() if value is not None}
    rows = "\n".join(
        f"| {name} | {_cell(value)} |"
        for name, value in facts.items()
        if name not in ("citation", "notes")
    )
    simulated = {
        True: "It was trained on **simulated** data.",
        False: "It was trained on real data.",
        None: "Whether its training data was real or simulated is not stated.",
    }[card.simulated]
    estimator = card.architecture + ("Classifier" if card.task == "classification" else "Regressor")
    return f"""---
{data.to_yaml()}
---

# {card.name} for {card.architecture}

Pretrained weights of a network for time series, in the format of
sktl. {simulated}

```python
from sktl.estimators import {estimator}

{estimator}.from_pretrained("hf://{repo_id}", omega=0.25).fit(X, y)
```

| field | value |
| --- | --- |
{rows}

## Citation

{card.citation or "None stated."}

## Notes

{card.notes or "None."}

Check the files by `sha256sum --check {SUMS}`.
"""


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("|", "\\|").replace("\n", " ")


def _huggingface_hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ImportError(
            "Sources on the Hugging Face hub need huggingface_hub: pip install 'sktl[hub]'"
        ) from error
    return huggingface_hub


def _api(hub: Any) -> Any:
    """Return the client; it reads the stored token and ``HF_ENDPOINT`` itself."""
    return hub.HfApi(library_name="sktl")
