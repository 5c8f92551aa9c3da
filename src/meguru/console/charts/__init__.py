"""Charts as SVG text, drawn on the server: readable without scripts, styled by the one stylesheet."""
