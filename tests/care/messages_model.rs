//! Threads under random steps, held against a small model: sequences without holes, what is unread, and the
//! old schema's rows.

use super::clinic::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const STEPS: usize = 400;
const SEEDS: std::ops::Range<u64> = 1..5;
const PEOPLE: [&str; 5] = ["DOC001", "DOC002", "DOC003", NURSE, CLERK];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn flips(&mut self) -> bool {
        self.below(2) == 0
    }
}

#[derive(Default)]
struct Thread {
    id: i64,
    opener: usize,
    /// The senders of its messages.
    senders: Vec<usize>,
    members: BTreeSet<usize>,
    /// Where those are who have left it.
    left: BTreeMap<usize, i64>,
    read: BTreeMap<usize, i64>,
    delivered: BTreeMap<usize, i64>,
    /// The sequences that were sent to someone.
    copies: BTreeMap<usize, BTreeSet<i64>>,
    is_closed: bool,
}

impl Thread {
    fn last(&self, who: usize) -> i64 {
        let all = i64::try_from(self.senders.len()).unwrap();
        self.left.get(&who).copied().unwrap_or(all)
    }

    fn unread(&self, who: usize) -> usize {
        let read = self.read.get(&who).copied().unwrap_or(0);
        self.copies.get(&who).map_or(0, |copies| copies.range(read + 1..).count())
    }

    fn belongs(&self, who: usize) -> bool {
        self.members.contains(&who) || self.left.contains_key(&who)
    }
}

struct Walk {
    clinic: Clinic,
    dice: Dice,
    ids: Vec<i64>,
    threads: Vec<Thread>,
    blocks: BTreeSet<(usize, usize)>,
}

impl Walk {
    fn new(seed: u64) -> Walk {
        let mut clinic = Clinic::with(|settings| settings.clinic.chat.messages_per_minute_max = 1000);
        let mut ids = Vec::new();
        for who in PEOPLE {
            ids.push(clinic.ok(who, "session.whoami", json!({}))["user"]["user_id"].as_i64().unwrap());
        }
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Walk { clinic, dice, ids, threads: Vec::new(), blocks: BTreeSet::new() }
    }

    fn person(&mut self) -> usize {
        self.dice.below(PEOPLE.len())
    }

    fn number(&mut self, end: usize) -> i64 {
        i64::try_from(self.dice.below(end)).unwrap()
    }

    fn code(&mut self, who: usize, method: &str, params: &Value) -> Result<Value, String> {
        self.clinic
            .call(PEOPLE[who], method, params)
            .map_err(|error| error["code"].as_str().unwrap_or_default().to_owned())
    }

    fn open(&mut self, who: usize) {
        let others: BTreeSet<usize> = (0..3).map(|_| self.person()).collect();
        let ids: Vec<i64> = others.iter().map(|other| self.ids[*other]).collect();
        let opened = self.code(who, "chat.open_staff", &json!({"subject": "x", "members": ids})).unwrap();
        let members: BTreeSet<usize> = others.into_iter().chain([who]).collect();
        let id = opened["thread_id"].as_i64().unwrap();
        self.threads.push(Thread { id, opener: who, members, ..Thread::default() });
    }

    fn send(&mut self, who: usize, at: usize) {
        let id = self.threads[at].id;
        let said = self.code(who, "chat.send", &json!({"thread_id": id, "content": format!("{who}")}));
        let thread = &mut self.threads[at];
        if !thread.members.contains(&who) {
            assert_eq!(said, Err("forbidden".into()));
            return;
        }
        if thread.is_closed {
            assert_eq!(said, Err("thread_closed".into()));
            return;
        }
        let others: Vec<usize> = thread.members.iter().copied().filter(|other| *other != who).collect();
        let wants = |other: usize| !self.blocks.contains(&(other, who));
        if let [only] = others[..]
            && !wants(only)
        {
            assert_eq!(said, Err("blocked".into()));
            return;
        }
        thread.senders.push(who);
        let sequence = i64::try_from(thread.senders.len()).unwrap();
        assert_eq!(said.unwrap()["sequence"], sequence);
        for marks in [&mut thread.read, &mut thread.delivered] {
            let mark = marks.entry(who).or_default();
            if *mark == sequence - 1 {
                *mark = sequence;
            }
        }
        for other in others.into_iter().filter(|other| wants(*other)) {
            thread.copies.entry(other).or_default().insert(sequence);
        }
    }

