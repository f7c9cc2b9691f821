//! Sessions and the places in them, over the dispatcher, without sockets: how sessions are made, who gets a place,
//! what becomes of it, who waits for one, and what the old dialect makes of it all.

mod clinic;
mod calling;
mod closing;
mod keeping;
mod making;
mod old_dialect;
mod recording;
mod taking;
mod waiting;
