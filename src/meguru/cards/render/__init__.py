"""A card as text for people: Markdown, one HTML file, PDF."""