    fn fetch(&mut self, who: usize, at: usize) {
        let (id, after) = (self.threads[at].id, self.number(20));
        let said = self.code(who, "chat.messages", &json!({"thread_id": id, "after": after, "limit": 5}));
        let thread = &mut self.threads[at];
        if !thread.belongs(who) {
            assert_eq!(said, Err("forbidden".into()));
            return;
        }
        let expected: Vec<(i64, i64)> = (after + 1..=thread.last(who).min(after + 5))
            .map(|sequence| (sequence, self.ids[thread.senders[usize::try_from(sequence).unwrap() - 1]]))
            .collect();
        let list = said.unwrap();
        let found: Vec<(i64, i64)> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["sequence"].as_i64().unwrap(), item["sender_id"].as_i64().unwrap()))
            .collect();
        assert_eq!(found, expected);
        if let Some((last, _)) = found.last() {
            let mark = thread.delivered.entry(who).or_default();
            *mark = (*mark).max(*last);
        }
    }

    fn read(&mut self, who: usize, at: usize) {
        let (id, up_to) = (self.threads[at].id, 1 + self.number(29));
        let said = self.code(who, "chat.read", &json!({"thread_id": id, "up_to": up_to}));
        let thread = &mut self.threads[at];
        if !thread.belongs(who) {
            assert_eq!(said, Err("forbidden".into()));
            return;
        }
        let up_to = up_to.min(thread.last(who));
        for marks in [&mut thread.read, &mut thread.delivered] {
            let mark = marks.entry(who).or_default();
            *mark = (*mark).max(up_to);
        }
        let said = said.unwrap();
        assert_eq!(said["read_sequence"], thread.read[&who]);
        assert_eq!(said["unread"], thread.unread(who));
    }

    fn move_members(&mut self, who: usize, at: usize) {
        let id = self.threads[at].id;
        let (is_member, is_closed) = (self.threads[at].members.contains(&who), self.threads[at].is_closed);
        if self.dice.flips() {
            let said = self.code(who, "chat.leave", &json!({"thread_id": id}));
            assert_eq!(said.is_ok(), is_member);
            let thread = &mut self.threads[at];
            if thread.members.remove(&who) {
                thread.left.insert(who, i64::try_from(thread.senders.len()).unwrap());
            }
            return;
        }
        let other = self.person();
        let user_id = self.ids[other];
        let said = self.code(who, "chat.add_member", &json!({"thread_id": id, "user_id": user_id}));
        assert_eq!(said.is_ok(), is_member && !is_closed);
        let thread = &mut self.threads[at];
        if said.is_ok() && thread.members.insert(other) && thread.left.remove(&other).is_none() {
            let last = i64::try_from(thread.senders.len()).unwrap();
            thread.read.insert(other, last);
            thread.delivered.insert(other, last);
        }
    }

    fn close(&mut self, who: usize, at: usize) {
        let said = self.code(who, "chat.close", &json!({"thread_id": self.threads[at].id}));
        let thread = &mut self.threads[at];
        match said {
            Ok(_) => assert!(thread.opener == who && !thread.is_closed),
            Err(code) if thread.opener == who => {
                assert_eq!((code.as_str(), thread.is_closed), ("bad_transition", true))
            }
            Err(code) => assert_eq!(code, "forbidden"),
        }
        thread.is_closed |= thread.opener == who;
    }

    fn block(&mut self, who: usize) {
        let other = self.person();
        if other == who {
            return;
        }
        let params = json!({"user_id": self.ids[other]});
        if self.dice.flips() {
            assert!(self.code(who, "chat.block", &params).is_ok());
            self.blocks.insert((who, other));
        } else {
            assert_eq!(self.code(who, "chat.unblock", &params).is_ok(), self.blocks.remove(&(who, other)));
        }
    }

    fn step(&mut self) {
        let who = self.person();
        if self.threads.len() < 6 && self.dice.below(10) == 0 || self.threads.is_empty() {
            return self.open(who);
        }
        let at = self.dice.below(self.threads.len());
        match self.dice.below(100) {
            0..45 => self.send(who, at),
            45..60 => self.fetch(who, at),
            60..80 => self.read(who, at),
            80..90 => self.move_members(who, at),
            90..98 => self.block(who),
            98 => self.close(who, at),
            _ => self.clinic.pass(1),
        }
    }

    /// Each one's own list says what the model says.
    fn check(&mut self) {
        for (who, name) in PEOPLE.into_iter().enumerate() {
            let list = self.clinic.ok(name, "chat.threads", json!({}));
            let items = list["items"].as_array().unwrap();
            let own: Vec<&Thread> = self.threads.iter().filter(|thread| thread.belongs(who)).collect();
            assert_eq!(items.len(), own.len());
            let moments: Vec<i64> = items.iter().map(|item| item["active_ms"].as_i64().unwrap()).collect();
            assert!(moments.is_sorted_by(|newer, older| newer >= older));
            for thread in own {
                let item = items.iter().find(|item| item["thread"]["thread_id"] == thread.id).unwrap();
                assert_eq!(item["unread"], thread.unread(who), "{name} in {}", thread.id);
                assert_eq!(item["thread"]["last_sequence"], thread.last(who));
                for member in &thread.members {
                    let of = |marks: &BTreeMap<usize, i64>| marks.get(member).copied().unwrap_or(0);
                    let mark = json!({
                        "user_id": self.ids[*member],
                        "delivered_sequence": of(&thread.delivered).min(thread.last(who)),
                        "read_sequence": of(&thread.read).min(thread.last(who)),
                    });
                    assert!(item["marks"].as_array().unwrap().contains(&mark), "{mark}: {}", item["marks"]);
                }
            }
        }
        let copies: usize =
            self.threads.iter().flat_map(|thread| thread.copies.values()).map(BTreeSet::len).sum();
        let unread: usize = self
            .threads
            .iter()
            .map(|thread| (0..PEOPLE.len()).map(|who| thread.unread(who)).sum::<usize>())
            .sum();
        let rows = [
            ("SELECT count(*) FROM chat_messages", copies),
            ("SELECT count(*) FROM chat_copies", copies),
            ("SELECT count(*) FROM chat_messages WHERE is_read = 0", unread),
            // A row of the old schema says what the message says.
            (
                "SELECT count(*) FROM chat_copies c JOIN chat_messages m ON m.message_id = c.message_id
                    JOIN chat_entries e ON e.thread_id = c.thread_id AND e.sequence = c.sequence
                WHERE m.sender_id = e.sender_id AND m.receiver_id = c.receiver_id AND m.content = e.content
                    AND unixepoch(m.sent_at) * 1000 = e.sent_ms",
                copies,
            ),
            ("SELECT count(*) FROM chat_strays", 0),
            (
                "SELECT count(*) FROM (SELECT 1 FROM chat_entries GROUP BY thread_id
                HAVING max(sequence) <> count(*) OR min(sequence) <> 1)",
                0,
            ),
        ];
        for (sql, expected) in rows {
            assert_eq!(self.clinic.number(sql), i64::try_from(expected).unwrap(), "{sql}");
        }
    }
}

#[test]
fn whatever_is_done_the_threads_say_what_a_small_model_says() {
    for seed in SEEDS {
        let mut walk = Walk::new(seed);
        for step in 0..STEPS {
            walk.step();
            if step % 20 == 0 {
                walk.check();
            }
        }
        walk.check();
        let sent: usize = walk.threads.iter().map(|thread| thread.senders.len()).sum();
        assert!(sent > 30, "seed {seed}: {sent} messages say little");
    }
}
