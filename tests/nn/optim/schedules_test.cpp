// Rates, momenta and state dicts that tools/gen_schedules.py recorded from PyTorch 2.15, to the last bit. Others:
// write schedules.json for another seed into some folder, and run with EBB_TEST_DATA=FOLDER.
#include <fstream>

#include "ebb/autograd/ops/create/creation.h"

#include "tests/nn/optim/make_scheduler.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

std::unique_ptr<optim::Optimizer> make_optimizer(const Json& c) {
  const auto with_groups = [&]<class Optimizer, class Options>(Options options) -> std::unique_ptr<optim::Optimizer> {
    std::vector<optim::ParamGroup<Options>> groups;
    for (const double lr : c["lrs"]) {
      options.lr = lr;
      groups.push_back({{ones({2}, {.requires_grad = true})}, options});
    }
    return std::make_unique<Optimizer>(groups);
  };
  if (c["optimizer"] == "Adam") return with_groups.operator()<optim::Adam>(optim::AdamOptions{});
  return with_groups.operator()<optim::SGD>(optim::SGDOptions{.momentum = 0.9});
}

void check_rates(optim::Optimizer& optimizer, const Json& rates) {
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    CHECK(optimizer.lr(group) == rates[group].get<double>());
  }
}

void check_extras(const optim::Optimizer& optimizer, const Json& extras) {
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    for (const auto& [name, value] : extras[group].items()) {
      CAPTURE(name);
      CHECK(optimizer.extra(group, name) == value.get<double>());
    }
  }
}

constexpr std::array metrics{1.0,  0.9,  0.95, 0.91, 0.9,  0.8999, 0.5,  0.51, 0.52, 0.53,
                             0.54, 0.55, 0.4,  0.41, 0.42, 0.43,   0.44, 0.45, 0.46, 0.47};

void run(const Json& c) {
  auto optimizer = make_optimizer(c);
  MadeScheduler scheduler = make_scheduler(*optimizer, c["scheduler"]);
  for (std::size_t i = 0; i <= c["steps"].get<std::size_t>(); ++i) {
    CAPTURE(i);
    check_rates(*optimizer, c["rates"][i]);
    for (std::size_t group = 0; group < optimizer->group_count(); ++group) {
      CHECK(*optimizer->momentum(group) == c["momenta"][i][group].get<double>());
    }
    CHECK(scheduler.whole->get_last_lr().size() == optimizer->group_count());
    if (i == c["steps"].get<std::size_t>()) break;
    if (static_cast<int>(i) == c["resume"].get<int>()) {
      const Value moved = optimizer->state_dict(), scheduled = scheduler.whole->state_dict();
      scheduler = {};
      optimizer = make_optimizer(c);
      scheduler = make_scheduler(*optimizer, c["scheduler"]);
      optimizer->load_state_dict(moved);
      scheduler.whole->load_state_dict(scheduled);
    }
    scheduler.step(metrics[i % metrics.size()]);
  }
  check_extras(*optimizer, c["extras"]);
  if (c.contains("last_epoch")) {
    scheduler = make_scheduler(*optimizer, c["scheduler"], c["last_epoch"].get<std::int64_t>());
    for (const Json& rates : c["rates_after"]) {
      check_rates(*optimizer, rates);
      if (&rates != &c["rates_after"].back()) scheduler.step(0);
    }
  }
  CHECK(difference(c["state_dict"], scheduler.whole->state_dict()) == "");
}

}  // namespace

TEST_CASE("schedulers give PyTorch's rates, momenta and state dicts to the last bit") {
  std::ifstream file(data_path("schedules.json"));
  const Json cases = Json::parse(file);
  REQUIRE(cases.size() > 50);
  for (const Json& c : cases) {
    CAPTURE(c["scheduler"].dump(), c["resume"].dump());
    run(c);
  }
}

}  // namespace ebb::test
