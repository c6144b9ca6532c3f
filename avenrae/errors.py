"""The errors that people may read: each is a sentence and the status code HTTP gives it."""


class AvenraeError(Exception):
    """A refusal whose text is shown to the person as it is.

    The message says what is the case and what to do, without ids, class names or paths.
    """

    status_code = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(AvenraeError):
    """What was entered cannot be used."""

    status_code = 422


class NotSignedIn(AvenraeError):
    """Nobody is signed in, or the session has ended."""

    status_code = 401


class NotPermitted(AvenraeError):
    """The role does not allow this."""

    status_code = 403


class NotFound(AvenraeError):
    """It does not exist, or the actor may not see it: the two look the same."""

    status_code = 404


class Conflict(AvenraeError):
    """Somebody else was first, or the state has moved on."""

    status_code = 409


class TryAgain(AvenraeError):
    """The database is busy or away for a moment; the same click may work soon."""

    status_code = 503


class ExternalError(AvenraeError):
    """A service outside the console failed."""

    status_code = 502


class StartError(AvenraeError):
    """The console cannot start here; the message says what to do about it."""

    status_code = 500
