//! The queue before a door, over the dispatcher and over its service: no sockets.

mod clinic;
mod closing;
mod desk;
mod entering;
mod model;
mod stepping;
mod watching;
