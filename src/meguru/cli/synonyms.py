"""What people type out of habit of other programs, and the command that does it here."""

from __future__ import annotations

TOP = {
    **dict.fromkeys(("serve", "ui", "server", "start", "console", "web", "dashboard", "open"), "up"),
    **dict.fromkeys(("models", "registry", "model-registry"), "model list"),
    **dict.fromkeys(("datasets", "dataset"), "data list"),
    **dict.fromkeys(("feature", "feature-store", "feature-view", "views", "entities"), "features list"),
    **dict.fromkeys(("endpoints", "deployments", "services"), "endpoint list"),
    **dict.fromkeys(("flow", "flows", "jobs", "job", "ps"), "runs list"),
    **dict.fromkeys(("pipelines",), "pipeline list"),
    **dict.fromkeys(("experiment", "exp"), "experiments list"),
    **dict.fromkeys(("monitors", "drift"), "monitor list"),
    **dict.fromkeys(("business", "business-metrics", "kpi", "kpis", "value"), "business-metric list"),
    **dict.fromkeys(("cards", "model-card", "model-cards", "runbook", "run-book", "datasheet"), "card list"),
    **dict.fromkeys(("triggers", "schedule", "schedules", "cron"), "trigger list"),
    **dict.fromkeys(("sweeps", "tune", "hpo"), "sweep list"),
    **dict.fromkeys(("backfills", "partitions"), "backfill list"),
    **dict.fromkeys(("webhooks", "hooks"), "webhook list"),
    **dict.fromkeys(("components", "plugins"), "component list"),
    **dict.fromkeys(("users", "user", "people"), "principal list"),
    **dict.fromkeys(("auth", "signin"), "login"),
    **dict.fromkeys(("signout",), "logout"),
    **dict.fromkeys(("roles", "permissions"), "role list"),
    **dict.fromkeys(("groups", "teams"), "group list"),
    **dict.fromkeys(("grants", "access"), "grant list"),
    **dict.fromkeys(("tokens",), "token list"),
    **dict.fromkeys(("keys", "signing-key", "signing-keys"), "key list"),
    **dict.fromkeys(("releases",), "release list ENDPOINT"),
    **dict.fromkeys(("approve", "sign-off", "signoff"), "release approve RELEASE"),
    **dict.fromkeys(("review", "reviews"), "release awaiting"),
    **dict.fromkeys(("rollback", "undo", "revert"), "release rollback ENDPOINT"),
    **dict.fromkeys(("deploy", "promote", "publish"), "release create ENDPOINT MODEL@N --promote"),
    **dict.fromkeys(("predict", "infer", "score", "invoke"), "endpoint predict NAME --row '{…}'"),
    **dict.fromkeys(("register",), "model add NAME FILE"),
    **dict.fromkeys(("train", "exec", "execute"), "run FILE.py:PIPELINE"),
    **dict.fromkeys(("logs", "log"), "runs log @last"),
    **dict.fromkeys(("ls", "list", "st", "info", "top", "overview", "dash"), "status"),
    **dict.fromkeys(("search", "grep"), "runs search TEXT"),
    **dict.fromkeys(("show", "describe", "get", "inspect"), "status"),
    **dict.fromkeys(("history", "activity", "feed"), "events"),
    **dict.fromkeys(("explain-why", "blame", "reason"), "why REF"),
    **dict.fromkeys(("graph", "dag", "impact", "provenance"), "lineage REF"),
    **dict.fromkeys(("verify", "fsck"), "audit verify"),
    **dict.fromkeys(("check", "diagnose", "health", "debug", "env"), "doctor"),
    **dict.fromkeys(("new", "create", "scaffold", "setup"), "init FOLDER"),
    **dict.fromkeys(("example", "tutorial", "quickstart"), "demo flights"),
    **dict.fromkeys(("completions", "autocomplete"), "completion SHELL"),
    **dict.fromkeys(("mlflow",), "import mlflow SOURCE"),
    **dict.fromkeys(("resume", "retry"), "runs retry RUN"),
    **dict.fromkeys(("cancel", "kill", "abort"), "runs cancel RUN"),
    **dict.fromkeys(("stop", "down", "shutdown"), "up --help"),
    **dict.fromkeys(("approve",), "runs approve RUN.STEP"),
    **dict.fromkeys(("compare", "diff"), "runs compare RUN RUN"),
    **dict.fromkeys(("add", "upload", "push"), "data add NAME FILE"),
}
"""The word that was typed, and what to type after ``meguru``."""

ADVICE = {
    **dict.fromkeys(
        ("backup", "restore", "dump", "snapshot"),
        "copy the workspace folder, the database first and the blobs after it; then: meguru doctor",
    ),
    **dict.fromkeys(
        ("config", "settings", "configure", "set"),
        "settings are MEGURU_… variables (docs/reference/settings.md); what is in force: meguru doctor",
    ),
    **dict.fromkeys(
        ("delete", "rm", "remove", "destroy", "drop", "prune"),
        "say what: meguru NOUN --help lists what can be done with it; versions of data and models stay",
    ),
    **dict.fromkeys(
        ("upgrade", "update", "migrate"),
        "a workspace is brought up to date when it is opened; Meguru itself: pip install -U meguru",
    ),
}
"""Words for which no single command stands, and what to do instead."""

VERBS = {
    **dict.fromkeys(("ls", "all", "index"), ("list",)),
    **dict.fromkeys(("get", "info", "describe", "inspect", "view", "cat", "display"), ("show",)),
    **dict.fromkeys(("new", "make", "declare"), ("create", "add", "start", "set")),
    **dict.fromkeys(("create", "add", "register", "upload"), ("create", "add", "start", "set")),
    **dict.fromkeys(
        ("rm", "del", "delete", "remove", "destroy"), ("rm", "delete", "remove", "revoke", "cancel")
    ),
    **dict.fromkeys(("run", "begin", "launch", "execute"), ("start", "fire", "run")),
    **dict.fromkeys(("stop", "kill", "abort", "end"), ("cancel", "stop", "pause")),
    **dict.fromkeys(("continue", "unpause", "enable"), ("resume",)),
    **dict.fromkeys(("disable", "suspend"), ("pause",)),
    **dict.fromkeys(("deploy", "publish", "live", "activate"), ("promote",)),
    **dict.fromkeys(("undo", "revert", "back"), ("rollback",)),
    **dict.fromkeys(("compare",), ("compare", "diff")),
    **dict.fromkeys(("diff",), ("diff", "compare")),
    **dict.fromkeys(("logs", "tail", "output"), ("log",)),
    **dict.fromkeys(("edit", "change", "set"), ("update", "set")),
    **dict.fromkeys(("history", "log"), ("history", "versions", "alias-history")),
    **dict.fromkeys(("tag",), ("tag", "alias")),
    **dict.fromkeys(("undelete", "recover"), ("restore",)),
    **dict.fromkeys(("comment", "annotate"), ("note", "show")),
    **dict.fromkeys(("invoke", "infer", "score", "call"), ("predict", "test")),
    **dict.fromkeys(("check", "validate"), ("check", "test", "verify")),
}
"""Within a noun: the verb that was typed, and the verbs that may stand for it, the likeliest first."""
