//! Tokens and files, read within bounds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::answer::Failure;
use crate::arguments::TokenSource;
use crate::terminal;

/// More than this is no token; the core refuses far less than this as too large.
const TOKEN_BYTES: usize = 1024 * 1024;

/// The token, without whitespace around it where it comes from a file or the standard input.
pub(crate) fn token(source: &TokenSource) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match (&source.token, &source.token_file) {
        (_, Some(path)) if path.as_os_str() == "-" => standard_input(),
        (_, Some(path)) => {
            let read = open(path).and_then(|file| read(file, TOKEN_BYTES + 1));
            read.map(trimmed).map_err(|error| cannot_read("--token-file", &error))
        }
        (Some(token), _) if token != "-" => Ok(Zeroizing::new(token.clone().into_encoded_bytes())),
        (None, _) if terminal::is_input_a_terminal() => Err(Failure::Usage(
            "no token: pipe it in (counterseal … < token), name its file with --token-file, or type it behind `-`"
                .to_owned(),
        )),
        _ => standard_input(),
    }
}

/// The bytes of a file that the argument `name` gives; one of more than `most` bytes is an error.
pub(crate) fn file(name: &str, path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes =
        open(path).and_then(|file| read(file, most + 1)).map_err(|error| cannot_read(name, &error))?;
    if bytes.len() > most {
        return Err(Failure::Usage(format!("the file given as {name} is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// The file that the argument `name` gives, or (`-`) the standard input, to be read bit by bit.
pub(crate) fn stream(name: &str, path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    const PIECE: usize = 64 * 1024;
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::with_capacity(PIECE, io::stdin())));
    }
    let file = open(path).map_err(|error| cannot_read(name, &error))?;
    Ok(Box::new(BufReader::with_capacity(PIECE, file)))
}

/// The token behind "Bearer ", or the token as it is; for what does not go through a guard.
pub(crate) fn without_scheme(token: &[u8]) -> &[u8] {
    match token.split_first_chunk::<7>() {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => rest.trim_ascii_start(),
        _ => token,
    }
}

fn standard_input() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let read = read(io::stdin().lock(), TOKEN_BYTES + 1);
    read.map(trimmed).map_err(|error| cannot_read("the standard input", &error))
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
}

fn read(source: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn trimmed(bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.trim_ascii().to_vec())
}

/// The name of a file that is not there is not repeated: it could be a token in the wrong place.
pub(crate) fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::Usage(format!("what is given as {name} cannot be read: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_around_is_trimmed() {
        for (text, expected) in [("a.b.c\n", "a.b.c"), (" \t\r\na b\r\n\n", "a b"), ("", ""), ("\n", "")] {
            assert_eq!(*trimmed(Zeroizing::new(text.into())), expected.as_bytes());
        }
    }

    #[test]
    fn reading_is_bounded() {
        assert_eq!(read(io::repeat(b'a'), 10).unwrap().len(), 10);
    }

    #[test]
    fn the_scheme_is_taken_off_once() {
        for (text, expected) in [
            ("Bearer x", "x"),
            ("bEARER  x", "x"),
            ("Bearer", "Bearer"),
            ("Bearer Bearer x", "Bearer x"),
            ("x", "x"),
        ] {
            assert_eq!(without_scheme(text.as_bytes()), expected.as_bytes());
        }
    }
}
