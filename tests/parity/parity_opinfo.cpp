// Runs the cases that tools/gen_opinfo.py recorded from PyTorch, and tells what agrees.
#include <cstdio>
#include <iostream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tests/parity/cases.h"
#include "tests/parity/tensor_file.h"

using parity::Result;

static Result total_of(const std::vector<Result>& results) {
  Result total;
  total.op = "total";
  for (const Result& r : results) {
    total.passed += r.passed;
    total.failed += r.failed;
    total.unsupported += r.unsupported;
    total.by_float64 += r.by_float64;
  }
  return total;
}

static void print_line(const Result& r) {
  std::printf("%-45s %5d passed %5d failed %5d unsupported\n", r.op.c_str(), r.passed, r.failed, r.unsupported);
}

static void print_text(const std::vector<Result>& results) {
  for (const Result& r : results) {
    print_line(r);
    for (const std::string& failure : r.failures) std::printf("    %s\n", failure.c_str());
  }
  const Result total = total_of(results);
  print_line(total);
  std::printf("%d of those passed differ by more than assert_close allows, but are as near to float64 as PyTorch's\n",
              total.by_float64);
}

static void print_json(const std::vector<Result>& results) {
  const auto counts = [](const Result& r) {
    return nlohmann::json{
        {"passed", r.passed}, {"failed", r.failed}, {"unsupported", r.unsupported}, {"by_float64", r.by_float64}};
  };
  nlohmann::json report{{"total", counts(total_of(results))}, {"ops", nlohmann::json::array()}};
  for (const Result& r : results) {
    nlohmann::json entry = counts(r);
    entry["op"] = r.op;
    entry["failures"] = r.failures;
    entry["not_supported"] = r.not_supported;
    report["ops"].push_back(entry);
  }
  std::cout << report.dump(2) << "\n";
}

int main(int argc, char** argv) {
  const bool as_json = argc == 3 && std::string_view(argv[2]) == "--json";
  if (argc != 2 && !as_json) {
    std::cerr << "usage: parity_opinfo DIR [--json]\n  DIR: written by tools/gen_opinfo.py\n";
    return 2;
  }
  try {
    const auto results = parity::run_folder(argv[1]);
    as_json ? print_json(results) : print_text(results);
    return total_of(results).failed == 0 ? 0 : 1;
  } catch (const parity::BadFolder& error) {
    std::cerr << "parity_opinfo: " << error.what() << "\n";
    return 2;
  }
}
