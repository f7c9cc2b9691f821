//! Who may call which method, and whose data they reach with it.
//!
//! It never knows what a method does. Invariant: what is not listed here is refused.

use crate::api::rpc::Who;
use crate::service::access::{Actor, Role};

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
        auditors("audit.query"),
    ]
};

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
            callers.push("whoever is an auditor".into());
        }
        callers.join(", ")
    }
}
