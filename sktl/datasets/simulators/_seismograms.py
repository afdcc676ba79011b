"""What the simulated seismograms of STEAD, LEN-DB and LOMAX share.

Every trace is a stochastic point source seen through a simple Earth: see
:func:`sktl.datasets.simulators.simulate_stead` for the physics and its literature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sktl._random import RandomState, draw_seed
from sktl.datasets.simulators._chunks import batches, check_n_instances
from sktl.datasets.simulators._records import Collection, stream

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


def iterate(
    collection: Collection,
    n_instances: int,
    random_state: RandomState,
    batch_size: int,
    n_timepoints: int | None,
    station: Mapping[str, float] | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Batch]:
    """Check the arguments and iterate over batches of a collection's traces."""
    n_instances = check_n_instances(n_instances)
    n_timepoints = collection.n_timepoints if n_timepoints is None else n_timepoints
    if n_timepoints < 50:
        raise ValueError(f"n_timepoints must be at least 50. Received: {n_timepoints=}")
    if station is not None:
        known = set(collection.draw_station(np.random.default_rng(0), 1)) | {"noise_level", "kappa"}
        if set(station) - known:
            raise ValueError(
                f"station may fix {sorted(known)}. Received: {sorted(set(station) - known)}"
            )
    if catalogue is not None:
        columns = {"magnitude", "distance_km", "depth_km", "lead_s"}
        lengths = {len(values) for values in catalogue.values()}
        if "magnitude" not in catalogue or set(catalogue) - columns or lengths != {n_instances}:
            raise ValueError(
                f"catalogue must have 'magnitude', may have {sorted(columns - {'magnitude'})}, "
                f"all of {n_instances} rows. Received: {sorted(catalogue)} of {lengths} rows"
            )
    chunks = stream(draw_seed(random_state), collection, n_timepoints, station, catalogue)
    yield from batches(chunks, n_instances, batch_size)  # type: ignore[misc]
