//! Python and its web frameworks.

use super::{Guide, Step};

pub(super) const GUIDES: &[Guide] = &[
    Guide {
        platform: "python",
        name: "Python",
        steps: &[
            INSTALL,
            Step {
                heading: "Set up, as early as possible",
                code: r#"import sentry_sdk

sentry_sdk.init(dsn="__DSN__")"#,
                note: "Exceptions that nobody catches, and errors logged with `logging`, arrive by themselves.",
            },
            Step { heading: "See it work", code: "1 / 0", note: "" },
        ],
    },
    Guide {
        platform: "python-django",
        name: "Django",
        steps: &[
            INSTALL,
            Step {
                heading: "Set up, in `settings.py`",
                code: r#"import sentry_sdk

sentry_sdk.init(dsn="__DSN__")"#,
                note: "Django is recognised; nothing has to be added to `INSTALLED_APPS`.",
            },
            Step {
                heading: "See it work, in `urls.py`",
                code: r#"from django.urls import path

def break_it(request):
    return 1 / 0

urlpatterns = [
    path("break-it/", break_it),
]"#,
                note: "Open /break-it/ in a browser.",
            },
        ],
    },
    Guide {
        platform: "python-flask",
        name: "Flask",
        steps: &[
            INSTALL,
            Step {
                heading: "Set up, before the application is made",
                code: r#"import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn="__DSN__")

app = Flask("shop")"#,
                note: "Flask is recognised.",
            },
            Step {
                heading: "See it work",
                code: r#"@app.get("/break-it")
def break_it():
    return 1 / 0"#,
                note: "Open /break-it in a browser.",
            },
        ],
    },
    Guide {
        platform: "python-fastapi",
        name: "FastAPI",
        steps: &[
            INSTALL,
            Step {
                heading: "Set up, before the application is made",
                code: r#"import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(dsn="__DSN__")

app = FastAPI()"#,
                note: "FastAPI is recognised.",
            },
            Step {
                heading: "See it work",
                code: r#"@app.get("/break-it")
async def break_it():
    return 1 / 0"#,
                note: "Open /break-it in a browser.",
            },
        ],
    },
];

const INSTALL: Step =
    Step { heading: "Install the SDK", code: "pip install --upgrade sentry-sdk", note: "" };
