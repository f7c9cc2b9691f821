//! `attachment.*`: where pictures and findings of a visit lie.
//!
//! It never opens one. Invariant: an attachment is withdrawn by whoever added it, or by the doctor whose visit it
//! is.

use super::encounter::WrittenListParams;
use super::field::{Id, Line, Reason, RequestId};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Kind, Method, Said, Subject, Whom, cut, encounter};
use crate::service::attachment::{self, NewAttachment};
use crate::service::audit::Action;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where something lies that belongs to a visit. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Attachment {
    pub attachment_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    pub title: String,
    pub media_type: String,
    /// A path or an address in the hospital's own archive.
    pub reference: String,
    pub sha256: Option<String>,
    pub added_by: i64,
    pub added_ms: i64,
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
}

impl From<attachment::Attachment> for Attachment {
    fn from(found: attachment::Attachment) -> Attachment {
        Attachment {
            attachment_id: found.attachment_id,
            encounter_id: found.encounter_id,
            patient_id: found.patient_id,
            title: found.title,
            media_type: found.media_type,
            reference: found.reference,
            sha256: found.sha256,
            added_by: found.added_by,
            added_ms: found.added_ms,
            withdrawn_ms: found.withdrawn_ms,
            withdrawn_reason: found.withdrawn_reason,
        }
    }
}

fn found(transaction: &Transaction<'_>, attachment_id: i64) -> Result<Attachment, Problem> {
    attachment::by_id(transaction, attachment_id)?
        .map(Into::into)
        .ok_or_else(|| Problem::not_found("attachment"))
}

impl From<attachment::Refusal> for Problem {
    fn from(refusal: attachment::Refusal) -> Problem {
        use attachment::Refusal as Of;
        match refusal {
            Of::UnknownAttachment => Problem::not_found("attachment"),
            Of::Encounter(refusal) => refusal.into(),
            Of::Withdrawn => {
                Refusal::bad_transition("the attachment is withdrawn", ("withdrawn", "withdrawn"), []).into()
            }
        }
    }
}

pub struct AddAttachment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAttachmentParams {
    pub encounter_id: Id,
    pub title: Line<200>,
    /// As in image/dicom or application/pdf.
    pub media_type: Line<100>,
    /// A path or an address in the hospital's own archive; the server never opens it.
    pub reference: Line<1000>,
    /// Of the content, 64 digits of base 16, so that a reader can tell whether it is the same still.
    #[serde(default)]
    pub sha256: Option<Line<64>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddAttachment {
    const NAME: &'static str = "attachment.add";
    const SUMMARY: &'static str = "Notes where something lies that belongs to a visit.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::NotInProgress, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddAttachmentParams;
    type Outcome = Attachment;

    fn run(
        params: AddAttachmentParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Attachment, Problem> {
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if params.sha256.as_deref().is_some_and(|text| !is_hash(text)) {
            return Err(Problem::invalid("sha256", "must be 64 digits of base 16"));
        }
        let new = NewAttachment {
            encounter_id: params.encounter_id.0,
            title: &params.title,
            media_type: &params.media_type,
            reference: &params.reference,
            sha256: params.sha256.as_deref(),
            by: call.actor()?.user_id,
        };
        let attachment_id = attachment::add(transaction, &new, call.now)?;
        (call.note.entity, call.note.entity_id) = ("attachment", Some(attachment_id));
        found(transaction, attachment_id)
    }
}

pub struct WithdrawAttachment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawAttachmentParams {
    pub attachment_id: Id,
    /// Why it does not belong there.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for WithdrawAttachment {
    const NAME: &'static str = "attachment.withdraw";
    const SUMMARY: &'static str = "Says that something does not belong to a visit; it stays known.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        let Id(id) = params.attachment_id;
        let found = attachment::by_id(transaction, id)?.ok_or_else(|| Problem::not_found("attachment"))?;
        let doctor_id = encounter::owner(call, transaction, found.encounter_id, found.added_by)?;
        Ok(Subject::Care { entity: "attachment", entity_id: id, patient_id: found.patient_id, doctor_id })
    };
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = WithdrawAttachmentParams;
    type Outcome = Attachment;

    fn run(
        params: WithdrawAttachmentParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Attachment, Problem> {
        attachment::withdraw(transaction, params.attachment_id.0, &params.reason, call.now)?;
        found(transaction, params.attachment_id.0)
    }
}

pub struct ListAttachments;

#[derive(Serialize, JsonSchema)]
pub struct AttachmentList {
    pub items: Vec<Attachment>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListAttachments {
    const NAME: &'static str = "attachment.list";
    const SUMMARY: &'static str = "Lists where what belongs to a visit lies.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = WrittenListParams;
    type Outcome = AttachmentList;

    fn run(
        params: WrittenListParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AttachmentList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0) + 1);
        let mut items: Vec<Attachment> = Vec::new();
        let sink = |found: attachment::Attachment| items.push(found.into());
        let Id(encounter_id) = params.encounter_id;
        attachment::of_encounter(transaction, encounter_id, params.with_withdrawn, after, limit, sink)?;
        let next_cursor = cut(&mut items, params.limit, |item| item.attachment_id);
        Ok(AttachmentList { items, next_cursor })
    }
}
