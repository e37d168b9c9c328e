#!/bin/sh
# Called by cargo instead of rustc (RUSTC_WRAPPER): adds the counters that libFuzzer steers by to this
# project's own code alone. Everything else is compiled as for the tests, and so is found compiled.
rustc=$1
shift
case " $* " in
*" --crate-name mrv "* | *"fuzz_targets/"*)
    exec "$rustc" "$@" \
        -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares \
        -Ccodegen-units=1
    ;;
esac
exec "$rustc" "$@"
