"""Impedance inversion: does a TCN that knows one geology need fewer traces of another?

After Wang et al. (2022). `data` makes seismic sections of two geologies, `peers` are the other
methods, `settings` says what is done, `experiment` has the trainings, each a file, so that a run
can go on, `page` and `pictures` make the page of the documentation. From the root of the
repository:

    python -m benchmarks.studies.impedance --data-home FOLDER --out results/impedance
"""
