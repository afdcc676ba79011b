"""Few labels: real targets, the methods that a user could pick instead, and AutoTransfer.

`targets` holds the real targets and draws instances; `peers` the other methods; `run` the
resumable runner; `page` the page of the documentation. From the root of the repository:

    python -m benchmarks.studies.few_labels --out results/few_labels --draws 0 1
"""
