//! Workbooks recalculated by LibreOffice.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::path::Path;
use std::process::Command;

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
    let command = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", profile.display()))
        .args(["--headless", "--norestore", "--convert-to", "xlsx", "--outdir"])
        .arg(folder.join("out"))
        .args(&files)
        .output();
    match command {
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
