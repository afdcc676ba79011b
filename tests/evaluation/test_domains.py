import pytest

from sktl.evaluation import domains


def test_order_is_the_papers_with_simulated_sets_in_their_place():
    names = ["etna", "sp500", "EMG-simulated", "STEAD", "LEN-DB-simulated", "alps"]
    assert domains.ordered(names) == [
        "LEN-DB-simulated", "STEAD", "EMG-simulated", "sp500", "alps", "etna"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("STEAD", "seis"),
        ("LEN-DB-simulated", "seis"),
        ("S&P 500", "other"),
        ("etna", None),
        ("stead simulated", None),
        ("EMG_simulated", None),
    ],
)
def test_domain_of_known_names(name, domain):
    assert domains.domain_of(name) == domain
    assert domains.domain_of(name, {name.lower(): "medicine"}) == "medicine"


def test_own_data_of_a_similar_name_is_not_one_of_the_six():
    given = {"stead simulated": "medicine", "STEAD-simulated": "seis"}
    assert [domains.domain_of(name, given) for name in given] == ["medicine", "seis"]
    assert domains.ordered(["stead simulated", "emg", "STEAD-simulated"])[-1] == "stead simulated"


@pytest.mark.parametrize(
    ("n", "label"),
    [(1500, "1k5"), (9000, "9k"), (15932, "15932"), (1000, "1k"), (128, "128"), (12000, "12k")],
)
def test_size_labels(n, label):
    assert domains.size_label(n) == label
