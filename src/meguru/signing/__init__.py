"""Signatures that anybody can check later, anywhere: keys, DSSE envelopes, in-toto statements."""
