// Training steps of the ConvNet on ranks that are threads, or under mpirun processes, each with its part of the batch:
// images a second, and milliseconds of each phase on rank 0. JSON on stdout.
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/ebb.h"

#include "bench/ranks.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;

struct Phases {
  double forward = 0, backward = 0, step = 0;
};

json train(const std::shared_ptr<comm::Communicator>& ranks, std::int64_t batch, int steps, bool sync_bn) {
  const std::int64_t part = batch / ranks->size();
  const data::Dataset set = data::synthetic("train");
  const Tensor images = set.images.narrow(0, part * ranks->rank(), part),
               labels = set.labels.narrow(0, part * ranks->rank(), part);
  models::ConvNet plain(10);
  if (sync_bn) nn::convert_sync_batch_norm(plain, ranks);
  nn::DistributedDataParallel net(plain, ranks);
  optim::Adam optimizer(net.parameters(), {.lr = 1e-3});
  Phases phases;
  const auto step = [&] {
    Tensor loss;
    phases.forward += bench::seconds_of([&] { loss = cross_entropy(net(images), labels); });
    optimizer.zero_grad();
    phases.backward += bench::seconds_of([&] { loss.backward(); });
    phases.step += bench::seconds_of([&] { optimizer.step(); });
  };
  for (int i = 0; i < 3; ++i) step();
  phases = {};
  ranks->barrier();
  const double seconds = bench::seconds_of([&] {
    for (int i = 0; i < steps; ++i) step();
    ranks->barrier();
  });
  return {{"images_per_second", static_cast<double>(part * ranks->size() * steps) / seconds},
          {"forward_ms", phases.forward * 1e3 / steps},
          {"backward_ms", phases.backward * 1e3 / steps},
          {"step_ms", phases.step * 1e3 / steps}};
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("training steps on several ranks");
  int threads = 2, steps = 50;
  std::int64_t batch = 100;
  app.add_option("--threads", threads, "ranks; 0: the processes that mpirun started")->capture_default_str();
  app.add_option("--batch", batch, "images of all ranks together")->capture_default_str();
  app.add_option("--steps", steps, "of each measurement")->capture_default_str();
  CLI11_PARSE(app, count, arguments);
  const json alone = threads > 0 ? train(comm::alone(), batch, steps, false) : json();  // mpirun gives it one processor
  bench::on_ranks(threads, [&](const std::shared_ptr<comm::Communicator>& ranks) {
    const json own = train(ranks, batch, steps, false), synchronized = train(ranks, batch, steps, true);
    if (ranks->rank() != 0) return;
    std::cout << json{{"kind", ranks->kind()}, {"ranks", ranks->size()},       {"batch", batch},
                      {"own statistics", own}, {"synchronized", synchronized}, {"one process", alone}}
                     .dump(2)
              << "\n";
  });
}
