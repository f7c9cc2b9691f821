//! The methods of JSON-RPC, one line each.
//!
//! No logic. Invariant: a method that is not listed here cannot be called; who may call it stands in
//! `rights.rs`.

use super::rights::Right;
use crate::api::rpc::methods as of;
use crate::api::rpc::openrpc::{self, Described};
use crate::api::rpc::{Entry, entry};
use serde_json::Value;

pub const METHODS: &[Entry] = &[
    entry::<of::Discover>(),
    entry::<of::Login>(),
    entry::<of::Resume>(),
    entry::<of::Logout>(),
    entry::<of::WhoAmI>(),
    entry::<of::ListSessions>(),
    entry::<of::Revoke>(),
    entry::<of::RegisterPatient>(),
    entry::<of::CreateAccount>(),
    entry::<of::ListAccounts>(),
    entry::<of::DisableAccount>(),
    entry::<of::EnableAccount>(),
    entry::<of::SetRole>(),
    entry::<of::UnlockAccount>(),
    entry::<of::ResetPassword>(),
    entry::<of::GetPatient>(),
    entry::<of::SearchPatients>(),
    entry::<of::UpdatePatient>(),
    entry::<of::BreakGlass>(),
    entry::<of::ListDoctors>(),
    entry::<of::GetDoctor>(),
    entry::<of::UpdateDoctor>(),
    entry::<of::ListDepartments>(),
    entry::<of::ListClinicSessions>(),
    entry::<of::ListTemplates>(),
    entry::<of::ListExceptions>(),
    entry::<of::ListBlocks>(),
    entry::<of::AddTemplate>(),
    entry::<of::EndTemplate>(),
    entry::<of::AddException>(),
    entry::<of::RemoveException>(),
    entry::<of::AddBlock>(),
    entry::<of::RemoveBlock>(),
    entry::<of::AddSession>(),
    entry::<of::GenerateSessions>(),
    entry::<of::ResizeSession>(),
    entry::<of::StopSession>(),
    entry::<of::HoldAppointment>(),
    entry::<of::BookAppointment>(),
    entry::<of::ConfirmAppointment>(),
    entry::<of::CancelAppointment>(),
    entry::<of::RescheduleAppointment>(),
    entry::<of::UndoStep>(),
    entry::<of::CorrectNoShow>(),
    entry::<of::SetPaid>(),
    entry::<of::GetAppointment>(),
    entry::<of::ListAppointments>(),
    entry::<of::LiftPenalty>(),
    entry::<of::JoinWaitlist>(),
    entry::<of::LeaveWaitlist>(),
    entry::<of::ListWaitlist>(),
    entry::<of::CheckIn>(),
    entry::<of::WalkIn>(),
    entry::<of::FollowUp>(),
    entry::<of::AddOn>(),
    entry::<of::CallNext>(),
    entry::<of::Recall>(),
    entry::<of::Skip>(),
    entry::<of::Return>(),
    entry::<of::Start>(),
    entry::<of::Finish>(),
    entry::<of::Leave>(),
    entry::<of::SetPriority>(),
    entry::<of::UndoCall>(),
    entry::<of::QueueBoard>(),
    entry::<of::ListQueue>(),
    entry::<of::QueueStatus>(),
    entry::<of::OpenEncounter>(),
    entry::<of::GetEncounter>(),
    entry::<of::ExportPatient>(),
    entry::<of::ListEncounters>(),
    entry::<of::BeginEncounter>(),
    entry::<of::FinishEncounter>(),
    entry::<of::CancelEncounter>(),
    entry::<of::ReopenEncounter>(),
    entry::<of::WriteRecord>(),
    entry::<of::EditRecord>(),
    entry::<of::SignRecord>(),
    entry::<of::AmendRecord>(),
    entry::<of::DiscardRecord>(),
    entry::<of::GetRecord>(),
    entry::<of::ListRecords>(),
    entry::<of::AddDiagnosis>(),
    entry::<of::SetDiagnosisRank>(),
    entry::<of::WithdrawDiagnosis>(),
    entry::<of::ListDiagnoses>(),
    entry::<of::SearchCodes>(),
    entry::<of::AddAllergy>(),
    entry::<of::SetAllergySeverity>(),
    entry::<of::RefuteAllergy>(),
    entry::<of::ListAllergies>(),
    entry::<of::AddAttachment>(),
    entry::<of::WithdrawAttachment>(),
    entry::<of::ListAttachments>(),
    entry::<of::PatientTimeline>(),
    entry::<of::SearchDrugs>(),
    entry::<of::GetDrug>(),
    entry::<of::CreatePrescription>(),
    entry::<of::AddLine>(),
    entry::<of::RemoveLine>(),
    entry::<of::Activate>(),
    entry::<of::Dispense>(),
    entry::<of::StopPrescription>(),
    entry::<of::CancelPrescription>(),
    entry::<of::GetPrescription>(),
    entry::<of::ListPrescriptions>(),
    entry::<of::RequestOrder>(),
    entry::<of::AcceptOrder>(),
    entry::<of::StartOrder>(),
    entry::<of::CompleteOrder>(),
    entry::<of::AddResult>(),
    entry::<of::WithdrawResult>(),
    entry::<of::CancelOrder>(),
    entry::<of::GetOrder>(),
    entry::<of::ListOrders>(),
    entry::<of::OrderWorklist>(),
    entry::<of::Acknowledge>(),
    entry::<of::CriticalResults>(),
    entry::<of::AddWard>(),
    entry::<of::AddBed>(),
    entry::<of::CloseWard>(),
    entry::<of::ListWards>(),
    entry::<of::WardBoard>(),
    entry::<of::SetBedState>(),
    entry::<of::RequestAdmission>(),
    entry::<of::ReserveBed>(),
    entry::<of::Admit>(),
    entry::<of::CancelAdmission>(),
    entry::<of::Transfer>(),
    entry::<of::ChangeDoctor>(),
    entry::<of::OrderDischarge>(),
    entry::<of::UndoDischargeOrder>(),
    entry::<of::Discharge>(),
    entry::<of::GetAdmission>(),
    entry::<of::ListAdmissions>(),
    entry::<of::SetHead>(),
    entry::<of::RequestLeave>(),
    entry::<of::ApproveLeave>(),
    entry::<of::RejectLeave>(),
    entry::<of::RevokeLeave>(),
    entry::<of::GetLeave>(),
    entry::<of::ListLeaves>(),
    entry::<of::ClockIn>(),
    entry::<of::ClockOut>(),
    entry::<of::ListAttendance>(),
    entry::<of::OpenThread>(),
    entry::<of::OpenStaffThread>(),
    entry::<of::AddMember>(),
    entry::<of::LeaveThread>(),
    entry::<of::CloseThread>(),
    entry::<of::SendMessage>(),
    entry::<of::ListMessages>(),
    entry::<of::MarkRead>(),
    entry::<of::GetThread>(),
    entry::<of::ListThreads>(),
    entry::<of::ThreadsOfPatient>(),
    entry::<of::Block>(),
    entry::<of::Unblock>(),
    entry::<of::ListBlocked>(),
    entry::<of::OldMessages>(),
    entry::<of::GetReport>(),
    entry::<of::Subscribe>(),
    entry::<of::Unsubscribe>(),
    entry::<of::ListNotices>(),
    entry::<of::NoticesFetched>(),
    entry::<of::QueryAudit>(),
];

/// The OpenRPC document of all of them.
pub fn document() -> Value {
    let methods: Vec<Described<'_>> = METHODS
        .iter()
        .map(|entry| {
            let right = Right::find(entry.name);
            let callers = right.map_or_else(|| "nobody".into(), Right::callers);
            Described { entry, callers, is_open: right.is_some_and(|right| right.is_open) }
        })
        .collect();
    openrpc::document(&methods)
}

#[cfg(test)]
mod tests {
    use super::super::rights::RIGHTS;
    use super::*;

    #[test]
    fn each_method_has_one_line_of_rights_and_each_line_a_method() {
        let mut methods: Vec<&str> = METHODS.iter().map(|entry| entry.name).collect();
        let mut rights: Vec<&str> = RIGHTS.iter().map(|right| right.method).collect();
        methods.sort_unstable();
        rights.sort_unstable();
        assert_eq!(methods, rights);
        methods.dedup();
        assert_eq!(methods.len(), METHODS.len(), "a method is listed twice");
    }
}
