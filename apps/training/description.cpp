#include "apps/training/description.h"

#include <algorithm>

namespace ebb::apps {
namespace {

Value list_of(const auto& items) {
  Value list = Value::list();
  for (const auto& item : items) list.append(item);
  return list;
}

std::vector<std::string> texts_in(const Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr || list->kind() != Value::Kind::list) return texts;
  for (const Value& item : list->items()) texts.push_back(item.is_text() ? item.as_text() : "");
  return texts;
}

std::vector<double> reals_in(const Value* list) {
  std::vector<double> reals;
  if (list == nullptr || list->kind() != Value::Kind::list) return reals;
  for (const Value& item : list->items()) reals.push_back(item.kind() == Value::Kind::real ? item.as_real() : 0);
  return reals;
}

/// The first few of `names` that `others` lacks.
std::string only_in(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  constexpr int most = 8;
  std::string text;
  int count = 0;
  for (const std::string& name : names) {
    if (std::ranges::find(others, name) != others.end()) continue;
    if (++count <= most) text += (count > 1 ? ", " : "") + name;
  }
  return count > most ? text + " and " + std::to_string(count - most) + " more" : text;
}

}  // namespace

Description describe(const Task& task, const Split& split) {
  Description description{.classes = split.classes, .image_size = task.image_size, .mean = {}, .deviation = {}};
  if (task.is_normalised) {
    description.mean.assign(image_mean.begin(), image_mean.end());
    description.deviation.assign(image_deviation.begin(), image_deviation.end());
  }
  for (std::int64_t i = std::ssize(description.classes); i < task.classes; ++i) {
    description.classes.push_back(std::to_string(i));
  }
  return description;
}

void note(const Description& description, StateDict& weights) {
  auto notes = std::make_shared<Dict>();
  notes->set("classes", list_of(description.classes));
  if (description.image_size > 0) notes->set("image_size", description.image_size);
  if (!description.mean.empty()) {
    notes->set("mean", list_of(description.mean));
    notes->set("std", list_of(description.deviation));
  }
  weights.notes = notes;
}

Description noted_in(const StateDict& weights) {
  Description description;
  if (weights.notes == nullptr) return description;
  const auto find = [&](const char* name) { return weights.notes->find(Value(name)); };
  description.classes = texts_in(find("classes"));
  const Value* size = find("image_size");
  if (size != nullptr && size->kind() == Value::Kind::integer) description.image_size = size->as_int();
  description.mean = reals_in(find("mean"));
  description.deviation = reals_in(find("std"));
  return description;
}

void check_same_classes(const std::vector<std::string>& classes, const std::string& data,
                        const std::vector<std::string>& others, const std::string& other) {
  if (classes == others) return;
  const std::string first = only_in(classes, others), second = only_in(others, classes);
  const std::string differ = first + second;
  check(!differ.empty(), "the classes of ", data, " and ", other,
        " are the same in another order, so that their numbers ", "do not match");
  fail("the classes of ", data, " and ", other, " are not the same",
       first.empty() ? "" : "; only in " + data + ": " + first,
       second.empty() ? "" : "; only in " + other + ": " + second);
}

}  // namespace ebb::apps
