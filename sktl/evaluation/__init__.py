"""From records to statistics, tables, figures and a report. Reads records, trains nothing."""

from importlib import import_module

_HOMES = {
    "records": ("Exclusion", "Records"),
    "readers": ("read_records",),
    "protocols": ("PROTOCOLS", "Comparison", "compare"),
    "tables": (
        "architecture_table", "change_table", "omega_table", "percent_table", "win_table",
    ),
    "controls": ("Control", "all_controls", "best_of_k_references", "null"),
    "defects": ("Defect", "find_defects", "share_failed", "suspect_reruns"),
    "metrics": (
        "convergence_rate", "greater_is_better", "mean_absolute_error", "pcc_squared",
        "pearson_correlation", "r2", "share_within", "weighted_f1",
    ),
    "report": ("write_report",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted([*_HOME, "statistics"])


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: training a network needs no scipy."""
    if name == "statistics":
        return import_module(f"{__name__}.statistics")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
