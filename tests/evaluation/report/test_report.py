"""The report on simulated records with known gains, and on the published ones."""

import contextlib
import csv
import io
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from sktl.cli import main
from sktl.evaluation.records import Records
from sktl.evaluation.report import write_report

RELATIONS = ["intra", "cross", "seis>other", "other>seis", "other>other", "total"]
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Collect tags; say where an element is not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def trials(all_rows, tmp_path_factory):
    """Write the simulated experiment as a directory of trial records."""
    records = tmp_path_factory.mktemp("records")
    for number, row in enumerate(all_rows):
        (records / f"{number}.json").write_text(json.dumps(row))
    return records


@pytest.fixture(scope="module")
def written(trials, tmp_path_factory):
    """Write the default report by the command, once for all tests that read it."""
    out, said = tmp_path_factory.mktemp("report") / "out", io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["report", str(trials), "--out", str(out)]) == 0
    assert said.getvalue().strip() == str(out / "report.html")
    return out


def test_every_output_is_there_and_names_the_protocol(written):
    names = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    tables = [
        "scores", "controls", "wins", "convergence_wins", "changes", "wins_by_architecture",
        "score_gain", "convergence_gain", "gain_by_omega", "cost",
    ]  # fmt: skip
    pictures = [
        "scores", "gain_by_omega", "gain_against_omega", "heat_map_score", "heat_map_convergence",
        "learning_curves", "cost", "critical_difference_omegas",
    ]  # fmt: skip
    expected = {"report.html", "report.md", "report.json"}
    expected |= {f"tables/{name}.{end}" for name in tables for end in ("csv", "tex")}
    expected |= {f"figures/{name}.svg" for name in pictures}
    assert names == expected
    for name in names:
        text = (written / name).read_text()
        assert "Protocol honest: omega by the best validation score" in text, name


