from sktl._words import counted


def test_counted_has_a_singular():
    assert [counted(n, "cell") for n in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]
    assert [counted(n, "loss", "losses") for n in (1, 1200)] == ["1 loss", "1,200 losses"]
