//! `event.*`: listening to what happens, and the form in which it is told.
//!
//! It never knows who else listens, or when something is told. Invariants: what anyone may hear holds masked
//! names only; a call that names one topic to which the caller has no right does nothing.

use super::chat::{InboxFacts, ThreadFacts};
use super::problem::{Code, Problem, Refusal};
use super::schedule::PlacesItem;
use super::{Call, Kind, Listening, Method};
use crate::service::booking::Booking;
use crate::service::clinic_session::ClinicSession;
use crate::service::event::{self, Audience, Bounds, Event, Snapshot, Topic};
use crate::service::notice::Notice;
use crate::service::order::OrderResult;
use crate::store::Transaction;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Topics that one connection may listen to at once.
pub const TOPICS_MAX: usize = 100;
/// Missed events that are told in one reply; who has missed more is told how things stand.
const MISSED_MAX: i64 = 500;
/// Of their facts together: five hundred boards of a large ward would be a reply of many megabytes.
const MISSED_BYTES_MAX: usize = 512 * 1024;

const NOT_CONCERNED: &str = "this topic is for those only whom it concerns";
const NO_ONES_APPOINTMENT: Audience = Audience::Appointment { patient_id: 0, doctor_id: 0 };

/// A topic in the form in which clients write it.
#[derive(Debug, Clone, Copy)]
pub struct TopicName(Topic);

impl<'de> Deserialize<'de> for TopicName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let expected = "must be a topic: session:ID, queue:ID, appointment:ID, patient:ID, doctor:ID, ward:ID, thread:ID or inbox:ID";
        Topic::parse(&text).map(TopicName).ok_or_else(|| D::Error::custom(expected))
    }
}

impl JsonSchema for TopicName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Topic".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = "^(session|queue|appointment|patient|doctor|ward|thread|inbox):[1-9][0-9]*$";
        json_schema!({"type": "string", "pattern": pattern})
    }
}

/// The places of a session.
#[derive(Serialize, JsonSchema)]
pub struct SessionFacts {
    pub session_id: i64,
    /// open, stopped or closed.
    pub state: &'static str,
    pub stop_reason: Option<String>,
    pub online: PlacesItem,
    pub onsite: PlacesItem,
    pub addon: PlacesItem,
}

/// Where an appointment stands.
#[derive(Serialize, JsonSchema)]
pub struct AppointmentFacts {
    pub appointment_id: i64,
    pub session_id: i64,
    /// Who sees the patient.
    pub doctor_id: i64,
    /// held, booked, checked_in, in_consultation, completed, cancelled, no_show or expired.
    pub state: &'static str,
    /// About when the patient is seen, in the hospital's own time.
    pub starts_at: String,
    pub room: Option<String>,
    pub queue_number: Option<i64>,
    /// For a hold: when it expires, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
    /// patient, doctor, staff, hospital (the session was stopped) or system.
    pub cancelled_by: Option<String>,
}

/// A notice.
#[derive(Serialize, JsonSchema)]
pub struct NoticeItem {
    pub notice_id: i64,
    /// session_stopped, doctor_changed, reminder_day, reminder_hour, place_offered or passed_over.
    pub kind: String,
    pub appointment_id: Option<i64>,
    pub text: Option<String>,
    pub created_at_ms: i64,
}

impl NoticeItem {
    pub fn of(notice: &Notice) -> NoticeItem {
        NoticeItem {
            notice_id: notice.notice_id,
            kind: notice.kind.clone(),
            appointment_id: notice.appointment_id,
            text: notice.text.clone(),
            created_at_ms: notice.created_ms,
        }
    }
}

/// A patient's latest unread notices, the oldest of them first; notice.list has all.
#[derive(Serialize, JsonSchema)]
pub struct NoticeFacts {
    pub unread: Vec<NoticeItem>,
}

/// A critical result; order.get has the rest of it.
#[derive(Serialize, JsonSchema)]
pub struct CriticalItem {
    pub result_id: i64,
    pub order_id: i64,
    pub patient_id: i64,
    pub name: String,
    pub flag: &'static str,
    pub reported_ms: i64,
}

