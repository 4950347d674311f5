"""Four sessions of a program and three requests of a server, with the real Python client."""

import sys

import sentry_sdk
from sentry_sdk.sessions import track_session
from sentry_sdk.utils import event_from_exception

sentry_sdk.init(
    dsn=sys.argv[1],
    release="shop@1.4.2",
    environment="production",
)


def fail(handled):
    try:
        1 / 0
    except ZeroDivisionError:
        options = sentry_sdk.get_client().options
        mechanism = {"type": "shop", "handled": handled}
        event, hint = event_from_exception(
            sys.exc_info(), client_options=options, mechanism=mechanism
        )
        sentry_sdk.capture_event(event, hint=hint)


def session(mode, user, *failures):
    with sentry_sdk.isolation_scope() as scope:
        scope.set_user({"id": user})
        with track_session(scope, session_mode=mode):
            for handled in failures:
                fail(handled)


session("application", "ada")
session("application", "ada", True)
session("application", "grace", False)
session("application", "linus", True, False)
session("request", "ada")
session("request", "grace", True)
session("request", "grace", False)
sentry_sdk.flush(timeout=20)