def test_page_is_self_contained_accessible_html(written):
    text = (written / "report.html").read_text()
    page = Page(text)
    assert not re.search(r"https?:|src=\"(?!data:)|<script|url\(", text)
    for tag, attrs in page.tags:
        assert tag != "svg"
        if tag == "img":
            assert len(attrs["alt"]) > 20
        for name in ("href", "src"):
            assert attrs.get(name, "#").startswith(("#", "data:"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"][1:] for tag, attrs in page.tags if tag == "a"]
    assert set(links) <= set(ids)
    assert len(links) == 11  # the skip link and ten sections
    # Whatever scrolls sideways can be reached and scrolled by keyboard, and has a name.
    wide = [attrs for _, attrs in page.tags if attrs.get("class") == "wide"]
    assert len(wide) == sum(tag in ("img", "table") for tag, _ in page.tags)
    assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in wide)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in (
        page.tags
    )
    assert "SIMULATED" in "".join(page.text)


def test_numbers_of_the_simulated_experiment(written):
    # Transfer at omega 1 is better everywhere, and validation finds it: 12 cells, 12 wins.
    content = json.loads((written / "report.json").read_text())
    assert list(content["wins"]) == RELATIONS
    assert content["wins"]["total"] == [12, 0]
    assert content["wins_by_architecture"]["total"] == {"magnet": [6, 0], "tcn": [6, 0]}
    assert content["gain_by_omega"]["tcn"]["1"] == pytest.approx(20)
    assert content["records"]["transfer"] == 72
    assert content["records"]["reference"] == 18
    # A gain of a fifth at omega 1 in every run: no bootstrap sample can have another median.
    effect = content["effect"]
    assert [effect[name] for name in ("median_gain_percent", "low", "high")] == pytest.approx(
        [20.0] * 3
    )
    percent = content["score_gain"]
    assert percent["columns"] == ["stead300", "emg300", "etna300"]
    assert percent["percent"]["emg"] == pytest.approx([20.0, None, 20.0])
    assert percent["colours"]["emg"][1] == "-"
    assert content["protocol"]["name"] == "honest"
    assert "12 of 12 cells" in content["conclusions"][0]
    ranks = {ranking["name"]: ranking["ranks"] for ranking in content["rankings"]}
    assert min(ranks["omegas"], key=ranks["omegas"].get) == "ω = 1"
    assert ranks["architectures"] == {}  # two architectures are no ranking


def test_tables_agree_between_formats(written):
    content = json.loads((written / "report.json").read_text())
    lines = (written / "tables" / "wins.csv").read_text().splitlines()
    assert lines[0].startswith("# Protocol honest")
    rows = list(csv.DictReader(lines[1:]))
    wins = [[int(row[side].split()[0].replace("–", "0")) for side in ("wins", "losses")]
            for row in rows]  # fmt: skip
    filled = [counts for counts in content["wins"].values() if sum(counts)]
    assert wins == filled
    tex = (written / "tables" / "wins.tex").read_text()
    assert r"Total & 12 (100 \%) & 0 (0 \%) & 0 & 12 &" in tex
    assert "| Total | 12 (100 %) | 0 (0 %) | 0 | 12 |" in (written / "report.md").read_text()


def test_the_report_begins_with_a_picture_and_the_table_of_scores(written):
    text = (written / "report.md").read_text()
    first = text[text.index("## Scores") : text.index("## Conclusions")]
    assert first.index("![Test scores of all methods") < first.index(
        "**Table 1: Test scores, mean ±"
    )
    # Transfer is better by a fifth in every rerun: it is the best on each of the three data sets.
    rows = [line for line in first.splitlines() if "↓" in line or "↑" in line]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [
        "STEAD 300", "EMG 300", "etna 300", "average rank",
    ]  # fmt: skip
    content = json.loads((written / "report.json").read_text())["scores"]
    means = {(c["target"], c["method"]): c["mean"] for c in content["cells"]}
    assert means["stead", "TCN transfer"] == pytest.approx(0.8 * means["stead", "TCN from scratch"])
    assert content["ranks"]["TCN transfer"] + content["ranks"]["MagNet transfer"] == 3.0
    for row in rows:
        assert re.search(r"\*\*[\d.]+( ± [\d.]+)?\*\*", row)
    assert "<strong>" in (written / "report.html").read_text()
    assert r"\textbf{" in (written / "tables" / "scores.tex").read_text()
    # Every table and figure has a number, and none has the paper's.
    captions = re.findall(r"^[*]+((?:Table|Figure) \d+):", text, re.MULTILINE)
    tables = [caption for caption in captions if caption.startswith("Table")]
    assert tables == [f"Table {number}" for number in range(1, 11)]
    assert len(captions) - len(tables) == text.count("![")


@pytest.mark.slow
def test_published_protocol_fixed_omega_and_reruns(trials, tmp_path):
    def report(*options):
        assert main(["report", str(trials), "--out", str(tmp_path / "out"), *options]) == 0
        return json.loads((tmp_path / "out" / "report.json").read_text())

    fixed = report("--omega", "0.1", "--exclude-rerun", "0", "--exclude-rerun", "2")
    assert fixed["wins"]["total"] == [0, 12]
    assert "without rerun 0, 2" in fixed["protocol"]["statement"]
    assert "Rerun 0, 2: left out" in (tmp_path / "out" / "report.md").read_text()
    published = report("--protocol", "published")
    assert published["protocol"]["name"] == "published"
    assert "selection on test" in [warning["name"] for warning in published["warnings"]]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--protocol", "honset"], 2, "invalid choice"),
        (["--style", "otovic"], 2, "invalid choice"),
        (["--omega", "3"], 1, "omega must be one of"),
        (["--exclude-rerun", "9"], 1, "exclude_reruns must name reruns"),
    ],
)
def test_command_says_what_is_wrong(options, code, said, trials, tmp_path, capsys):
    arguments = ["report", str(trials), "--out", str(tmp_path / "out"), *options]
    try:
        found = main(arguments)
    except SystemExit as stop:
        found = stop.code
    assert found == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_takes_the_option_that_it_advises(tmp_path, capsys):
    rows = {
        "architecture": "tcn", "source": [None, "etna"] * 2, "target": "alps", "n_train": 1500,
        "omega": [None, 1.0] * 2, "rerun": [0, 0, 1, 1], "metric": "mae",
        "test_score": [0.5, 0.4, 0.6, 0.4],
    }  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "records.csv")
    command = ["report", str(tmp_path / "records.csv"), "--out", str(tmp_path / "out")]
    page = tmp_path / "out" / "report.md"
    assert main(command) == 0
    assert "--domain NAME=seis" in page.read_text()
    assert main([*command, "--domain", "etna=seis", "--domain", "alps=other"]) == 0
    assert "is not known" not in page.read_text()
    assert main([*command, "--domain", "etna"]) == 1
    assert "--domain must be NAME=DOMAIN" in capsys.readouterr().err


def test_missing_records(tmp_path, capsys):
    assert main(["report", str(tmp_path / "no.csv"), "--out", str(tmp_path / "out")]) == 1
    assert "existing file or directory" in capsys.readouterr().err


