// One session of a process with the real Node client; the second argument says how it goes.
import { createRequire } from "node:module";

const require = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.argv[2], release: "api@2.0.0", environment: "staging" });
Sentry.setUser({ id: process.argv[4] });
if (process.argv[3] === "errored") Sentry.captureException(new Error("handled"));
if (process.argv[3] === "crashed") {
  setTimeout(() => {
    throw new Error("nobody catches this");
  }, 10);
} else {
  await Sentry.flush(20000);
}
