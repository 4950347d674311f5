//! Go, Ruby, PHP, Java and .NET.

use super::{Guide, Step};

pub(super) const GUIDES: &[Guide] = &[
    Guide {
        platform: "go",
        name: "Go",
        steps: &[
            Step {
                heading: "Install the SDK",
                code: "go get github.com/getsentry/sentry-go",
                note: "",
            },
            Step {
                heading: "Set up, and see it work",
                code: r#"package main

import (
	"errors"
	"log"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              "__DSN__",
		AttachStacktrace: true,
	})
	if err != nil {
		log.Fatalf("sentry: %s", err)
	}
	// Events are sent in the background; this waits for the last ones.
	defer sentry.Flush(2 * time.Second)

	sentry.CaptureException(errors.New("hello from Go"))
}"#,
                note: "",
            },
            Step {
                heading: "Report panics, in every goroutine that you start",
                code: "defer sentry.Recover()",
                note: "For net/http, Gin, Echo and others the SDK brings middleware that does this for each request.",
            },
        ],
    },
    Guide {
        platform: "ruby",
        name: "Ruby",
        steps: &[
            Step { heading: "Install the SDK", code: "bundle add sentry-ruby", note: "" },
            Step {
                heading: "Set up, as early as possible",
                code: r#"require "sentry-ruby"

Sentry.init do |config|
  config.dsn = "__DSN__"
end"#,
                note: "",
            },
            Step {
                heading: "See it work",
                code: r"begin
  1 / 0
rescue ZeroDivisionError => error
  Sentry.capture_exception(error)
end",
                note: "",
            },
        ],
    },
    Guide {
        platform: "ruby-rails",
        name: "Rails",
        steps: &[
            Step {
                heading: "Install the SDK",
                code: "bundle add sentry-ruby sentry-rails",
                note: "",
            },
            Step {
                heading: "Set up, in `config/initializers/sentry.rb`",
                code: r#"Sentry.init do |config|
  config.dsn = "__DSN__"
  config.breadcrumbs_logger = [:active_support_logger, :http_logger]
end"#,
                note: "",
            },
            Step {
                heading: "See it work",
                code: r#"bin/rails runner 'Sentry.capture_message("Hello from Rails")'"#,
                note: "",
            },
        ],
    },
    Guide {
        platform: "php",
        name: "PHP",
        steps: &[
            Step { heading: "Install the SDK", code: "composer require sentry/sentry", note: "" },
            Step {
                heading: "Set up, as early as possible",
                code: r"\Sentry\init([
    'dsn' => '__DSN__',
]);",
                note: "",
            },
            Step {
                heading: "See it work",
                code: "throw new Exception('Hello from PHP');",
                note: "",
            },
        ],
    },
    Guide {
        platform: "php-laravel",
        name: "Laravel",
        steps: &[
            Step {
                heading: "Install the SDK",
                code: "composer require sentry/sentry-laravel",
                note: "",
            },
            Step {
                heading: "Report exceptions, in `bootstrap/app.php`",
                code: r"use Illuminate\Foundation\Configuration\Exceptions;
use Sentry\Laravel\Integration;

->withExceptions(function (Exceptions $exceptions) {
    Integration::handles($exceptions);
})",
                note: "",
            },
            Step { heading: "Set up, in `.env`", code: "SENTRY_LARAVEL_DSN=__DSN__", note: "" },
            Step { heading: "See it work", code: "php artisan sentry:test", note: "" },
        ],
    },
    Guide {
        platform: "java",
        name: "Java",
        steps: &[
            Step {
                heading: "Install the SDK, in `build.gradle`",
                code: "implementation 'io.sentry:sentry:8.+'",
                note: "With Maven: group io.sentry, artifact sentry.",
            },
            Step {
                heading: "Set up, and see it work",
                code: r#"import io.sentry.Sentry;

public class Main {
    public static void main(String[] args) {
        Sentry.init(options -> options.setDsn("__DSN__"));

        throw new IllegalStateException("Hello from Java");
    }
}"#,
                note: "",
            },
            Step {
                heading: "Report what you catch",
                code: "Sentry.captureException(exception);",
                note: "",
            },
        ],
    },
    Guide {
        platform: "java-spring-boot",
        name: "Spring Boot",
        steps: &[
            Step {
                heading: "Install the SDK, in `build.gradle`",
                code: "implementation 'io.sentry:sentry-spring-boot-4-starter:8.+'",
                note: "For Spring Boot 3 the artifact is sentry-spring-boot-starter-jakarta.",
            },
            Step {
                heading: "Set up, in `application.properties`",
                code: "sentry.dsn=__DSN__",
                note: "",
            },
            Step {
                heading: "See it work, in a controller",
                code: r#"@GetMapping("/break-it")
String breakIt() {
    throw new IllegalStateException("Hello from Spring Boot");
}"#,
                note: "Open /break-it in a browser.",
            },
        ],
    },
    Guide {
        platform: "dotnet",
        name: ".NET",
        steps: &[
            Step { heading: "Install the SDK", code: "dotnet add package Sentry", note: "" },
            Step {
                heading: "Set up, first thing in `Program.cs`",
                code: r#"using var sentry = SentrySdk.Init(options =>
{
    options.Dsn = "__DSN__";
});"#,
                note: "",
            },
            Step {
                heading: "See it work",
                code: r#"throw new InvalidOperationException("Hello from .NET");"#,
                note: "",
            },
        ],
    },
    Guide {
        platform: "dotnet-aspnetcore",
        name: "ASP.NET Core",
        steps: &[
            Step {
                heading: "Install the SDK",
                code: "dotnet add package Sentry.AspNetCore",
                note: "",
            },
            Step {
                heading: "Set up, in `Program.cs`",
                code: r#"var builder = WebApplication.CreateBuilder(args);

builder.WebHost.UseSentry(options =>
{
    options.Dsn = "__DSN__";
});"#,
                note: "",
            },
            Step {
                heading: "See it work",
                code: r#"app.MapGet("/break-it", string () =>
    throw new InvalidOperationException("Hello from ASP.NET Core"));"#,
                note: "Open /break-it in a browser.",
            },
        ],
    },
];
