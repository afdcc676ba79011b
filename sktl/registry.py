"""Listing what sktl has, in the manner of ``sktime.registry``."""

from __future__ import annotations


def all_estimators(estimator_types: str | list[str] | None = None, as_dataframe: bool = False):
    """List the estimators of sktl.

    Parameters
    ----------
    estimator_types : {"classifier", "regressor"} or list of these, optional
        Only these types; default: all.
    as_dataframe : bool, default=False
        Give a DataFrame with the columns ``name`` and ``object``.

    Returns
    -------
    list of tuple of (str, type), or pandas.DataFrame
        Name and class, in alphabetical order.

    Raises
    ------
    ValueError
        If a type is unknown.

    Examples
    --------
    >>> from sktl.registry import all_estimators
    >>> [name for name, _ in all_estimators("regressor")][:2]
    ['AutoTransferRegressor', 'ConvNetQuakeINGVRegressor']
    """
    from skbase.lookup import all_objects

    known = ("classifier", "regressor")
    types = [estimator_types] if isinstance(estimator_types, str) else estimator_types
    unknown = sorted(set(types or ()) - set(known))
    if unknown:
        raise ValueError(
            f"estimator_types must be among {', '.join(map(repr, known))}. "
            f"Received: estimator_types={estimator_types!r}"
        )
    return all_objects(
        package_name="sktl",
        modules_to_ignore="cli",
        filter_tags={"object_type": list(types or known)},
        as_dataframe=as_dataframe,
        return_names=True,
        suppress_import_stdout=False,
    )
