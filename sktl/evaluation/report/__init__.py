"""The report: every table and figure of a comparison as HTML, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sktl._files import check_folder, write_whole
from sktl.evaluation.protocols import compare
from sktl.evaluation.readers import read_records
from sktl.evaluation.records import Records
from sktl.evaluation.report.document import STYLES
from sktl.evaluation.report.results import compute, to_json


def write_report(
    records: Records | str | Path,
    out: str | Path,
    protocol: str = "honest",
    omega: float | None = None,
    exclude_reruns: Iterable[object] = (),
    progress: bool = False,
    domains: Mapping[str, str] | None = None,
    style: str = "plain",
) -> Path:
    """Write the report of a comparison of transfer with training from scratch.

    Parameters
    ----------
    records : Records, str or pathlib.Path
        Checked records, or a path for :func:`sktl.evaluation.readers.read_records`.
    out : str or pathlib.Path
        Directory, created if needed. The files are ``report.html`` (one self-contained page),
        ``report.md``, ``report.json`` (all numbers), ``figures/*.svg``, ``tables/*.csv`` and
        ``tables/*.tex``; existing files of these names are replaced.
    protocol : {"honest", "published"}, default="honest"
        See :mod:`sktl.evaluation.protocols`.
    omega : float, optional
        Use this omega in every cell instead of choosing one.
    exclude_reruns : iterable
        Names of reruns to leave out.
    progress : bool, default=False
        Show a progress line on standard error.
    domains : mapping of str to str, optional
        Domains of datasets, e.g. ``{"etna": "seis"}``; used if `records` is a path.
    style : {"plain", "otovic2022"}, default="plain"
        ``plain`` numbers tables and figures in their order and leaves out empty ones.
        ``otovic2022`` gives them the numbers and the format of Otović et al. (2022): Tables 3 to
        10, Figure 8.

    Returns
    -------
    pathlib.Path
        The HTML page.

    Raises
    ------
    ValueError
        If the records, protocol, omega, reruns or style are not valid.
    ImportError
        If matplotlib is missing (extra ``plots``).

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sktl.evaluation.records import Records
    >>> from sktl.evaluation.report import write_report
    >>> rows = pd.DataFrame({
    ...     "architecture": "tcn", "source": [None, "lomax"] * 2, "target": "stead",
    ...     "n_train": 1500, "omega": [None, 1.0] * 2, "rerun": [0, 0, 1, 1], "metric": "mae",
    ...     "test_score": [0.5, 0.4, 0.6, 0.4]})
    >>> write_report(Records.from_frame(rows), tempfile.mkdtemp()).name
    'report.html'
    """
    from tqdm.auto import tqdm

    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "the report's figures need matplotlib: pip install 'sktl[plots]'"
        ) from error
    from sktl import __version__
    from sktl.evaluation.report import writers
    from sktl.evaluation.report.pages import document
    from sktl.evaluation.report.sentences import conclusions

    if style not in STYLES:
        raise ValueError(f"style must be one of {list(STYLES)}. Received: style={style!r}")
    check_folder(out)
    if not isinstance(records, Records):
        records = read_records(records, domains, progress=progress)
    comparison = compare(records, protocol, omega, exclude_reruns)
    with tqdm(disable=not progress, bar_format="{desc} ({elapsed})") as line:
        line.set_description_str("statistics and controls")
        results = compute(records, comparison)
        said = conclusions(results)
        page = document(results, said, line.set_description_str, style)
        line.set_description_str("report written")
    statement = comparison.statement
    content = to_json(results, said, __version__)
    files = {
        "report.json": json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "report.md": writers.to_markdown(page),
    }
    for picture in page.pictures:
        # Every figure states its protocol, in case it is used without the report.
        head, _, rest = picture.svg.partition(">")
        described = f"<title>{writers.escape(picture.alt)} {writers.escape(statement)}</title>"
        files[f"figures/{picture.name}.svg"] = f"{head}>{described}{rest}\n"
    for table in page.tables:
        files[f"tables/{table.name}.csv"] = writers.to_csv(table, statement)
        files[f"tables/{table.name}.tex"] = writers.to_latex(table, statement)
    # The page is written last: if it exists, the other files do too.
    files["report.html"] = writers.to_html(page)
    for name, text in files.items():
        write_whole(Path(out) / name, text.encode())
    return Path(out) / "report.html"
