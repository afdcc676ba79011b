import subprocess
import sys

import pytest

import sktl.evaluation


@pytest.mark.parametrize("name", sktl.evaluation.__all__)
def test_every_public_name_is_there_and_documented(name):
    found = getattr(sktl.evaluation, name)
    assert found.__doc__
    assert name in dir(sktl.evaluation)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'reports'"):
        sktl.evaluation.reports  # noqa: B018


def test_the_room_alone_loads_neither_scipy_nor_pandas():
    code = "import sys, sktl.evaluation; assert not {'scipy', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
