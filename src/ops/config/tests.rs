//! Tests of the configuration: what is accepted, what each mistake is answered with, and that no text
//! whatever makes the loader fall over.

use super::*;
use proptest::prelude::*;

fn errors_of(text: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.conf");
    std::fs::write(&file, text).unwrap();
    let (_, errors) = load_from(directory.path(), Some(&file), &Overrides::default());
    let prefix = file.display().to_string();
    errors.0.iter().map(|error| format!("{}: {}", error.place, error.message).replace(&prefix, "F")).collect()
}

/// Each expected text must begin one error, in order.
fn check(text: &str, expected: &[&str]) {
    let errors = errors_of(text);
    let fits = errors.len() == expected.len()
        && errors.iter().zip(expected).all(|(error, expected)| error.starts_with(expected));
    assert!(fits, "\n{text}\ngave {errors:#?}\nexpected {expected:#?}");
}

#[test]
fn the_sample_file_holds_every_key_with_its_default() {
    let sample = include_str!("../../../medsrv.conf");
    let checked = parse(sample);
    assert_eq!(checked.complaints_in_order(), []);
    assert_eq!(checked.config, Config::default());
    for key in KEYS {
        let line = format!("\n{} = ", key.name);
        assert!(sample.contains(&line), "{} is missing", key.name);
        let shown = format!("{}{}\n", line, (key.show)(&Config::default()));
        let long = key.name == "operations";
        assert!(long || sample.contains(&shown), "{shown:?} is not how the sample writes it");
    }
}

#[test]
fn shown_values_read_back_as_themselves() {
    let mut text = String::new();
    for key in KEYS {
        text += &format!("{}.{} = {}\n", key.section, key.name, (key.show)(&Config::default()));
    }
    let checked = parse(&text);
    assert_eq!(checked.complaints_in_order(), []);
    assert_eq!(checked.config, Config::default());
}

#[test]
fn valid_texts_are_accepted() {
    for text in [
        "",
        "# nothing but a comment",
        "[server]\nhost = \"::1\"\nport = 0",
        "server.port = 0x1F90",
        "[legacy]\nnetworks = []\noperations = []",
        "[legacy]\nnetworks = [\"10.0.0.0/8\", \"fd00::/8\"]",
        "[limits]\ndata_max_bytes = 2_097_152",
        "[log]\nlevel = \"DEBUG\"",
        "[accounts]\nremember_ms = 0\nfailures_free = 0\npassword_iterations = 1_000",
        "[audit]\nreads = false\nkey_file = \"/var/lib/medsrv/key\"",
        "[limits]\ndata_max_bytes = 1024",
        "[booking]\nlimit_scope = \"none\"\nrelease_time = \"23:59\"",
        "[booking]\nlimit_scope = \"session\"\nrelease_time = \"\"\n[queue]\ncalls_max = 1",
    ] {
        check(text, &[]);
    }
}

#[test]
fn each_mistake_is_named_with_its_place() {
    check("[sever]\nport = 1", &["F:1:2: there is no section \"sever\"; the sections are server, log"]);
    check("port = 1", &["F:1:1: \"port\" belongs under [server]"]);
    check("server = 1", &["F:1:1: server must be a section"]);
    check("[server]\nprot = 1", &["F:2:1: there is no key \"prot\" in [server]; its keys are host, port"]);
    check("[log]\nport = 1", &["F:2:1: \"port\" belongs under [server], not under [log]"]);
    check(
        "[server]\nport = \"1\"",
        &["F:2:8: server.port must be a whole number from 0 to 65535, but is the"],
    );
    check("[server]\nport = 65536", &["F:2:8: server.port must be from 0 to 65535, but is 65536"]);
    check("[server]\nport = 99999999999999999999999999999999999999999", &["F:2:8: server.port must be"]);
    check("[server]\nhost = \"\"", &["F:2:8: server.host must be an address or host name, but is empty"]);
    check("[server]\nhost = \"[::1]\"", &["F:2:8: server.host must be an address without brackets"]);
    check("[server]\nhost = \"a:80\"", &["F:2:8: server.host must be an address without its port"]);
    check("[server]\nhost = \"a b\"", &["F:2:8: server.host must be one address"]);
    check("[server]\ndb_path = \"~/x\"", &["F:2:11: server.db_path must be a full or relative path"]);
    check("[server]\ndb_path = \"\\u0000\"", &["F:2:11: server.db_path must be the path of a file"]);
    check("[log]\nlevel = \"loud\"", &["F:2:9: log.level must be \"off\", \"error\""]);
    check("[legacy]\nnetworks = \"x\"", &["F:2:12: legacy.networks must be a list of networks"]);
    check("[legacy]\nenforce_schedule = 1", &["F:2:20: legacy.enforce_schedule must be true or false"]);
    check("[audit]\nreads = \"yes\"", &["F:2:9: audit.reads must be true or false"]);
    check("[audit]\nkey_file = \"\"", &["F:2:12: audit.key_file must be the path of a file"]);
    for bad in ["\"Doctor\"", "\"\"", "1"] {
        let text = format!("[booking]\nlimit_scope = {bad}");
        check(
            &text,
            &["F:2:15: booking.limit_scope must be \"department\", \"doctor\", \"session\" or \"none\""],
        );
    }
    for bad in ["\"7:30\"", "\"24:00\"", "\"07:60\"", "\"+7:30\"", "\"07:30:00\"", "\" \"", "07:30:00", "7"] {
        let text = format!("[booking]\nrelease_time = {bad}");
        check(&text, &["F:2:16: booking.release_time must be a time of the day, such as \"07:30\", or \"\""]);
    }
    check("[server]\nkey_file = \"k\"", &["F:2:1: \"key_file\" belongs under [audit]"]);
}

