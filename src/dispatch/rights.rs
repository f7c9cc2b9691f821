//! Who may call which method, and whose data they reach with it; who may hear of what.
//!
//! It never knows what a method does. Invariant: what is not listed here is refused.

use crate::api::rpc::Who;
use crate::service::access::{Actor, Role};
use crate::service::event::Audience;

/// A method's line.
pub struct Right {
    pub method: &'static str,
    /// Callable by those who are not logged in.
    pub is_open: bool,
    patient: Who,
    doctor: Who,
    nurse: Who,
    clerk: Who,
    admin: Who,
    /// What the flag of an auditor adds.
    auditor: Who,
}

const fn open(method: &'static str) -> Right {
    use Who::{Anyone, Nobody};
    Right {
        method,
        is_open: true,
        patient: Anyone,
        doctor: Anyone,
        nurse: Anyone,
        clerk: Anyone,
        admin: Anyone,
        auditor: Nobody,
    }
}

/// The same for each role.
const fn each(method: &'static str, who: Who) -> Right {
    Right {
        method,
        is_open: false,
        patient: who,
        doctor: who,
        nurse: who,
        clerk: who,
        admin: who,
        auditor: Who::Nobody,
    }
}

/// One for each role, in the order patient, doctor, nurse, clerk, admin.
const fn roles(method: &'static str, who: [Who; 5]) -> Right {
    let [patient, doctor, nurse, clerk, admin] = who;
    Right { method, is_open: false, patient, doctor, nurse, clerk, admin, auditor: Who::Nobody }
}

/// The same, and what an auditor may do with it whatever their role is.
const fn with_auditors(auditor: Who, right: Right) -> Right {
    Right { auditor, ..right }
}

const fn auditors(method: &'static str) -> Right {
    Right { auditor: Who::Anyone, ..each(method, Who::Nobody) }
}

