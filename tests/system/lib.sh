# What the system tests share: counting checks, a small sweep, a folder that is removed.
#
# A test is a shell script that runs the program as a user would and ends with the line "N passed,
# N failed[, N skipped]". It is run from the root of the tree with the program on its path.

# shellcheck shell=sh
passed=0 failed=0 skipped=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/capsim-system.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

check() { # check WHAT COMMAND...: passes when the command does
    what=$1
    shift
    if "$@" >"$tmp/check.log" 2>&1; then passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $what"
        sed 's/^/    /' "$tmp/check.log" | head -20
    fi
}
skip() {
    skipped=$((skipped + 1))
    echo "skip  $1"
}
finish() {
    echo "$passed passed, $failed failed$([ $skipped -eq 0 ] || echo ", $skipped skipped")"
    [ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}

# 48 points of some ten milliseconds each; three GPUs in twos make no sound scenario.
cat >"$tmp/small.yaml" <<'YAML'
name: A small sweep
model: llama-3.1-8b
traffic: {rate: 4 req/s, lengths: azure-conv-2023, curve: flat}
slo: {ttft: {p95: 1 s}, tpot: {p95: 50 ms}}
deploy: {hardware: l40s, precision: bf16, tensor_parallel: 1}
compare: gpt-4o-mini
simulate: {requests: 3000, replications: 1}
YAML
# shellcheck disable=SC2034  # used by those who read this
SWEEP="$tmp/small.yaml --vary traffic.rate=2..12req/s:6 --vary deploy.hardware=l40s,h100-sxm-80gb
       --vary deploy.tensor_parallel=1,2 --vary deploy.gpus=2,3"
sweep() { # sweep OPTION...: the small sweep
    # shellcheck disable=SC2086
    capsim sweep $SWEEP "$@"
}
