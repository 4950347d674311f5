// Opens a page in headless Chromium that shows the dialog of error pages, fills it in and sends it: first
// with a wrong address, then with a right one. Arguments: the dialog's address, where Chromium is, and
// where to put a picture of it, if anywhere.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [dialogUrl, executablePath, picture] = process.argv.slice(2);
const require = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const { chromium } = require("playwright-core");

const server = createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/html" });
  response.end("<!doctype html><title>Shop</title><p>Something went wrong.");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
page.setDefaultTimeout(20000);
await page.goto(`http://127.0.0.1:${server.address().port}/`);
// As clients do it.
await page.evaluate((src) => {
  const script = document.createElement("script");
  script.async = true;
  script.crossOrigin = "anonymous";
  script.src = src;
  document.head.appendChild(script);
}, dialogUrl);
await page.getByLabel("Name").fill("Bob");
await page.getByLabel("E-mail").fill("nowhere");
await page.getByLabel("What happened?").fill("It <b>broke</b>");
if (picture) await page.screenshot({ path: picture });
await page.getByRole("button", { name: "Send" }).click();
await page.getByRole("alert").filter({ hasText: "Some fields" }).waitFor();
await page.getByLabel("E-mail").fill("bob@example.com");
await page.getByRole("button", { name: "Send" }).click();
await page.getByText("have been sent").waitFor();
await page.getByRole("button", { name: "Close" }).click();
await page.locator("#picket-feedback").waitFor({ state: "detached" });
await browser.close();
server.close();
