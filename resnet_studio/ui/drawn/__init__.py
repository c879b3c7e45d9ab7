"""Charts and drawings as SVG in the palette of the page; ``plot`` draws one chart, ``network`` the stages."""
