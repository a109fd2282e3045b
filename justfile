# The recipes of this project; CI runs the same.

_default:
    @just --list --unsorted

# Everything in one step: PostgreSQL, migrations, two demo shops, the server
dev *ARGS:
    cargo run -- dev {{ARGS}}

# Every test, on a real PostgreSQL of its own
test *ARGS:
    cargo test {{ARGS}}

# Format, lints, and the library without its features
check:
    cargo fmt --all --check
    cargo clippy --all-targets -- -D warnings
    cargo check -p tenancy --no-default-features

# What may be linked: licences, doubles, sources, advisories
deny:
    .ci/deny

# Write both SDL files anew
schema:
    cargo run --quiet -- schema print > schema.graphql
    cargo run --quiet -- schema print --realm shared > schema.shared.graphql

# Write the table of roles and fields anew, from what the probes see
permissions:
    UPDATE_PERMISSIONS=1 cargo test --quiet -p tests permissions

# A new migration: just migration tenant add_phone
migration REALM NAME:
    cargo run --quiet -- migrate new {{REALM}} {{NAME}}

# Load a folder of CSV files through the API: just load FOLDER --help
load *ARGS:
    cargo run --release --example load_shop -- {{ARGS}}

# Figures of the whole, beside the same SQL without us: just bench [workload|foundation|documents|login] --help
bench NAME='workload' *ARGS:
    cargo bench -p api --bench {{NAME}} -- {{ARGS}}

# Instructions of a request, which are the same on a busy machine; needs valgrind
instructions:
    cargo bench -p api --bench instructions
