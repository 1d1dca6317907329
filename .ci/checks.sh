# shellcheck shell=sh
# What the launcher's `check` runs. Every check runs, and the command fails if any of them did.
# It is read by the launcher, whose functions and settings it uses.
# shellcheck disable=SC2154

check() { # NAME TITLE COMMAND...
  case " $wanted " in *" $1 "* | '  ') ;; *) return 0 ;; esac
  checks_run=$((checks_run + 1))
  check_name=$1
  shift
  step "check-$check_name" "$@" && return 0
  show_log 60
  failed_checks="$failed_checks $check_name"
}

# Two lanes, one for each of the two cores that this needs at least: the compiler of Solidity runs on one.
beside_checks='sol-format sol-build sol-test slither'
other_checks='lint format types layers shell tidy sol-coverage'

run_all_checks() {
  beside_code=0
  # shellcheck disable=SC2086
  XL_BESIDE=1 setsid /bin/sh "$self" check $beside_checks &
  beside=$!
  # shellcheck disable=SC2086
  run_checks $other_checks || :
  wait "$beside" || beside_code=$?
  beside=''
  [ -z "$failed_checks" ] && [ "$beside_code" -eq 0 ] || fail 'not all checks passed; see above'
  say 'all checks passed'
}

run_checks() {
  wanted=$*
  checks_run=0
  failed_checks=''
  cd "$here" || return 1
  check lint 'lint (ruff)' ruff check .
  check format 'format (ruff)' ruff format --check .
  check types 'types (mypy, strict)' mypy ledger services trace finance ingest tests
  check layers 'layers (import-linter)' lint-imports --no-cache
  check shell 'shell scripts (shellcheck)' shellcheck -x xl .ci/run .ci/checks.sh .ci/requirements/lock contracts/tools/coverage
  check tidy 'the repository itself (tests/arch)' python -m pytest -q tests/arch --ignore tests/arch/test_launcher.py
  check sol-format 'Solidity format' in_tools forge fmt --check
  check sol-build 'Solidity build' in_tools forge build
  check sol-test 'Solidity tests' in_tools forge test
  check sol-coverage 'Solidity tests, branches covered' in_tools tools/coverage
  check slither 'Slither, medium and high findings' in_tools "$home/slither/bin/slither" . --fail-medium
  [ "$checks_run" -gt 0 ] || fail "no check is named so: $wanted"
  if [ -z "$failed_checks" ]; then
    [ -n "${XL_BESIDE:-}" ] || say 'all of these passed'
    return 0
  fi
  say "checks that failed:$failed_checks"
  say 'mend them, then: ./xl check NAME...'
  return 1
}
