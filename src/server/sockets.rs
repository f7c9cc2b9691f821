//! Owns the listening sockets that a server starts with: those that it was given, and those that it binds.
//!
//! It never accepts anybody. Invariant: a socket that was given is used only where it listens at the address that is
//! configured, so that the configuration alone says where a server is to be found; any other is closed, and named.

use super::StartError;
use crate::ops::config::Config;
use log::warn;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Sockets that listen already: those of the server before, or of a service manager.
#[derive(Debug, Default)]
pub struct Given {
    pub clients: Option<TcpListener>,
    pub metrics: Option<TcpListener>,
    /// Those that are closed already, for there is nothing that they could be, by what they were.
    pub closed: Vec<String>,
}

/// What a server listens at.
#[derive(Debug)]
pub struct Sockets {
    pub(super) clients: mio::net::TcpListener,
    pub(super) metrics: Option<mio::net::TcpListener>,
    /// What was given and is closed.
    closed: Vec<String>,
}

impl Sockets {
    /// # Errors
    /// Where an address cannot be had.
    pub fn bind(config: &Config, given: Given) -> Result<Sockets, StartError> {
        let Given { clients, metrics, mut closed } = given;
        let clients = listen(&config.server.host, config.server.port, clients, &mut closed)?;
        let metrics = match config.metrics.address {
            Some(address) => Some(listen_for_metrics(address, metrics, &mut closed)?),
            None => {
                fitting(metrics, &[], &mut closed);
                None
            }
        };
        Ok(Sockets { clients, metrics, closed })
    }

    /// Says which were given for nothing, once there is a log.
    pub(super) fn warn_of_closed(&self) {
        if !self.closed.is_empty() {
            let (count, names) = (self.closed.len(), self.closed.join(", "));
            warn!("the configuration does not name all sockets that were given: {count} are closed: {names}");
        }
    }
}

fn listen(
    host: &str,
    port: u16,
    given: Option<TcpListener>,
    closed: &mut Vec<String>,
) -> Result<mio::net::TcpListener, StartError> {
    let failed = |reason: String| StartError::Listen { address: format!("{host}:{port}"), reason };
    let addresses = (host, port).to_socket_addrs().map_err(|error| failed(error.to_string()))?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    if let Some(fitting) = fitting(given, &addresses, closed) {
        return ready(fitting).map_err(|error| failed(error.to_string()));
    }
    let mut last = failed("the host has no address".into());
    for address in addresses {
        match mio::net::TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = failed(error.to_string()),
        }
    }
    Err(last)
}

fn listen_for_metrics(
    address: SocketAddr,
    given: Option<TcpListener>,
    closed: &mut Vec<String>,
) -> Result<mio::net::TcpListener, StartError> {
    match fitting(given, &[address], closed) {
        Some(fitting) => ready(fitting),
        None => mio::net::TcpListener::bind(address),
    }
    .map_err(|error| StartError::Listen {
        address: format!("{address}, for the metrics"),
        reason: error.to_string(),
    })
}

/// What was given, where it listens at one of these addresses; the port 0 is any that the system has chosen.
fn fitting(
    given: Option<TcpListener>,
    addresses: &[SocketAddr],
    closed: &mut Vec<String>,
) -> Option<TcpListener> {
    let given = given?;
    let local = given.local_addr().ok()?;
    let fits = |wanted: &SocketAddr| wanted.ip() == local.ip() && [0, local.port()].contains(&wanted.port());
    if addresses.iter().any(fits) {
        return Some(given);
    }
    closed.push(local.to_string());
    None
}

fn ready(listener: TcpListener) -> io::Result<mio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    Ok(mio::net::TcpListener::from_std(listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn what_is_given_is_used_where_it_is_the_address_that_is_wanted() {
        let mut config = Config::default();
        for port_is_named in [true, false] {
            let (listener, address) = bound();
            config.server.port = if port_is_named { address.port() } else { 0 };
            let given = Given { clients: Some(listener), ..Given::default() };
            assert_eq!(Sockets::bind(&config, given).unwrap().clients.local_addr().unwrap(), address);
        }
        let ((clients, other), (metrics, address)) = (bound(), bound());
        config.server.port = bound().1.port();
        config.metrics.address = Some(address);
        let given = Given { clients: Some(clients), metrics: Some(metrics), closed: vec!["a".to_owned()] };
        let sockets = Sockets::bind(&config, given).unwrap();
        assert_eq!(sockets.clients.local_addr().unwrap().port(), config.server.port);
        assert_eq!(sockets.metrics.unwrap().local_addr().unwrap(), address);
        assert_eq!(sockets.closed, ["a", &other.to_string()]);
        TcpListener::bind(other).expect("what does not fit is closed");
        (config.server.port, config.metrics.address) = (0, None);
        let (metrics, address) = bound();
        let sockets = Sockets::bind(&config, Given { metrics: Some(metrics), ..Given::default() }).unwrap();
        assert_eq!(sockets.closed, [address.to_string()]);
    }
}
