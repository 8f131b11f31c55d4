"""Libraries that take seconds to load, and how no thread sees half of what another loads."""


def load_before_scipy() -> None:
    """Before SciPy or scikit-learn is loaded: SciPy asks torch for its tensors wherever torch is
    known, and fails while another thread has loaded half of it. This one waits for the whole."""
    import torch  # noqa: F401