#[test]
fn numbers_keep_to_their_ranges() {
    for (name, least, most) in [
        ("password_iterations", 1000, 10_000_000),
        ("remember_ms", 0, 3_600_000),
        ("waiting_logins_max", 1, 10_000),
        ("session_idle_patient_ms", 120_000, 86_400_000),
        ("session_idle_staff_ms", 120_000, 86_400_000),
        ("session_max_ms", 1000, 604_800_000),
        ("sessions_per_user_max", 1, 100),
        ("failures_free", 0, 1000),
        ("failure_window_ms", 1000, 86_400_000),
        ("failure_delay_max_ms", 1000, 86_400_000),
        ("failures_per_address_max", 1, 100_000),
        ("hold_ms", 1000, 3_600_000),
        ("holds_max", 0, 1000),
        ("holds_window_min", 1, 1440),
        ("cancel_lead_min", 0, 10_080),
        ("undo_ms", 0, 3_600_000),
        ("no_shows_max", 0, 1000),
        ("no_show_window_days", 1, 3650),
        ("no_show_block_days", 1, 3650),
        ("window_days", 1, 365),
        ("book_until_min", 0, 1440),
        ("reminder_day_min", 0, 10_080),
        ("reminder_hour_min", 0, 10_080),
        ("early_min", 0, 1440),
        ("grace_min", 0, 1440),
        ("calls_max", 1, 100),
        ("skips_max", 1, 100),
        ("return_after", 0, 1000),
        ("booked_per_walk_in", 1, 100),
        ("doctor_grace_min", 0, 1440),
    ] {
        let column = name.len() + 4;
        let section = KEYS.iter().find(|key| key.name == name).unwrap().section;
        let expected = format!("F:2:{column}: {section}.{name} must be from {least} to {most}, but is ");
        let with = |number: i64| format!("[{section}]\n{name} = {number}");
        check(&with(least), &[]);
        check(&with(most), &[]);
        check(&with(least - 1), &[&expected]);
        check(&with(most + 1), &[&expected]);
    }
    let before_login = "F:2:31: limits.data_before_login_max_bytes must be from 1024 to 67108864";
    check("[limits]\ndata_before_login_max_bytes = 1023", &[before_login]);
}

#[test]
fn every_bad_item_of_a_list_is_reported() {
    check(
        "[legacy]\nnetworks = [\"10.0.0.0/8\", \"1.2.3.4\", \"x\", \"10.0.0.1/8\", 5]\n\
         operations = [\"login\", \"lgoin\"]",
        &[
            "F:2:27: legacy.networks must hold networks, but 1.2.3.4 is an address; \
             for it alone write \"1.2.3.4/32\"",
            "F:2:38: legacy.networks must hold networks, but \"x\" is none",
            "F:2:43: legacy.networks 10.0.0.1/8 sets bits past its prefix; write \"10.0.0.0/8\"",
            "F:2:57: legacy.networks must be a network in quotes",
            "F:3:24: legacy.operations must be made of these: reset_password,",
        ],
    );
}

