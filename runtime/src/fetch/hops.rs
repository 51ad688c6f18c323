//! One document, over as many requests as its redirects make: what each network has in common (JKS-01 to JKS-04).

use std::io::Read;
use std::time::Instant;

use counterseal_core::error::Code;
use counterseal_core::keys::answer::Head;
use counterseal_core::keys::fetch::{FetchFault, Request, Response};
use zeroize::Zeroizing;

use super::bearer;

/// Who carries a request to a server and its answer back: the machine, or a test.
pub(crate) trait Carrier {
    /// Sends one request, with the value of its header Authorization. No redirect is followed, and no address is
    /// connected to that [`Request::may_connect`] refuses.
    fn carry(
        &self,
        request: &Request,
        credential: Option<Zeroizing<String>>,
        deadline: Instant,
    ) -> Result<Answer, FetchFault>;
}

/// An answer whose body has not been read.
pub(crate) struct Answer {
    pub(crate) head: Head,
    /// The length of the body, where the server says it.
    pub(crate) length: Option<u64>,
    pub(crate) body: Box<dyn Read>,
    /// What an error of the body says.
    pub(crate) fault: fn(std::io::Error) -> FetchFault,
}

/// Gets a document.
pub(crate) fn get(request: &Request, carrier: &impl Carrier) -> Result<Response, FetchFault> {
    let deadline = Instant::now() + request.settings.timeout;
    let mut request = request.clone();
    let mut followed = 0;
    loop {
        request.may_be_sent()?;
        if let Some(address) = request.url.address() {
            request.may_connect(address).map_err(blocked)?;
        }
        if deadline <= Instant::now() {
            return Err(FetchFault::new(Code::JwksFetchFailed, "timeout"));
        }
        let credential = request.bearer_file.as_deref().map(bearer::authorization).transpose()?;
        let answer = carrier.carry(&request, credential, deadline)?;
        match request.follow(&answer.head, followed)? {
            None => return read(&request, answer),
            Some(next) => request = next,
        }
        followed += 1;
    }
}

pub(crate) fn blocked(reason: &str) -> FetchFault {
    FetchFault::new(Code::JwksAddressBlocked, reason)
}

fn read(request: &Request, answer: Answer) -> Result<Response, FetchFault> {
    let Answer { head, length, body, fault } = answer;
    request.check_length(length.unwrap_or_default())?;
    let mut bytes = Vec::new();
    body.take(request.settings.max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(fault)?;
    request.check_length(bytes.len() as u64)?;
    Ok(Response::new(&head, bytes))
}
