"""The host's --api-auth for our own routes: the host guards only those it adds itself."""

from __future__ import annotations

from collections.abc import Callable
from secrets import compare_digest

from fastapi import Depends, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials


def host_auth(api_auth: str) -> Callable[..., None]:
    """A dependency that admits only the users of --api-auth ("user:password,user2:password2").

    It answers as the host's Api.auth does, in the same words, and compares in constant time.
    """
    basic = Depends(HTTPBasic())
    credentials = [tuple(part.encode() for part in each.split(":")) for each in api_auth.split(",")]

    def check(given: HTTPBasicCredentials = basic) -> None:
        name, password = given.username.encode(), given.password.encode()
        # Both comparisons for every user, whatever the earlier results: the time taken reveals nothing.
        matches = [compare_digest(name, known[0]) & compare_digest(password, known[1]) for known in credentials]
        if not any(matches):
            raise HTTPException(
                status_code=401, detail="Incorrect username or password", headers={"WWW-Authenticate": "Basic"}
            )

    return check
