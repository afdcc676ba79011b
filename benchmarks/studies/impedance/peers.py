"""Other ways to impedance: without seismics, by a linear filter, by a U-Net."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

# Samples of the trace that the linear inverse sees around each sample.
FILTER = 201
PENALTIES = np.logspace(-3, 5, 17)


def between(places, values, wanted):
    """Interpolate impedance along the section between known traces: a guess without seismics."""
    return np.array([np.interp(wanted, places, column) for column in values.T]).T


class MeanTrace(RegressorMixin, BaseEstimator):
    """Predict the mean of the known impedance traces, whatever the seismics."""

    def fit(self, X, y):
        """Remember the mean trace."""
        self.mean_ = np.asarray(y).mean(axis=0)
        return self

    def predict(self, X):
        """Return it for every trace."""
        return np.tile(self.mean_, (len(X), 1))


class LinearInverse(RegressorMixin, BaseEstimator):
    """Predict impedance by a linear filter of the trace: ridge regression on windows of `FILTER`
    samples, zeros beyond the ends; a sample's impedance is a constant plus their weighted sum.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty.
    """

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y):
        """Fit the filter to seismic traces X (n, 1, samples) and impedance y (n, samples)."""
        from sklearn.linear_model import Ridge

        self.scale_ = np.asarray(X).std()
        # By singular values: windows of noiseless traces are almost dependent.
        ridge = Ridge(self.alpha, solver="svd")
        self.ridge_ = ridge.fit(self._windows(X), np.asarray(y).ravel())
        return self

    def predict(self, X):
        """Return impedance (n, samples)."""
        return self.ridge_.predict(self._windows(X)).reshape(len(X), -1)

    def _windows(self, X):
        from numpy.lib.stride_tricks import sliding_window_view

        half = FILTER // 2
        padded = np.pad(np.asarray(X)[:, 0] / self.scale_, [(0, 0), (half, half)])
        return sliding_window_view(padded, FILTER, axis=1).reshape(-1, FILTER)


def linear_inverse(X, y, X_held_out, y_held_out, X_new):
    """Predict impedance by a linear filter, its penalty chosen by validation traces."""
    fits = [LinearInverse(alpha).fit(X, y) for alpha in PENALTIES]
    errors = [np.mean((fit.predict(X_held_out) - y_held_out) ** 2) for fit in fits]
    return fits[int(np.argmin(errors))].predict(X_new)


def unet_missing():
    """Return why there is no U-Net, or nothing."""
    try:
        import torch  # noqa: F401
        from monai.networks.nets import BasicUNet  # noqa: F401
    except ImportError as error:
        return f"the U-Net needs the packages torch and monai: {error}"
    return ""


def unet_inverse(X, y, held_out, X_new, *, n_epochs, patience, batch_size, seed):
    """Train MONAI's BasicUNet in one dimension, with its default widths, as the TCN is trained.

    Adam at 1e-3, the mean square in z-scores of the training traces, the weights of the best epoch
    on validation traces. Returns the predictions, the loss and the number of the best epoch.
    """
    import torch
    from monai.networks.nets import BasicUNet

    torch.manual_seed(seed)
    network = BasicUNet(spatial_dims=1, in_channels=1, out_channels=1)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    scale = X.std()
    center, spread = y.mean(dtype=float), y.std(dtype=float)

    def series(values):
        return torch.as_tensor((values - X.mean()) / scale, dtype=torch.float32)

    def targets(values):
        return torch.as_tensor((values - center) / spread, dtype=torch.float32)[:, None]

    def outputs(values):
        network.eval()
        with torch.no_grad():
            return torch.cat([network(part) for part in series(values).split(64)])

    inputs, wanted, wanted_held_out = series(X), targets(y), targets(held_out[1])
    best = {"validation": np.inf, "epoch": 0}
    order = torch.Generator().manual_seed(seed)
    for epoch in range(1, n_epochs + 1):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(X), generator=order).split(batch_size):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(network(inputs[rows]), wanted[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows) / len(X)
        now = float(torch.mean((outputs(held_out[0]) - wanted_held_out) ** 2))
        if now < best["validation"]:
            state = {name: value.clone() for name, value in network.state_dict().items()}
            best = {"validation": now, "epoch": epoch, "loss": total, "state": state}
        if epoch - best["epoch"] >= patience:
            break
    network.load_state_dict(best["state"])
    predicted = outputs(X_new)[:, 0].numpy() * spread + center
    return predicted, best["loss"], best["epoch"]
