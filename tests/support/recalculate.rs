//! Workbooks recalculated by LibreOffice.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Makes LibreOffice compute every formula as it opens a file (Tools, Options, Calc, Formula).
const ALWAYS_RECALCULATE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"#;

/// Every workbook of `folder` recalculated into `folder/out`; false where LibreOffice is not there.
pub fn recalculate(folder: &Path) -> bool {
    let profile = folder.join("profile");
    std::fs::create_dir_all(profile.join("user")).unwrap();
    std::fs::write(profile.join("user/registrymodifications.xcu"), ALWAYS_RECALCULATE).unwrap();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "xlsx")).collect();
    // Several that start at once crash each other now and then.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let convert = || {
        Command::new("soffice")
            .arg(format!("-env:UserInstallation=file://{}", profile.display()))
            .args(["--headless", "--norestore", "--convert-to", "xlsx", "--outdir"])
            .arg(folder.join("out"))
            .args(&files)
            .output()
    };
    let mut converted = convert();
    if converted.as_ref().is_ok_and(|output| !output.status.success()) {
        eprintln!("LibreOffice failed and is started once more");
        converted = convert();
    }
    match converted {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => {
            eprintln!("left out: recalculation of workbooks; there is no soffice");
            false
        }
    }
}
