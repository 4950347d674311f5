//! JavaScript on servers and in browsers.

use super::{Guide, Step};

pub(super) const GUIDES: &[Guide] = &[
    Guide {
        platform: "node",
        name: "Node.js",
        steps: &[
            INSTALL_NODE,
            SET_UP_NODE,
            Step {
                heading: "See it work, in `app.mjs`",
                code: r#"setTimeout(() => {
  throw new Error("Hello from Node.js");
});"#,
                note: "",
            },
            START_NODE,
        ],
    },
    Guide {
        platform: "node-express",
        name: "Express",
        steps: &[
            INSTALL_NODE,
            SET_UP_NODE,
            Step {
                heading: "See it work, in `app.mjs`",
                code: r#"import * as Sentry from "@sentry/node";
import express from "express";

const app = express();

app.get("/break-it", () => {
  throw new Error("Hello from Express");
});

// After all routes, before other error handlers.
Sentry.setupExpressErrorHandler(app);

app.listen(3000);"#,
                note: "Open /break-it in a browser.",
            },
            START_NODE,
        ],
    },
    Guide {
        platform: "javascript",
        name: "Browser",
        steps: &[
            Step { heading: "Install the SDK", code: "npm install @sentry/browser", note: "" },
            Step {
                heading: "Set up, at the top of your first script",
                code: r#"import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "__DSN__",
});"#,
                note: "",
            },
            Step {
                heading: "See it work, in a script of the page",
                code: r#"setTimeout(() => {
  throw new Error("Hello from the browser");
});"#,
                note: "Not from the console: browsers do not report what is thrown there.",
            },
        ],
    },
    Guide {
        platform: "javascript-react",
        name: "React",
        steps: &[
            Step { heading: "Install the SDK", code: "npm install @sentry/react", note: "" },
            Step {
                heading: "Set up, where the root is made",
                code: r#"import * as Sentry from "@sentry/react";
import { createRoot } from "react-dom/client";
import App from "./App";

Sentry.init({
  dsn: "__DSN__",
});

createRoot(document.getElementById("root"), {
  onUncaughtError: Sentry.reactErrorHandler(),
  onCaughtError: Sentry.reactErrorHandler(),
  onRecoverableError: Sentry.reactErrorHandler(),
}).render(<App />);"#,
                note: "The handlers are for React 19; before, wrap your tree in <Sentry.ErrorBoundary>.",
            },
            Step {
                heading: "See it work",
                code: r#"<button onClick={() => { throw new Error("Hello from React"); }}>
  Break it
</button>"#,
                note: "",
            },
        ],
    },
    Guide {
        platform: "javascript-vue",
        name: "Vue",
        steps: &[
            Step { heading: "Install the SDK", code: "npm install @sentry/vue", note: "" },
            Step {
                heading: "Set up, where the application is made",
                code: r##"import { createApp } from "vue";
import * as Sentry from "@sentry/vue";
import App from "./App.vue";

const app = createApp(App);

Sentry.init({
  app,
  dsn: "__DSN__",
});

app.mount("#app");"##,
                note: "",
            },
            Step {
                heading: "See it work",
                code: r#"<script setup>
function breakIt() {
  throw new Error("Hello from Vue");
}
</script>

<template>
  <button @click="breakIt">Break it</button>
</template>"#,
                note: "",
            },
        ],
    },
];

const INSTALL_NODE: Step =
    Step { heading: "Install the SDK", code: "npm install @sentry/node", note: "" };

const SET_UP_NODE: Step = Step {
    heading: "Set up, in `instrument.mjs`",
    code: r#"import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: "__DSN__",
});"#,
    note: "",
};

const START_NODE: Step = Step {
    heading: "Start",
    code: "node --import ./instrument.mjs app.mjs",
    note: "The SDK has to be loaded before everything else, so that it sees the other modules come in.",
};
