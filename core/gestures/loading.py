"""The import order of libraries that take seconds to load."""


def import_torch_first() -> None:
    """Import torch before SciPy or scikit-learn: SciPy looks for torch's tensors once torch is in
    `sys.modules`, and fails while another thread has imported only half of it."""
    import torch  # noqa: F401
