# shellcheck shell=bash
# The builds under sanitizers, which ./check and tools/fuzz share.

export CC=clang CXX=clang++ # GCC takes four times as long over code that UBSan watches
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:check_initialization_order=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:suppressions=$PWD/tools/lib/ubsan.supp
export TSAN_OPTIONS=second_deadlock_stack=1

# configure_sanitized BUILD OPTION...
configure_sanitized() {
  local widest=avx2 # of what can run here; kernels take longest to compile
  if grep -qw avx512vl /proc/cpuinfo; then widest=avx512; fi
  configure "$1" --buildtype=debugoptimized -Doptimization=0 -Ddebug=false -Dcpp_args=-gline-tables-only -Db_lundef=false \
    -Dcuda=disabled -Dtests=true -Dapps=true -Dbench=false -Ddocs=false -Dwidest_instruction_set="$widest" "${@:2}"
}

configure_asan() { configure_sanitized "$1" -Db_sanitize=address,undefined -Dfuzz=true; }

configure_tsan() { configure_sanitized "$1" -Db_sanitize=thread; }