#[test]
fn one_run_reports_syntax_and_meaning_together() {
    check(
        "[server]\nport = \nhost = 5\n[limits]\nconnections_max = 0\n[what]\n",
        &["F:2:", "F:3:8: server.host", "F:5:19: limits.connections_max", "F:6:2: there is no section"],
    );
}

#[test]
fn relations_are_judged_only_between_valid_values() {
    let soft = "F:2:25: limits.output_soft_max_bytes (9000000) must not exceed";
    check("[limits]\noutput_soft_max_bytes = 9000000", &[soft]);
    check("[limits]\noutput_max_bytes = 65536", &["F:2:20: limits.output_soft_max_bytes (2097152) must not"]);
    check(
        "[limits]\noutput_soft_max_bytes = 9000000\noutput_max_bytes = 1",
        &["F:3:20: limits.output_max_bytes"],
    );
    check(
        "[limits]\nbuffered_max_bytes = 1048576",
        &["F:2:22: limits.buffered_max_bytes (1048576) must hold one whole request of 1049608 bytes"],
    );
}

#[test]
fn no_two_keys_name_one_file() {
    check("[server]\nlog_file = \"a\"\npid_file = \"./a\"", &["F:3:12: server.log_file and server.pid_file"]);
    check(
        "[server]\ndb_path = \"a\"\n[audit]\nanchor_file = \"./a\"",
        &["F:4:15: server.db_path and audit.anchor_file must be different files"],
    );
    check("[audit]\nkey_file = \"data/audit.anchor\"", &["F:2:12: audit.key_file and audit.anchor_file"]);
    check("[backup]\ndirectory = \"data/server.log\"", &["F:2:13: server.log_file and backup.directory"]);
    check("[audit]\nkey_file = \"data/server.log\"", &["F:2:12: server.log_file and audit.key_file"]);
}

#[test]
fn the_database_is_where_its_link_leads_and_need_not_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("disk")).unwrap();
    std::os::unix::fs::symlink("disk/a.db", root.join("link.db")).unwrap();
    let overrides = Overrides { db_path: Some("link.db".into()), ..Overrides::default() };
    let (loaded, errors) = load_from(&root, None, &overrides);
    assert_eq!(errors.0, []);
    assert_eq!(loaded.config.server.db_path, root.join("disk/a.db"));
    assert_eq!(loaded.config.audit.key_file, root.join("audit.key"), "the key lies beside the name");
}

#[test]
fn flags_speak_over_the_file_and_paths_become_absolute() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("medsrv.conf"), "[server]\nport = 1\nhost = \"::1\"").unwrap();
    let overrides =
        Overrides { port: Some(2), pid_file: Some(PathBuf::from("run/./p")), ..Overrides::default() };
    let (loaded, errors) = load_from(directory.path(), None, &overrides);
    assert_eq!(errors, ConfigErrors::default());
    assert_eq!(loaded.file, Some(directory.path().join("medsrv.conf")));
    assert_eq!((loaded.config.server.host.as_str(), loaded.config.server.port), ("::1", 2));
    assert_eq!(loaded.config.server.pid_file, directory.path().join("run/p"));
    assert_eq!(loaded.config.server.db_path, directory.path().join("data/MedicalSystem.db"));
    assert_eq!(loaded.config.audit.key_file, directory.path().join("data/audit.key"));
    assert_eq!(loaded.config.audit.anchor_file, directory.path().join("data/audit.anchor"));
    assert_eq!(loaded.reload(), Ok(Reloaded { loaded: loaded.clone(), changes: Vec::new() }));
}

