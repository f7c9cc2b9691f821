//! What the operator sets of the gates and of the rules, in the terms of those who go by it.
//!
//! It never knows a file or a key's name. Invariant: it is made of a whole configuration that was checked, and
//! nothing is set anywhere but through it.

use crate::ops::config;
use crate::service::booking::{BookingRules, LimitScope};
use crate::service::chat::ChatRules;
use crate::service::login::LoginRules;
use crate::service::order::OrderRules;
use crate::service::queue::QueueRules;
use crate::service::reminder::ReminderRules;
use crate::service::schedule::ReleaseRules;
use crate::service::session::SessionRules;
use crate::service::throttle::ThrottleRules;
use crate::service::{ClinicRules, Rules};
use ipnet::IpNet;
use std::time::Duration;

/// What the operator sets of the gates and the rules.
#[derive(Debug, Clone)]
pub struct Settings {
    pub legacy_networks: Vec<IpNet>,
    pub legacy_operations: Vec<String>,
    pub legacy_linger: Duration,
    pub reply_max_bytes: usize,
    /// Of a call that comes from outside `legacy_networks` before a login.
    pub data_before_login_max_bytes: usize,
    pub waiting_logins_max: usize,
    /// Whether reads of patients' data by others are kept in the trail.
    pub audit_reads: bool,
    pub rules: Rules,
    pub login: LoginRules,
    pub clinic: ClinicRules,
}

impl Settings {
    pub fn from_config(config: &config::Config) -> Settings {
        Settings {
            legacy_networks: config.legacy.networks.clone(),
            legacy_operations: config.legacy.operations.clone(),
            legacy_linger: Duration::from_millis(config.legacy.linger_ms),
            reply_max_bytes: config.limits.output_max_bytes,
            data_before_login_max_bytes: config.limits.data_before_login_max_bytes,
            waiting_logins_max: config.accounts.waiting_logins_max,
            audit_reads: config.audit.reads,
            rules: Rules { enforce_schedule: config.legacy.enforce_schedule },
            login: login_rules(&config.accounts),
            clinic: clinic_rules(config),
        }
    }
}

const MINUTE_MS: i64 = 60_000;

fn clinic_rules(config: &config::Config) -> ClinicRules {
    let (booking, queue) = (&config.booking, &config.queue);
    let ms = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    ClinicRules {
        booking: BookingRules {
            hold_ms: ms(booking.hold_ms),
            holds_max: booking.holds_max.into(),
            holds_window_min: booking.holds_window_min.into(),
            limit_scope: match booking.limit_scope {
                config::LimitScope::Department => LimitScope::Department,
                config::LimitScope::Doctor => LimitScope::Doctor,
                config::LimitScope::Session => LimitScope::Session,
                config::LimitScope::None => LimitScope::None,
            },
            cancel_lead_min: booking.cancel_lead_min.into(),
            undo_ms: ms(booking.undo_ms),
            no_shows_max: booking.no_shows_max.into(),
            no_show_window_days: booking.no_show_window_days.into(),
            no_show_block_days: booking.no_show_block_days.into(),
        },
        release: ReleaseRules {
            window_days: booking.window_days.into(),
            release_time: Some(booking.release_time.clone()).filter(|time| !time.is_empty()),
            book_until_min: booking.book_until_min.into(),
        },
        queue: QueueRules {
            early_min: queue.early_min.into(),
            grace_min: queue.grace_min.into(),
            calls_max: queue.calls_max.into(),
            skips_max: queue.skips_max.into(),
            return_after: queue.return_after.into(),
            booked_per_walk_in: queue.booked_per_walk_in.into(),
            require_clock_in: queue.require_clock_in,
            doctor_grace_min: queue.doctor_grace_min.into(),
        },
        reminder: ReminderRules {
            day_min: booking.reminder_day_min.into(),
            hour_min: booking.reminder_hour_min.into(),
        },
        order: OrderRules { critical_repeat_ms: i64::from(config.order.critical_repeat_minutes) * MINUTE_MS },
        chat: ChatRules {
            open_days: config.chat.open_days.into(),
            messages_per_minute_max: config.chat.messages_per_minute_max.into(),
        },
    }
}

fn login_rules(accounts: &config::Accounts) -> LoginRules {
    let ms = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    LoginRules {
        password_iterations: accounts.password_iterations,
        remember_ms: ms(accounts.remember_ms),
        throttle: ThrottleRules {
            free: accounts.failures_free.into(),
            window_ms: ms(accounts.failure_window_ms),
            delay_max_ms: ms(accounts.failure_delay_max_ms),
            per_address_max: accounts.failures_per_address_max.into(),
        },
        session: SessionRules {
            idle_patient_ms: ms(accounts.session_idle_patient_ms),
            idle_staff_ms: ms(accounts.session_idle_staff_ms),
            max_ms: ms(accounts.session_max_ms),
            per_user_max: i64::try_from(accounts.sessions_per_user_max).unwrap_or(i64::MAX),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_clinic_are_those_that_the_configuration_has_by_default() {
        assert_eq!(clinic_rules(&config::Config::default()), ClinicRules::default());
        let mut config = config::Config::default();
        (config.booking.limit_scope, config.queue.calls_max) = (config::LimitScope::None, 9);
        config.booking.release_time = "07:30".to_owned();
        let rules = clinic_rules(&config);
        assert_eq!((rules.booking.limit_scope, rules.queue.calls_max), (LimitScope::None, 9));
        assert_eq!(rules.release.release_time.as_deref(), Some("07:30"));
    }
}
