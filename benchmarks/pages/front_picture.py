"""Draw the picture of the README and of the first page of the documentation.

    python -m benchmarks.pages.front_picture [--out docs/images/front.png]

It shows the example call of both pages: its simulated series, its candidates, and its predictions
of new series. The output of the call is written into both pages. Run it on an idle machine, because
the call has a time limit of one minute.
"""

import argparse
import re
import textwrap
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np

from sktl.datasets import simulate_len_db
from sktl.model_selection import AutoTransferRegressor
from sktl.plotting import plot_leaderboard, plot_predictions

RATE_HZ = 20
ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs/index.md")


def draw_series(ax, X, y):
    """Draw the vertical components of three series, from a small to a large magnitude."""
    order = np.argsort(y)[[2, len(y) // 2, -2]]
    for place, number in enumerate(order):
        trace = X[number, 0] / np.abs(X[number, 0]).max()
        ax.plot(np.arange(len(trace)) / RATE_HZ, trace - 2.6 * place, color="#0072B2", lw=0.7)
        ax.text(0, 1.1 - 2.6 * place, f"magnitude {y[number]:.1f}", fontsize="small")
    ax.set(yticks=[], xlabel="time (s)", ylim=(-6.5, 2.1))
    ax.set_title("60 simulated earthquakes", fontsize="medium")


def main(argv=None):
    """Draw the picture, and write the output of the call into the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/front.png")
    chosen = parser.parse_args(argv)
    X, y = simulate_len_db(60, random_state=0)
    regressor = AutoTransferRegressor().fit(X, y)
    print(regressor.decision_)
    printed = "\n".join(textwrap.wrap(regressor.decision_, 100))
    for page in PAGES:
        # The first block of plain text is the output of the call.
        block = re.compile(r"(?<=^```text\n).*?(?=\n```$)", re.DOTALL | re.MULTILINE)
        page.write_text(block.sub(lambda _: printed, page.read_text(), count=1))
    print(regressor.leaderboard_[["candidate", "score", "weight"]].head(5).round(3))
    X_new, y_new = simulate_len_db(200, random_state=1)
    fig, axes = plt.subplots(1, 3, figsize=(13, 3.9), layout="constrained")
    draw_series(axes[0], X, y)
    plot_leaderboard(regressor, n=8, ax=axes[1])
    plot_predictions(y_new, regressor.predict(X_new), unit="magnitude", ax=axes[2])
    axes[2].set_title("200 new ones", fontsize="medium")
    fig.savefig(chosen.out, dpi=110)
    print(f"seconds: {regressor.seconds_:.0f}")


if __name__ == "__main__":
    main()
