"""The file of rows from which studies go on."""

import pandas as pd

from benchmarks.studies.rows import append, known_keys


def test_rows_are_added_under_one_header_and_known_by_their_key(tmp_path):
    path = tmp_path / "rows.csv"
    assert known_keys(path, ["target", "draw"]) == set()
    append(path, [{"target": "a", "draw": 0, "score": 0.5}])
    append(
        path, [{"draw": 1, "target": "a"}, {"draw": 0, "target": "b"}], ["target", "draw", "score"]
    )
    assert known_keys(path, ["target", "draw"]) == {("a", 0), ("a", 1), ("b", 0)}
    assert pd.read_csv(path)["score"].tolist()[0] == 0.5
    assert path.read_text().count("score") == 1
