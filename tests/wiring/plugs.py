"""
Distributions that somebody installed beside the package, as Python sees them.
"""

from pathlib import Path


def installed(folder: Path, name: str, points: str, **modules: str) -> None:
    """
    Install a distribution of these modules, by name, that announces these entry points.
    """
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
