//! What a process really asked of the system, from strace: every call in the order of its effects.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls that alter files, make them durable, or send something away.
const CALLS: &str = "trace=openat,creat,close,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,\
    truncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,sync_file_range,syncfs,sync,rename,\
    renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat,sendto,\
    sendmsg,dup,dup2,dup3";

/// One call that succeeded. Between `begin` and `end`, places in the trace, it took effect.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    arguments: Vec<String>,
    pub result: i64,
    pub begin: usize,
    pub end: usize,
}

/// The command that runs `program` and writes its calls to `trace`.
pub fn command(program: &Path, trace: &Path) -> Command {
    let mut command = Command::new("strace");
    // Texts and paths in full and in hexadecimal: nothing in them can be taken for punctuation.
    command.args(["-f", "--seccomp-bpf", "-y", "-xx", "-s", "100000000", "-e", CALLS, "-o"]);
    command.arg(trace).arg(program);
    command
}

/// True where strace is installed and may trace.
pub fn is_there() -> bool {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// The calls of a trace that succeeded, in the order in which they ended.
pub fn read(trace: &Path) -> Vec<Call> {
    let text = String::from_utf8(std::fs::read(trace).unwrap()).unwrap();
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(process, (place, begun));
            continue;
        }
        let (begin, whole) = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let (_, tail) = resumed.split_once(" resumed>").unwrap();
                let Some((begin, head)) = unfinished.remove(process) else { continue };
                (begin, format!("{}{tail}", head.trim_end()))
            }
            None => (place, rest.to_owned()),
        };
        calls.extend(call(&whole, begin, place));
    }
    calls
}

fn call(text: &str, begin: usize, end: usize) -> Option<Call> {
    let (head, result) = text.rsplit_once(" = ")?;
    let result: i64 = result.split(['<', ' ']).next()?.parse().ok()?;
    let (name, arguments) = head.trim_end().strip_suffix(')')?.split_once('(')?;
    let arguments = arguments.split(", ").map(str::to_owned).collect();
    (result >= 0).then(|| Call { name: name.to_owned(), arguments, result, begin, end })
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        for argument in &self.arguments {
            let sign = |sign: u8| if sign.is_ascii_graphic() { char::from(sign) } else { '.' };
            let text = argument.find("\\x").map(|begin| bytes(argument[begin..].trim_matches('"')));
            let shown: String = match text {
                Some(text) => text.into_iter().map(sign).collect(),
                None => argument.clone(),
            };
            write!(
                f,
                " {}",
                shown.chars().rev().take(60).collect::<Vec<_>>().iter().rev().collect::<String>()
            )?;
        }
        Ok(())
    }
}

impl Call {
    pub fn argument(&self, number: usize) -> &str {
        &self.arguments[number]
    }

    pub fn number(&self, number: usize) -> u64 {
        self.arguments[number].parse().unwrap()
    }

    pub fn has(&self, number: usize, flag: &str) -> bool {
        self.arguments.get(number).is_some_and(|flags| flags.split('|').any(|one| one == flag))
    }

    /// Number of a file descriptor, with what it stands for.
    pub fn descriptor(&self, number: usize) -> (i64, PathBuf) {
        let text = &self.arguments[number];
        let (descriptor, of) = text.split_once('<').unwrap_or((text, ""));
        let of = of.rsplit_once('>').map_or("", |(of, _)| of);
        (descriptor.parse().unwrap_or(-100), PathBuf::from(String::from_utf8(bytes(of)).unwrap()))
    }

    /// A path given as a text: relative to the folder of the descriptor before it, if there is one.
    pub fn path(&self, number: usize) -> PathBuf {
        let text = self.arguments[number].trim_matches('"');
        let path = PathBuf::from(String::from_utf8(bytes(text)).unwrap());
        match number.checked_sub(1).map(|before| &self.arguments[before]) {
            Some(folder) if path.is_relative() && folder.contains('<') => {
                self.descriptor(number - 1).1.join(path)
            }
            _ => path,
        }
    }

    /// All bytes given to a write of one or several parts; only so many were taken as `result` says.
    pub fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for argument in &self.arguments[1..] {
            let Some(begin) = argument.find('"') else { continue };
            let Some(len) = argument[begin + 1..].find('"') else { continue };
            all.extend(bytes(&argument[begin + 1..begin + 1 + len]));
            if !self.name.contains('v') && self.name != "sendmsg" {
                break;
            }
        }
        all.truncate(usize::try_from(self.result).unwrap());
        all
    }
}

/// The bytes of `\x61\x62`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(4);
    digits
        .take_while(|sign| sign.starts_with(b"\\x"))
        .map(|sign| u8::from_str_radix(std::str::from_utf8(&sign[2..]).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn calls_are_put_together_from_their_parts_in_the_order_of_their_ends() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let text = "\
7  fdatasync(3<\\x2f\\x61> <unfinished ...>
8  pwrite64(4<\\x2f\\x62>, \"\\x68\\x69\\x21\", 3, 64) = 2
8  rename(\"\\x61\", \"\\x62\") = -1 ENOENT (No such file or directory)
7  <... fdatasync resumed>) = 0
7  writev(5<\\x73>, [{iov_base=\"\\x61\", iov_len=1}, {iov_base=\"\\x62\", iov_len=1}], 2) = 2
7  openat(AT_FDCWD<\\x2f\\x64>, \"\\x65\", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 9<\\x2f\\x64\\x2f\\x65>
7  +++ exited with 0 +++
";
    std::fs::write(&trace, text).unwrap();
    let calls = read(&trace);
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["pwrite64", "fdatasync", "writev", "openat"]);
    assert_eq!((calls[0].bytes(), calls[0].number(3)), (b"hi".to_vec(), 64));
    assert_eq!((calls[1].begin, calls[1].end), (0, 3));
    assert_eq!(calls[1].descriptor(0), (3, PathBuf::from("/a")));
    assert_eq!(calls[2].bytes(), b"ab");
    assert_eq!(calls[3].path(1), PathBuf::from("/d/e"));
    assert!(calls[3].has(2, "O_CREAT") && !calls[3].has(2, "O_TRUNC"));
    assert_eq!(calls[3].result, 9);
}