impl CriticalItem {
    fn of(result: &OrderResult) -> CriticalItem {
        CriticalItem {
            result_id: result.result_id,
            order_id: result.order_id,
            patient_id: result.patient_id,
            name: result.name.clone(),
            flag: result.flag.word(),
            reported_ms: result.reported_ms,
        }
    }
}

/// A doctor's latest critical results that are not acknowledged, the oldest of them first, at most 20; order.critical
/// has all.
#[derive(Serialize, JsonSchema)]
pub struct CriticalFacts {
    pub unacknowledged: Vec<CriticalItem>,
    /// Whether there are earlier ones.
    pub has_more: bool,
}

/// What is told of a topic.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Facts {
    Session(SessionFacts),
    Queue(super::queue::Board),
    Appointment(AppointmentFacts),
    Notices(NoticeFacts),
    Critical(CriticalFacts),
    Ward(super::ward::Board),
    Thread(ThreadFacts),
    Inbox(InboxFacts),
}

impl Facts {
    pub fn of(snapshot: Snapshot) -> Facts {
        match snapshot {
            Snapshot::Places(session) => Facts::Session(session_facts(&session)),
            Snapshot::Board(board) => Facts::Queue(board.into()),
            Snapshot::Appointment(found) => Facts::Appointment(appointment_facts(&found)),
            Snapshot::Notices { unread, .. } => {
                Facts::Notices(NoticeFacts { unread: unread.iter().map(NoticeItem::of).collect() })
            }
            Snapshot::Critical { unacknowledged, has_more, .. } => {
                let unacknowledged = unacknowledged.iter().map(CriticalItem::of).collect();
                Facts::Critical(CriticalFacts { unacknowledged, has_more })
            }
            Snapshot::Beds(board) => Facts::Ward(board.into()),
            Snapshot::Thread(news) => Facts::Thread(news.into()),
            Snapshot::Inbox { threads, has_more, .. } => {
                Facts::Inbox(InboxFacts { threads: threads.into_iter().map(Into::into).collect(), has_more })
            }
        }
    }

    /// What the event is called.
    pub fn kind(&self) -> &'static str {
        match self {
            Facts::Session(_) => "places",
            Facts::Queue(_) => "board",
            Facts::Appointment(_) => "state",
            Facts::Notices(_) => "notices",
            Facts::Critical(_) => "critical",
            Facts::Ward(_) => "beds",
            Facts::Thread(_) => "messages",
            Facts::Inbox(_) => "inbox",
        }
    }
}

fn session_facts(session: &ClinicSession) -> SessionFacts {
    SessionFacts {
        session_id: session.session_id,
        state: session.state.word(),
        stop_reason: session.stop_reason.clone(),
        online: session.online.into(),
        onsite: session.onsite.into(),
        addon: session.addon.into(),
    }
}

fn appointment_facts(found: &Booking) -> AppointmentFacts {
    AppointmentFacts {
        appointment_id: found.appointment_id,
        session_id: found.session_id,
        doctor_id: found.doctor_id,
        state: found.state.word(),
        starts_at: found.starts_at.clone(),
        room: found.room.clone(),
        queue_number: found.queue_number,
        expires_at_ms: found.expires_ms,
        cancelled_by: found.cancelled_by.clone(),
    }
}

/// An event as a notification, whole.
pub fn notification(event: &Event<'_>) -> Vec<u8> {
    // Topics, kinds and facts are of our own making, and need no escapes here.
    let Event { sequence, topic, kind, facts, happened_ms } = event;
    format!(
        r#"{{"jsonrpc":"2.0","method":"event","params":{{"sequence":{sequence},"topic":"{topic}","kind":"{kind}","happened_at_ms":{happened_ms},"facts":{facts}}}}}"#
    )
    .into_bytes()
}

pub struct Subscribe;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribeParams {
    /// 1 to 100 of session:ID, queue:ID, appointment:ID, patient:ID, doctor:ID, ward:ID, thread:ID and inbox:ID.
    pub topics: Vec<TopicName>,
    /// The last sequence that the client knows: what has happened since is told instead of how things stand.
    #[serde(default)]
    pub since: Option<i64>,
}

