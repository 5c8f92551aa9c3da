"""Signatures of model versions as OpenSSF model-signing has them: by the server, by people, by others."""