def test_bare_records_make_a_report(tmp_path):
    """No curves, no validation, one rerun, names that need escaping, a failed trial."""
    table = pd.DataFrame(
        {
            "architecture": "<b>&net_1", "source": [None, "a|b", "a|b"], "target": "50 % & more",
            "n_train": 100, "omega": [None, 1.0, 1.0], "rerun": [0, 0, 1], "metric": "mae",
            "test_score": [1.0, 0.9, None], "status": ["ok", "ok", "failed"],
            "source_loaded": [None, True, True],
        }
    )  # fmt: skip
    out = write_report(Records.from_frame(table), tmp_path, "published").parent
    content = json.loads((out / "report.json").read_text())
    assert content["wins"]["total"] == [1, 0]
    assert content["records"]["failed"] == 1
    text = (out / "report.html").read_text()
    Page(text)
    assert "&lt;b&gt;&amp;net_1" in text
    assert "<b>" not in text
    assert "1 left out: the trial failed" in text
    assert "Sources that existed and were not pre-trained here: a|b." in text
    assert "have no convergence rates" in text
    assert "have none" in text
    assert "in 1 of 1 cell (100 %; 0 losses;" in text
    plural = r"\b1 (cells|losses|wins|ties|trials|\w+ trials|reruns|blocks|pairs|treatments)\b"
    assert not re.search(plural, text)
    assert r"50 \% \& more" in (out / "tables" / "score_gain.tex").read_text()
    # One source, one target, one omega, no curves: no map, no bars, no lines; a failed trial is
    # drawn.
    assert {path.stem for path in (out / "figures").iterdir()} == {"scores", "cost"}
    assert {path.stem for path in (out / "tables").iterdir()} == {
        "scores", "controls", "wins", "score_gain", "cost",
    }  # fmt: skip


def test_controls_that_cannot_be_made_are_named(tmp_path):
    """One rerun without validation scores: published works, the honest control cannot."""
    table = pd.DataFrame(
        {
            "architecture": "tcn", "source": [None, "lomax", "lomax"], "target": "stead",
            "n_train": 100, "omega": [None, 0.5, 1.0], "rerun": 0, "metric": "mae",
            "test_score": [1.0, 0.9, 0.8],
        }
    )  # fmt: skip
    out = write_report(Records.from_frame(table), tmp_path, "published").parent
    content = json.loads((out / "report.json").read_text())
    assert content["wins"]["total"] == [1, 0]
    controls = {control["name"]: control for control in content["controls"]}
    assert (controls["published"]["wins"], controls["omega = 1"]["n"]) == (1, 1)
    assert "cannot be chosen without the test" in controls["honest"]["problem"]
    for name in ("best-of-k references", "null (published)", "null (honest)"):
        assert "has two usable references" in controls[name]["problem"]
    assert "not computed: no transfer can be compared" in (out / "report.md").read_text()
    with pytest.raises(ValueError, match="cannot be chosen without the test"):
        write_report(Records.from_frame(table), tmp_path)


@pytest.mark.slow
def test_report_again_is_the_same_and_leaves_nothing_behind(trials, written):
    first = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    assert main(["report", str(trials), "--out", str(written)]) == 0
    again = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    assert again == first


# Their tables are compared with the printed ones in test_tables.py, without the pages.
@pytest.mark.slow
def test_published_results_in_the_papers_form(shared, tmp_path):
    records = shared("published/published_results.csv.gz")
    printed = json.loads(shared("published/printed_tables.json").read_text())
    how = ["--protocol", "published", "--style", "otovic2022"]
    assert main(["report", str(records), *how, "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["wins"] == printed["table3_wins_losses"]
    assert content["convergence_wins"] == printed["table4_wins_losses"]
    assert content["score_gain"]["columns"] == printed["columns"]
    assert content["score_gain"]["colours"] == printed["tables6_7_colours"]
    assert content["convergence_gain"]["colours"] == printed["tables8_9_colours"]
    numbers = {path.stem for path in (tmp_path / "tables").glob("table*.csv")}
    assert numbers == {f"table{number}" for number in (3, 4, 5, 6, 7, 8, 9, 10)}
    # The paper's percentages, in the order wins then losses; its 76 % for 204 of 240 is 85 %.
    for name, wins, losses in (
        ("wins", [90, 84, 92, 72, 90, 85], [10, 16, 8, 28, 10, 15]),
        ("convergence_wins", [58, 65, 72, 50, 77, 64], [42, 35, 28, 50, 23, 36]),
    ):
        rows = content[f"{name}_tests"].values()
        assert [row["percent_won"] for row in rows] == wins
        assert [row["percent_lost"] for row in rows] == losses
    table10 = (tmp_path / "tables" / "table10.csv").read_text().splitlines()[2:]
    assert [re.findall(r"\d+(?= %)", line) for line in table10] == [
        line.split()
        for line in (
            "75 100 100 83", "88 88 81 79", "94 100 78 94", "72 72 83 61", "100 92 83 83",
            "85 90 85 80",
        )
    ]  # fmt: skip
    text = (tmp_path / "report.md").read_text()
    assert "| 204 (85 %) | 36 (15 %) |" in text
    assert "cannot be derived" in text
    assert "Rerun 6 lies far outside" in text
