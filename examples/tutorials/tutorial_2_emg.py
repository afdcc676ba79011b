"""
Gestures from EMG, for people who were not trained on
=====================================================

Which finger is pressed against the thumb? Electrodes on the forearm record 80 samples at 200
Hz. The windows are **simulated**; the source was trained on **real** recordings of other
gestures.
"""

# %%
# The series
# ----------
#
# Groups are people. A classifier that has seen a person's other windows recognises the person,
# so whole people are put aside.

from sktl.datasets import simulate_emg_pinch
from sktl.plotting import plot_instances

X, y, people = simulate_emg_pinch(400, random_state=0, n_subjects=8, return_groups=True)
print(X.shape, "classes:", sorted(set(y.tolist())), "people:", len(set(people)))
_ = plot_instances(X, y, n=4, sampling_rate=200, label="finger")

# %%

import numpy as np

test = np.isin(people, sorted(set(people))[-3:])
print((~test).sum(), "windows of five people to learn from,", test.sum(), "of three to test on")

# %%
# The source
# ----------
#
# ``EMG-Roshambo`` was trained on rock, paper and scissors of real people, at the same rate and
# with the same electrodes. Its kernels are shown from low to high frequency.

from sktl.plotting import plot_source

_ = plot_source("EMG-Roshambo", "MagNet")

# %%
# A linear probe
# --------------
#
# The network stays as it is; a ridge model learns from its features. The first is the same kind
# of features of random kernels: what is worth less than these is not worth a source.

from sklearn.metrics import f1_score

from sktl.estimators import LinearProbeClassifier

scores = {}
for name, sources in {"random kernels": [None], "EMG-Roshambo": ["EMG-Roshambo"]}.items():
    probe = LinearProbeClassifier(
        sources=sources, architectures=["MagNet"], random_features=None, random_state=0
    )
    probe.fit(X[~test], y[~test], groups=people[~test])
    scores[f"probe, {name}"] = f1_score(y[test], probe.predict(X[test]), average="weighted")
print(scores)

# %%
# Fine-tuning, and a guard
# ------------------------
#
# ``OmegaSearch`` fine-tunes the whole network from the source, with several values of omega,
# the factor on the learning rate of the transferred layers. It also trains from scratch, and
# keeps that unless transfer is better on validation data by more than noise. The validation
# part is one of the five people, so that it is as hard as the test part.

from sktl.estimators import MagNetClassifier
from sktl.model_selection import OmegaSearch
from sktl.plotting import plot_search

search = OmegaSearch(
    MagNetClassifier(n_epochs=15, random_state=0), omegas=(0.0, 0.25, 1.0), sources=["EMG-Roshambo"]
)
validation = people == people[~test].max()
training = ~test & ~validation
search.fit(X[training], y[training], validation_data=(X[validation], y[validation]))
scores["fine-tuned"] = f1_score(y[test], search.predict(X[test]), average="weighted")
print(search.best_params_, search.decision_["kept"])
_ = plot_search(search)

# %%
# The result
# ----------

from sktl.plotting import plot_predictions

for name, score in scores.items():
    print(f"{name:24} weighted F1 {score:.2f}")
print(f"{'guessing':24} weighted F1 about {1 / len(set(y)):.2f}")
_ = plot_predictions(y[test], search.predict(X[test]), normalize="true")

# %%
# What to keep in mind
# --------------------
#
# This is a case in which transfer does not help, and it can be seen without the test part. A
# validation loss above log 4 = 1.39 is worse than equal probabilities for four classes: the
# search may still prefer transfer to scratch, but neither is worth using. Five people are too
# few to learn what all people have in common, and the features of the source are worth about as
# much as those of random kernels. More people are the first thing to try.
#
# Real windows of new people are also hard to tell apart (see :doc:`/simulators`). With windows
# of the same people in training the numbers would look far better and mean less. For
# recordings of your own see :doc:`/own_data`.
