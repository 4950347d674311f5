// A page with a button that fails, watched by the real browser client; errors_browser.mjs bundles it.
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: document.querySelector("#cart").dataset.dsn,
  release: "web@5.0.1",
  environment: "production",
});
Sentry.setUser({ id: "9", email: "grace@example.com" });
Sentry.setTag("shop", "north");

function totalOf(cart) {
  return cart.items.reduce((sum, item) => sum + item.price, 0);
}

async function pay() {
  console.warn("the cart is old");
  await fetch("/cart.json?x=1");
  totalOf(undefined);
}

document.querySelector("#pay").addEventListener("click", pay);
document.querySelector("#look").addEventListener("click", function look() {
  totalOf({ items: null });
});
