"""Reports five errors with the real Python client, waiting after each, to a project that takes fewer."""

import sys

import sentry_sdk

sentry_sdk.init(dsn=sys.argv[1], traces_sample_rate=0, auto_session_tracking=False)

for number in range(5):
    sentry_sdk.capture_message(f"error number {number}", level="error")
    sentry_sdk.flush(timeout=20)
