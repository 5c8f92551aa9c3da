"""Words that every noun uses: ids, references, names, clocks, digests, plug-in tables, settings."""
