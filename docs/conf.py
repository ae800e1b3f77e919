"""Sphinx settings of the manual. Built with warnings as errors: `make docs`."""

from __future__ import annotations

import comity

project = "Comity"
author = "The Comity developers"
copyright = "2026, The Comity developers"
release = version = comity.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = "Comity"
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#3730a3", "color-brand-content": "#3730a3"},
    "dark_css_variables": {"color-brand-primary": "#a5b4fc", "color-brand-content": "#a5b4fc"},
}
html_static_path: list[str] = []
html_copy_source = False
pygments_style = "default"