#[test]
fn what_is_read_again_applies_but_for_what_needs_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.conf");
    let reload = |loaded: &Loaded, text: &str| {
        std::fs::write(&file, text).unwrap();
        loaded.reload()
    };
    std::fs::write(&file, "[server]\nport = 1").unwrap();
    let (first, _) = load_from(directory.path(), Some(&file), &Overrides::default());
    let text = "[server]\nport = 2\ndb_path = \"b\"\n[legacy]\nnetworks = []\n[queue]\ngrace_min = 1";
    let second = reload(&first, text).unwrap();
    let (in_force, changes) = (&second.loaded.config, &second.changes);
    let told: Vec<(&str, Applies)> =
        changes.iter().map(|change| (change.name.as_str(), change.applies)).collect();
    let expected = [
        ("server.port", Applies::AfterRestart),
        ("server.db_path", Applies::AfterRestart),
        ("legacy.networks", Applies::AtOnce),
        ("queue.grace_min", Applies::AtOnce),
        ("audit.key_file", Applies::AfterRestart),
    ];
    assert_eq!(told, expected);
    assert_eq!((changes[0].from.as_str(), changes[0].to.as_str()), ("1", "2"));
    assert_eq!((in_force.server.port, in_force.queue.grace_min), (1, 1));
    assert_eq!(in_force.server.db_path, first.config.server.db_path);
    assert!(in_force.legacy.networks.is_empty());
    // What still needs a restart is said each time, and what applies is not.
    let third = second.loaded.reload().unwrap();
    assert_eq!(third.loaded.config, *in_force);
    assert_eq!(third.changes.len(), 3);
    // The file is sound on its own, and yet the log would be written into the database.
    let text = "[server]\ndb_path = \"other\"\nlog_file = \"data/MedicalSystem.db\"";
    let errors = reload(&second.loaded, text).unwrap_err().to_string();
    assert!(errors.starts_with("server.log_file: is what the server has as server.db_path"), "{errors}");
    let errors = reload(&second.loaded, "[server]\nport = 70000").unwrap_err().to_string();
    assert!(errors.contains("test.conf:2:8: server.port must be"), "{errors}");
}

#[test]
fn bad_flags_are_reported_under_their_own_names() {
    let overrides = Overrides {
        host: Some("a:1".to_owned()),
        db_path: Some(PathBuf::new()),
        log_file: Some(PathBuf::from("data/server.pid")),
        ..Overrides::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let (_, errors) = load_from(directory.path(), None, &overrides);
    let places: Vec<&str> = errors.0.iter().map(|error| error.place.as_str()).collect();
    assert_eq!(places, ["--host", "--db-path", "--log-file"]);
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let not_text = directory.path().join("not-text");
    std::fs::write(&not_text, b"[server]\n\xff").unwrap();
    for (path, expected) in [
        (directory.path().join("missing"), "there is no such file"),
        (directory.path().to_owned(), "is not a regular file"),
        (PathBuf::from("/dev/zero"), "is not a regular file"),
        (not_text, "byte 10 is not UTF-8"),
    ] {
        let (loaded, errors) = load_from(directory.path(), Some(&path), &Overrides::default());
        assert!(errors.to_string().contains(expected), "{errors}");
        assert_eq!(loaded.config.limits, Limits::default());
    }
}

#[test]
fn the_valid_parts_of_a_broken_file_are_still_to_be_had() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("medsrv.conf"), "[server]\npid_file = \"/run/p\"\nport = \"x\"")
        .unwrap();
    let (loaded, errors) = load_from(directory.path(), None, &Overrides::default());
    assert_eq!(loaded.config.server.pid_file, PathBuf::from("/run/p"));
    assert_eq!(errors.0.len(), 1);
}

#[test]
fn a_network_without_credentials_is_warned_of_where_it_can_reach_the_server() {
    let mut config = Config::default();
    config.server.host = "0.0.0.0".to_owned();
    assert_eq!(config.warnings(), Vec::<String>::new());
    config.legacy.networks.push("10.0.0.0/8".parse().unwrap());
    assert!(config.warnings()[0].contains("anyone in 10.0.0.0/8"));
    config.server.host = "127.0.0.1".to_owned();
    assert_eq!(config.warnings(), Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "(?s).{0,200}") {
        let checked = parse(&text);
        report(checked.complaints_in_order(), "F", &text, &mut ConfigErrors::default());
    }

    #[test]
    fn no_mixture_of_toml_pieces_makes_the_loader_panic(pieces in proptest::collection::vec(
        prop_oneof![
            "\\[(server|log|limits|legacy|accounts|booking|queue|order|chat|audit|backup|[a-z]{1,3})\\]\n",
            "(host|port|level|networks|operations|data_max_bytes|legacy\\.linger_ms) = ",
            "[0-9_xe.+-]{1,30}", "\"[^\"]{0,5}\"?", "[\\[\\]{},='\"\n#]", "true|1979-05-27|医生",
        ], 0..20,
    )) {
        let text = pieces.concat();
        let mut checked = parse(&text);
        check_relations(&mut checked, &[]);
        report(checked.complaints_in_order(), "F", &text, &mut ConfigErrors::default());
    }
}
