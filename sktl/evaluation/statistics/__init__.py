"""Statistical tests, named by test: arrays in, statistic and p-value out.

One file a family; a function named in its file's ``__all__`` is found here.
"""

from sktl.evaluation.statistics._result import TestResult as TestResult
from sktl.evaluation.statistics.bayesian import *  # noqa: F403
from sktl.evaluation.statistics.effects import *  # noqa: F403
from sktl.evaluation.statistics.multiple import *  # noqa: F403
from sktl.evaluation.statistics.paired import *  # noqa: F403
from sktl.evaluation.statistics.parametric import *  # noqa: F403
from sktl.evaluation.statistics.ranks import *  # noqa: F403
