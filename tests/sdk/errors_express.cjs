// Serves one request with Express that fails, and reports it with the real Node client.
const { createRequire } = require("node:module");

const load = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const Sentry = load("@sentry/node");

Sentry.init({ dsn: process.argv[2], release: "api@2.0.0", environment: "staging" });

const express = load("express");
const app = express();
app.use(express.json());

function lastDigits(card) {
  return card.number.slice(-4);
}

app.post("/orders/:id/pay", async (request, response) => {
  Sentry.setUser({ id: "42", username: "linus" });
  Sentry.setTag("region", "eu-1");
  console.warn("paying order", request.params.id);
  await new Promise((resolve) => setImmediate(resolve));
  response.send(lastDigits(request.body.card));
});
Sentry.setupExpressErrorHandler(app);

const server = app.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/orders/1042/pay?lang=en`;
  const headers = { "Content-Type": "application/json", "User-Agent": "till/2.1" };
  const answer = await fetch(url, { method: "POST", headers, body: '{"card":null,"note":"Ünïcode"}' });
  await answer.text();
  await Sentry.flush(20000);
  server.close();
  server.closeAllConnections();
  if (answer.status !== 500) process.exitCode = 1;
});
