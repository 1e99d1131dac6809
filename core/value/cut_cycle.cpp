#include <unordered_set>

#include "ebb/core/value/value.h"

namespace ebb {

class CycleCutter {
 public:
  CycleCutter(Container& container, const Value& instead, const std::function<void()>& visit)
      : container_(container), instead_(instead), visit_(visit) {}

  /// Values are nested no deeper than Value::max_depth.
  void cut(Value& value) {
    visit_();
    if (is_container(value)) {
      --container_.parents;
      value = instead_;
      value.freeze();
    } else if (value.identity() != nullptr && seen_.insert(value.identity()).second) {
      cut_parts(value);
    }
  }

  bool is_container(const Value& value) const {
    // The address of an object or dict is that of its Container.
    return value.depth() > 0 && value.identity() == &container_;
  }

 private:
  void cut_parts(Value& value) {
    switch (value.kind()) {
      case Value::Kind::tuple:
        return cut_all(std::get<static_cast<std::size_t>(Value::Kind::tuple)>(value.content_)->items);
      case Value::Kind::list:
        return cut_all(std::get<static_cast<std::size_t>(Value::Kind::list)>(value.content_)->items);
      case Value::Kind::dict:
        for (auto& [key, item] : value.as_dict().entries) cut(item);
        return cut(value.as_dict().attributes);
      case Value::Kind::object: {
        Object& object = value.as_object();
        cut(object.arguments);
        cut(object.state);
        cut_all(object.items);
        for (auto& [key, item] : object.entries) cut(item);
        return;
      }
      default:
        return;
    }
  }

  void cut_all(std::vector<Value>& items) {
    for (Value& item : items) cut(item);
  }

  Container& container_;
  const Value& instead_;
  const std::function<void()>& visit_;
  std::unordered_set<const void*> seen_;
};

void cut_cycle(Value& item, Container& container, const Value& instead, const std::function<void()>& visit) {
  CycleCutter cutter(container, instead, visit);
  if (cutter.is_container(item)) {
    item = instead;
  } else {
    cutter.cut(item);
  }
}

}  // namespace ebb
