#include "ebb/nn/loading/key_match.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace ebb::nn {
namespace {

/// Whether `key` is the path or lies below it; every key does below the empty one.
bool is_at(std::string_view key, std::string_view path) {
  return path.empty() || (key.starts_with(path) && (key.size() == path.size() || key[path.size()] == '.'));
}

std::string replace_path(const std::string& key, const std::string& from, const std::string& to) {
  std::string_view rest = std::string_view(key).substr(from.size());
  if (rest.starts_with('.')) rest.remove_prefix(1);
  return to + (to.empty() || rest.empty() ? "" : ".") + std::string(rest);
}

std::string follow_rules(const std::string& key, const RenamedDict::Rules& rules) {
  for (const auto& [from, to] : rules) {
    if (is_at(key, from)) return replace_path(key, from, to);
  }
  return key;
}

/// Letters added, left out, replaced, or exchanged with the next.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last.back();
}

std::size_t count_known(const StateDict& from, const StateDict& to, std::string_view prefix) {
  return static_cast<std::size_t>(std::ranges::count_if(from, [&](const StateDict::Entry& entry) {
    const std::string_view name = entry.first;
    return name.starts_with(prefix) && to.contains(name.substr(prefix.size()));
  }));
}

}  // namespace

RenamedDict::RenamedDict(const StateDict& file, const Rules& rules) : dict(file) {
  for (const auto& [name, tensor] : file) file_names_[name] = name;
  if (!rules.empty()) rename([&](const std::string& key) { return follow_rules(key, rules); });
}

template <class Rename>
void RenamedDict::rename(Rename&& rename) {
  StateDict renamed;
  std::unordered_map<std::string, std::string> file_names;
  for (const auto& [name, tensor] : dict) {
    const std::string to = rename(name);
    const auto [other, is_new] = file_names.try_emplace(to, file_name(name));
    check(is_new, "the keys \"", other->second, "\" and \"", file_name(name), "\" of the file both become \"", to,
          "\"; change the rules that rename keys, or switch detect_prefix off");
    renamed.set(to, tensor);
  }
  for (const auto& [path, version] : dict.versions) {
    renamed.versions.emplace_back(path.empty() ? path : rename(path), version);
  }
  dict = std::move(renamed);
  file_names_ = std::move(file_names);
}

void RenamedDict::strip(const std::string& prefix) {
  const std::string path = prefix.substr(0, prefix.size() - 1);
  rename([&](const std::string& key) { return is_at(key, path) ? replace_path(key, path, "") : key; });
}

void RenamedDict::add(const std::string& prefix) {
  rename([&](const std::string& key) { return prefix + key; });
}

const std::string& RenamedDict::file_name(const std::string& name) const {
  static const std::string none;
  const auto found = file_names_.find(name);
  return found == file_names_.end() ? none : found->second;
}

std::string find_prefix(const StateDict& from, const StateDict& to) {
  constexpr std::size_t most_tries = 16;
  std::string best;
  std::size_t known = count_known(from, to, "");
  std::unordered_set<std::string> tried;
  for (const auto& [name, tensor] : from) {
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      const std::string prefix = name.substr(0, dot + 1);
      if (!to.contains(std::string_view(name).substr(dot + 1)) || tried.size() == most_tries) continue;
      if (!tried.insert(prefix).second) continue;
      const std::size_t count = count_known(from, to, prefix);
      if (count > known) best = prefix, known = count;
    }
  }
  return best;
}

std::string closest_name(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 200;
  std::string closest;
  std::size_t least = std::min(name.size(), longest) / 3 + 1;  // as many letters may differ
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer > longest || longer - std::min(name.size(), candidate.size()) >= least) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < least) closest = candidate, least = distance;
  }
  return closest;
}

}  // namespace ebb::nn
