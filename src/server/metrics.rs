//! The metrics, in the text form that Prometheus reads.
//!
//! It never has a label that says who. Invariant: each family has its help and its type, and each is there from
//! the start, but for what is not known yet.

use super::bridge::Bridge;
use super::status::Backup;
use crate::dispatch::{Counted, Outcome};
use crate::net::Counters;
use crate::ops::measure::Histogram;
use crate::ops::{log as log_file, process};
use std::fmt::{Display, Write};

/// The operation of the old dialect that runs SQL.
const SQL: &str = "sql_query";

impl Bridge {
    pub(super) fn metrics(&mut self, counters: &Counters) -> String {
        let status = self.status(counters);
        let standing = self.dispatcher.standing();
        let mut text = Text::default();
        text.one("up", "gauge", "Whether the server is up.", 1);
        text.begin("build_info", "gauge", "The version.");
        text.sample("build_info", &[("version", &status.version), ("sqlite", &status.sqlite)], 1);
        text.one("uptime_seconds", "gauge", "Since the start.", status.uptime_s);
        text.connections(counters, status.connections.max);
        text.requests(self.dispatcher.counted());
        text.histogram(
            "request_duration_seconds",
            "From the last byte of a request to its reply.",
            &self.meter.requests,
            1e6,
        );
        text.histogram(
            "turn_duration_seconds",
            "Turns of the loop, without their waiting.",
            &self.meter.turns,
            1e6,
        );
        text.histogram("turn_requests", "Requests of a turn that had any.", &self.meter.turn_requests, 1.0);
        text.histogram(
            "commit_duration_seconds",
            "Commits of turns that have written.",
            &self.meter.commits,
            1e6,
        );
        text.one(
            "slow_requests_total",
            "counter",
            "Requests that took log.slow_ms or longer.",
            self.meter.slow.total,
        );
        let store = standing.store;
        text.one("commits_total", "counter", "Turns that have written and are durable.", store.commits);
        text.one("rollbacks_total", "counter", "Turns that were lost.", store.rollbacks);
        text.one(
            "checkpoints_total",
            "counter",
            "Movements of the WAL into the database file.",
            store.checkpoints,
        );
        let database = &status.database;
        text.known("db_size_bytes", "gauge", "The database file.", database.bytes);
        text.known("wal_size_bytes", "gauge", "The WAL beside it.", database.wal_bytes);
        text.known("disk_free_bytes", "gauge", "What is free where it lies.", database.disk_free_bytes);
        let busy = store.errors.iter().find(|(code, _)| *code == "busy").map(|(_, count)| *count);
        text.known("db_busy_total", "counter", "Writes that found another process's lock.", busy);
        text.begin("db_errors_total", "counter", "Errors of the database, by kind.");
        for (code, count) in store.errors {
            text.sample("db_errors_total", &[("code", code)], count);
        }
        text.logins(&standing.logins);
        text.one("kdf_queue", "gauge", "Requests that wait for a password to be derived.", standing.waiting);
        text.known("audit_seq", "gauge", "The last entry of the audit trail.", standing.audit_sequence);
        text.known(
            "audit_anchor_age_seconds",
            "gauge",
            "Since the trail's head was last known to be anchored.",
            status.audit.anchor_age_s,
        );
        text.backups(&status.backup);
        text.begin("reload_total", "counter", "Readings of the configuration again.");
        text.sample("reload_total", &[("result", "applied")], self.reloads.applied);
        text.sample("reload_total", &[("result", "refused")], self.reloads.refused);
        text.one(
            "log_dropped_total",
            "counter",
            "Lines of the log that could not be written.",
            log_file::dropped_lines(),
        );
        text.known("open_fds", "gauge", "Descriptors that are open.", process::open_descriptors());
        text.known("resident_bytes", "gauge", "Memory.", process::resident_bytes());
        text.one(
            "degraded",
            "gauge",
            "Reasons why all is not well; `medsrv status` has the words.",
            status.degraded.len(),
        );
        text.0
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to memory does not fail.
        let _ = write!(self.0, "# HELP medsrv_{name} {help}\n# TYPE medsrv_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "medsrv_{name}");
        for (place, (label, word)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{word}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.begin(name, kind, help);
        self.sample(name, &[], value);
    }

    /// As `one`, of what may not be known.
    fn known(&mut self, name: &str, kind: &str, help: &str, value: Option<impl Display>) {
        self.begin(name, kind, help);
        if let Some(value) = value {
            self.sample(name, &[], value);
        }
    }

    /// `unit` values of the histogram are one of the metric.
    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) {
        self.begin(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, below) in histogram.cumulative() {
            self.sample(&bucket, &[("le", &(bound as f64 / unit).to_string())], below);
        }
        self.sample(&bucket, &[("le", "+Inf")], histogram.total());
        self.sample(&format!("{name}_sum"), &[], histogram.sum() as f64 / unit);
        self.sample(&format!("{name}_count"), &[], histogram.total());
    }

    fn connections(&mut self, counters: &Counters, max: usize) {
        self.one("connections", "gauge", "Clients that are connected.", counters.connections);
        self.one("connections_max", "gauge", "How many may be.", max);
        self.one("connections_total", "counter", "Clients that were let in.", counters.accepted);
        self.begin("connections_rejected_total", "counter", "Connections that were turned away.");
        for (rejection, count) in counters.rejected() {
            self.sample("connections_rejected_total", &[("reason", rejection.word())], count);
        }
        self.begin("connections_closed_total", "counter", "Connections that have ended.");
        for (reason, count) in counters.closed() {
            self.sample("connections_closed_total", &[("reason", reason.word())], count);
        }
        self.one(
            "output_buffer_bytes",
            "gauge",
            "All connections' buffers together.",
            counters.buffered_bytes,
        );
    }

    fn requests(&mut self, counted: &[Counted]) {
        self.begin("requests_total", "counter", "Requests that were answered, and each call of a batch.");
        for operation in counted.iter().filter(|operation| operation.total() > 0) {
            for (outcome, count) in operation.outcomes() {
                let labels = [("op", operation.name), ("result", outcome.word())];
                self.sample("requests_total", &labels, count);
            }
        }
        self.begin("denied_total", "counter", "Operations that were denied, by the role of who asked.");
        for operation in counted {
            for (role, count) in operation.denied().filter(|(_, count)| *count > 0) {
                self.sample("denied_total", &[("op", operation.name), ("role", role)], count);
            }
        }
        self.begin("legacy_requests_total", "counter", "Requests in the old protocol.");
        for operation in counted.iter().filter(|operation| operation.is_old) {
            self.sample("legacy_requests_total", &[("op", operation.name)], operation.total());
        }
        self.begin("sql_total", "counter", "SQL from clients.");
        for operation in counted.iter().filter(|operation| operation.name == SQL) {
            for (outcome, count) in operation.outcomes() {
                self.sample("sql_total", &[("result", Outcome::word(outcome))], count);
            }
        }
    }

    fn backups(&mut self, backup: &Backup) {
        let last = backup.last.as_ref();
        self.known(
            "backup_age_seconds",
            "gauge",
            "The age of the server's last backup that is known.",
            last.map(|last| last.age_s),
        );
        self.known("backup_size_bytes", "gauge", "Its length.", last.map(|last| last.bytes));
        self.known("backup_duration_seconds", "gauge", "How long the last one took.", backup.duration_s);
        self.begin("backup_total", "counter", "The server's own backups.");
        self.sample("backup_total", &[("result", "made")], backup.made);
        self.sample("backup_total", &[("result", "failed")], backup.failed);
    }

    fn logins(&mut self, logins: &crate::service::login::LoginCounts) {
        self.begin("login_total", "counter", "Logins, in both protocols.");
        for (result, count) in [
            ("succeeded", logins.succeeded),
            ("wrong", logins.wrong),
            ("disabled", logins.disabled),
            ("delayed", logins.delayed),
        ] {
            self.sample("login_total", &[("result", result)], count);
        }
        self.one("lockouts_total", "counter", "Failed logins that have brought a delay.", logins.lockouts);
    }
}
