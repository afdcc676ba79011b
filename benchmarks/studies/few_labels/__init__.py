"""Few labels: AutoTransfer compared with other methods on real targets.

`targets` defines the targets and samples instances, `peers` the other methods, `run` the resumable
runner, and `page` writes the page of the documentation. From the root of the repository:

    python -m benchmarks.studies.few_labels --out results/few_labels --draws 0 1
"""
