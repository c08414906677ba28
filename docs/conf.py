"""The site that `make docs` builds: the guides as they are, and the library from its docstrings."""

import os
import re
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from segnet_model.base.version import version as _version  # noqa: E402

# The pages whose text lies elsewhere in the repository, where people look for it first.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.rst": "changelog.rst",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/camvid/README.md": "camvid.md",
    "segnet_model/weights/README.md": "weights.md",
}
NO_REFERENCE = {"commands"}  # these have `--help`

project = "segnet_ros"
author = copyright = "The segnet_ros authors"
version = release = _version()
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.mermaid",
]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_title = f"segnet_ros {version}"
html_show_copyright = html_show_sphinx = False
highlight_language = "none"  # most blocks are commands with their output
default_role = "code"
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
napoleon_use_ivar = True
suppress_warnings = ["myst.header"]  # the front page begins below its own title
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "ignore-module-all": True}
python_maximum_signature_line_length = 88


def write_reference() -> None:
    """Write a page for each room of the library, with a section for each of its modules."""
    folder = DOCS / "api"
    folder.mkdir(exist_ok=True)
    library = ROOT / "segnet_model"
    for room in (file.parent for file in library.glob("*/__init__.py")):
        if room.name not in NO_REFERENCE:
            (folder / f"{room.stem}.rst").write_text(_reference(room), encoding="utf-8")


def _reference(room: Path) -> str:
    name = f"segnet_model.{room.stem}"
    page = [name, "=" * len(name), "", f".. automodule:: {name}", ""]
    for file in sorted(room.rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if file.stem != "__init__":
            page += [name, "-" * len(name), "", f".. automodule:: {name}", ""]
    return "\n".join(page)


def relink(text: str, folder: Path) -> str:
    """The text of a file in `folder`, with its links as a page in docs/ needs them."""

    def link(match: re.Match[str]) -> str:
        target, mark, anchor = match[1].partition("#")
        if ":" in target or not target:
            return match[0]
        path = os.path.relpath(folder / target, ROOT)
        return f"]({PAGES.get(path) or os.path.relpath(path, 'docs')}{mark}{anchor})"

    return re.sub(r"\]\(([^)\s]+)\)", link, text)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    if Path(app.env.doc2path(name)).suffix == ".md":
        source[0] = relink(source[0], DOCS)


def _include(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    if path.suffix == ".md":
        content[0] = relink(content[0], (DOCS / path).resolve().parent)


def _prose(*event: Any) -> None:
    """Give "The area: (H, W) uint8." back its first words, which Napoleon takes for a type."""
    *_, lines = event
    for kind, start in ((":rtype: ", ":returns: "), (":type: ", "")):
        words = [line for line in lines if line.startswith(kind)]
        for at, line in enumerate(lines):
            if words and line.startswith(start):
                lines.remove(words[0])
                lines[at] = f"{start}{words.pop(0).removeprefix(kind)}: {line.removeprefix(start)}"


def _signature(*event: Any) -> tuple[str | None, str | None]:
    """Write a default that a factory makes as "...", so that the whole can be read as Python."""
    *_, signature, returns = event
    return signature and signature.replace("<factory>", "..."), returns


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    write_reference()
    app.connect("autodoc-process-docstring", _prose, priority=600)
    app.connect("autodoc-process-signature", _signature)
    app.connect("source-read", _read)
    app.connect("include-read", _include)