/// The whole of it.
#[rustfmt::skip]
pub const RIGHTS: &[Right] = {
    use Who::{Anyone, Nobody, Own, Treated, WithReason};
    //                                    patient     doctor      nurse       clerk       admin
    &[
        open("rpc.discover"),
        open("session.login"),
        open("session.resume"),
        each("session.logout", Own),
        each("session.whoami", Own),
        each("session.list", Own),
        each("session.revoke", Own),
        open("account.register_patient"),
        roles("account.create",           [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.list",             [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.disable",          [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.enable",           [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.set_role",         [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.unlock",           [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("account.reset_password",   [Own,        Own,        Own,        Own,        Anyone]),
        roles("patient.get",              [Own,        Treated,    Anyone,     Anyone,     WithReason]),
        roles("patient.search",           [Nobody,     Anyone,     Anyone,     Anyone,     WithReason]),
        roles("patient.update",           [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("patient.break_glass",      [Nobody,     Anyone,     Nobody,     Nobody,     Nobody]),
        open("doctor.list"),
        open("doctor.get"),
        roles("doctor.update",            [Nobody,     Own,        Nobody,     Nobody,     Anyone]),
        open("department.list"),
        open("schedule.sessions"),
        roles("schedule.templates",       [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("schedule.exceptions",      [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("schedule.blocks",          [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("schedule.add_template",    [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.end_template",    [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.add_exception",   [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.remove_exception", [Nobody,    Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.add_block",       [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.remove_block",    [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.add_session",     [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.generate",        [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.resize_session",  [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("schedule.stop_session",    [Nobody,     Own,        Nobody,     Anyone,     Anyone]),
        roles("appointment.hold",         [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("appointment.book",         [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("appointment.confirm",      [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("appointment.cancel",       [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("appointment.reschedule",   [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("appointment.undo",         [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("appointment.correct_no_show", [Nobody,  Own,        Anyone,     Anyone,     WithReason]),
        roles("appointment.set_paid",     [Nobody,     Nobody,     Nobody,     Anyone,     Nobody]),
        roles("appointment.get",          [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("appointment.list",         [Own,        Treated,    Anyone,     Anyone,     WithReason]),
        roles("appointment.lift_penalty", [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("waitlist.join",            [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("waitlist.leave",           [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        roles("waitlist.list",            [Own,        Nobody,     Anyone,     Anyone,     Nobody]),
        open("queue.board"),
        roles("appointment.walk_in",      [Nobody,     Nobody,     Anyone,     Anyone,     WithReason]),
        roles("appointment.follow_up",    [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("appointment.add_on",       [Nobody,     Own,        Nobody,     Nobody,     WithReason]),
        roles("queue.check_in",           [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.call_next",          [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.recall",             [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.skip",               [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.return",             [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.start",              [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.finish",             [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.set_priority",       [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.undo",               [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.list",               [Nobody,     Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.leave",              [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("queue.status",             [Own,        Own,        Anyone,     Anyone,     WithReason]),
        roles("encounter.open",           [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("encounter.get",            [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("fhir.export",              [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("encounter.list",           [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("encounter.begin",          [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("encounter.finish",         [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("encounter.cancel",         [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("encounter.reopen",         [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("record.write",             [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("record.edit",              [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("record.sign",              [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("record.amend",             [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("record.discard",           [Nobody,     Own,        Nobody,     Nobody,     Anyone]),
        roles("record.get",               [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("record.list",              [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("diagnosis.add",            [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("diagnosis.set_rank",       [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("diagnosis.withdraw",       [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("diagnosis.list",           [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("diagnosis.search_codes",   [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("allergy.add",              [Nobody,     Treated,    Anyone,     Nobody,     Nobody]),
        roles("allergy.set_severity",     [Nobody,     Treated,    Anyone,     Nobody,     Nobody]),
        roles("allergy.refute",           [Nobody,     Treated,    Anyone,     Nobody,     Nobody]),
        roles("allergy.list",             [Own,        Treated,    Anyone,     Nobody,     WithReason]),
        roles("attachment.add",           [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("attachment.withdraw",      [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("attachment.list",          [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("patient.timeline",         [Own,        Treated,    Nobody,     Nobody,     WithReason]),
        roles("drug.search",              [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("drug.get",                 [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("prescription.create",      [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("prescription.add_line",    [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("prescription.remove_line", [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("prescription.activate",    [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("prescription.dispense",    [Nobody,     Nobody,     Anyone,     Nobody,     Nobody]),
        roles("prescription.stop",        [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("prescription.cancel",      [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("prescription.get",         [Own,        Treated,    Anyone,     Nobody,     WithReason]),
        roles("prescription.list",        [Own,        Treated,    Anyone,     Nobody,     WithReason]),
        roles("order.request",            [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("order.accept",             [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("order.start",              [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("order.complete",           [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("order.add_result",         [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("order.withdraw_result",    [Nobody,     Treated,    Anyone,     Nobody,     Nobody]),
        roles("order.cancel",             [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("order.get",                [Own,        Treated,    Anyone,     Nobody,     WithReason]),
        roles("order.list",               [Own,        Treated,    Anyone,     Nobody,     WithReason]),
        roles("order.worklist",           [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("order.acknowledge",        [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("order.critical",           [Nobody,     Own,        Anyone,     Nobody,     Nobody]),
        roles("ward.add",                 [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("ward.add_bed",             [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("ward.close",               [Nobody,     Nobody,     Nobody,     Anyone,     Anyone]),
        roles("ward.list",                [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("ward.board",               [Nobody,     Anyone,     Anyone,     Anyone,     WithReason]),
        roles("bed.set_state",            [Nobody,     Nobody,     Anyone,     Nobody,     Nobody]),
        roles("admission.request",        [Nobody,     Treated,    Nobody,     Nobody,     Nobody]),
        roles("admission.reserve",        [Nobody,     Nobody,     Anyone,     Anyone,     Nobody]),
        roles("admission.admit",          [Nobody,     Nobody,     Anyone,     Anyone,     Nobody]),
        roles("admission.cancel",         [Nobody,     Own,        Anyone,     Anyone,     Nobody]),
        roles("admission.transfer",       [Nobody,     Own,        Anyone,     Anyone,     Nobody]),
        roles("admission.change_doctor",  [Nobody,     Own,        Nobody,     Anyone,     Nobody]),
        roles("admission.order_discharge", [Nobody,    Own,        Nobody,     Nobody,     Nobody]),
        roles("admission.undo_discharge_order", [Nobody, Own,      Nobody,     Nobody,     Nobody]),
        roles("admission.discharge",      [Nobody,     Nobody,     Anyone,     Anyone,     Nobody]),
        roles("admission.get",            [Own,        Treated,    Anyone,     Anyone,     WithReason]),
        roles("admission.list",           [Own,        Treated,    Anyone,     Anyone,     WithReason]),
        roles("department.set_head",      [Nobody,     Nobody,     Nobody,     Nobody,     Anyone]),
        roles("leave.request",            [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("leave.approve",            [Nobody,     Own,        Nobody,     Nobody,     Anyone]),
        roles("leave.reject",             [Nobody,     Own,        Nobody,     Nobody,     Anyone]),
        roles("leave.revoke",             [Nobody,     Own,        Nobody,     Nobody,     Anyone]),
        roles("leave.get",                [Nobody,     Own,        Nobody,     Anyone,     Anyone]),
        roles("leave.list",               [Nobody,     Own,        Nobody,     Anyone,     Anyone]),
        roles("attendance.clock_in",      [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("attendance.clock_out",     [Nobody,     Own,        Nobody,     Nobody,     Nobody]),
        roles("attendance.list",          [Nobody,     Own,        Nobody,     Anyone,     Anyone]),
        roles("chat.open",                [Own,        Own,        Nobody,     Nobody,     Nobody]),
        roles("chat.open_staff",          [Nobody,     Anyone,     Anyone,     Anyone,     Anyone]),
        roles("chat.add_member",          [Nobody,     Own,        Own,        Own,        Own]),
        roles("chat.leave",               [Nobody,     Own,        Own,        Own,        Own]),
        roles("chat.close",               [Nobody,     Own,        Own,        Own,        Own]),
        each("chat.send", Own),
        with_auditors(WithReason, roles(
            "chat.messages",              [Own,        Treated,    Own,        Own,        WithReason],
        )),
        each("chat.read", Own),
        with_auditors(WithReason, roles(
            "chat.get",                   [Own,        Treated,    Own,        Own,        WithReason],
        )),
        each("chat.threads", Own),
        with_auditors(WithReason, roles(
            "chat.of_patient",            [Own,        Treated,    Nobody,     Nobody,     WithReason],
        )),
        each("chat.block", Own),
        each("chat.unblock", Own),
        each("chat.blocks", Own),
        each("chat.old_messages", Own),
        roles("report.get",               [Nobody,     Own,        Nobody,     Anyone,     Anyone]),
        open("event.subscribe"),
        open("event.unsubscribe"),
        roles("notice.list",              [Own,        Nobody,     Nobody,     Nobody,     Nobody]),
        roles("notice.fetched",           [Own,        Nobody,     Nobody,     Nobody,     Nobody]),
        auditors("audit.query"),
    ]
};

/// Whether someone may hear of what concerns such people. Boards and places are for anyone; nobody but the
/// patient, or the doctor, hears what they are told.
pub fn may_hear(audience: &Audience, actor: Option<&Actor>) -> bool {
    match (audience, actor) {
        (Audience::Anyone, _) => true,
        (
            Audience::Appointment { .. } | Audience::Patient(_) | Audience::Doctor(_) | Audience::Wards,
            None,
        ) => false,
        (_, None) => false,
        (Audience::Appointment { patient_id, doctor_id }, Some(actor)) => match actor.role {
            Role::Patient => actor.user_id == *patient_id,
            Role::Doctor => actor.user_id == *doctor_id,
            Role::Nurse | Role::Clerk => true,
            Role::Admin => false,
        },
        (Audience::Patient(patient_id), Some(actor)) => {
            actor.role == Role::Patient && actor.user_id == *patient_id
        }
        (Audience::Doctor(doctor_id), Some(actor)) => {
            actor.role == Role::Doctor && actor.user_id == *doctor_id
        }
        (Audience::Wards, Some(actor)) => matches!(actor.role, Role::Doctor | Role::Nurse | Role::Clerk),
        (Audience::Thread { patient_id, members }, Some(actor)) => {
            members.contains(&actor.user_id) && (patient_id.is_some() || actor.role.is_staff())
        }
        (Audience::User(user_id), Some(actor)) => actor.user_id == *user_id,
    }
}

impl Right {
    pub fn find(method: &str) -> Option<&'static Right> {
        RIGHTS.iter().find(|right| right.method == method)
    }

    /// Whose data this caller reaches; none where nobody is logged in and the method is not open.
    pub fn of(&self, actor: Option<&Actor>) -> Option<Who> {
        match actor {
            None => self.is_open.then_some(Who::Anyone),
            Some(actor) if actor.is_auditor && self.auditor != Who::Nobody => Some(self.auditor),
            Some(actor) => Some(self.of_role(actor.role)),
        }
    }

    pub fn of_role(&self, role: Role) -> Who {
        match role {
            Role::Patient => self.patient,
            Role::Doctor => self.doctor,
            Role::Nurse => self.nurse,
            Role::Clerk => self.clerk,
            Role::Admin => self.admin,
        }
    }

    /// Who may call it, in words, for the documents.
    pub fn callers(&self) -> String {
        if self.is_open {
            return "anyone, logged in or not".into();
        }
        let mut callers: Vec<String> = Role::ALL
            .into_iter()
            .filter_map(|role| {
                let about = match self.of_role(role) {
                    Who::Nobody => return None,
                    Who::Own => "their own",
                    Who::Treated => "of those they treat",
                    Who::WithReason => "for a reason",
                    Who::Anyone => return Some(role.word().to_owned()),
                };
                Some(format!("{} ({about})", role.word()))
            })
            .collect();
        if self.auditor != Who::Nobody {
            let about = if self.auditor == Who::WithReason { " (for a reason)" } else { "" };
            callers.push(format!("whoever is an auditor{about}"));
        }
        callers.join(", ")
    }
}
