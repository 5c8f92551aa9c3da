"""The token that a forge signs for its job."""

from __future__ import annotations

import os


def signed_token(audience: str, variable: str) -> str:
    """Return what GitHub signs for this job when asked, or what GitLab put into a variable.

    Raises
    ------
    UsageError
        If this is no such job.
    """
    from meguru.errors import UsageError

    if found := os.environ.get(variable):
        return found
    url = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    if not url:
        raise UsageError(
            "no forge signs a token for this job",
            why=f"neither {variable} nor ACTIONS_ID_TOKEN_REQUEST_URL is set",
            hint="permissions: id-token: write (GitHub), id_tokens: (GitLab), or --token-file",
        )
    import httpx2

    from meguru.errors import Busy
    from meguru.kernel.token_endpoint import read

    bearer = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    try:
        answer = httpx2.get(
            url, params={"audience": audience}, headers={"Authorization": f"Bearer {bearer}"}, timeout=30
        )
    except httpx2.HTTPError as error:
        raise Busy("the forge does not answer", why=type(error).__name__) from error
    return str(read(answer.content, "the forge").get("value", ""))
