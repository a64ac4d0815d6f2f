"""The page of a dashboard, which looks the same wherever it is served; it knows no server.

layout     jupyter_dashboards v1 → where each cell goes
rendering  a notebook and a kernel → pieces of HTML
streaming  these pieces, on their way to a browser
templates  what these pieces are made with
html       the page in place of one that failed, and the style of all that is no dashboard
"""

from pathlib import Path

HTML = Path(__file__).parent / "html"
