// Reports an error with a cause, and a message, with the real Node client.
import { createRequire } from "node:module";

const require = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.argv[2], release: "api@2.0.0", environment: "staging" });

function readSettings() {
  try {
    JSON.parse("{not json");
  } catch (cause) {
    throw new Error("could not read the settings", { cause });
  }
}

Sentry.setUser({ id: "42", username: "linus" });
Sentry.setTag("region", "eu-1");
try {
  readSettings();
} catch (error) {
  Sentry.captureException(error);
}
Sentry.captureMessage("cache is cold", "warning");
await Sentry.flush(20000);