/// How a topic stands.
#[derive(Serialize, JsonSchema)]
pub struct TopicState {
    pub topic: String,
    pub kind: &'static str,
    pub facts: Facts,
}

/// What has happened.
#[derive(Serialize, JsonSchema)]
pub struct MissedEvent {
    pub sequence: i64,
    pub topic: String,
    pub kind: String,
    pub happened_at_ms: i64,
    /// As in `topics`.
    pub facts: Box<RawValue>,
}

#[derive(Serialize, JsonSchema)]
pub struct Subscribed {
    /// The sequence of the last event of all topics; `since` of the next event.subscribe, if none comes.
    pub sequence: i64,
    /// True where events since `since` are not there any longer, or too many or too large: `topics` says how things stand.
    pub gap: bool,
    /// How each topic stands; empty where `events` says it.
    pub topics: Vec<TopicState>,
    /// What was missed, in order.
    pub events: Vec<MissedEvent>,
}

impl Method for Subscribe {
    const NAME: &'static str = "event.subscribe";
    const SUMMARY: &'static str = "Tells how topics stand, and from then on each change, as a notification.";
    // Whoever is refused is in the trail; whose appointments are heard by others is written down one by one.
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::Unauthenticated, Code::Forbidden, Code::NotFound];
    type Params = SubscribeParams;
    type Outcome = Subscribed;

    fn run(
        params: SubscribeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subscribed, Problem> {
        let topics = chosen(&params.topics, call.topics)?;
        call.note.is_own = true;
        let (mut stands, mut audiences) = (Vec::new(), Vec::new());
        for topic in topics {
            let snapshot = heard(topic, call, transaction)?;
            audiences.push((topic, snapshot.audience()));
            let facts = Facts::of(snapshot);
            stands.push(TopicState { topic: topic.to_string(), kind: facts.kind(), facts });
        }
        let bounds = Bounds::read(transaction)?;
        // Of what is not open, events are kept from when it was first listened to since the start.
        let is_kept = |since: i64| {
            let kept = |(topic, _): &(Topic, Audience)| {
                topic.is_open() || call.kept_from.get(topic).is_some_and(|from| since >= *from)
            };
            bounds.has_all_since(since) && audiences.iter().all(kept)
        };
        let missed = match params.since {
            Some(since) if is_kept(since) => missed(&audiences, since, transaction)?,
            _ => None,
        };
        let sequence = bounds.last;
        call.listening = Listening::To { topics: audiences, sequence };
        Ok(match missed {
            Some(events) => Subscribed { sequence, gap: false, topics: Vec::new(), events },
            None => Subscribed { sequence, gap: params.since.is_some(), topics: stands, events: Vec::new() },
        })
    }
}

/// Each topic that is asked for, once, where a connection may have so many beside those that it has.
fn chosen(asked: &[TopicName], had: &BTreeSet<Topic>) -> Result<BTreeSet<Topic>, Problem> {
    let topics: BTreeSet<Topic> = asked.iter().map(|TopicName(topic)| *topic).collect();
    if topics.is_empty() || topics.union(had).count() > TOPICS_MAX {
        let message = format!("must be 1 to {TOPICS_MAX}, together with those that this connection has");
        return Err(Problem::invalid("topics", message));
    }
    Ok(topics)
}

