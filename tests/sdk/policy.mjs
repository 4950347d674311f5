// Opens a page in headless Chromium that breaks its own content security policy twice, and waits until
// the browser has reported both. Arguments: where to report to, where Chromium is.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [reportUrl, executablePath] = process.argv.slice(2);
const require = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const { chromium } = require("playwright-core");

const server = createServer((request, response) => {
  response.writeHead(200, {
    "Content-Type": "text/html",
    "Content-Security-Policy": `default-src 'self'; report-uri ${reportUrl}`,
  });
  response.end(
    `<!doctype html><title>Shop</title><script>alert(1)</script><img src="https://cdn.invalid/a.png">`,
  );
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const context = await browser.newContext();
const answered = [];
let done;
const all = new Promise((resolve) => (done = resolve));
context.on("response", (response) => {
  if (!response.url().startsWith(reportUrl)) return;
  answered.push(response.status());
  if (answered.length === 2) done();
});
const tab = await context.newPage();
await tab.goto(`http://127.0.0.1:${server.address().port}/`);
const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no report came")), 20000).unref());
await Promise.race([all, late]);
if (answered.some((status) => status !== 200)) throw new Error(`answered ${answered}`);
await browser.close();
server.close();
