#include "ebb/core/cuda/cudnn/results.h"

#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <utility>

#include "ebb/core/error.h"

namespace ebb::cudnn {
namespace {

constexpr std::string_view heading =
    "# cuDNN's fastest engines, by ebb: version, GPU, operation, engine, milliseconds\n";

std::string place(std::int64_t version, std::string_view device, std::string_view key) {
  return std::to_string(version) + "\t" + std::string(device) + "\t" + std::string(key);
}

std::string line_of(const std::string& place, const Measured& measured) {
  std::string line = place + "\t" + to_string(measured.choice);
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), measured.milliseconds, std::chars_format::general, 6);
  return line + "\t" + std::string(digits.data(), end.ptr) + "\n";
}

/// Takes what stands before `end` off the front of `text`.
std::string_view taken(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  return part;
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse(std::string_view text, EngineChoice& choice) {
  if (!parse(taken(text, ' '), choice.engine)) return false;
  while (!text.empty()) {
    std::string_view knob = taken(text, ' ');
    auto& [type, value] = choice.knobs.emplace_back();
    if (!parse(taken(knob, '='), type) || !parse(knob, value)) return false;
  }
  return true;
}

/// Whether the line is one: its first three columns, and what was measured.
bool parse(std::string_view line, std::pair<std::string, Measured>& result) {
  std::array<std::string_view, 5> columns;
  for (std::string_view& column : columns) column = taken(line, '\t');
  std::int64_t version = 0;
  Measured& measured = result.second;
  const bool is_one = line.empty() && !columns[1].empty() && !columns[2].empty() && parse(columns[0], version) &&
                      parse(columns[3], measured.choice) && parse(columns[4], measured.milliseconds);
  if (is_one) result.first = place(version, columns[1], columns[2]);
  return is_one;
}

}  // namespace

BenchmarkResults& BenchmarkResults::all() {
  static auto* results = new BenchmarkResults;
  return *results;
}

std::optional<Measured> BenchmarkResults::find(std::int64_t version, std::string_view device,
                                               std::string_view key) const {
  const std::lock_guard guard(mutex_);
  const auto found = results_.find(place(version, device, key));
  if (found == results_.end()) return {};
  return found->second;
}

void BenchmarkResults::add(std::int64_t version, std::string_view device, std::string_view key,
                           const Measured& measured) {
  const std::lock_guard guard(mutex_);
  results_.insert_or_assign(place(version, device, key), measured);
}

std::string BenchmarkResults::text() const {
  const std::lock_guard guard(mutex_);
  std::string text(heading);
  for (const auto& [place, measured] : results_) text += line_of(place, measured);
  return text;
}

void BenchmarkResults::add(std::string_view text) {
  std::map<std::string, Measured, std::less<>> added;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = taken(text, '\n');
    if (line.empty() || line.starts_with('#')) continue;
    std::pair<std::string, Measured> result;
    check(parse(line, result), "line ", number, " of the benchmark results is not one: \"", line.substr(0, 200),
          "\"; give the text that benchmark_results() returned");
    added.insert_or_assign(std::move(result.first), std::move(result.second));
  }
  const std::lock_guard guard(mutex_);
  for (const auto& [place, measured] : added) results_.insert_or_assign(place, measured);
  ++generation_;
}

std::uint64_t BenchmarkResults::generation() const {
  const std::lock_guard guard(mutex_);
  return generation_;
}

}  // namespace ebb::cudnn