/// How a topic stands, for someone who may hear of it. Who may not is not told whether it is there.
fn heard(topic: Topic, call: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Snapshot, Problem> {
    let actor = call.opened.map(|opened| &opened.actor);
    // Strangers could fill the disk with what they are refused.
    if actor.is_some() {
        let (entity, id) = match topic {
            Topic::Session(id) | Topic::Queue(id) => ("clinic_session", id),
            Topic::Appointment(id) => ("appointment", id),
            Topic::Patient(id) => ("patient", id),
            Topic::Doctor(id) => ("doctor", id),
            Topic::Ward(id) => ("ward", id),
            Topic::Thread(id) => ("chat_thread", id),
            Topic::Inbox(id) => ("account", id),
        };
        (call.note.entity, call.note.entity_id) = (entity, Some(id));
        call.note.patient_id = (entity == "patient").then_some(id);
    }
    let refuse =
        |code: Code, message: &str| Err(Refusal::new(code, message).with("topic", topic.to_string()).into());
    if actor.is_none() && !topic.is_open() {
        return refuse(Code::Unauthenticated, "this topic is for those only whom it concerns; log in");
    }
    let snapshot = match topic {
        // Nothing of a patient is read for anybody else.
        Topic::Patient(id) if !(call.may_hear)(&Audience::Patient(id), actor) => None,
        Topic::Doctor(id) if !(call.may_hear)(&Audience::Doctor(id), actor) => None,
        Topic::Ward(_) if !(call.may_hear)(&Audience::Wards, actor) => None,
        Topic::Inbox(id) if !(call.may_hear)(&Audience::User(id), actor) => None,
        topic => event::snapshot(transaction, topic, &call.rules.queue, None)?,
    };
    match snapshot {
        Some(snapshot) if (call.may_hear)(&snapshot.audience(), actor) => Ok(snapshot),
        Some(_) => refuse(Code::Forbidden, NOT_CONCERNED),
        // Whoever may hear of all of them is told which there are.
        None if topic.is_open() || general(topic).is_some_and(|of_all| (call.may_hear)(of_all, actor)) => {
            refuse(Code::NotFound, "there is no such topic")
        }
        None => refuse(Code::Forbidden, NOT_CONCERNED),
    }
}

/// Whom all of a topic's kind concern; none where each has its own.
fn general(topic: Topic) -> Option<&'static Audience> {
    match topic {
        Topic::Ward(_) => Some(&Audience::Wards),
        Topic::Appointment(_) => Some(&NO_ONES_APPOINTMENT),
        _ => None,
    }
}

/// The events after a sequence, in order, unless they are too many.
fn missed(
    topics: &[(Topic, Audience)],
    since: i64,
    transaction: &Transaction<'_>,
) -> Result<Option<Vec<MissedEvent>>, Problem> {
    let (mut events, mut left, mut unfit) = (Vec::new(), MISSED_MAX, None);
    let mut bytes = 0;
    for (topic, _) in topics {
        let before = events.len();
        event::since(transaction, *topic, since, left + 1, |event| {
            bytes += event.facts.len();
            if bytes > MISSED_BYTES_MAX {
                return;
            }
            match RawValue::from_string(event.facts.to_owned()) {
                Ok(facts) => events.push(MissedEvent {
                    sequence: event.sequence,
                    topic: event.topic.to_owned(),
                    kind: event.kind.to_owned(),
                    happened_at_ms: event.happened_ms,
                    facts,
                }),
                Err(error) => unfit = Some(error.to_string()),
            }
        })?;
        left -= i64::try_from(events.len() - before).unwrap_or(i64::MAX);
        if left < 0 || bytes > MISSED_BYTES_MAX {
            return Ok(None);
        }
    }
    if let Some(error) = unfit {
        return Err(Problem::Internal(format!("the facts of an event are not JSON: {error}")));
    }
    events.sort_by_key(|event| event.sequence);
    Ok(Some(events))
}

pub struct Unsubscribe;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeParams {
    /// Which topics; without it, all of this connection.
    #[serde(default)]
    pub topics: Option<Vec<TopicName>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Unsubscribed {
    /// The topics to which this connection listens still.
    pub topics: Vec<String>,
}

impl Method for Unsubscribe {
    const NAME: &'static str = "event.unsubscribe";
    const SUMMARY: &'static str = "Ends the listening of this connection to some topics, or to all.";
    const KIND: Kind = Kind::Read;
    type Params = UnsubscribeParams;
    type Outcome = Unsubscribed;

    fn run(
        params: UnsubscribeParams,
        call: &mut Call<'_>,
        _: &Transaction<'_>,
    ) -> Result<Unsubscribed, Problem> {
        let ended: BTreeSet<Topic> = match params.topics {
            Some(topics) => topics.iter().map(|TopicName(topic)| *topic).collect(),
            None => call.topics.clone(),
        };
        let topics = call.topics.difference(&ended).map(Topic::to_string).collect();
        call.listening = Listening::NoLongerTo(ended);
        Ok(Unsubscribed { topics })
    }
}
