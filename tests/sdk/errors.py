"""Reports three errors with the real Python client: twice the same bug, once another."""

import logging
import sys

import sentry_sdk

sentry_sdk.init(
    dsn=sys.argv[1],
    release="shop@1.4.2",
    environment="production",
    traces_sample_rate=0,
)


def charge(order):
    amount = {"book": 12, "pen": 3}
    return amount[order] * 100


def checkout(order, user):
    with sentry_sdk.new_scope() as scope:
        scope.set_user({"id": user, "email": f"{user}@example.com"})
        scope.set_tag("payment", "card")
        sentry_sdk.add_breadcrumb(category="cart", message=f"added {order}", level="info")
        try:
            charge(order)
        except KeyError:
            sentry_sdk.capture_exception()


for user in ("ada", "grace"):
    checkout("lamp", user)

logging.getLogger("shop.stock").error("stock of %s is negative: %d", "pen", -4)

sentry_sdk.flush(timeout=20)
