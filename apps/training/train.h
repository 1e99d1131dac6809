#pragma once

#include <nlohmann/json_fwd.hpp>

#include "apps/training/task.h"

namespace ebb::apps {

struct TrainArguments {
  std::string model;  ///< one of model_names()
  DataArguments data;
  std::int64_t epochs = 2, batch_size = 100;
  double lr = 2e-3;
  std::uint64_t seed = 0;
  std::string out;     ///< file for the weights
  std::string device;  ///< "cpu", "cuda", "cuda:1"; empty to choose
  bool resume = false;
  int devices = 1;          ///< ranks, each on a thread of this process
  std::string distributed;  ///< "mpi": ranks are the processes that mpirun started
  bool sync_bn = false;     ///< batch norm over the images of all ranks
  std::string amp;          ///< "float16" or "bfloat16": what Autocast computes the forward pass in; empty for none
};

/// Trains a model with Adam and cosine annealing, and measures it on the test split after every epoch. Writes the
/// weights to `out`; beside it a checkpoint, a picture of the losses, and one of what the net makes of test images. The
/// result says what was reached; "interrupted" is true where a signal ended it early. Null in a process that is not the
/// first of several.
nlohmann::json train_model(const TrainArguments& arguments);

}  // namespace ebb::apps
