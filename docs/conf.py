"""How Sphinx builds the documentation."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import write_catalogue
import write_reference

import sktl

project = "sktl"
author = "the sktl developers"
copyright = "2026, the sktl developers"
release = version = sktl.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "**/*.inc", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
# Sktime's and scikit-learn's own texts, shown with our classes, refer to their documentation.
suppress_warnings = ["ref.term", "ref.ref", "ref.doc", "docutils"]

html_theme = "pydata_sphinx_theme"
html_title = f"sktl {release}"
html_static_path = ["_static"]
html_css_files = ["sktl.css"]
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navigation_depth": 3,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navbar_end": ["theme-switcher", "navbar-icon-links"],
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {"index": []}
# Published documentation has a folder a version; see development/release.md.
if published_at := os.environ.get("SKTL_DOCS_URL"):
    html_baseurl = f"{published_at.rstrip('/')}/{os.environ.get('SKTL_DOCS_VERSION', version)}/"
    html_theme_options["switcher"] = {
        "json_url": f"{published_at.rstrip('/')}/versions.json",
        "version_match": os.environ.get("SKTL_DOCS_VERSION", version),
    }
    html_theme_options["check_switcher"] = False
    html_theme_options["navbar_start"] = ["navbar-logo", "version-switcher"]

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Tutorials and gallery are executed by the build, and an error in one is an error of the build.
sphinx_gallery_conf = {
    "examples_dirs": ["../examples/tutorials", "../examples/gallery"],
    "gallery_dirs": ["tutorials", "gallery"],
    "filename_pattern": r"\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "reset_modules": ("matplotlib",),
    "thumbnail_size": (400, 280),
}

write_reference.write(Path(__file__).parent / "api")
write_catalogue.write(Path(__file__).parent / "catalogue")
