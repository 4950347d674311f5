// Clicks on buttons that fail, in headless Chromium, on a page with the real browser client.
// Arguments: the DSN, where Chromium is.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [dsn, executablePath] = process.argv.slice(2);
const modules = process.env.PICKET_TEST_NODE_MODULES;
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const esbuild = require("esbuild");

const { outputFiles } = await esbuild.build({
  entryPoints: [new URL("shop.js", import.meta.url).pathname],
  bundle: true,
  format: "iife",
  write: false,
  nodePaths: [modules],
});
const page = `<!doctype html><title>Shop</title><main id="cart" data-dsn="${dsn}"><button id="look">Look</button>
<button id="pay" class="primary">Pay</button></main><script src="/shop.js"></script>`;
const files = {
  "/": ["text/html", page],
  "/shop.js": ["text/javascript", outputFiles[0].text],
  "/cart.json": ["application/json", "{}"],
};
const server = createServer((request, response) => {
  const [type, body] = files[request.url.split("?")[0]] ?? ["text/plain", ""];
  response.writeHead(body ? 200 : 404, { "Content-Type": type }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const tab = await browser.newPage();
tab.setDefaultTimeout(20000);
await tab.goto(`http://127.0.0.1:${server.address().port}/?from=mail`);
for (const button of ["#look", "#pay"]) {
  const sent = tab.waitForResponse((response) => {
    const body = response.request().postData() ?? "";
    return response.url().includes("/envelope/") && body.includes('"type":"event"');
  });
  await tab.click(button);
  if (!(await sent).ok()) throw new Error(`the report was answered ${(await sent).status()}`);
}
await browser.close();
server.close();
