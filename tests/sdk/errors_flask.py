"""Serves one request with Flask that fails, and reports it with the real Python client."""

import sys
import threading
import urllib.error
import urllib.request

import flask
import sentry_sdk
from werkzeug.serving import make_server

sentry_sdk.init(
    dsn=sys.argv[1],
    release="shop@1.4.2",
    environment="production",
    send_default_pii=True,
)

app = flask.Flask("shop")


def price_of(text):
    return float(text)


@app.route("/items/<sku>/price", methods=["POST"])
def set_price(sku):
    sentry_sdk.set_user({"id": "7", "email": "ada@example.com"})
    sentry_sdk.set_tag("currency", "EUR")
    app.logger.warning("price of %s changes", sku)
    return str(price_of(flask.request.form["price"]))


server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
request = urllib.request.Request(
    f"http://127.0.0.1:{server.server_port}/items/lamp/price?currency=EUR",
    data=b"price=12%2C5",
    headers={"User-Agent": "till/2.1"},
)
try:
    urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as error:
    assert error.code == 500, error

sentry_sdk.flush(timeout=20)
server.shutdown()
