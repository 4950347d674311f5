// Goes through a fresh installation as its first person does, in headless Chromium, and prints what
// that person saw. Arguments: the link for the first account, a file with an event, where Chromium is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [link, eventFile, executablePath] = process.argv.slice(2);
const require = createRequire(process.env.PICKET_TEST_NODE_MODULES + "/");
const { chromium } = require("playwright-core");

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.setDefaultTimeout(20000);

// A page that logs an error, throws, or breaks its own content security policy is a broken page.
const complaints = [];
page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

const saw = {};
const text = async (selector) => (await page.locator(selector).first().innerText()).trim();

await page.goto(link);
await page.getByLabel("E-mail").fill("ada@example.com");
await page.getByLabel("Password", { exact: true }).fill("a difference engine");
await page.getByRole("button", { name: "Create account" }).click();

await page.getByLabel("Name", { exact: true }).fill("Checkout");
await page.getByRole("radio", { name: "Python", exact: true }).check();
await page.getByRole("button", { name: "Create project" }).click();

await page.getByText("Waiting for the first event.").waitFor();
saw.project = await text("h1");
const dsn = new URL((await page.getByText(/^http:\/\/[0-9a-f]{32}@/).first().innerText()).trim());
const event = readFileSync(eventFile);
const answer = await fetch(`${dsn.origin}/api${dsn.pathname}/envelope/?sentry_key=${dsn.username}`, {
  method: "POST",
  body: event,
});
saw.accepted = answer.status;

// The page moves on by itself.
await page.waitForURL(/\/issues\/CHECKOUT-1/);
saw.issue = await text("h1");
saw.exception = await text(".exception-kind");
saw.numbers = await text(".issue-numbers");

await page.goto(new URL("/", page.url()).href);
await page.waitForURL(/\/issues/);
saw.list = await page.locator(".issue-link").allInnerTexts();
await page.getByRole("checkbox", { name: "Select CHECKOUT-1" }).check();
await page.getByRole("button", { name: "Resolve" }).click();
await page.getByRole("button", { name: "Undo" }).waitFor();
saw.afterResolving = await page.locator(".issue-link").allInnerTexts();

await page.getByRole("link", { name: /^Resolved/ }).click();
await page.waitForURL(/state=resolved/);
saw.resolved = await page.locator(".issue-link").allInnerTexts();

await page.locator(".issue-link").first().click();
await page.getByRole("button", { name: "Reopen" }).click();
await page.getByRole("button", { name: "Resolve", exact: true }).waitFor();
saw.reopened = await text("h1");

saw.complaints = complaints;
await browser.close();
process.stdout.write(JSON.stringify(saw));
